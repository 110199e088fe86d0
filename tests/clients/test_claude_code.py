"""Claude Code behind `avow proxy`, beside Claude Code alone. 2.1.332 was tried."""

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from avow.simulator.server import RecordedRequest
from tests.clients import installed
from tests.clients.beside import FABLE, OPUS, OfItself, compared, interrupted, verdicts

CLAUDE = installed.claude()
ENVIRON = {"PATH": os.environ["PATH"]}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(500),
    pytest.mark.skipif(CLAUDE is None, reason="needs Claude Code (AVOW_TEST_CLIENTS, AVOW_TEST_CLAUDE)"),
]

VARYING = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}")
"""Ids of sessions, of a machine, of a request: new each time."""


def same(request: RecordedRequest) -> object:
    """What must be the same, without what is new each time and the coding that avow cannot read here."""
    headers = [
        (name, VARYING.sub(b"ID", value.replace(", br", "").encode()))
        for name, value in request.headers
        if name.lower() != "content-length"
    ]
    return request.method, request.path, headers, VARYING.sub(b"ID", request.body)


def asked(home: Path, scenario: Any, *questions: Sequence[str]) -> dict[str, Any]:
    """Ask each question in print mode, one after the other; what avow reports."""
    lines = [shlex.join([str(CLAUDE), "-p", "--model", FABLE, *question]) for question in questions]
    command = ("sh", "-c", "\n".join(f"{line} || echo status $?" for line in lines))
    return compared(home, command, scenario, served_by=OfItself, same=same, environ=ENVIRON)


def test_answers_that_are_not_as_requested(home: Path) -> None:
    scenes = ("fallback", "handover", "sticky", "substituted")
    report = asked(home, scenes, *[[f"question {number}"] for number in range(4)])
    assert verdicts(report) == [*([("fallback", FABLE, OPUS)] * 3), ("substituted", FABLE, OPUS)]
    assert len({answer["session"] for answer in report["answers"]}) == 4
    assert report["exit_code"] == 12


def test_its_own_switch_after_a_refusal(home: Path) -> None:
    report = asked(home, ["refused", "refused", "requested"], ["one"])
    assert verdicts(report) == [("fallback", FABLE, "claude-opus-5")]
    (answer,) = report["answers"]
    assert answer["fallback"]["by"] == "client"
    assert [hop["outcome"] for hop in answer["hops"]] == ["declined", "declined", "served"]
    assert report["exit_code"] == 10


def test_errors_first_and_a_stream_that_is_cut(home: Path) -> None:
    report = asked(home, ["overloaded", "overloaded", "requested", "cut", "requested"], ["one"], ["two"])
    assert verdicts(report) == [("as_requested", FABLE, FABLE)] * 2
    assert (report["retried"], report["exit_code"]) == (3, 0)


def test_a_session_of_three_turns(home: Path) -> None:
    report = asked(home, ["requested", "handover", "sticky"], ["one"], ["-c", "two"], ["-c", "three"])
    assert [answer["verdict"] for answer in report["answers"]] == ["as_requested", "fallback", "fallback"]
    assert len({answer["session"] for answer in report["answers"]}) == 1


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_in_the_middle_of_a_stream(home: Path) -> None:
    form = ("--output-format", "stream-json", "--verbose", "--include-partial-messages")
    interrupted(home, (str(CLAUDE), "-p", "--model", FABLE, *form, "hi"), ENVIRON, b"text_delta")
