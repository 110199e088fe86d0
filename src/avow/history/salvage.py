"""Copies what can still be read on the pages of a damaged history into another history."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeGuard, TypeVar

from avow.errors import HistoryError
from avow.history import database, schema
from avow.history.leaves import Pages, Value, page_size
from avow.history.migrations import read_moves
from avow.history.rows import UNREADABLE, Row, from_row
from avow.history.writing import tally
from avow.text.counts import counted

if TYPE_CHECKING:
    from sqlite3 import Connection

_T = TypeVar("_T")
_BATCH = 200
_FEWEST = len(schema.NAMES) - len(schema.ADDED)
_ID_LENGTH = 36
_BATCH_COLUMNS = 9
_NUMBERED = ("exchange", "run", "batch")
_GREATEST_NUMBER = 1 << 53
"""What JSON can carry. SQLite gives no number after 2**63 - 1: one damaged number could be the last of all."""
_OF_THE_ROW = (0, 1, 18, 19, 20)
"""Codes of the errors of SQLite that the values of a row cause: bound wrongly, any error in a trigger, too big, against
a constraint, a mismatch."""
INSERT = (
    f"INSERT INTO exchange ({', '.join(schema.NAMES)})"  # noqa: S608
    f" VALUES ({', '.join(':' + name for name in schema.NAMES)})"
)


class SalvageTarget(Protocol):
    """The history that is filled. A protocol, because the store itself falls back to what is saved here."""

    connection: Connection

    def write(self, work: Callable[..., _T], *arguments: Any) -> _T: ...


class Salvaged(NamedTuple):
    """How many exchanges were `saved`, and how many were `lost`: they were there and cannot be read. None: not one page
    could be read."""

    saved: int
    lost: int | None


def copy_readable(path: Path, history: SalvageTarget) -> Salvaged:
    """Copy every exchange that can be read in the file at `path` into an empty `history`: its attachments, the runs and
    batches it was part of, and whether it was pushed. Raises OSError where the file cannot be read."""
    data = path.read_bytes()
    log = path.with_name(path.name + "-wal")
    pages = Pages(data, log.read_bytes() if log.exists() else b"", page_size(data))
    known: set[int] = set()
    pushed: list[tuple[int, Value]] = []
    batch: list[Row] = []
    taken: list[Row] = []
    last = dict.fromkeys(_NUMBERED, 0)
    for rowid, values in pages.records():
        if values is None:
            continue
        if rowid is None:
            known |= _numbers(values)
        elif _is_exchange(values):
            known |= {rowid} if _is_number(rowid) else set()
            batch.append(_row(rowid, values))
            if len(batch) == _BATCH:
                taken += history.write(_put, history, batch)
                batch = []
        elif len(values) == 2 and values[0] in _NUMBERED and _is_number(values[1]):
            last[str(values[0])] = max(last[str(values[0])], values[1])
        elif len(values) == 2 and values[0] is None and values[1] in (1, 2):
            pushed.append((rowid, values[1]))
        elif _is_number(rowid):
            history.write(_put_beside, history, rowid, values)
    taken += history.write(_put, history, batch)
    if taken:
        known |= history.write(_settle, history, taken, pages, max(known | {last["exchange"]}))
    saved = history.write(_end, history, last, pushed)
    return Salvaged(saved, max(len(known) - saved, 0) if known else None)


def salvaged_words(path: Path, history: SalvageTarget, damage: HistoryError) -> str:
    """Copy what can be read, and say in a sentence how much that is. Raises `damage` where no page holds anything."""
    try:
        salvaged = copy_readable(path, history)
    except OSError as error:
        raise database.translated(error, path) from error
    if not salvaged.saved and salvaged.lost is None:
        raise damage
    lost = "" if not salvaged.lost else f", {salvaged.lost} cannot be read"
    return (
        f"the history is damaged; shown is what its pages still hold: {counted(salvaged.saved, 'exchange')}{lost}."
        " `avow history repair` saves them"
    )


def _is_exchange(values: Sequence[Value]) -> bool:
    return (
        _FEWEST <= len(values) <= len(schema.NAMES)
        and values[0] is None
        and isinstance(values[1], str)
        and len(values[1]) == _ID_LENGTH
    )


def _row(number: int, values: Sequence[Value]) -> dict[str, Any]:
    """A row of a file whose version may be an earlier one, which has fewer columns."""
    texts = (
        value.decode(errors="replace") if isinstance(value, bytes) else value for value in values
    )  # no column has bytes
    return {**dict.fromkeys(schema.NAMES), **dict(zip(schema.NAMES, texts, strict=False)), "number": number}


def _numbers(values: Sequence[Value]) -> set[int]:
    """The number of the exchange that an entry of an index of ids names."""
    if len(values) == 2 and isinstance(values[0], str) and isinstance(values[1], int) and len(values[0]) == _ID_LENGTH:
        return {values[1]}
    return set()


def _is_number(value: Value) -> TypeGuard[int]:
    return isinstance(value, int) and 0 < value < _GREATEST_NUMBER


def _put(history: SalvageTarget, rows: Iterable[Row]) -> list[Row]:
    """Write the rows that can be written; those that remain have a number that is taken, or one that is not valid."""
    return [row for row in rows if not _put_one(history.connection, row) and _is_left(history.connection, row)]


def _put_one(connection: Connection, row: Row) -> bool:
    """Write a row with its hops and attachments, or nothing of it; whether it was written."""
    if not _is_number(row["number"]):
        return False
    connection.execute("SAVEPOINT one")
    try:
        exchange = from_row(row)
        connection.execute(INSERT, row)
        tally(connection, row["number"], exchange)
        for position, attachment in enumerate(exchange.question.attachments):
            if attachment.sha256 is not None:
                link = (row["number"], position, attachment.sha256)
                connection.execute("INSERT INTO attached VALUES (?, ?, ?)", link)
    except (sqlite3.Error, *UNREADABLE) as error:
        if isinstance(error, sqlite3.Error) and database.code(error) not in _OF_THE_ROW:
            raise
        connection.execute("ROLLBACK TO one")
        return False
    finally:
        if connection.in_transaction:
            connection.execute("RELEASE one")
    return True


def _is_left(connection: Connection, row: Row) -> bool:
    """Whether a row that was not written would be written under another number."""
    try:
        from_row(row)
    except UNREADABLE:
        return False
    is_free = _is_number(row["number"]) and _at(connection, row["number"]) is None
    return not is_free and not connection.execute("SELECT 1 FROM exchange WHERE id = ?", (row["id"],)).fetchone()


def _at(connection: Connection, number: int) -> Row | None:
    found = connection.execute("SELECT * FROM exchange WHERE number = ?", (number,)).fetchone()
    return None if found is None else dict(found)


def _settle(history: SalvageTarget, taken: Sequence[Row], pages: Pages, last: int) -> set[int]:
    """Write rows whose number is taken or not valid: the file's indexes of ids may have the right number, and a row
    that they do not know gets a number after `last`. The numbers that were given."""
    connection = history.connection
    others = [_at(connection, row["number"]) if _is_number(row["number"]) else None for row in taken]
    ids = {row["id"] for row in (*taken, *others) if row is not None}
    # The pages are read once more, because this is wanted so seldom.
    entries = (values for rowid, values in pages.records() if rowid is None and _numbers(values or ()))
    pairs = {(entry[0], entry[1]) for entry in entries if entry and entry[0] in ids and _is_number(entry[1])}
    homeless: list[Row] = []
    for row in taken:
        number = row["number"]
        other = _at(connection, number) if (row["id"], number) in pairs else None
        if other is None or (other["id"], number) in pairs:
            homeless.append(row)
            continue
        connection.execute("DELETE FROM exchange WHERE number = ?", (number,))
        _put_one(connection, row)
        homeless.append(other)
    given = set()
    for row in homeless:
        own = (number for identity, number in pairs if identity == row["id"] and _at(connection, number) is None)
        number = min(own, default=last + 1)  # the number of a retry stands beside this id too
        if _put_one(connection, {**row, "number": number}):
            given.add(number)
            last = max(last, number)
    return given


def _put_beside(history: SalvageTarget, rowid: int, values: Sequence[Value]) -> None:
    """Write a row of a table beside `exchange`, recognised by its shape; other rows are left out."""
    match values:
        case (str(), str() | None, int() | None, bytes() | None):
            history.connection.execute("INSERT OR IGNORE INTO attachment VALUES (?, ?, ?, ?)", values)
        case (None, str(), str(), str() | None):
            history.connection.execute("INSERT OR IGNORE INTO run VALUES (?, ?, ?, ?)", (rowid, *values[1:]))
        case (None, int(), str(), str(), *others) if len(others) == _BATCH_COLUMNS - 4 and isinstance(others[-1], str):
            marks = ", ".join("?" * _BATCH_COLUMNS)
            history.connection.execute(f"INSERT OR IGNORE INTO batch VALUES ({marks})", (rowid, *values[1:]))  # noqa: S608


def _end(history: SalvageTarget, last: Mapping[str, int], pushed: Sequence[tuple[int, Value]]) -> int:
    """Finish: no number is given twice, not even those of exchanges that were deleted or lost; attachments that no
    exchange has are dropped, and pushed exchanges are marked. How many exchanges there are."""
    connection = history.connection
    connection.execute(
        "DELETE FROM attachment WHERE NOT EXISTS (SELECT 1 FROM attached WHERE attached.sha256 = attachment.sha256)"
    )
    for name, number in last.items():
        connection.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (number, name))
        if number and not connection.execute("SELECT changes()").fetchone()[0]:
            connection.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (name, number))
    mark = "INSERT OR IGNORE INTO pushed SELECT number, ? FROM exchange WHERE number = ?"
    connection.executemany(mark, ((how, number) for number, how in pushed))
    read_moves(connection)
    return int(connection.execute("SELECT count(*) FROM exchange").fetchone()[0])
