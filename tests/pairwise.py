"""A few rows that stand for all: with every value, or with every pair of values (most faults need no more than two)."""

import itertools
from collections.abc import Iterable, Sequence
from typing import TypeVar

_Row = TypeVar("_Row", bound=Sequence[object])


def pairwise(rows: Iterable[_Row]) -> list[_Row]:
    """A few of `rows`, the same ones each time, with every pair of values that stands in any of them."""
    return _covering(rows, 2)


def each_value(rows: Iterable[_Row]) -> list[_Row]:
    """A few of `rows`, the first among equals first, with every value that stands in any of them."""
    return _covering(rows, 1)


def _covering(rows: Iterable[_Row], size: int) -> list[_Row]:
    """Always the next that has most of what is still to come: good for some thousand rows, so no package is needed."""
    parts = {row: set(itertools.combinations(enumerate(row), size)) for row in rows}
    missing = set().union(*parts.values())
    chosen = []
    while missing:
        best = max(parts, key=lambda row: len(missing & parts[row]))
        chosen.append(best)
        missing -= parts[best]
    return chosen
