"""The order of requests, what is left of it, and what a look may spend."""

from collections import Counter
from itertools import pairwise

import pytest

from avow.audit.plan import Slot, orders, p_that_decides, remaining
from avow.audit.replies import Arm
from tests.audit.made_up import CARDS, reply


@pytest.mark.parametrize("arms", [(Arm.REQUESTED,), (Arm.REQUESTED, Arm.AGAINST)], ids=["one arm", "two arms"])
def test_every_card_is_asked_five_times_in_every_arm(arms: tuple[Arm, ...]) -> None:
    order = next(orders(CARDS, arms, 1))
    assert Counter((slot.card, slot.arm) for slot in order) == {(card, arm): 5 for card in CARDS for arm in arms}
    assert [slot.order for slot in order] == list(range(1, 20 * len(arms) + 1))


def test_the_seed_makes_the_order_and_each_next_order_is_another() -> None:
    one, two = orders(CARDS, [Arm.REQUESTED], 1), orders(CARDS, [Arm.REQUESTED], 1)
    first, second = next(one), next(one)
    assert (first, second) == (next(two), next(two))
    assert first != second
    assert next(orders(CARDS, [Arm.REQUESTED], 2)) != first


def test_arms_are_mixed() -> None:
    order = next(orders(CARDS, (Arm.REQUESTED, Arm.AGAINST), 3))
    changes = sum(a.arm is not b.arm for a, b in pairwise(order))
    assert changes > 10


def test_what_was_answered_is_not_due_again() -> None:
    order = next(orders(CARDS, [Arm.REQUESTED], 1))
    answered = [reply(slot.card, order=slot.order) for slot in order[:7]]
    assert remaining(order, answered) == order[7:]
    assert remaining(order, [reply(order[0].card, order=order[0].order, arm=Arm.AGAINST)]) == order
    assert remaining((Slot(CARDS[0], Arm.REQUESTED, 1),), [reply(order=1)]) == ()


def test_the_smaller_of_two_p_counts_twice() -> None:
    assert p_that_decides(0.02, None, is_against=False) == 0.02
    assert p_that_decides(0.02, 0.003, is_against=True) == 0.006
    assert p_that_decides(0.02, None, is_against=True) == 0.04
    assert p_that_decides(0.9, 0.8, is_against=True) == 1.0
