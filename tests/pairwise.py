"""Rows in which any value of one column meets any value of each other column: most faults need no more than two."""

import itertools
from collections.abc import Iterable, Sequence
from typing import TypeVar

_Row = TypeVar("_Row", bound=Sequence[object])


def pairwise(rows: Iterable[_Row]) -> list[_Row]:
    """A few of `rows`, the same ones each time, with every pair of values that stands in any of them.

    Always the next that has most of the pairs still to come: good for some thousand rows, so no package is needed.
    """
    pairs = {row: set(itertools.combinations(enumerate(row), 2)) for row in rows}
    missing = set().union(*pairs.values())
    chosen = []
    while missing:
        best = max(pairs, key=lambda row: len(missing & pairs[row]))
        chosen.append(best)
        missing -= pairs[best]
    return chosen
