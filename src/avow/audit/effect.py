"""How large a difference is: excess total variation, the floor it has to reach, and what a look would have seen.

Sums are kept as whole numbers and divided once, so that every machine gets the same value.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb, fsum
from typing import NamedTuple

from avow.audit.cards import PICKS
from avow.audit.replies import CardReply, Picks, Sample, sample_of

LOWEST_FLOOR = 0.10
_ABOVE_SITTINGS = 0.05
_RESAMPLED = 1000
_SHARES = (1.0, 1 / 2, 1 / 6)


class WouldHaveSeen(NamedTuple):
    """Chances that a look reaches the floor were all, half or a sixth of the replies another model's."""

    full_swap: float
    half: float
    sixth: float


FIXED = WouldHaveSeen(0.99, 0.35, 0.0)
"""For a model as different as two unrelated ones: simulated, for a look of 20 replies at alpha .01 and its repeat."""


def excess_tv(baseline: Sample, now: Sample) -> float | None:
    """The mean total variation between both samples over cards and picks, less what chance alone gives. 0 is no
    difference (chance may push it below 0), 1 is nothing in common; None without replies."""
    cards = [card for card in sorted(now) if now[card] and baseline.get(card)]
    if not cards:
        return None
    return fsum(_Reference.of(baseline[card], len(now[card])).excess(now[card]) for card in cards) / len(cards)


def floor_of(baseline: Sequence[CardReply], cards: Iterable[str], *, one_sitting: bool) -> float:
    """The least excess that counts as a difference: .10, or more where the sittings of the baseline differ more among
    themselves."""
    sittings = sorted({reply.sitting for reply in baseline})
    if one_sitting or len(sittings) < 2:
        return LOWEST_FLOOR
    names = sorted(cards)
    found = []
    for sitting in sittings:
        one = sample_of([reply for reply in baseline if reply.sitting == sitting], names)
        others = sample_of([reply for reply in baseline if reply.sitting != sitting], names)
        found.append(excess_tv(others, one))
    return max([LOWEST_FLOOR, *(_ABOVE_SITTINGS + each for each in found if each is not None)])


def would_have_seen(
    baseline: Sample, sizes: Mapping[str, int], named: Sample, floor: float, seed: int
) -> WouldHaveSeen:
    """Resample 1,000 looks with `sizes` replies a card, whole replies, from both samples. Both need replies to each
    card."""
    draw = random.Random(seed)  # noqa: S311 - resamples replies, guards nothing
    cards = [card for card in sorted(sizes) if sizes[card]]
    references = [_Reference.of(baseline[card], sizes[card]) for card in cards]
    chances = []
    for share in _SHARES:
        reached = 0
        for _ in range(_RESAMPLED):
            found = []
            for card, reference in zip(cards, references, strict=True):
                theirs, ours = named[card], baseline[card]
                look = [_pick(draw, theirs if draw.random() < share else ours) for _ in range(sizes[card])]
                found.append(reference.excess(look))
            reached += fsum(found) / len(cards) >= floor
        chances.append(reached / _RESAMPLED)
    return WouldHaveSeen(*chances)


def _pick(draw: random.Random, replies: Sequence[Picks]) -> Picks:
    # random() alone is promised to stay the same from one Python to the next.
    return replies[int(draw.random() * len(replies))]


@dataclass(frozen=True, slots=True)
class _Reference:
    """The baseline of one card, counted, for looks of `size` replies. Expected sums are multiplied by `comb(N, size)`,
    so that they stay whole numbers."""

    counts: tuple[Counter[str], ...]
    replies: int
    size: int
    expected: int

    @classmethod
    def of(cls, baseline: Sequence[Picks], size: int) -> "_Reference":
        counts = tuple(Counter(picks[place] for picks in baseline) for place in range(PICKS))
        expected = sum(_expected_sum(count, len(baseline), size) for each in counts for count in each.values())
        return cls(counts, len(baseline), size, expected)

    def excess(self, now: Sequence[Picks]) -> float:
        """The mean excess over the picks of the card."""
        n, k = self.size, self.replies
        seen, expected = 0, self.expected
        for place in range(PICKS):
            known = self.counts[place]
            seen += n * k
            for pick, m in Counter(picks[place] for picks in now).items():
                b = known[pick]
                seen += abs(m * k - b * n) - b * n
                expected += _expected_sum(m + b, k, n) - (_expected_sum(b, k, n) if b else 0)
        draws = comb(n + k, n)
        return (seen * draws - expected) / (2 * n * k * draws * PICKS)


@lru_cache(maxsize=4096)
def _expected_sum(total: int, k: int, n: int) -> int:
    """The sum over i of `C(t,i) C(N-t,n-i) |i k - (t-i) n|`: one value's share of the expected total variation under
    shuffling, times `2 n k C(N,n)`."""
    pool = n + k
    return sum(
        comb(total, i) * comb(pool - total, n - i) * abs(i * k - (total - i) * n)
        for i in range(max(0, n - (pool - total)), min(total, n) + 1)
    )
