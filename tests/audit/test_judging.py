"""From replies to a result: measured or not, the repeat, the floor, exit statuses, and when a baseline is void."""

from dataclasses import replace

import pytest

from avow.audit.cards import SHIPPED
from avow.audit.judging import (
    asks_again,
    baseline_is_enough,
    differences,
    first_test,
    judge,
    unmeasurable,
    void,
)
from avow.audit.record import AuditRecord, Conditions, Look
from avow.audit.replies import Arm, CardReply, sample_of
from avow.audit.result import Finding
from avow.audit.statistic import p_values
from tests.audit.made_up import CARDS, CONDITIONS, OTHER, reply

USUAL = ("7, b, red, cat, rome, tails", "7, b, blue, cat, rome, heads", "9, c, red, dog, oslo, tails")
CHANGED = "1, z, green, owl, lima, edge"


def baseline(*, verdict: str = "as_requested", bad_card: str | None = None) -> tuple[CardReply, ...]:
    """Sixty replies in three sittings that are much alike; those to `bad_card` from the third on have `verdict`."""
    return tuple(
        reply(card, USUAL[place % 3], sitting=sitting, order=number * 5 + place + 1,
              verdict=verdict if card == bad_card and (sitting, place) > (1, 2) else "as_requested")
        for sitting in (1, 2, 3) for number, card in enumerate(CARDS) for place in range(5)
    )  # fmt: skip


def record(**changes: object) -> AuditRecord:
    base = AuditRecord("default", "0.2.0", CONDITIONS, SHIPPED, baseline=baseline(), draws=999)
    return replace(base, **changes)  # type: ignore[arg-type]


def twenty(
    text: str | None = None, *, arm: Arm = Arm.REQUESTED, refused: int = 0, verdict: str = "refused"
) -> list[CardReply]:
    """A look's replies, all `text` or the usual ones; the first `refused` of every card with that verdict."""
    return [
        reply(card, text or USUAL[place % 3], order=number * 5 + place + 1, arm=arm,
              verdict=verdict if place < refused else "as_requested")
        for number, card in enumerate(CARDS) for place in range(5)
    ]  # fmt: skip


def look(replies: list[CardReply], repeat: list[CardReply] | None = None, against: str | None = None) -> Look:
    return Look(1, 5, "2026-11-28T10:00:00Z", against, tuple(replies), None if repeat is None else tuple(repeat))


def test_the_same_replies_are_no_difference() -> None:
    result = judge(record(), look(twenty()), cost_usd=0.1)
    assert result.finding is Finding.NO_DIFFERENCE
    assert (result.replies, result.declared, result.off_format, result.exit_code) == (20, 0, 0, 0)
    assert result.alpha == pytest.approx(0.05 / 13)
    assert result.would_have_seen == (0.99, 0.35, 0.0)
    assert (result.repeat, result.share, result.cost_usd) == (None, None, 0.1)


def test_other_replies_are_asked_again_and_differ_only_then() -> None:
    base, first = record(), look(twenty(CHANGED))
    assert asks_again(base, first, first_test(base, first))
    assert judge(base, first).finding is Finding.NO_DIFFERENCE  # while the repeat is not there
    result = judge(base, look(twenty(CHANGED), twenty(CHANGED)))
    assert (result.finding, result.exit_code) == (Finding.DIFFERS, 15)
    assert result.repeat is not None
    assert result.repeat.p == 0.001


def test_a_repeat_that_is_as_ever_is_no_difference() -> None:
    result = judge(record(), look(twenty(CHANGED), twenty()))
    assert (result.finding, result.exit_code) == (Finding.NO_DIFFERENCE, 0)
    assert result.repeat is not None
    assert result.repeat.p is not None
    assert result.repeat.p > 0.05


def test_a_repeat_is_shuffled_with_the_seed_after_that_of_its_look() -> None:
    """Whoever computes a record again, with whatever version, gets the same p."""
    base = record(draws=199)
    repeat = [replace(each, text=CHANGED if each.order in (1, 6, 11) else each.text) for each in twenty()]
    samples = sample_of(base.baseline, CARDS), sample_of(repeat, CARDS), None
    shuffled = [p_values(*samples, seed=seed, draws=199).omnibus for seed in (5, 6, 7)]
    assert len(set(shuffled)) == 3
    result = judge(base, look(twenty(CHANGED), repeat))
    assert result.repeat is not None
    assert result.repeat.p == shuffled[1]


def test_a_repeat_that_cannot_be_measured_is_no_difference() -> None:
    result = judge(record(), look(twenty(CHANGED), twenty(CHANGED, refused=3)))
    assert result.finding is Finding.NO_DIFFERENCE
    assert result.repeat is not None
    assert result.repeat.as_json() == {"p": None, "p_directed": None, "excess_tv": None}


def test_an_effect_below_the_floor_is_no_difference() -> None:
    """Sittings that differ a lot among themselves raise it."""
    restless = tuple(replace(each, text=CHANGED if each.sitting == 3 else each.text) for each in baseline())
    half = [replace(each, text=CHANGED if each.order % 5 else each.text) for each in twenty()]
    result = judge(record(baseline=restless), look(half, half))
    assert result.floor > 0.5
    assert result.finding is Finding.NO_DIFFERENCE


@pytest.mark.parametrize(
    ("refused", "verdict", "finding", "code"),
    [
        (2, "refused", Finding.NO_DIFFERENCE, 0),
        (2, "fallback", Finding.NO_DIFFERENCE, 0),
        (2, "unverified", Finding.NO_DIFFERENCE, 0),
        (2, "substituted", Finding.NO_DIFFERENCE, 12),
        (3, "refused", Finding.NOT_MEASURED, 13),
        (3, "substituted", Finding.NOT_MEASURED, 12),
        (5, "refused", Finding.NOT_MEASURED, 11),
        (5, "fallback", Finding.NOT_MEASURED, 13),
        (5, "unverified", Finding.NOT_MEASURED, 13),
    ],
)
def test_declared_replies(refused: int, verdict: str, finding: Finding, code: int) -> None:
    result = judge(record(), look(twenty(refused=refused, verdict=verdict)))
    assert (result.finding, result.exit_code) == (finding, code)
    assert (result.replies, result.declared) == (20 - 4 * refused, 4 * refused)
    if finding is Finding.NOT_MEASURED:
        assert result.first.as_json() == {"p": None, "p_directed": None, "excess_tv": None}
        assert result.would_have_seen is None


def test_a_substituted_reply_outranks_a_difference() -> None:
    repeat = [replace(each, verdict="substituted" if each.order == 1 else each.verdict) for each in twenty(CHANGED)]
    result = judge(record(), look(twenty(CHANGED), repeat))
    assert (result.finding, result.exit_code) == (Finding.DIFFERS, 12)


def test_one_card_with_too_few_is_not_measured() -> None:
    few = [replace(each, verdict="refused" if each.order <= 3 else each.verdict) for each in twenty()]
    assert judge(record(), look(few)).finding is Finding.NOT_MEASURED


def test_a_baseline_with_too_few_measures_nothing() -> None:
    base = record(baseline=baseline(verdict="refused", bad_card=CARDS[0]))
    assert not baseline_is_enough(base)
    assert baseline_is_enough(record())
    assert judge(base, look(twenty())).finding is Finding.NOT_MEASURED
    unasked = unmeasurable(base, 2, None)
    assert (unasked.finding, unasked.exit_code, unasked.look, unasked.replies) == (Finding.NOT_MEASURED, 13, 2, 0)


def test_replies_that_are_truncated_empty_or_off_format_are_counted_and_stay() -> None:
    some = twenty()
    some[0] = replace(some[0], stop_reason="max_tokens")
    some[1] = replace(some[1], text=" ")
    some[2] = replace(some[2], text="I would rather not.")
    result = judge(record(), look(some))
    assert (result.replies, result.off_format) == (20, 3)


def test_against_a_named_model() -> None:
    """Twice the smaller p decides, and the share says whom the replies resemble."""
    both = [*twenty(CHANGED), *twenty(CHANGED, arm=Arm.AGAINST)]
    base, one = record(), look(both, both, OTHER)
    result = judge(base, one)
    assert (result.finding, result.against, result.replies) == (Finding.DIFFERS, OTHER, 20)
    assert result.first.p_directed == 0.001
    assert result.share is not None
    assert result.share.low > 0.8
    assert result.would_have_seen == (1.0, 0.966, 0.118)  # those of the look's seed plus 2
    assert not asks_again(replace(base, draws=499), one, replace(first_test(base, one), p=0.002, p_directed=0.3))


def test_against_a_model_that_refused_there_is_no_share() -> None:
    refused = twenty(arm=Arm.AGAINST, refused=5)
    result = judge(record(), look([*twenty(), *refused], against=OTHER))
    assert (result.finding, result.share, result.first.p_directed) == (Finding.NO_DIFFERENCE, None, None)
    assert (result.replies, result.declared) == (20, 0)
    assert result.would_have_seen == (0.99, 0.35, 0.0)


CHANGES = {
    "model": (replace(CONDITIONS, model=OTHER), "model", OTHER),
    "base URL": (replace(CONDITIONS, base_url="https://gateway.example"), "base_url", "https://gateway.example"),
    "version": (replace(CONDITIONS, api_version="2026-09-01"), "version", "2026-09-01"),
    "betas": (replace(CONDITIONS, betas=("x-2026",)), "betas", ["x-2026"]),
    "effort": (replace(CONDITIONS, request={**CONDITIONS.request, "output_config": {"effort": "high"}}), "effort",
               "high"),
    "no effort": (replace(CONDITIONS, request={"max_tokens": 1024, "thinking": {"type": "adaptive"}}), "effort", None),
    "max_tokens": (replace(CONDITIONS, request={**CONDITIONS.request, "max_tokens": 99}), "max_tokens", 99),
}  # fmt: skip


@pytest.mark.parametrize(("now", "field", "value"), CHANGES.values(), ids=CHANGES)
def test_any_change_makes_a_baseline_void(now: Conditions, field: str, value: object) -> None:
    (change,) = differences(CONDITIONS, now)
    assert (change.field, change.now) == (field, value)
    result = void(record(), 3, None, (change,))
    assert (result.finding, result.exit_code, result.look) == (Finding.VOID, 2, 3)
    assert result.as_json()["differences"] == [{"field": field, "baseline": change.baseline, "now": value}]


def test_the_order_of_betas_and_a_slash_at_the_end_change_nothing() -> None:
    one = replace(CONDITIONS, betas=("a", "b"))
    other = replace(CONDITIONS, betas=("b", "a"), base_url=f"{CONDITIONS.base_url}/")
    assert differences(one, other) == ()
    assert differences(CONDITIONS, CONDITIONS) == ()
