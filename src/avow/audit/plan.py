"""What is asked in which order, how many looks there are, and which part of the error rate each look may use."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from avow.audit.replies import Arm, CardReply

ALPHA_TOTAL = 0.05
"""The chance of ever a false alarm, over all looks planned."""
LOOKS = 13
"""Looks planned where nothing else is said: one a week for a quarter."""
PER_CARD = 5
"""Replies to each card in a sitting, a look, or a repeat."""
SITTINGS = 3


class Slot(NamedTuple):
    """One request that is due: its card, its arm, and its place in the order, from 1."""

    card: str
    arm: Arm
    order: int


def orders(
    cards: Iterable[str], arms: Sequence[Arm], seed: int, *, per_card: int = PER_CARD
) -> Iterator[tuple[Slot, ...]]:
    """The orders of requests that a seed gives, one after the other: for a look its own order and that of its repeat,
    for a baseline one order a sitting. Every card is asked `per_card` times in every arm."""
    shuffle = random.Random(seed).shuffle  # noqa: S311 - an order that can be repeated is the purpose
    names = sorted(cards)
    while True:
        due = [(card, arm) for card in names for arm in arms for _ in range(per_card)]
        shuffle(due)
        yield tuple(Slot(card, arm, place) for place, (card, arm) in enumerate(due, start=1))


def remaining(order: Sequence[Slot], replies: Iterable[CardReply]) -> tuple[Slot, ...]:
    """The requests of an order that have no reply yet."""
    answered = Counter((reply.card, reply.arm, reply.order) for reply in replies)
    return tuple(slot for slot in order if not answered[slot])


def p_that_decides(p: float, p_directed: float | None, *, is_against: bool) -> float:
    """The p that is compared with the level. Of two tests it is the smaller p, doubled (Bonferroni; the first step of
    Holm)."""
    if not is_against:
        return p
    return min(1.0, 2 * min(p, p if p_directed is None else p_directed))
