"""`--dry-run`: the request as text and as a command for curl, with nothing sent and no secret shown."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from avow.simulator.server import RecordedRequest, Simulator
from avow.wire.request import CREDIT_BETA
from tests.conftest import CANARY
from tests.in_part import crossed
from tests.running import rows, run, shell
from tests.shown import as_curl, as_http, is_masked

SECRET = "s3cret-value"


def test_the_request_is_shown_and_not_sent(home: Path) -> None:
    with Simulator() as sim:
        ran = run(home, "--dry-run", "--header", f"X-Team: {SECRET}", "it's ünïcode", base_url=sim.base_url)
        assert not sim.requests
        url = f"{sim.base_url}/v1/messages"
    head, _, body = ran.out.decode().partition("\n\n")
    lines = head.splitlines()
    assert lines[0] == f"POST {url}"
    assert "X-Team: •••" in lines
    assert "x-api-key: •••" in lines
    assert json.loads(body)["messages"][0]["content"][0]["text"] == "it's ünïcode"
    assert SECRET not in ran.out.decode()
    assert CANARY not in ran.out.decode()
    assert rows(home) == []


def test_no_key_is_needed(home: Path) -> None:
    assert run(home, "--dry-run", "hi").status == 0


def test_the_bearer_style(home: Path) -> None:
    assert "authorization: Bearer •••" in run(home, "--dry-run", "--auth-style", "bearer", "hi").out.decode()


def test_the_curl_command_works_when_pasted(home: Path) -> None:
    with Simulator(scenario="echo") as sim:
        command = run(
            home, *("--dry-run=curl", "--no-stream", "--header", f"X-Team: {SECRET}", "it's $HOME \"quoted\"\n🙂"),
            base_url=sim.base_url,
        ).out.decode()  # fmt: skip
        assert CANARY not in command
        assert SECRET not in command
        ran = shell(home, command.replace("curl ", "curl -s ", 1), base_url=sim.base_url, X_TEAM=SECRET)
        (request,) = sim.requests
    answer = json.loads(ran.out)
    assert answer["content"][0]["text"] == 'it\'s $HOME "quoted"\n🙂'
    assert request.header("x-api-key") == CANARY
    assert request.header("x-team") == SECRET


SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
CONFIG = """
[aliases]
mine = "claude-opus-4-8"

[overrides.mine]
max_tokens = 77
effort = "low"

[headers]
x-config = "s3cret-value"
"""
SENT: dict[str, tuple[str, ...]] = {
    "nothing said": (),
    "no fallback": ("--fallback", "none"),
    "fallbacks named": ("--fallback", "mine,claude-opus-5"),
    "avow falls back": ("--fallback-by", "client"),
    "avow falls back to models named": ("--fallback-by", "client", "--fallback", "mine,claude-opus-5"),
    "avow falls back to none": ("--fallback-by", "client", "--fallback", "none"),
    "when a model cannot be had": ("--if-unavailable", "opus"),
    "retries": ("--retries", "5"),
    "a model": ("-m", "mine"),
    "a schema": ("--schema", "schema.json"),
    "a system prompt": ("-s", "Be brief. ünïcode"),
    "a file": ("-f", "notes.txt"),
    "a header": ("--header", "X-Team: s3cret-value"),
    "a beta header": ("--header", "anthropic-beta: of-next-year"),
    "headers that are the credential's": (
        "--header",
        "Authorization: s3cret-value",
        "--header",
        "X-Api-Key: s3cret-value",
    ),
    "a version": ("--api-version", "2026-10-21"),
    "as a bearer": ("--auth-style", "bearer"),
    "whole": ("--no-stream",),
    "fields": ("-o", "temperature=1", "--stop", "a", "--effort", "low", "--max-tokens", "9", "--speed", "fast"),
    "a conversation": ("--conversation", "1"),
}
"""Options, by what they change in the request."""
OF_HTTP = {"host", "connection", "content-length", "accept-encoding"}
"""Headers of the connection, which the HTTP client adds."""


@pytest.fixture
def prepared(home: Path) -> Path:
    """A folder with a config, and files to send."""
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text(CONFIG)
    (home / "notes.txt").write_text("a note\n")
    (home / "schema.json").write_text(json.dumps(SCHEMA))
    return home


def same(shown: tuple[dict[str, str], bytes], request: RecordedRequest) -> None:
    """What was shown is what came, but for what is masked."""
    headers, body = shown
    came = {name.lower(): value for name, value in dict(request.headers).items()}
    assert len(came) == len(request.headers), "a header came twice"
    assert {name.lower() for name in headers} >= set(came) - OF_HTTP
    for name, value in headers.items():
        assert came[name.lower()] == value or is_masked(value), name
    assert body == request.body


@pytest.mark.parametrize(
    ("name", "form", "read"),
    crossed({name: name for name in SENT}, {"http": ("--dry-run", as_http), "curl": ("--dry-run=curl", as_curl)}),
)
def test_what_is_shown_is_what_is_sent(
    name: str, form: str, read: Callable[[str], tuple[dict[str, str], bytes]], prepared: Path
) -> None:
    arguments = [str(prepared / part) if part in ("notes.txt", "schema.json") else part for part in SENT[name]]
    environ = {"ANTHROPIC_CUSTOM_HEADERS": "X-Custom: s3cret-value"}
    if "--conversation" in arguments:
        run(prepared, "--simulate", "requested", "earlier")
    with Simulator() as sim:
        ask = [*arguments, "hi"]
        shown = run(prepared, form, *ask, base_url=sim.base_url, **environ).out.decode()  # type: ignore[arg-type]
        assert sim.requests == []
        run(prepared, *ask, base_url=sim.base_url, **environ)  # type: ignore[arg-type]
        request = next(one for one in sim.requests if one.path == "/v1/messages")
    assert SECRET not in shown
    assert request.header("x-custom") == request.header("x-config") == SECRET
    same(read(shown), request)


def test_what_an_endpoint_turned_out_to_lack_is_not_shown(home: Path) -> None:
    with Simulator("no_fallbacks") as sim:
        assert "fallbacks" in run(home, "--dry-run", "hi", base_url=sim.base_url).out.decode()
        run(home, "hi", base_url=sim.base_url)
        shown = run(home, "--dry-run", "hi", base_url=sim.base_url).out.decode()
        run(home, "hi", base_url=sim.base_url)
        assert [("fallbacks" in request.json) for request in sim.requests] == [True, False, False]
        same(as_http(shown), sim.requests[-1])


def test_the_beta_of_fallback_credits_is_shown(home: Path) -> None:
    headers, _body = as_http(run(home, "--dry-run", "--fallback-by", "client", "hi").out.decode())
    assert headers["anthropic-beta"] == CREDIT_BETA
