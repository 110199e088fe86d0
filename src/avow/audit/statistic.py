"""The permutation test of whether the new replies have the same distribution as the baseline's.

The same seed gives the same numbers, bit for bit, on every Python: what is summed is summed in one order or with
`math.fsum`, and a shuffled statistic counts as reached from 1e-9 below.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, lgamma, log
from typing import NamedTuple

from avow.audit.cards import PICKS
from avow.audit.replies import Picks, Sample

DRAWS = 9999
"""Shuffles of one test."""
_PRIOR = 0.3  # of each category, in the omnibus statistic
_SHARE = 0.2  # of the named model's replies, at which the directed statistic aims
_SMOOTHING = 0.5
_TIE = 1e-9


class PValues(NamedTuple):
    """The chances of a statistic this large or larger if nothing has changed. `directed` is None unless the named model
    has replies to every card."""

    omnibus: float
    directed: float | None


@dataclass(frozen=True, slots=True)
class _CardTable:
    """One card, its replies of now (`size` of them) before those of the baseline. `rows` hold a number for each
    pick; `steps[v][i]` is what the statistic gains where value v is met for the (i+1)th time; `scores` are the
    rows' directed scores."""

    rows: tuple[tuple[int, ...], ...]
    size: int
    steps: tuple[tuple[float, ...], ...]
    scores: tuple[float, ...]

    def statistics(self, chosen: Sequence[int]) -> tuple[float, float]:
        """The omnibus and the directed statistic, up to a constant, were the chosen rows those of now."""
        counts = [0] * len(self.steps)
        omnibus = directed = 0.0
        for row in chosen:
            directed += self.scores[row]
            for value in self.rows[row]:
                count = counts[value]
                omnibus += self.steps[value][count]
                counts[value] = count + 1
        return omnibus, directed


def p_values(baseline: Sample, now: Sample, named: Sample | None, *, seed: int, draws: int = DRAWS) -> PValues:
    """Both p of a look, or of a repeat; whole replies are shuffled within each card.

    A card without replies on one side adds nothing. `named` is the sample of the model that is compared with.
    """
    cards = [card for card in sorted(now) if now[card] and baseline.get(card)]
    is_directed = named is not None and all(named.get(card) for card in cards)
    tables = [_table(now[card], baseline[card], named[card] if named and is_directed else ()) for card in cards]
    omnibus, directed = _sums(tables, [range(table.size) for table in tables])
    sample = random.Random(seed).sample  # noqa: S311 - shuffles replies, guards nothing
    places = [(range(len(table.rows)), table.size) for table in tables]
    reached = reached_directed = 0
    for _ in range(draws):
        drawn, drawn_directed = _sums(tables, [sample(rows, size) for rows, size in places])
        reached += drawn >= omnibus - _TIE
        reached_directed += drawn_directed >= directed - _TIE
    return PValues((1 + reached) / (1 + draws), (1 + reached_directed) / (1 + draws) if is_directed else None)


def _sums(tables: Sequence[_CardTable], chosen: Sequence[Sequence[int]]) -> tuple[float, float]:
    omnibus = directed = 0.0
    for table, rows in zip(tables, chosen, strict=True):
        one, other = table.statistics(rows)
        omnibus += one
        directed += other
    return omnibus, directed


def _table(now: Sequence[Picks], baseline: Sequence[Picks], named: Sequence[Picks]) -> _CardTable:
    replies = [*now, *baseline]
    numbers: dict[tuple[int, str], int] = {}
    rows = tuple(
        tuple(numbers.setdefault((place, pick), len(numbers)) for place, pick in enumerate(picks)) for picks in replies
    )
    totals = Counter(value for row in rows for value in row)
    steps = {total: _steps(total, len(now)) for total in set(totals.values())}
    scores = _scores(replies, named) if named else [0.0] * len(replies)
    return _CardTable(rows, len(now), tuple(steps[totals[value]] for value in range(len(numbers))), tuple(scores))


def _steps(total: int, size: int) -> tuple[float, ...]:
    """What `lnG(.3+m) + lnG(.3+b)` gains from m = i to i + 1, where m + b is `total` and m at most `size`."""
    terms = [lgamma(_PRIOR + m) + lgamma(_PRIOR + total - m) for m in range(min(total, size) + 1)]
    return tuple(after - before for before, after in pairwise(terms))


def _scores(replies: Sequence[Picks], named: Sequence[Picks]) -> list[float]:
    """`ln(.8 + .2 pS/pP)` summed over the picks of each reply; `replies` are the pool of now and baseline."""
    by_place: list[dict[str, float]] = []
    for place in range(PICKS):
        pool = Counter(picks[place] for picks in replies)
        theirs = Counter(picks[place] for picks in named)
        prior = _SMOOTHING / len(pool.keys() | theirs.keys())
        by_place.append(
            {
                pick: log(
                    1 - _SHARE
                    + _SHARE * ((theirs[pick] + prior) / (len(named) + _SMOOTHING))
                    / ((count + prior) / (len(replies) + _SMOOTHING))
                )
                for pick, count in pool.items()
            }
        )  # fmt: skip
    return [fsum(by_place[place][pick] for place, pick in enumerate(picks)) for picks in replies]
