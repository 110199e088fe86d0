"""What the pages of a damaged history still hold, put into another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from avow.errors import HistoryError
from avow.history import database, schema
from avow.history.leaves import Pages, Value, page_size
from avow.history.rows import from_row
from avow.history.writing import tally

if TYPE_CHECKING:
    from sqlite3 import Connection

_T = TypeVar("_T")
_BATCH = 200
_FEWEST = len(schema.NAMES) - len(schema.ADDED)
_ID_LENGTH = 36
_BATCH_COLUMNS = 9
_INSERT = (
    f"INSERT OR IGNORE INTO exchange ({', '.join(schema.NAMES)})"  # noqa: S608
    f" VALUES ({', '.join(':' + name for name in schema.NAMES)})"
)


class Target(Protocol):
    """The history that is filled; the store, which itself falls back to what is saved here."""

    connection: Connection

    def write(self, work: Callable[..., _T], *arguments: Any) -> _T: ...


class Poured(NamedTuple):
    """How many exchanges could be read, and how many that were there could not; None: nothing of it could be."""

    saved: int
    lost: int | None


def pour(path: Path, history: Target) -> Poured:
    """Put every exchange of the file at `path`, its attachments, the runs and batches it was part of, and what was
    pushed, into an empty `history`. Raises OSError where the file cannot be read."""
    data = path.read_bytes()
    log = path.with_name(path.name + "-wal")
    pages = Pages(data, log.read_bytes() if log.exists() else b"", page_size(data))
    known: set[int] = set()
    pushed: list[tuple[int, Value]] = []
    batch: list[dict[str, Any]] = []
    saved, last = 0, 0
    for rowid, values in pages.records():
        if values is None:
            continue
        if rowid is None:
            known |= _numbers(values)
        elif _is_exchange(values):
            known.add(rowid)
            batch.append(_row(rowid, values))
            if len(batch) == _BATCH:
                saved += history.write(_put, history, batch)
                batch = []
        elif len(values) == 2 and values[0] == "exchange" and isinstance(values[1], int):
            last = max(last, values[1])
        elif len(values) == 2 and values[0] is None and values[1] in (1, 2):
            pushed.append((rowid, values[1]))
        else:
            history.write(_put_beside, history, rowid, values)
    saved += history.write(_put, history, batch)
    history.write(_end, history, last, pushed)
    return Poured(saved, max(len(known) - saved, 0) if known else None)


def poured_words(path: Path, history: Target, damage: HistoryError) -> str:
    """Do so to show it, and say what came of it; raises `damage` where no page holds anything."""
    try:
        poured = pour(path, history)
    except OSError as error:
        raise database.translated(error, path) from error
    if not poured.saved and poured.lost is None:
        raise damage
    lost = "" if not poured.lost else f", {poured.lost} cannot be read"
    return (
        f"the history is damaged; shown are the {poured.saved} exchanges that its pages still hold{lost}."
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
    return {**dict.fromkeys(schema.NAMES), **dict(zip(schema.NAMES, values, strict=False)), "number": number}


def _numbers(values: Sequence[Value]) -> set[int]:
    """The exchange that an entry of an index of ids names."""
    if len(values) == 2 and isinstance(values[0], str) and isinstance(values[1], int) and len(values[0]) == _ID_LENGTH:
        return {values[1]}
    return set()


def _put(history: Target, rows: Iterable[dict[str, Any]]) -> int:
    put = 0
    for row in rows:
        try:
            exchange = from_row(row)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            continue
        put += history.connection.execute(_INSERT, row).rowcount
        tally(history.connection, row["number"], exchange)
        for position, attachment in enumerate(exchange.question.attachments):
            if attachment.sha256 is not None:
                link = (row["number"], position, attachment.sha256)
                history.connection.execute("INSERT OR IGNORE INTO attached VALUES (?, ?, ?)", link)
    return put


def _put_beside(history: Target, rowid: int, values: Sequence[Value]) -> None:
    """A row of one of the tables beside `exchange`, known by its shape; what is none of them is left."""
    match values:
        case (str(), str() | None, int() | None, bytes() | None):
            history.connection.execute("INSERT OR IGNORE INTO attachment VALUES (?, ?, ?, ?)", values)
        case (None, str(), str(), str() | None):
            history.connection.execute("INSERT OR IGNORE INTO run VALUES (?, ?, ?, ?)", (rowid, *values[1:]))
        case (None, int(), str(), str(), *others) if len(others) == _BATCH_COLUMNS - 4 and isinstance(others[-1], str):
            marks = ", ".join("?" * _BATCH_COLUMNS)
            history.connection.execute(f"INSERT OR IGNORE INTO batch VALUES ({marks})", (rowid, *values[1:]))  # noqa: S608


def _end(history: Target, last: int, pushed: Sequence[tuple[int, Value]]) -> None:
    """No number is given twice, those of exchanges that were deleted or lost included; nobody's attachment is kept, and
    what was pushed is marked now that its exchange is there."""
    connection = history.connection
    connection.execute(
        "DELETE FROM attachment WHERE NOT EXISTS (SELECT 1 FROM attached WHERE attached.sha256 = attachment.sha256)"
    )
    connection.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'exchange'", (last,))
    mark = "INSERT OR IGNORE INTO pushed SELECT number, ?2 FROM exchange WHERE number = ?1"
    connection.executemany(mark, pushed)
    schema.read_moves(connection)
