"""Gateways as a user meets them: through the real process."""

import json
import shlex
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.in_part import crossed
from tests.raw_server import RawServer, http
from tests.running import run
from tests.streams import message, text

API = "https://api.anthropic.com"


@pytest.mark.parametrize(
    ("base_url", "options", "version"),
    [
        (API, (), "2026-10-21"),
        ("https://gateway.example", (), "2023-06-01"),
        ("https://gateway.example", ("--api-version", "2026-10-21"), "2026-10-21"),
    ],
    ids=["the API", "a gateway", "told otherwise"],
)
def test_the_version_by_host(base_url: str, options: tuple[str, ...], version: str, home: Path) -> None:
    ran = run(home, "--dry-run", *options, "hello", ANTHROPIC_BASE_URL=base_url)
    assert f"anthropic-version: {version}" in ran.out.decode()


@pytest.mark.parametrize(
    ("base_url", "asked"), [("https://openrouter.ai/api", True), ("https://openrouter.ai.example", False), (API, False)]
)
def test_openrouter_is_asked_for_its_metadata(base_url: str, asked: bool, home: Path) -> None:
    ran = run(home, "--dry-run", "hello", ANTHROPIC_BASE_URL=base_url)
    assert ("X-OpenRouter-Metadata: enabled" in ran.out.decode()) is asked


def test_own_headers_reach_the_gateway_and_are_shown_nowhere(home: Path) -> None:
    options = ("--header", "X-Team: s3cret", "--auth-style", "bearer", "--api-version", "2026-10-21")
    with Simulator("litellm") as simulator:
        ran = run(home, *options, "--json", "--verbose", "hello", base_url=simulator.base_url)
        (request,) = simulator.requests
    shown = [run(home, *options, form, "hello", base_url=API) for form in ("--dry-run", "--dry-run=curl")]
    assert ran.status == 0
    assert request.header("x-team") == "s3cret"
    assert request.header("authorization") == f"Bearer {CANARY}"
    assert request.header("x-api-key") is None
    assert request.header("anthropic-version") == "2026-10-21"
    for one in (ran, *shown):
        assert b"s3cret" not in one.out + one.err
        assert CANARY.encode() not in one.out + one.err
    wrong = run(home, "--header", "X-Team s3cret", "hello", base_url=API)
    assert wrong.status == 2
    assert b"s3cret" not in wrong.err


@pytest.mark.parametrize(
    ("scenario", "status", "verdict"),
    [
        pytest.param("litellm", 0, "as_requested", marks=pytest.mark.slow),
        ("litellm_fallback", 10, "fallback"),
        pytest.param("bifrost", 0, "as_requested", marks=pytest.mark.slow),
        pytest.param("bifrost_fallback", 10, "fallback", marks=pytest.mark.slow),
        pytest.param("ngrok", 0, "as_requested", marks=pytest.mark.slow),
        ("ngrok_switch", 12, "substituted"),
        pytest.param("openrouter_switch", 12, "substituted", marks=pytest.mark.slow),
        pytest.param("no_usage", 0, "as_requested", marks=pytest.mark.slow),
        pytest.param("not_stream", 0, "as_requested", marks=pytest.mark.slow),
        ("openai_error", 4, None),
    ],
)
def test_what_comes_of_it(scenario: str, status: int, verdict: str | None, home: Path) -> None:
    with Simulator(scenario) as simulator:
        ran = run(home, "--json", "--retries", "0", "hello", base_url=simulator.base_url)
    assert (ran.status, ran.json["verdict"]) == (status, verdict)
    if scenario == "openai_error":
        assert ran.json["error"]["message"] == "Budget has been exceeded for this team"


def test_a_private_name_comes_with_the_line_that_vouches_for_it(home: Path) -> None:
    with Simulator("vllm") as simulator:
        ran = run(home, "hello", base_url=simulator.base_url)
        note = next(line for line in ran.lines if "same_models" in line)
        (home / "config").mkdir(parents=True, exist_ok=True)
        (home / "config" / "config.toml").write_text('[same_models]\n"other" = ["claude-opus-4-8"]\n')
        _avow, *command = shlex.split(note.rpartition(": ")[2])
        assert run(home, *command).status == 0
        vouched = run(home, "hello", base_url=simulator.base_url)
    assert ran.status == 13
    assert vouched.status == 0


GIVEN = ("--fallback", "default")
BETA = ["bedrock_beta", "bedrock_beta_aws", "bedrock_beta_litellm", "bedrock_beta_operation"]
FORMS = {"streamed": ((),), "whole": (("--no-stream",),)}
FOREIGN = [*BETA, "fastapi", "vllm", "no_fallbacks", "no_fallbacks_field", "no_fallbacks_header"]


@pytest.mark.parametrize(("scenario", "form"), crossed({name: name for name in [*FOREIGN, "requested"]}, FORMS))
def test_nothing_is_added_where_nothing_is_said(scenario: str, form: tuple[str, ...], home: Path) -> None:
    with Simulator(scenario) as simulator:
        ran = run(home, *form, "--json", "hello", base_url=simulator.base_url, AVOW_FALLBACK="")
        (request,) = simulator.requests
    assert ran.status == (13 if scenario == "vllm" else 0)
    assert "fallbacks" not in request.json
    assert request.header("anthropic-beta") is None
    assert ran.json["fallback"]["policy"] == "none"


def test_at_the_api_and_the_simulator_nothing_said_is_its_own_fallback(home: Path) -> None:
    shown = run(home, "--dry-run", "hello", ANTHROPIC_BASE_URL=API)
    assert b'"fallbacks": "default"' in shown.out
    assert b"server-side-fallback" in shown.out
    assert run(home, "--simulate", "fallback", "hello").status == 10
    assert b'"fallbacks": "default"' in run(home, "--simulate", "fallback", "--dry-run", "hello").out


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        (("--fallback", "default"), "default"),
        (("--fallback", "opus"), [{"model": "claude-opus-5-5"}]),
        (("--fallback", "none"), None),
    ],
)
def test_what_is_said_is_sent_wherever_it_goes(options: tuple[str, ...], sent: object, home: Path) -> None:
    with Simulator() as simulator:
        run(home, *options, "hello", base_url=simulator.base_url, AVOW_FALLBACK="")
        (request,) = simulator.requests
    assert request.json.get("fallbacks") == sent


def test_avow_falls_back_itself_at_a_gateway_without_being_told_to_whom(home: Path) -> None:
    with Simulator("uncredited") as simulator:
        ran = run(home, "--fallback-by", "client", "hello", base_url=simulator.base_url, AVOW_FALLBACK="")
        assert not any("fallbacks" in request.json for request in simulator.requests if request.method == "POST")
    assert ran.status == 10


@pytest.mark.parametrize(("scenario", "form"), crossed({name: name for name in FOREIGN}, FORMS))
def test_what_a_host_refuses_is_left_out_once_with_a_note_and_for_a_day(
    scenario: str, form: tuple[str, ...], home: Path
) -> None:
    with Simulator(scenario) as simulator:
        first, second = (
            run(home, *form, *GIVEN, "hello", base_url=simulator.base_url, AVOW_FALLBACK="") for _ in range(2)
        )
        sent = [("fallbacks" in one.json, one.header("anthropic-beta") is not None) for one in simulator.requests]
    assert (first.status, second.status) == ((13, 13) if scenario == "vllm" else (0, 0))
    assert sent == [(True, True), (False, False), (False, False)]
    assert first.lines[0] == "avow: note: this endpoint does not support `fallbacks`; asked again without it"
    within = "this endpoint does not support `fallbacks` (it said so less than a day ago); asked without it"
    assert second.lines[0] == f"avow: note: {within}"


@pytest.mark.parametrize("scenario", BETA)
def test_a_beta_flag_alone_is_left_out_too(scenario: str, home: Path) -> None:
    with Simulator(scenario) as simulator:
        ran = run(home, "--fallback-by", "client", "hello", base_url=simulator.base_url, AVOW_FALLBACK="")
        betas = [one.header("anthropic-beta") for one in simulator.requests if one.method == "POST"]
    assert ran.status == 0
    assert betas == ["fallback-credit-2026-07-01", None]
    assert "`fallback-credit-2026-07-01`; asked again without it" in ran.lines[0]


def test_all_that_is_refused_at_once_is_left_out_at_once(home: Path) -> None:
    with Simulator("fastapi") as simulator:
        ran = run(home, *GIVEN, "--show-thinking", "hello", base_url=simulator.base_url, AVOW_FALLBACK="")
        assert len(simulator.requests) == 2
        assert not {"thinking", "fallbacks"} & set(simulator.requests[1].json)
    assert ran.status == 0
    assert ran.lines[0].endswith("does not support `fallbacks`, `thinking`; asked again without them")


def test_thinking_that_a_host_does_not_know_is_left_out_unless_it_is_the_users_own(home: Path) -> None:
    with Simulator("no_thinking") as simulator:
        ran = run(home, "--show-thinking", "hello", base_url=simulator.base_url, AVOW_FALLBACK="")
        own = run(home, "-o", 'thinking={"type":"disabled"}', "hello", base_url=simulator.base_url, AVOW_FALLBACK="")
        assert ["thinking" in one.json for one in simulator.requests] == [True, False, True]
    assert (ran.status, own.status) == (0, 4)


def test_a_beta_of_the_user_stays(home: Path) -> None:
    own = ("--header", "anthropic-beta: skills-2025-10-02")
    with Simulator("bedrock_beta") as simulator:
        ran = run(home, *GIVEN, *own, "hello", base_url=simulator.base_url, AVOW_FALLBACK="")
        betas = [one.header("anthropic-beta") for one in simulator.requests]
    assert ran.status == 4
    assert betas == ["server-side-fallback-2026-07-01,skills-2025-10-02", "skills-2025-10-02"]
    assert not list((home / "cache").rglob("*.json"))


@pytest.mark.parametrize("form", [(), ("--no-stream",)], ids=["streamed", "whole"])
def test_a_refusal_in_a_gateways_error_is_one(form: tuple[str, ...], home: Path) -> None:
    with Simulator("litellm_refused") as simulator:
        ran = run(home, *form, *GIVEN, "--json", "hello", base_url=simulator.base_url, AVOW_FALLBACK="")
        assert len(simulator.requests) == 1
    assert (ran.status, ran.json["verdict"], ran.json["category"]) == (11, "refused", "cyber")


def test_a_conversation_takes_what_nothing_said_means_to_no_other_kind_of_host(home: Path) -> None:
    with Simulator() as simulator:
        run(
            home,
            "--fallback-by",
            "client",
            "--fallback",
            "none",
            "hello",
            base_url=simulator.base_url,
            AVOW_FALLBACK="",
        )
        again = run(home, "--dry-run", "--conversation", "1", "on", ANTHROPIC_BASE_URL=API)
        assert b"fallback-credit" in again.out
        run(home, "hello", base_url=simulator.base_url, AVOW_FALLBACK="")
        at_the_api = run(home, "--dry-run", "--conversation", "2", "on", ANTHROPIC_BASE_URL=API)
    assert b'"fallbacks": "default"' in at_the_api.out


def test_a_look_alike_is_told_and_never_advised_to_be_vouched_for(home: Path) -> None:
    body = json.dumps(message(text("An answer."), model="claude-fable-5-\N{FULLWIDTH DIGIT TWO}")).encode()
    with RawServer(http(body)) as gateway:
        ran = run(home, "--no-stream", "hello", base_url=gateway.url)
    assert ran.status == 13
    assert any("characters that may only look like others: U+FF12" in line for line in ran.lines)
    assert b"same_models" not in ran.err
    assert "U+FF12" in run(home, "why").out.decode()
