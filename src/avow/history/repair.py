"""A damaged history: what is wrong with it, and a new one with what can still be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avow.errors import HistoryError
from avow.history import database, schema
from avow.history.rows import from_row
from avow.history.store import History

if TYPE_CHECKING:
    from sqlite3 import Connection

_MOST_PROBLEMS = 20
_BATCH = 200
_INSERT = (
    f"INSERT OR IGNORE INTO exchange ({', '.join(schema.NAMES)})"  # noqa: S608
    f" VALUES ({', '.join(':' + name for name in schema.NAMES)})"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a check found. `index_only`: the exchanges are whole, and the search index can be rebuilt."""

    problems: tuple[str, ...] = ()
    index_only: bool = False


@dataclass(frozen=True, slots=True)
class Salvage:
    """Where the damaged file is now, how many exchanges the new one has, and how many rows could not be read (None:
    nothing of it could be)."""

    aside: Path
    saved: int
    lost: int | None


def check(path: Path) -> Condition:
    """Look at every page of the history, and at its search index. Raises HistoryError where the file is not ours to
    mend: a newer version, another program's, no permission."""
    try:
        with History.open(path) as history:
            found = [str(row[0]) for row in history.read(f"PRAGMA integrity_check({_MOST_PROBLEMS})")]
            problems = tuple(problem for problem in found if problem != "ok")
            if problems:
                return Condition(problems)
            return Condition() if _index_holds(history) else Condition(("the search index is damaged",), True)
    except HistoryError as error:
        if error.__cause__ is None or database.code(error.__cause__) not in database.DAMAGE_CODES:
            raise
        return Condition((str(error.__cause__),))


def mend_index(path: Path) -> None:
    """Rebuild the search index."""
    with History.open(path) as history:
        history.write(schema.rebuild_index, history.connection)


def set_aside(path: Path, now: datetime) -> Salvage:
    """Rename the file, its log with it, and start a new one with every exchange that can still be read."""
    aside = path.with_name(f"{path.name}.damaged-{now:%Y%m%d-%H%M%S}")
    try:
        for ending in ("-wal", "-shm", "-journal", ""):
            old = path.with_name(path.name + ending)
            if old.exists():
                old.rename(aside.with_name(aside.name + ending))
    except OSError as error:
        raise database.translated(error, path) from error
    with History.open(path) as history:
        return _salvage(aside, history)


def _index_holds(history: History) -> bool:
    if not schema.has_search(history.connection):
        return True
    try:
        history.write(history.connection.execute, schema.INTEGRITY_CHECK)
    except HistoryError as error:
        if error.__cause__ is None or database.code(error.__cause__) not in database.DAMAGE_CODES:
            raise
        return False
    return True


def _salvage(aside: Path, history: History) -> Salvage:
    import sqlite3

    source = sqlite3.connect(f"{aside.absolute().as_uri()}?mode=ro", uri=True)
    source.row_factory = sqlite3.Row
    try:
        last = _last_number(source)
        if last is None:
            return Salvage(aside, 0, None)
        saved, seen = 0, 0
        for first in range(1, last + 1, _BATCH):
            rows = list(_readable(source, "exchange", "number", range(first, min(first + _BATCH, last + 1))))
            seen += len(rows)
            saved += history.write(_put, history, [row for row in rows if row is not None])
        history.write(_copy_attachments, source, history)
        history.write(schema.read_moves, history.connection)
        return Salvage(aside, saved, seen - saved)
    finally:
        source.close()


def _last_number(source: Connection) -> int | None:
    import sqlite3

    for query in ("SELECT seq FROM sqlite_sequence WHERE name = 'exchange'", "SELECT max(number) FROM exchange"):
        try:
            row = source.execute(query).fetchone()
        except sqlite3.Error:
            continue
        if row is not None and row[0] is not None:
            return int(row[0])
    return None


def _readable(source: Connection, table: str, key: str, values: Any) -> Iterator[Any]:
    """The rows with these keys, one by one, so that a damaged page costs no more than its own; None for a damaged
    one, nothing where there is none."""
    import sqlite3

    for value in values:
        try:
            row = source.execute(f"SELECT * FROM {table} WHERE {key} = ?", (value,)).fetchone()  # noqa: S608
        except sqlite3.Error:
            yield None
        else:
            if row is not None:
                yield row


def _put(history: History, rows: list[Any]) -> int:
    put = 0
    for row in rows:
        try:
            known = row.keys()
            values = {name: row[name] if name in known or name not in schema.ADDED else None for name in schema.NAMES}
            exchange = from_row(values)
        except (IndexError, KeyError, TypeError, ValueError):
            continue
        put += history.connection.execute(_INSERT, values).rowcount
        history.tally(row["number"], exchange)
        for position, attachment in enumerate(exchange.question.attachments):
            if attachment.sha256 is not None:
                link = (row["number"], position, attachment.sha256)
                history.connection.execute("INSERT OR IGNORE INTO attached VALUES (?, ?, ?)", link)
    return put


def _copy_attachments(source: Connection, history: History) -> None:
    hashes = [row[0] for row in history.read("SELECT DISTINCT sha256 FROM attached")]
    for row in _readable(source, "attachment", "sha256", hashes):
        if row is not None:
            history.connection.execute("INSERT OR IGNORE INTO attachment VALUES (?, ?, ?, ?)", tuple(row))
