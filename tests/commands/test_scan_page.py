"""What a scan shows, as text."""

from typing import Any

import pytest

from avow.commands.scan_page import page, sentence
from avow.routing.verdict import Verdict
from avow.scan.records import Client
from avow.scan.report import ScanReport
from avow.terminal.cells import cells
from avow.terminal.facts import Facts
from tests.scan.test_report import past, report

ASKED: dict[str, Any] = {"verdict": Verdict.AS_REQUESTED, "served_model": "claude-fable-5", "hops": ()}
UNSURE: dict[str, Any] = {"verdict": Verdict.UNVERIFIED, "hops": ()}
REFUSED: dict[str, Any] = {"verdict": Verdict.REFUSED, "served_model": None}
STICKY: dict[str, Any] = {"requested_model": None, "hops": ("claude-opus-4-8",)}
PIPE = Facts()


def on(width: int) -> Facts:
    return Facts(is_terminal=True, interactive=True, width=width)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([{"told": False}, {"told": True}, ASKED], "2 of 3 answers were written by another model; once you were not"),
        ([{"told": False}, {"told": False}, {"told": True}], "3 of 3 answers were written by another model; 2 times"),
        ([{"told": False}], "1 of 1 answer was written by another model; you were not told."),
        ([{"told": False}, {"told": False}], "2 of 2 answers were written by another model; you were never told."),
        ([{"told": True}, ASKED], "1 of 2 answers was written by another model; you were told."),
        ([{"told": True}, {"told": True}], "2 of 2 answers were written by another model; you were told each time."),
        (
            [{"told": False}, {"told": None}, {"told": None}],
            "once you were not told, and 2 times the records do not say whether you were told.",
        ),
        (
            [{"told": True}, {"told": None}],
            "2 of 2 answers were written by another model; once the records do not say whether you were told.",
        ),
        ([ASKED], "According to the records, every answer was written by the model that was asked."),
        ([{"told": True}, REFUSED], "1 of 2 answers was written by another model; you were told."),
        ([ASKED, REFUSED], "no answer was written by another model; 1 was refused."),
        ([REFUSED, REFUSED], "no answer was written by another model; 2 were refused."),
        ([ASKED, UNSURE], "No answer is known to be another model's, but 1 is unverified."),
    ],
    ids=[
        "once",
        "times",
        "alone",
        "never",
        "told",
        "each time",
        "unknown",
        "one unknown",
        "none",
        "one, and one refused",
        "one refused",
        "refused",
        "unverified",
    ],
)
def test_a_sentence_says_it_all(answers: list[dict[str, Any]], said: str) -> None:
    assert said in sentence(report(*(past(**answer) for answer in answers)))


def test_only_rerouted_ones_are_not_counted_among_all() -> None:
    assert sentence(report(past(told=False)), rerouted_only=True).startswith("1 answer was written")
    assert "\n1 answer was written" in page(report(past(told=False)), PIPE, rerouted_only=True)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"category": "cyber", "told": True}, ["claude-fable-5 → claude-opus-4-8", "cyber", "yes"]),
        ({**STICKY, "told": False}, ["not recorded → claude-opus-4-8", "sticky", "no"]),
        ({"trigger": "refusal"}, ["claude-fable-5 → claude-opus-4-8", "no category given", "unknown"]),
        ({"trigger": "overloaded", "client": Client.LLM}, ["claude-fable-5 → claude-opus-4-8", "overloaded"]),
        ({"verdict": Verdict.SUBSTITUTED, "served_model": None}, ["claude-fable-5 → not named", "not declared"]),
    ],
    ids=["category", "sticky", "no category", "overloaded", "substituted"],
)
def test_a_row(more: dict[str, Any], expected: list[str]) -> None:
    heads, row = page(report(past(**more)), PIPE).splitlines()[3:5]
    assert heads.split() == ["when", "client", "session", "from", "→", "to", "why", "told"]
    assert [part for part in row.split("  ") if part.strip()][3 : 3 + len(expected)] == expected


def test_words_are_explained_where_they_stand() -> None:
    plain = page(report(past(told=False, category="cyber")), PIPE)
    assert "told: whether" in plain
    assert "sticky" not in plain
    assert "unverified:" not in plain
    assert "sticky: no decline" in page(report(past(**STICKY), past(category="cyber")), PIPE)
    assert "unverified: the records" in page(report(past(**UNSURE)), PIPE)
    assert "told:" not in page(report(past(**ASKED)), PIPE)


def test_contradictions_stand_apart_under_their_heading() -> None:
    contradictory = page(report(past(verdict=Verdict.UNVERIFIED)), PIPE)
    assert "declare a handover, but not to another model:\n\nwhen" in contradictory
    assert contradictory.count("50728730") == 1
    assert "told: whether" in contradictory
    assert "declare a handover" not in page(report(past()), PIPE)


def test_what_all_rows_share_is_said_once() -> None:
    heads, row = page(report(past(category="cyber")), on(80)).splitlines()[3:5]
    assert "from → to (claude-)" in heads
    assert heads.startswith("when (2026) ")
    assert "fable-5 → opus-4-8" in row
    assert "2026" not in row
    assert "claude-code" not in row


def test_what_not_all_rows_share_is_said_in_each() -> None:
    for more, shown in (
        ({"served_model": "gpt-5"}, ("when (2026)", "from → to  ", "claude-fable-5 → gpt-5")),
        ({"time": "2025-11-23T18:01:29.213Z"}, ("when   ", "from → to (claude-)", "2025-11-23 18:01  50728730")),
        ({"client": Client.LLM, "session": None, "row": "r1"}, ("client", "llm", "  r1  ")),
    ):
        text = page(report(past(), past(**more)), on(100))
        assert [words for words in shown if words not in text] == []
        assert "50728730-" not in text


def test_a_row_of_a_narrow_page_is_one_line_where_that_fits() -> None:
    lines = page(report(past(category="cyber"), past(category="bio", client=Client.LLM)), on(60)).splitlines()
    begun = next(at for at, line in enumerate(lines) if "50728730" in line)
    assert lines[begun : begun + 3] == [
        "2026-11-23 18:01  claude-code  50728730",
        "  claude-fable-5 → claude-opus-4-8 (cyber); told: unknown",
        "2026-11-23 18:01  llm  50728730",
    ]


@pytest.mark.parametrize("width", [40, 60])
def test_an_answer_takes_at_most_three_lines(width: int) -> None:
    lines = page(report(past(category="cyber"), past(category="bio")), on(width)).splitlines()
    begun = [at for at, line in enumerate(lines) if "50728730" in line]
    assert begun[1] - begun[0] <= 3
    assert max(map(cells, lines)) <= width
    assert [" ".join(line.split()) for line in lines[begun[0] : begun[1]]] == {
        40: ["2026-11-23 18:01 claude-code 50728730", "claude-fable-5 → claude-opus-4-8", "cyber; told: unknown"],
        60: ["11-23 18:01 50728730 fable-5 → opus-4-8 cyber unknown"],
    }[width]


def nothing(files: int) -> ScanReport:
    return ScanReport((), (), (), (), files, 0, report().counts, (), ("/h/.claude/projects", "/h/llm/logs.db"))


def test_no_records_are_told_with_the_places() -> None:
    assert page(nothing(0), PIPE) == (
        "There are no records of Claude Code or llm here. Looked in:\n  /h/.claude/projects\n  /h/llm/logs.db\n"
    )
    assert page(nothing(2), PIPE).startswith("There are no answers in the 2 files read. Looked in:\n")
    assert "no answer that another model" in page(nothing(2), PIPE, rerouted_only=True)
    assert page(nothing(0), PIPE, rerouted_only=True) == page(nothing(0), PIPE)
