"""Every wording: never "verified", never a cause, always what would have been seen and what is not covered."""

import calendar
import re
from dataclasses import replace
from itertools import product

import pytest

from avow.audit.cards import SHIPPED
from avow.audit.effect import WouldHaveSeen
from avow.audit.judging import judge
from avow.audit.record import AuditRecord
from avow.audit.result import Difference, Finding, Measured, Result
from avow.audit.share import Share
from avow.audit.words import NOT_COVERED, ONE_DAY, date_of, lines_of, number, sittings_of, would_have_shown
from tests.audit.made_up import CONDITIONS, OTHER, reply

RECORD = AuditRecord("default", "0.2.0", CONDITIONS, SHIPPED, baseline=tuple(reply(sitting=day) for day in (1, 2, 3)))
PLAIN = Result(
    "default", CONDITIONS.model, Finding.NO_DIFFERENCE, 0.1, 0.05 / 13, 4, 13, first=Measured(0.41, None, 0.01),
    replies=20, would_have_seen=WouldHaveSeen(0.99, 0.35, 0.0),
)  # fmt: skip
DIFFERS = replace(
    PLAIN, finding=Finding.DIFFERS, first=Measured(0.0003, None, 0.27), repeat=Measured(0.002, None, 0.25), exit_code=15
)
AGAINST: dict[str, object] = {
    "against": OTHER,
    "share": Share(0.0, 0.0, 0.09),
    "would_have_seen": WouldHaveSeen(1.0, 0.46, 0.003),
}


def every() -> dict[str, Result]:
    """A result of every kind that has something measured."""
    found = {}
    kinds = {
        "none": PLAIN,
        "none, with a repeat": replace(PLAIN, first=DIFFERS.first, repeat=Measured(0.3, None, 0.02)),
        "none, repeat not measured": replace(PLAIN, first=DIFFERS.first, repeat=Measured(None)),
        "differs": DIFFERS,
    }
    changes: list[dict[str, object]] = [{}, AGAINST, {"declared": 3, "replies": 17, "off_format": 2}]
    for (name, result), (place, change) in product(kinds.items(), enumerate(changes)):
        found[f"{name} {place}"] = replace(result, **change)  # type: ignore[arg-type]
    return found


ALL = every()
NOT_MEASURED = replace(
    PLAIN,
    finding=Finding.NOT_MEASURED,
    first=Measured(None),
    replies=8,
    declared=12,
    would_have_seen=None,
    exit_code=13,
)
VOID = replace(
    PLAIN, finding=Finding.VOID, first=Measured(None), replies=0, would_have_seen=None, exit_code=2,
    differences=(Difference("model", "claude-fable-5-1", OTHER), Difference("betas", [], ["a", "b"]),
                 Difference("effort", "low", None)),
)  # fmt: skip


def said(result: Result, record: AuditRecord = RECORD) -> str:
    return "\n".join(lines_of(result, record))


@pytest.mark.parametrize("result", [*ALL.values(), NOT_MEASURED, VOID], ids=[*ALL, "not measured", "void"])
def test_no_wording_claims_what_cannot_be_known(result: Result) -> None:
    text = said(result)
    assert not re.search(r"verif|genuine|authentic|proves?\b|proof|guarantee|really is|fraud|cheat|downgrad|✓|✔|score",
                         text, re.IGNORECASE)  # fmt: skip
    assert "because" not in text.lower()
    assert not re.search(r"(was|were|is|are|been) (answered|served|replaced|swapped) by", text)


@pytest.mark.parametrize("result", ALL.values(), ids=ALL)
def test_every_measured_result_says_what_would_have_been_seen_and_what_is_not_covered(result: Result) -> None:
    lines = lines_of(result, RECORD)
    assert NOT_COVERED in lines
    assert "prompts that trigger a policy" in NOT_COVERED
    (effects,) = [line for line in lines if "a full swap would have shown with probability" in line]
    assert "half of the replies" in effects
    assert "a sixth" in effects
    assert f"look {result.look} of {result.looks}" in lines[0] + lines[1]


@pytest.mark.parametrize("result", [r for r in ALL.values() if r.finding is Finding.DIFFERS])
def test_a_difference_has_no_cause(result: Result) -> None:
    text = said(result)
    assert "Replies differ from your baseline of 12 Nov 2026 (p=.0003, excess TV .27" in text
    assert "the repeat agreed: p=.002, excess TV .25" in text
    assert "Cause unknown" in text
    for harmless in ("snapshot", "default", "hidden prompt", "hardware", "quantisation", "gateway"):
        assert harmless in text
    assert "does not show that another model answered" in text


def test_no_difference_is_said_with_its_numbers() -> None:
    assert lines_of(PLAIN, RECORD)[0] == "No difference found (p=.41, look 4 of 13, level .0038)."
    assert "For a model as different as two unrelated ones" in said(PLAIN)
    assert "with probability .99, half of the replies with .35, a sixth with less than .01" in said(PLAIN)


def test_a_repeat_that_did_not_agree_is_told_with_both_p() -> None:
    text = said(ALL["none, with a repeat 0"])
    assert "The first replies differed (p=.0003, excess TV .27)" in text
    assert "did not confirm it (p=.30, excess TV .02" in text
    assert text.startswith("No difference found that repeats (look 4 of 13, level .0038).")
    assert "too few of the repeat" in said(ALL["none, repeat not measured 0"])


def test_the_share_resembles_and_is_not_served() -> None:
    text = said(ALL["none 1"])
    assert f"Share of replies resembling {OTHER}: 0% (95% interval 0% to 9%). This is a resemblance;" in text
    assert f"By the replies of {OTHER}: a full swap would have shown with probability more than .99" in text


def test_declared_replies_are_facts_without_statistics() -> None:
    assert "Declared: 3 of 20 replies" in said(ALL["differs 2"])
    assert "Declared" not in said(ALL["differs 0"])
    assert "2 of 17 replies were truncated, empty or off format" in said(ALL["differs 2"])


def test_a_baseline_of_one_sitting_is_told() -> None:
    assert "of one sitting" in said(PLAIN, replace(RECORD, one_sitting=True))
    assert "Compared with stored replies, of sittings that began 2026-11-12 09:30, " in said(PLAIN)


def test_sittings_of_one_day_are_told() -> None:
    assert ONE_DAY not in said(PLAIN)
    assert ONE_DAY not in said(PLAIN, replace(RECORD, one_sitting=True))
    close = tuple(replace(each, created_at=f"2026-11-12T{each.sitting:02}:30:00Z") for each in RECORD.baseline)
    assert ONE_DAY in said(PLAIN, replace(RECORD, baseline=close))


def test_not_measured_says_nothing_about_a_change() -> None:
    text = said(NOT_MEASURED)
    assert text.startswith("Not measured: only 8 of 20 replies are in the test")
    assert NOT_COVERED in text
    assert "Nothing was sent" in said(replace(NOT_MEASURED, replies=0, declared=0))


def test_void_says_what_differs_and_what_to_do() -> None:
    text = said(VOID)
    assert "  model: claude-fable-5-1 in the baseline, claude-opus-4-8 now" in text
    assert "  betas: none in the baseline, a, b now" in text
    assert "  effort: low in the baseline, none now" in text
    assert "under another name" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.41, ".41"), (0.0003, ".0003"), (0.05 / 13, ".0038"), (0.1, ".10"), (1.0, "1.00"), (0.0, "0"), (0.0001, ".0001"),
     (-0.02, "-.02"), (0.27, ".27")],
)  # fmt: skip
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_dates_and_sittings() -> None:
    assert date_of("2026-11-02T09:30:00Z") == "2 Nov 2026"
    named = [date_of(f"2026-{month:02}-15T12:00:00Z").split()[1] for month in range(1, 13)]
    assert named == [calendar.month_abbr[month] for month in range(1, 13)]
    assert sittings_of(RECORD.baseline) == tuple(f"2026-11-{day}T09:30:00.000Z" for day in (12, 13, 14))


def test_nothing_measured_would_have_shown_nothing() -> None:
    assert would_have_shown(NOT_MEASURED) == ""


def test_what_is_judged_is_said() -> None:
    """From replies to words, without any value made by hand."""
    from tests.audit.test_judging import CHANGED, look, record, twenty

    base = record()
    assert said(judge(base, look(twenty())), base).startswith("No difference found")
    assert said(judge(base, look(twenty(CHANGED), twenty(CHANGED))), base).startswith(
        "Replies differ from your baseline"
    )
