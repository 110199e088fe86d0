"""Reads the sums over the whole history that its file keeps."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from avow.history import periods
from avow.history.filters import EVERYTHING
from avow.history.recount import INDEX_OF, Recount, counted
from avow.history.store import History
from avow.history.summary import COST_UNIT, DURATION_MS, FIRST_MS, HOUR_MS, QUARTER_MS, TALLIES
from avow.history.sums import (
    PARTS,
    Latency,
    ModelPair,
    ModelUse,
    Percentiles,
    Tally,
    latencies_of,
    name_of,
    pairs_of,
    uses_of,
)

_HOUR = HOUR_MS // QUARTER_MS
_NAMES = tuple(name for name, _what in TALLIES)
_SUMS = ", ".join(f"sum({name})" for name in _NAMES)
_WITHIN = "FROM summary_tally WHERE simulated = ? AND kind = ? AND key >= ? AND key < ?"
_NEXT = f"SELECT key {_WITHIN} AND requests <> 0 ORDER BY key LIMIT 1"
_PAIRS = (
    "SELECT requested_model, nullif(served_model, x''), nullif(category, x''), times FROM summary_pair"
    " WHERE simulated = ? AND times <> 0 ORDER BY 4 DESC, 1, 2, 3"
)
_DECLINES = (
    "SELECT nullif(key, x''), fallback + refused FROM summary_tally"
    " WHERE simulated = ? AND kind = 'category' AND fallback + refused <> 0 ORDER BY 2 DESC, 1"
)
_USES = (
    "SELECT nullif(model, x''), outcome, hops, priced, input_tokens, output_tokens, cache_read_tokens,"
    " cache_write_tokens, cost FROM summary_use WHERE simulated = ? AND hops <> 0"
)
_DURATIONS = "SELECT model, step, answers FROM summary_duration WHERE measure = ? AND answers <> 0 ORDER BY model, step"


class StoredSums:
    """The sums over all that avow itself asked: the simulator's exchanges alone, or all but those."""

    def __init__(self, history: History, *, simulated: bool) -> None:
        self._history = history
        self._simulated = int(simulated)
        self._own = counted(history)

    def by_period(self, by: str) -> Iterator[Tally]:
        """A tally for each period that has exchanges, in order, from whole hours, and from quarters of an hour at the
        edges where the local clock is not whole hours from UTC. Where it is not whole quarters, as before 1900, the
        rows are counted."""
        try:
            return iter(list(self._by_period(by)))
        except _UnevenError:
            return self._recount().by_period(by)

    def _by_period(self, by: str) -> Iterator[Tally]:
        at = self._next(periods.FIRST_MS // QUARTER_MS * QUARTER_MS)
        while at is not None:
            start = periods.start(by, periods.local(at))
            edges = [periods.milliseconds(moment) for moment in (start, periods.after(by, start))]
            sums = [row for row in self._of_quarters(*map(_quarters, edges)) if row[0]]
            if sums:
                row = sums[0] if len(sums) == 1 else [sum(column) for column in zip(*sums, strict=True)]
                yield _tally(periods.key(by, start), row)
            at = edges[1] if sums else self._next(edges[1])

    def _of_quarters(self, start: int, end: int) -> Iterator[Sequence[Any]]:
        first, last = -(-start // _HOUR), end // _HOUR
        for kind, low, high in (
            ("quarter", start, first * _HOUR),
            ("hour", first, last),
            ("quarter", last * _HOUR, end),
        ):
            if low < high:
                yield from self._history.read(f"SELECT {_SUMS} {_WITHIN}", (self._simulated, kind, low, high))

    def _next(self, moment_ms: int) -> int | None:
        """The beginning of the first quarter of an hour, from that moment on, that has exchanges."""
        last = periods.LAST_MS // QUARTER_MS * QUARTER_MS
        rows = self._history.read(_NEXT, (self._simulated, "quarter", _quarters(moment_ms), _quarters(last)))
        return FIRST_MS + int(rows[0][0]) * QUARTER_MS if rows else None

    def by_column(self, by: str) -> Iterator[Tally]:
        """As `Recount.by_column`."""
        query = (
            f"SELECT nullif(key, x''), {', '.join(_NAMES)} FROM summary_tally"  # noqa: S608
            " WHERE simulated = ? AND kind = ? AND requests <> 0 ORDER BY 2 DESC, 1"
        )
        for key, *sums in self._history.read(query, (self._simulated, by)):
            yield _tally(name_of(key), sums)

    def pairs(self) -> Iterator[ModelPair]:
        """As `Recount.pairs`."""
        return pairs_of(self._history.read(_PAIRS, (self._simulated,)))

    def declines(self) -> Iterator[tuple[str | None, int]]:
        """As `Recount.declines`."""
        for row in self._history.read(_DECLINES, (self._simulated,)):
            yield name_of(row[0]), row[1]

    def latencies(self) -> Iterator[Latency]:
        """The durations of each model that answered."""
        if self._simulated:
            return self._recount().latencies()
        return latencies_of(self._percentiles("first_token_ms"), self._percentiles("total_ms"))

    def _percentiles(self, measure: str) -> Percentiles:
        steps: dict[str, list[tuple[int, int]]] = {}
        for model, step, answers in self._history.read(_DURATIONS, (measure,)):
            steps.setdefault(model, []).append((step, answers))
        found = {}
        for model, counts in steps.items():
            number = sum(answers for _step, answers in counts)
            ranks = [self._ranked(measure, model, counts, math.ceil(number * part)) for part in PARTS]
            if None not in ranks:
                found[model] = (number, *ranks)
        return found  # type: ignore[return-value]

    def _ranked(self, measure: str, model: str, counts: Sequence[tuple[int, int]], rank: int) -> int | None:
        """The duration with that rank: the sums tell its step, and the index has the durations in order."""
        totals = list(accumulate(answers for _step, answers in counts))
        place = bisect_left(totals, rank)
        step, below = counts[place][0], totals[place - 1] if place else 0
        low = step * DURATION_MS if step > 0 else (step - 1) * DURATION_MS + 1
        query = (
            f"SELECT {measure} FROM exchange INDEXED BY {INDEX_OF[measure]}"  # noqa: S608
            f" WHERE simulated = 0 AND served_model = ? AND {measure} >= ? AND {self._own}"
            f" ORDER BY {measure} LIMIT 1 OFFSET ?"
        )
        rows = self._history.read(query, (model, low, rank - 1 - below))
        return rows[0][0] if rows and isinstance(rows[0][0], int) else None

    def _recount(self) -> Recount:
        return Recount(self._history, EVERYTHING, simulated=bool(self._simulated))

    def uses(self) -> Iterator[ModelUse]:
        """As `Recount.uses`."""
        rows = self._history.read(_USES, (self._simulated,))
        return iter(uses_of([*row[:-1], row[-1] / COST_UNIT] for row in map(tuple, rows)))


class _UnevenError(Exception):
    """A day does not begin with a quarter of an hour."""


def _quarters(moment_ms: int) -> int:
    quarters, rest = divmod(moment_ms - FIRST_MS, QUARTER_MS)
    if rest:
        raise _UnevenError
    return quarters


def _tally(key: str | None, sums: Sequence[Any]) -> Tally:
    counts: Mapping[str, Any] = dict(zip(_NAMES, sums, strict=True))
    weak, cost = counts.pop("weak"), counts.pop("cost")  # type: ignore[attr-defined]
    strong = counts["as_requested"] - weak
    return Tally(key, **counts, as_requested_strong=strong, cost_usd=round(cost / COST_UNIT, 9))
