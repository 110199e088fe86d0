"""Removes texts: from the rows, the search index, the free pages of the file and its write-ahead log."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from avow.errors import HistoryError
from avow.history import database, schema, summary
from avow.history.filters import Filters
from avow.history.hiding import redacted_row
from avow.history.store import History

_BATCH = 500
_DAY_MS = 86_400_000
_PATIENCE_S = 5.0
_WASTE = 4
_COLUMNS = [name for name in schema.NAMES if name not in ("number", "id")]
_UPDATE = f"UPDATE exchange SET {', '.join(f'{n} = :{n}' for n in _COLUMNS)} WHERE id = :id"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Erased:
    """How many exchanges were changed. `in_use`: another process has the history open, so that the write-ahead log may
    hold the text until that process ends. `copies` are files beside the history that keep what they held."""

    count: int
    in_use: bool = False
    copies: tuple[Path, ...] = ()


def redact(history: History, numbers: Sequence[int]) -> Erased:
    """Remove all text of these exchanges; who was asked, who answered and why stays."""
    return _erase(history, numbers, _redact_batch)


def delete(history: History, numbers: Sequence[int], patience_s: float = _PATIENCE_S) -> Erased:
    """Remove these exchanges. A reader in the way is waited for `patience_s` seconds."""
    return _erase(history, numbers, _delete_batch, patience_s)


def expire(history: History, keep_days: int, now: float) -> Erased:
    """Remove the exchanges older than `keep_days` days; `now` in Unix seconds. Fast where there are none."""
    until = round(now * 1000) - keep_days * _DAY_MS
    return delete(history, numbers_of(history, older_than(until)))


def older_than(moment_ms: int) -> Filters:
    """The exchanges before that moment, in milliseconds since 1970."""
    return Filters(until_ms=moment_ms)


def numbers_of(history: History, filters: Filters) -> tuple[int, ...]:
    """The numbers of the exchanges that match `filters`."""
    where, values = filters.where()
    return tuple(row[0] for row in history.read(f"SELECT number FROM exchange WHERE {where}", values))  # noqa: S608


def _erase(
    history: History,
    numbers: Sequence[int],
    work: Callable[[History, Sequence[int]], int],
    patience_s: float = _PATIENCE_S,
) -> Erased:
    is_secure = history.write(_prepare, history)
    count = 0
    for first in range(0, len(numbers), _BATCH):
        count += history.write(work, history, numbers[first : first + _BATCH])
    if not count:
        return Erased(0)
    history.write(_drop_orphans, history)
    in_use = not _scrub(history, patience_s, merge=not is_secure)
    return Erased(count, in_use, _copies(history.path))


def _redact_batch(history: History, numbers: Sequence[int]) -> int:
    connection, marks = history.connection, ", ".join("?" * len(numbers))
    rows = connection.execute(f"SELECT * FROM exchange WHERE number IN ({marks})", numbers).fetchall()  # noqa: S608
    connection.executemany(_UPDATE, map(redacted_row, rows))
    connection.execute(f"DELETE FROM attached WHERE exchange IN ({marks})", numbers)  # noqa: S608
    return len(rows)


def _delete_batch(history: History, numbers: Sequence[int]) -> int:
    marks = ", ".join("?" * len(numbers))
    return history.connection.execute(f"DELETE FROM exchange WHERE number IN ({marks})", numbers).rowcount  # noqa: S608


def _drop_orphans(history: History) -> None:
    history.connection.execute(
        "DELETE FROM attachment WHERE NOT EXISTS (SELECT 1 FROM attached WHERE attached.sha256 = attachment.sha256)"
    )
    summary.drop_empty(history.connection)


def takes_long(history: History) -> bool:
    """Whether removing even one exchange merges the whole search index."""
    return schema.has_search(history.connection) and not schema.deletes_securely(history.connection)


def _prepare(history: History) -> bool:
    return not schema.has_search(history.connection) or schema.delete_securely(history.connection)


def _scrub(history: History, patience_s: float, *, merge: bool) -> bool:
    """Make sure that no byte is left; whether the write-ahead log could be cut off. `secure_delete` has overwritten
    rows, but the log keeps old pages until it is cut off, and a search index that cannot delete securely keeps deleted
    words until its parts are merged."""
    if merge:
        history.write(history.connection.execute, "INSERT INTO exchange_search(exchange_search) VALUES ('optimize')")
    free = history.read("PRAGMA freelist_count")[0][0]
    if free * _WASTE > history.read("PRAGMA page_count")[0][0]:
        # Not VACUUM: another process that waits to write meanwhile is told by SQLite that there is no such table.
        history.alone("PRAGMA incremental_vacuum")
    deadline = time.monotonic() + patience_s
    while not _is_cut(history):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _is_cut(history: History) -> bool:
    rows = _try(history, "PRAGMA wal_checkpoint(TRUNCATE)")
    return bool(rows) and rows[0][0] == 0


def _try(history: History, statement: str) -> list[tuple[int, ...]]:
    """The rows of `statement`; empty where another process has the file."""
    try:
        return [tuple(row) for row in history.read(statement)]
    except HistoryError as error:
        if error.__cause__ is None or database.code(error.__cause__) not in (*database.BUSY_CODES, database.FULL):
            raise
        return []


def _copies(path: Path) -> tuple[Path, ...]:
    own = {path.name + ending for ending in ("", "-wal", "-shm", "-journal")}
    return tuple(sorted(p for p in path.parent.glob(f"{path.name}*") if p.name not in own))
