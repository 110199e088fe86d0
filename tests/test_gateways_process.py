"""Gateways as a user meets them: through the real process."""

from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.running import run

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
        ("litellm", 0, "as_requested"),
        ("litellm_fallback", 10, "fallback"),
        ("bifrost", 0, "as_requested"),
        ("bifrost_fallback", 10, "fallback"),
        ("ngrok", 0, "as_requested"),
        ("ngrok_switch", 12, "substituted"),
        ("openrouter_switch", 12, "substituted"),
        ("no_usage", 0, "as_requested"),
        ("not_stream", 0, "as_requested"),
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
        (home / "config" / "config.toml").write_text(note.rpartition(": ")[2] + "\n")
        vouched = run(home, "hello", base_url=simulator.base_url)
    assert ran.status == 13
    assert vouched.status == 0
