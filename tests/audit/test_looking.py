"""Which look is next, what of it is due, and how it goes on: without any network."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from avow.audit.asking import PricedReply
from avow.audit.looking import Progress, look_for, open_look, requests_left, take
from avow.audit.plan import Slot
from avow.audit.record import Look
from avow.audit.store import StoredAudit
from avow.errors import UsageError
from tests.audit.made_up import OTHER, reply
from tests.audit.test_judging import CHANGED, USUAL, record

Keep = Callable[[PricedReply], None]


class Answers:
    """Stands where `Asker` stands: answers every slot with a text, up to a number."""

    def __init__(self, text: str | None = None, *, most: int = 1000) -> None:
        self.text = text
        self.left = most
        self.slots: list[Slot] = []

    def ask_all(
        self, slots: Sequence[Slot], sitting: int, keep: Keep, pay: Callable[[float | None], None], tell: Any
    ) -> None:
        for place, slot in enumerate(slots):
            tell(place)
            if not self.left:
                pay(None)
                raise KeyboardInterrupt
            self.left -= 1
            self.slots.append(slot)
            text = self.text or USUAL[slot.order % 3]
            keep(PricedReply(reply(slot.card, text, sitting=sitting, order=slot.order, arm=slot.arm), 0.125))


def taken(kept: StoredAudit, answers: Answers, *, against: str | None = None) -> tuple[StoredAudit, list[StoredAudit]]:
    """The audit after a look, and all that was saved on the way."""
    saved: list[StoredAudit] = []
    look = look_for(kept.record, against, None, 5)
    after, _ = take(kept, look, answers, saved.append)  # type: ignore[arg-type]
    return after, saved


def test_a_look_is_spent_before_its_first_reply_is_asked_for() -> None:
    kept, saved = taken(StoredAudit(record()), Answers())
    assert [len(each.record.runs[0].replies) for each in saved] == [*range(21), 20]
    assert saved[0].record.runs[0].result is None
    (look,) = kept.record.runs
    assert look.result is not None
    assert (look.result["result"], look.result["cost_usd"], look.repeat) == ("no_difference", 2.5, None)


def test_a_repeat_is_saved_before_it_is_asked_for() -> None:
    answers = Answers(CHANGED)
    kept, saved = taken(StoredAudit(record()), answers)
    (look,) = kept.record.runs
    assert look.result is not None
    assert (look.result["result"], look.result["cost_usd"], len(answers.slots)) == ("differs", 5.0, 40)
    assert any(each.record.runs[0].repeat == () for each in saved)


CUTS = [0, 1, 19, 20, 21, 39]
"""Before which reply it is cut off: around the ends of the look and of its repeat."""


@pytest.mark.parametrize(
    ("against", "most"),
    [
        pytest.param(other, most, id=f"{arms}-{most}", marks=() if most in by_default else pytest.mark.slow)
        for arms, other, by_default in (("one arm", None, (1, 20)), ("two arms", OTHER, (39,)))
        for most in CUTS
    ],
)
def test_wherever_it_is_cut_it_goes_on_there(most: int, against: str | None) -> None:
    saved: list[StoredAudit] = []
    base = StoredAudit(record())
    answers = Answers(CHANGED, most=most)
    with pytest.raises(KeyboardInterrupt):
        take(base, look_for(base.record, against, None, 5), answers, saved.append)  # type: ignore[arg-type]
    kept = saved[-1]
    under_way = open_look(kept.record)
    assert under_way is not None
    assert len(under_way.all_replies) == most
    rest = Answers(CHANGED)
    after, _ = take(kept, look_for(kept.record, None, None, 99), rest, saved.append)  # type: ignore[arg-type]
    (look,) = after.record.runs
    arms = 1 if against is None else 2
    assert (look.seed, look.against, len(rest.slots)) == (5, against, 40 * arms - most)
    assert look.repeat is not None
    assert len({(each.arm, each.order) for each in look.replies}) == 20 * arms
    assert len({(each.arm, each.order) for each in look.repeat}) == 20 * arms
    whole, _ = taken(base, Answers(CHANGED), against=against)
    assert look.result is not None
    assert whole.record.runs[0].result is not None
    assert {**look.result, "cost_usd": 0} == {**whole.record.runs[0].result, "cost_usd": 0}
    assert look.result["cost_usd"] is None  # the one that was cut off has no known price


def test_what_is_left_to_ask() -> None:
    base = record()
    fresh = Look(1, 5, "2026-11-28T10:00:00Z")
    assert requests_left(fresh, base) == (20, 20)
    assert requests_left(replace(fresh, against=OTHER), base) == (40, 40)
    assert requests_left(replace(fresh, repeat=()), base) == (20, 0)


def test_looks_are_counted_and_end_with_the_plan() -> None:
    base = record(looks=2)
    done = [Look(number, 5, "2026-11-28T10:00:00Z", result={}) for number in (1, 2)]
    assert look_for(base, None, 7, 5).seed == 7
    assert look_for(replace(base, runs=(done[0],)), None, None, 5).number == 2
    with pytest.raises(UsageError, match="all 2 planned looks are used"):
        look_for(replace(base, runs=tuple(done)), None, None, 5)


def test_an_open_look_is_not_changed() -> None:
    base = record(runs=(Look(1, 5, "2026-11-28T10:00:00Z", OTHER),))
    assert look_for(base, None, None, 99).against == OTHER
    assert look_for(base, OTHER, 5, 99).seed == 5
    with pytest.raises(UsageError, match=f"begun against {OTHER}"):
        look_for(base, "claude-opus-5", None, 99)
    with pytest.raises(UsageError, match="begun with --seed 5"):
        look_for(base, None, 6, 99)


def test_progress_goes_on_where_it_was() -> None:
    heard: list[Progress] = []
    base = StoredAudit(record())
    take(base, look_for(base.record, None, None, 5), Answers(), lambda _kept: None, heard.append)  # type: ignore[arg-type]
    assert heard[0] == Progress("replies", 0, 20)
    assert heard[-1] == Progress("replies", 19, 20)
