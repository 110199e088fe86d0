"""`avow audit endpoint`: at most six calls, and a finding for what a gateway makes up."""

from pathlib import Path
from typing import Any

import pytest

from avow.audit.endpoint_checks import CHECKS
from avow.simulator.server import Simulator
from tests.commands.audit.stored import MODEL
from tests.running import rows, run


def looked(home: Path, scenario: str, *more: str, **environ: Any) -> tuple[int, dict[str, Any], int]:
    """Exit status, findings by check, and how many calls arrived."""
    with Simulator(scenario) as simulator:
        ran = run(
            home, "audit", "endpoint", "-m", MODEL, "--yes", "--json", *more, base_url=simulator.base_url, **environ
        )
        if ran.status:
            return ran.status, {}, len(simulator.requests)
        assert (ran.json["schema"], ran.json["model"]) == ("avow.endpoint/1", MODEL)
        assert ran.json["base_url"] == simulator.base_url
        assert ran.json["calls"] == len(simulator.requests)
        assert [each["check"] for each in ran.json["findings"]] == list(CHECKS)
    return ran.status, {each["check"]: each for each in ran.json["findings"]}, ran.json["calls"]


def test_an_endpoint_that_does_as_the_api_does(home: Path) -> None:
    status, found, calls = looked(home, "strict")
    assert (status, calls) == (0, 5)
    assert {each["result"] for each in found.values()} == {"ok"}
    assert found["signature"]["strength"] == "strong"
    assert [each["source"] for each in rows(home)] == ["audit"]


def test_a_relay_that_answers_whatever_is_asked(home: Path) -> None:
    status, found, calls = looked(home, "swallowing")
    assert (status, calls) == (0, 4)
    results = {check: (each["result"], each["strength"]) for check, each in found.items()}
    assert results == {
        "names": ("finding", "strong"),
        "usage": ("finding", "weak"),
        "count_tokens": ("not_tested", "none"),
        "request_id": ("finding", "weak"),
        "fallbacks": ("finding", "strong"),
        "signature": ("not_tested", "none"),
    }


def test_another_count_of_tokens_is_a_finding(home: Path) -> None:
    _, found, _ = looked(home, "thinking")
    assert found["count_tokens"]["result"] == "finding"


@pytest.mark.parametrize(
    ("scenario", "status"), [("unauthorised", 3), ("unknown_model", 4), ("overloaded", 5), ("cut", 7), ("html", 5)]
)
def test_an_endpoint_that_cannot_be_asked(home: Path, scenario: str, status: int) -> None:
    assert looked(home, scenario, AVOW_RETRIES="0") == (status, {}, 1)


def test_a_table_without_a_score(home: Path) -> None:
    with Simulator("strict") as simulator:
        ran = run(home, "audit", "endpoint", "-m", MODEL, "--yes", base_url=simulator.base_url)
        asks = run(home, "audit", "endpoint", "-m", MODEL, base_url=simulator.base_url)
        assert len(simulator.requests) == 5
    text = ran.out.decode()
    assert text.startswith("check")
    assert all(check in text for check in CHECKS)
    assert "Findings are not a score" in text
    assert (asks.status, any("--yes" in line for line in asks.lines)) == (2, True)
    assert "tokens in, at most 16,384 out, $0." in asks.lines[0]


def test_nothing_is_retried_beyond_six_calls(home: Path) -> None:
    """A 429 that is over at once: a retry would be one more call."""
    assert looked(home, "rate_limited") == (5, {}, 1)


def test_the_probes_are_what_the_contract_says(home: Path) -> None:
    with Simulator("strict") as simulator:
        run(home, "audit", "endpoint", "-m", MODEL, "--yes", base_url=simulator.base_url)
        question, unknown, counted, bogus, replayed = simulator.requests
    assert counted.path == "/v1/messages/count_tokens"
    assert question.json["messages"] == counted.json["messages"]
    assert unknown.json["model"] not in (MODEL, "")
    assert (bogus.json["model"], bogus.json["fallbacks"]) == (MODEL, [{"model": unknown.json["model"]}])
    assert "fallback" in str(bogus.header("anthropic-beta"))
    assert all("fallbacks" not in each.json for each in (question, unknown, counted, replayed))
    signed = replayed.json["messages"][1]["content"][0]
    assert signed["type"] == "thinking"
    assert signed["signature"]


def test_fallbacks_are_not_unlearnt_by_it(home: Path) -> None:
    """What the probe is refused with is no fact about the endpoint: the next question still sends `fallbacks`."""
    with Simulator("strict") as simulator:
        run(home, "audit", "endpoint", "-m", MODEL, "--yes", base_url=simulator.base_url)
        run(home, "--fallback", "default", "hello", base_url=simulator.base_url)
        assert simulator.requests[-1].json["fallbacks"] == "default"
