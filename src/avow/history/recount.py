"""The sums over a selection of exchanges, counted from the rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from avow.exchange.exchange import Status
from avow.history import periods
from avow.history.filters import EVERYTHING, Filters
from avow.history.schema import AUDITS, NOT_STRONG, OTHERS, UNUSUAL
from avow.history.store import History
from avow.history.sums import (
    PARTS,
    STATUSES,
    TOKENS,
    VERDICTS,
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
from avow.history.sums import UNUSUAL as UNUSUAL_COUNTS

_COLUMN_OF = {"model": "requested_model", "category": "category", "template": "template"}
_TOKENS = ", ".join(f"CAST(total({name}) AS INTEGER)" for name in TOKENS)
"""`total`, because `sum` is an error of SQLite's where a server's counts are beyond 64 bits."""
_ALL = "count(*), count(cost_usd), coalesce(sum(cost_floor_usd), 0.0)"


def _unusual(judged: str) -> str:
    """SQL for the sums of unusual rows; a verdict counts where `judged` holds."""
    return ", ".join(
        (
            "sum(verdict IS NOT 'as_requested')",
            "sum(cost_usd IS NULL AND status IN ('failed', 'pending'))",
            *(f"coalesce(sum(verdict = '{name}' AND {judged}), 0)" for name in VERDICTS),
            *(f"sum(status = '{name}')" for name in STATUSES),
        )
    )


_OF_A_RUN = f"status IN {tuple(str(status) for status in Status if status.is_whole)}"
"""Which items of a run count by their verdict: the others by their status alone, as in the run's last line."""
INDEX_OF = {"total_ms": "exchange_total", "first_token_ms": "exchange_first"}
"""Which index has a duration in order, for each model that answered, the simulator's left out."""
# The index is named: SQLite has no statistics here, and would choose to read every text.
_FROM_ALL = "FROM exchange INDEXED BY exchange_time WHERE"
_FROM_UNUSUAL = f"FROM exchange INDEXED BY exchange_unusual WHERE {UNUSUAL} AND"
_FROM_WEAK = f"FROM exchange INDEXED BY exchange_weak WHERE {NOT_STRONG} AND"


def counted(history: History, sources: Sequence[str] = ()) -> str:
    """A condition on `exchange` for what avow asked by hand or in a run: with `sources` it leaves out only an audit's
    exchanges, unless an audit is one of them; `1` without a condition."""
    left_out = AUDITS if sources else OTHERS
    return f"number NOT IN ({left_out})" if "audit" not in sources and history.read(f"{left_out} LIMIT 1") else "1"


class Recount:
    """The sums over the exchanges that match `filters`; those of other programs and of an audit are left out, unless
    the filters name their source."""

    def __init__(self, history: History, filters: Filters, *, simulated: bool) -> None:
        self._history = history
        self._simulated = simulated
        where, self._values = filters.where()
        self._unusual = _unusual("1" if filters.run is None else _OF_A_RUN)
        self._where = f"simulated = {int(simulated)} AND {where}"
        own = counted(history, filters.sources)
        self._where = f"{own} AND {self._where}"
        self._is_plain = filters == EVERYTHING and own == "1"
        by_time_alone = filters._replace(since_ms=None, until_ms=None) == EVERYTHING
        self._durations_from_index = by_time_alone and not simulated

    def by_period(self, by: str) -> Iterator[Tally]:
        """Tallies by period. Three queries a period, each over a range of an index: nothing is sorted, and empty
        periods cost little."""
        within = f"{self._where} AND created_ms >= ? AND created_ms < ?"
        edges = [self._edge(within, order) for order in ("ASC", "DESC")]
        if edges[0] is None or edges[1] is None:
            return
        start = periods.start(by, periods.local(edges[0]))
        while periods.milliseconds(start) <= edges[1]:
            end = periods.after(by, start)
            bounds = [*self._values, periods.milliseconds(start), periods.milliseconds(end)]
            (all_of_it,) = self._history.read(f"SELECT {_ALL} {_FROM_ALL} {within}", bounds)
            if all_of_it[0]:
                (unusual,) = self._history.read(f"SELECT {self._unusual} {_FROM_UNUSUAL} {within}", bounds)
                ((weak,),) = self._history.read(f"SELECT count(*) {_FROM_WEAK} {within}", bounds)
                yield _tally(periods.key(by, start), all_of_it, unusual, weak)
            start = end

    def _edge(self, within: str, order: str) -> int | None:
        query = f"SELECT created_ms {_FROM_ALL} {within} ORDER BY created_ms {order} LIMIT 1"
        rows = self._history.read(query, [*self._values, periods.FIRST_MS, periods.LAST_MS])
        return int(rows[0][0]) if rows else None

    def by_column(self, by: str) -> Iterator[Tally]:
        """Tallies by requested model, category of a decline, or template; the most frequent first."""
        column, read = _COLUMN_OF[by], self._history.read
        where, values = self._where, self._values
        unusual = {
            row[0]: tuple(row)[1:]
            for row in read(f"SELECT {column}, {self._unusual} {_FROM_UNUSUAL} {where} GROUP BY 1", values)
        }
        weak = {row[0]: row[1] for row in read(f"SELECT {column}, count(*) {_FROM_WEAK} {where} GROUP BY 1", values)}
        for row in read(f"SELECT {column}, {_ALL} {_FROM_ALL} {where} GROUP BY 1 ORDER BY 2 DESC, 1", values):
            yield _tally(name_of(row[0]), tuple(row)[1:], unusual.get(row[0]), weak.get(row[0], 0))

    def pairs(self) -> Iterator[ModelPair]:
        """Who answered for which model, and why; the most frequent first."""
        query = (
            f"SELECT requested_model, served_model, category, count(*) {_FROM_UNUSUAL} rerouted = 1 AND {self._where}"
            " GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3"
        )
        return pairs_of(self._history.read(query, self._values))

    def declines(self) -> Iterator[tuple[str | None, int]]:
        """How often a model declined, by category; the most frequent first."""
        query = (
            f"SELECT category, count(*) {_FROM_UNUSUAL} verdict IN ('fallback', 'refused') AND {self._where}"
            " GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        for row in self._history.read(query, self._values):
            yield name_of(row[0]), row[1]

    def latencies(self) -> Iterator[Latency]:
        """The durations of each answering model."""
        return latencies_of(self._percentiles("first_token_ms"), self._percentiles("total_ms"))

    def _percentiles(self, column: str) -> Percentiles:
        """The percentiles of a duration. The index has the durations in order, and skipping in it is fast."""
        named = f"INDEXED BY {INDEX_OF[column]}" if self._durations_from_index else ""
        measured = f"FROM exchange {named} WHERE served_model IS NOT NULL AND {column} IS NOT NULL AND {self._where}"
        found = {}
        for model, number in self._history.read(f"SELECT served_model, count(*) {measured} GROUP BY 1", self._values):
            query = f"SELECT {column} {measured} AND served_model = ? ORDER BY {column} LIMIT 1 OFFSET ?"
            ranks = [self._history.read(query, [*self._values, model, math.ceil(number * part) - 1]) for part in PARTS]
            # A damaged index counts what it does not find, and a damaged row has bytes where a number should be.
            if all(rows and isinstance(rows[0][0], int) for rows in ranks):
                found[model] = (number, ranks[0][0][0], ranks[1][0][0])
        return found

    def uses(self) -> Iterator[ModelUse]:
        """What each model used and cost."""
        among = f"simulated = {int(self._simulated)}"
        if not self._is_plain:
            among += f" AND exchange IN (SELECT number FROM exchange WHERE {self._where})"  # noqa: S608
        query = (
            f"SELECT model, outcome, count(*), count(cost_usd), {_TOKENS}, total(cost_usd)"  # noqa: S608
            f" FROM hop INDEXED BY hop_use WHERE {among} GROUP BY 1, 2"
        )
        return iter(uses_of(self._history.read(query, [] if self._is_plain else self._values)))


def _tally(key: str | None, all_of_it: Sequence[Any], unusual: Sequence[Any] | None, weak: int) -> Tally:
    requests, priced, cost = all_of_it
    if unusual is None or unusual[0] is None:
        unusual = (0,) * (2 + len(UNUSUAL_COUNTS))
    not_as_requested, unpriced_rightly, *counts = unusual
    return Tally(
        key,
        requests,
        requests - not_as_requested,
        **dict(zip(UNUSUAL_COUNTS, counts, strict=True)),
        cost_usd=round(cost, 9),
        unpriced=requests - priced - unpriced_rightly,
        as_requested_strong=requests - not_as_requested - weak,
    )
