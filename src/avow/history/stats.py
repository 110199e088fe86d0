"""The statistics of the history: how often which model answered, how long it took, and what it cost."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

from avow.errors import HistoryError
from avow.history import database, summary
from avow.history.filters import EVERYTHING, Filters
from avow.history.recount import Recount
from avow.history.store import History
from avow.history.summed import StoredSums
from avow.history.sums import PERIODS, Latency, ModelPair, ModelUse, Stats, Tally, total_of

_PATIENCE_SECONDS = 0.3


class _Source(Protocol):
    """Where the sums come from: the rows, or the sums that the file keeps."""

    def by_period(self, by: str) -> Iterator[Tally]: ...
    def by_column(self, by: str) -> Iterator[Tally]: ...
    def pairs(self) -> Iterator[ModelPair]: ...
    def declines(self) -> Iterator[tuple[str | None, int]]: ...
    def latencies(self) -> Iterator[Latency]: ...
    def uses(self) -> Iterator[ModelUse]: ...


def stats(history: History, by: str = "month", filters: Filters = EVERYTHING, *, simulated: bool = False) -> Stats:
    """The sums over the exchanges that `filters` let through, by one of `GROUPS`. Days, weeks (ISO 8601) and months
    begin by the local clock.

    Exchanges with the simulator are left out; with `simulated` they alone count (a run is all of one kind, and always
    counts). Without `sources` only what avow itself asked counts, and an audit's only where its source is named. The
    sums over all that avow asked are kept in the file.
    """
    simulated = simulated or (filters.run is not None and history.count(filters._replace(simulated=True)) > 0)
    if filters == EVERYTHING and summary.are_right(history.read(summary.LOOK)):
        try:
            return _stats(StoredSums(history, simulated=simulated), by)
        except HistoryError as error:
            if not summary.is_overflow(error.__cause__):
                raise
    return _stats(Recount(history, filters, simulated=simulated), by)


def _stats(source: _Source, by: str) -> Stats:
    groups = tuple(source.by_period(by) if by in PERIODS else source.by_column(by))
    return Stats(
        by=by,
        total=total_of(groups),
        groups=groups,
        pairs=tuple(source.pairs()),
        declines=tuple(source.declines()),
        latencies=tuple(source.latencies()),
        uses=tuple(source.uses()),
    )


def keep_sums(path: Path) -> bool:
    """Let the file at `path` keep the sums; whether it does. It does not where it cannot be written, or where another
    process has it for more than a moment: counting the rows gives the same result."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        summary.keep(connection)
        connection.execute("COMMIT")

    try:
        with closing(database.connect(path, seconds=_PATIENCE_SECONDS)) as connection:
            database.patiently(connection, work, seconds=_PATIENCE_SECONDS)
            return summary.is_kept(connection)
    except (HistoryError, sqlite3.Error, UnicodeError):
        return False
