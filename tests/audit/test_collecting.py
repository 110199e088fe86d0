"""The baseline: three sittings of twenty, each gone on with where it was cut."""

from collections import Counter
from dataclasses import replace

import pytest

from avow.audit.cards import SHIPPED, made
from avow.audit.collecting import (
    BaselineTerms,
    asked_in_all,
    begun,
    check_same,
    exit_code_of,
    is_complete,
    next_sitting,
)
from avow.audit.plan import Slot
from avow.audit.store import StoredAudit
from avow.errors import UsageError
from tests.audit.made_up import CONDITIONS, OTHER, reply


def answered(kept: StoredAudit, slots: tuple[Slot, ...], sitting: int) -> StoredAudit:
    for slot in slots:
        kept = kept.with_baseline(reply(slot.card, sitting=sitting, order=slot.order))
    return kept


def test_three_sittings_make_sixty() -> None:
    kept = begun("default", CONDITIONS, BaselineTerms())
    for number in (1, 2, 3):
        assert not is_complete(kept)
        sitting = next_sitting(kept, number * 11)
        assert sitting is not None
        assert (sitting.number, len(sitting.slots), sitting.kept.seeds[-1]) == (number, 20, number * 11)
        kept = answered(sitting.kept, sitting.slots, number)
    assert is_complete(kept)
    assert next_sitting(kept, 5) is None
    assert len(kept.record.baseline) == asked_in_all(kept.record) == 60
    assert set(Counter(each.card for each in kept.record.baseline).values()) == {15}


def test_a_sitting_that_was_cut_is_gone_on_with_in_its_own_order() -> None:
    first = next_sitting(begun("default", CONDITIONS, BaselineTerms()), 3)
    assert first is not None
    kept = answered(first.kept, first.slots[:13], 1)
    again = next_sitting(kept, 999)
    assert again is not None
    assert (again.number, again.slots, again.kept.seeds) == (1, first.slots[13:], (3,))


def test_all_at_once_is_one_sitting_of_sixty() -> None:
    sitting = next_sitting(begun("default", CONDITIONS, BaselineTerms(one_sitting=True)), 3)
    assert sitting is not None
    assert len(sitting.slots) == 60
    kept = answered(sitting.kept, sitting.slots, 1)
    assert is_complete(kept)
    assert next_sitting(kept, 4) is None
    assert kept.record.one_sitting


def test_wishes_are_kept() -> None:
    record = begun("mine", CONDITIONS, BaselineTerms(looks=4, cards_seed=8)).record
    assert (record.name, record.looks, record.cards) == ("mine", 4, made(8))
    assert begun("mine", CONDITIONS, BaselineTerms()).record.cards == SHIPPED
    assert begun("mine", CONDITIONS, BaselineTerms()).record.looks == 13


@pytest.mark.parametrize(
    "wishes",
    [BaselineTerms(looks=4), BaselineTerms(one_sitting=True), BaselineTerms(cards_seed=8)],
    ids=["looks", "one sitting", "cards"],
)
def test_what_was_fixed_at_first_stays_so(wishes: BaselineTerms) -> None:
    kept = begun("default", CONDITIONS, BaselineTerms())
    check_same(kept, CONDITIONS, BaselineTerms(looks=13))
    check_same(begun("default", CONDITIONS, wishes), CONDITIONS, wishes)
    check_same(begun("default", CONDITIONS, wishes), CONDITIONS, BaselineTerms())
    with pytest.raises(UsageError, match="cannot be changed"):
        check_same(kept, CONDITIONS, wishes)


def test_another_model_is_not_mixed_in() -> None:
    kept = begun("default", CONDITIONS, BaselineTerms())
    with pytest.raises(UsageError, match="model was claude-fable-5-1, and is claude-opus-4-8"):
        check_same(kept, replace(CONDITIONS, model=OTHER), BaselineTerms())


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["as_requested"] * 3, 0),
        (["as_requested", "refused", "fallback"], 0),
        (["as_requested", "substituted"], 12),
        (["refused", "refused"], 11),
        (["refused", "unverified"], 13),
        ([], 0),
    ],
)
def test_exit_statuses(verdicts: list[str], code: int) -> None:
    assert exit_code_of([reply(verdict=verdict) for verdict in verdicts]) == code
