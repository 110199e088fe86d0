import json
from typing import Any

from avow.routing.verdict import Verdict
from avow.scan.places import Unreadable
from avow.scan.records import Client, PastAnswer, SkipCounts
from avow.scan.report import (
    TOTALS_HEADER,
    ReportTally,
    ScanReport,
    report_as_json,
    totals_rows,
)
from tests.zone import KOLKATA, zone

DEFAULTS: dict[str, Any] = {
    "client": Client.CLAUDE_CODE,
    "time": "2026-11-23T18:01:29.213Z",
    "session": "50728730-9344",
    "source": "file",
    "line": 3,
    "row": None,
    "message_id": "msg_1",
    "request_id": "req_1",
    "requested_model": "claude-fable-5",
    "served_model": "claude-opus-4-8",
    "verdict": Verdict.FALLBACK,
    "hops": ("claude-fable-5", "claude-opus-4-8"),
    "prompt": "secret",
    "text": "secret",
    "usage": {"output_tokens": 1},
}


def past(**more: Any) -> PastAnswer:
    return PastAnswer(**(DEFAULTS | more))


def report(*answers: PastAnswer) -> ScanReport:
    tally = ReportTally()
    for answer in answers:
        tally.add(answer)
    return tally.report(
        files_read=1,
        bytes_read=9,
        counts=SkipCounts(broken_lines=2, oversized_lines=3, api_errors=4, duplicates=5, other_models=6),
        unreadable=[Unreadable("x", "Permission denied")],
        looked_in=["/h/.claude/projects"],
    )


def test_totals_by_client_and_month() -> None:
    found = report(
        past(),
        past(verdict=Verdict.SUBSTITUTED),
        past(verdict=Verdict.REFUSED),
        past(verdict=Verdict.UNVERIFIED),
        past(verdict=Verdict.AS_REQUESTED),
        past(time="2026-10-01T00:00:00.000Z"),
        past(time=None, client=Client.LLM),
    )
    assert totals_rows(found) == [
        ("claude-code", "2026-10", "1", "0", "1", "0", "0"),
        ("claude-code", "2026-11", "5", "1", "2", "1", "1"),
        ("llm", "unknown", "1", "0", "1", "0", "0"),
    ]
    assert found.answers == 7
    assert [each.month for each in found.totals] == ["2026-10", "2026-11", None]
    assert all(len(row) == len(TOTALS_HEADER) for row in totals_rows(found))


def test_months_here_are_those_of_the_local_clock() -> None:
    with zone(KOLKATA):
        found = report(past(time="2026-10-31T20:00:00.000Z"), past(time="2026-10-30T20:00:00.000Z"))
    assert [row[1] for row in totals_rows(found)] == ["2026-10", "2026-11"]
    assert [each.month for each in found.totals] == ["2026-10"]


def test_reroutes_come_by_time_and_contradictions_apart() -> None:
    found = report(
        past(time=None, line=1),
        past(time="2026-11-02T00:00:00.000Z", line=2),
        past(time="2026-11-01T00:00:00.000Z", line=3),
        past(verdict=Verdict.UNVERIFIED, line=4),
        past(verdict=Verdict.UNVERIFIED, line=5, hops=()),
        past(time="2026-11-02T00:00:00.000Z", line=None, row="r"),
    )
    assert [each.line for each in found.reroutes] == [3, None, 2, 1]
    assert [each.line for each in found.contradictory] == [4]


def test_json() -> None:
    found = report_as_json(report(past(category="cyber", evidence=(("model", "claude-opus-4-8"),))))
    assert json.loads(json.dumps(found)) == {
        "schema": "avow.scan/1",
        "answers": 1,
        "totals": [
            {
                "client": "claude-code",
                "month": "2026-11",
                "answers": 1,
                "as_requested": 0,
                "rerouted": 1,
                "fallback": 1,
                "substituted": 0,
                "refused": 0,
                "unverified": 0,
            }
        ],
        "reroutes": [
            {
                "client": "claude-code",
                "time": "2026-11-23T18:01:29.213Z",
                "session": "50728730-9344",
                "requested_model": "claude-fable-5",
                "served_model": "claude-opus-4-8",
                "verdict": "fallback",
                "rerouted": True,
                "category": "cyber",
                "trigger": None,
                "told": None,
                "hops": ["claude-fable-5", "claude-opus-4-8"],
                "evidence": [{"field": "model", "value": "claude-opus-4-8"}],
                "source": "file",
                "line": 3,
                "row": None,
                "message_id": "msg_1",
                "request_id": "req_1",
            }
        ],
        "contradictory": [],
        "files_read": 1,
        "bytes_read": 9,
        "broken_lines": 2,
        "oversized_lines": 3,
        "api_errors": 4,
        "duplicates": 5,
        "other_models": 6,
        "unreadable": [{"path": "x", "reason": "Permission denied"}],
        "looked_in": ["/h/.claude/projects"],
    }


def test_a_report_does_not_change_afterwards() -> None:
    tally, counts = ReportTally(), SkipCounts()
    before = tally.report(files_read=0, bytes_read=0, counts=counts, unreadable=[], looked_in=[])
    tally.add(past())
    counts.broken_lines += 1
    assert (before.answers, before.counts.broken_lines, before.reroutes) == (0, 0, ())
