"""Every scenario of the simulator, streamed and whole, in a real process: what the contract says must come of it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from avow.exchange.exchange import SCHEMA
from avow.simulator.scenarios import names
from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.expectations import OF_ITS_KIND, SERVER, WHOLE, WITH_ARGUMENT, Expected
from tests.in_part import in_part
from tests.running import Ran, row, run

KEYS = """schema id number conversation_id created_at status verdict rerouted exit_code withheld simulated
requested_model served_model strength category explanation recommended_model hops evidence prompt system template
attachments text segments withdrawn_text stop_reason usage cost_usd fallback retries retry_of source timing request_id
message_id base_url error""".split()  # noqa: SIM905


def _cases() -> list[Any]:
    """Those whose outcome no other has had, and whole those with another than streamed; the others `-m slow`. Each is
    played by default here or in `test_promise`."""
    first: dict[str, str] = {}
    for name, expected in WHOLE.items():
        first.setdefault(repr(expected), name)
    found = in_part({f"{name}-streamed": (name, "streamed") for name in SERVER}, {f"{n}-streamed" for n in OF_ITS_KIND})
    for name, expected in WHOLE.items():
        tried = expected is not SERVER[name] or first[repr(expected)] == name
        found.append(pytest.param(name, "whole", id=f"{name}-whole", marks=() if tried else pytest.mark.slow))
    return found


def test_every_scenario_has_its_expectation() -> None:
    assert set(SERVER) == {name for name, _summary in names()} == set(WHOLE), "say in expectations.py"


@pytest.mark.parametrize(("name", "form"), _cases())
def test_a_scenario_comes_to_what_the_contract_says(name: str, form: str, home: Path) -> None:
    expected = (SERVER if form == "streamed" else WHOLE)[name]
    report = home / "report.json"
    # Streamed: the answer on stdout and the object in the report; whole: the object on stdout.
    shape = ("--report", str(report)) if form == "streamed" else ("--no-stream", "--json")
    with Simulator(WITH_ARGUMENT.get(name, name), record=False) as simulator:
        ran = run(home, *expected.arguments, *shape, "rebase or merge?", base_url=simulator.base_url)
    body = json.loads(report.read_bytes()) if form == "streamed" else ran.json
    assert (ran.status, body["exit_code"]) == (expected.exit_code, expected.exit_code), ran.err
    _check_body(body, expected)
    _check_stderr(ran, expected)
    _check_row(home, body)
    if form == "streamed":
        _check_stdout(ran, body, expected)
    assert CANARY.encode() not in ran.out + ran.err
    assert b"Traceback" not in ran.err


def _check_body(body: dict[str, Any], expected: Expected) -> None:
    assert list(body) == KEYS
    assert body["schema"] == SCHEMA == "avow.answer/1"
    assert (body["status"], body["verdict"]) == (expected.status, expected.verdict)
    assert body["rerouted"] is (expected.verdict in ("fallback", "substituted"))
    assert (body["requested_model"], body["served_model"]) == ("claude-fable-5-2", expected.served)
    if expected.hops:
        assert [(hop["model"], hop["outcome"]) for hop in body["hops"]] == list(expected.hops)
    assert body["category"] == expected.category
    assert body["stop_reason"] == expected.stop_reason
    assert "".join(segment["text"] for segment in body["segments"]) == body["text"]
    assert bool(body["text"]) is expected.text
    assert bool(body["withdrawn_text"]) is expected.withdrawn
    assert body["retries"] == expected.retries
    error = body["error"]
    assert (error and (error["type"], error["status"])) == expected.error
    assert bool(body["request_id"]) is (expected.request_id and expected.error != ("timeout", None))
    assert body["evidence"] or body["verdict"] is None
    assert body["prompt"] == "rebase or merge?"
    assert body["fallback"] == {"policy": "default", "by": "server"}


def _check_stderr(ran: Ran, expected: Expected) -> None:
    assert len(ran.facts) == len(expected.lines), ran.lines
    for line, pattern in zip(ran.facts, expected.lines, strict=True):
        assert re.fullmatch(pattern, line), (line, pattern)
    for pattern in expected.notes:
        assert any(re.match(pattern, line) for line in ran.lines), (pattern, ran.lines)
    assert all("\x1b" not in line for line in ran.lines)


def _check_stdout(ran: Ran, body: dict[str, Any], expected: Expected) -> None:
    """Piped, stdout is byte for byte what the model wrote, plus one newline where it lacks a final one."""
    written = (body["text"] or "") + (body["withdrawn_text"] or "")
    assert ran.out.decode() == written + ("\n" if written and not written.endswith("\n") else "")
    assert bool(ran.out) is (bool(expected.text) or expected.withdrawn)


SAME = """id number conversation_id created_at status verdict exit_code requested_model served_model strength
category recommended_model explanation stop_reason prompt text withdrawn_text usage hops evidence retries source
request_id message_id base_url cost_usd system template""".split()  # noqa: SIM905


def _check_row(home: Path, body: dict[str, Any]) -> None:
    kept = row(home)
    assert {name: kept[name] or None for name in SAME} == {name: body[name] or None for name in SAME}
    assert bool(kept["rerouted"]) is body["rerouted"]
    assert (kept["error_type"], kept["error_status"]) == (
        (body["error"]["type"], body["error"]["status"]) if body["error"] else (None, None)
    )
    assert (kept["fallback_policy"], kept["fallback_by"]) == ("default", "server")
    assert (kept["first_token_ms"], kept["total_ms"]) == (
        body["timing"]["first_token_ms"],
        body["timing"]["total_ms"],
    )
