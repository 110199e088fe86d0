"""The position of an export, in a file of its own: the next export continues from it."""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from avow.errors import FileError, UnreadableFile, UsageError, system_words
from avow.files.locking import try_lock
from avow.files.private import write_private
from avow.history.export_scope import NumberRange
from avow.history.schema import UNUSUAL
from avow.history.store import History
from avow.wire.json_value import JsonObject, obj, parse

_SCHEMA = "avow.cursor/1"
_LONGEST = 10_000_000


class Cursor(NamedTuple):
    """`after` is the highest number that was read, `id` the id of that exchange; `pending` are the numbers up to there
    of exchanges that had not ended then; `filters` say which exchanges are exported, as JSON."""

    after: int = 0
    id: str | None = None
    pending: tuple[int, ...] = ()
    filters: str = ""


@contextmanager
def held(path: Path) -> Iterator[Cursor | None]:
    """The cursor in the file at `path`, None for a new one; no other process may use it until this one leaves it.

    Raises UnreadableFile for a file that is not a cursor or is damaged, UsageError where another export uses it, or
    where it could not be replaced later.
    """
    is_new = not os.path.lexists(path)
    descriptor = _open(path)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableFile(f"{path}: is not a file", hint="name a file that avow may write")
        if not os.access(Path(os.path.realpath(path)).parent, os.W_OK):
            raise UsageError(f"{path}: its folder cannot be written, so the cursor could not move on")
        if not try_lock(descriptor) or not os.path.samestat(os.fstat(descriptor), path.stat()):
            raise UsageError(f"{path}: another export is using this cursor", hint="wait until it has ended")
        yield _read(path)
    finally:
        with suppress(OSError):
            if is_new and not path.stat().st_size:
                path.unlink()
        os.close(descriptor)


def save(path: Path, cursor: Cursor) -> None:
    """Move the cursor on, at once. Raises FileError; the cursor then stays where it was."""
    body = json.dumps({"schema": _SCHEMA, **cursor._asdict()}).encode() + b"\n"
    try:
        write_private(path, body)
    except FileError as error:
        raise FileError(error.message, hint="the next export writes the same exchanges again") from None


def ahead(history: History, cursor: Cursor | None, filters: str, path: Path) -> tuple[NumberRange, Cursor]:
    """The exchanges that the cursor has not passed, and its next position. Raises UsageError where it belongs to
    another history, or to an export with other filters."""
    last = cursor or Cursor(filters=filters)
    if last.filters != filters:
        raise UsageError(
            f"{path}: this cursor is of an export with other filters", hint="use a cursor file for each selection"
        )
    top = history.read("SELECT max(number) AS number FROM exchange")[0]["number"] or 0
    _check(history, last, path)
    # The index is named: SQLite has no statistics here, and would look through every row.
    query = f"SELECT number FROM exchange INDEXED BY exchange_unusual WHERE {UNUSUAL} AND status = 'pending'"  # noqa: S608
    pending = tuple(row["number"] for row in history.read(f"{query} AND number <= ? ORDER BY number", (top,)))
    still = tuple(number for number in pending if number > last.after or number in last.pending)
    due = tuple(sorted(set(last.pending) - set(pending)))
    found = history.read("SELECT id FROM exchange WHERE number = ?", (top,))
    after, identity = (top, found[0]["id"]) if found and top > last.after else (last.after, last.id)
    return NumberRange(last.after, max(top, last.after), due, still), Cursor(after, identity, still, filters)


def _check(history: History, cursor: Cursor, path: Path) -> None:
    """Raise UsageError unless this history has given that number to that exchange."""
    given = history.read("SELECT seq FROM sqlite_sequence WHERE name = 'exchange'")
    known = history.read("SELECT id FROM exchange WHERE number = ?", (cursor.after,))
    if (cursor.after > (given[0]["seq"] if given else 0)) or (known and known[0]["id"] != cursor.id):
        raise UsageError(
            f"{path}: this cursor is of another history", hint="with a new file the export begins at the first exchange"
        )


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except (OSError, ValueError) as error:
        raise UnreadableFile(
            f"{path}: cannot be opened: {system_words(error)}", hint="name a file that avow may write"
        ) from None


def _read(path: Path) -> Cursor | None:
    try:
        if path.stat().st_size > _LONGEST:
            raise ValueError
        data = path.read_bytes()
        return _from_json(obj(parse(data))) if data else None
    except (OSError, ValueError, TypeError, KeyError):
        raise UnreadableFile(
            f"{path}: is damaged, or not a cursor of avow's",
            hint="with a new file the export begins at the first exchange",
        ) from None


def _from_json(body: JsonObject) -> Cursor:
    cursor = Cursor(body["after"], body["id"], tuple(body["pending"]), body["filters"])
    numbers = (cursor.after, *cursor.pending)
    are_right = all(type(number) is int and number >= 0 for number in numbers) and isinstance(cursor.filters, str)
    if body["schema"] != _SCHEMA or not are_right or not isinstance(cursor.id, str | None):
        raise ValueError
    return cursor
