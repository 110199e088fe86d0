"""The runs in the history: their numbers, which items were answered, and what they cost."""

from __future__ import annotations

from typing import NamedTuple

from avow.errors import UsageError
from avow.exchange.exchange import Exchange, RunItem, Status, timestamp
from avow.history.store import History


class KnownRun(NamedTuple):
    """A run that was begun. `digest` is that of all its items as they last were; None where it was not written."""

    number: int
    digest: str | None


def begin(history: History, file: str, digest: str, now: float) -> int:
    """Write a new run of `file`; its number. `now` is in Unix seconds."""

    def work() -> int:
        # A file that was repaired has its exchanges, and not its runs.
        last = "SELECT max(coalesce(max(run), 0), coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'run'), 0))"
        free = history.connection.execute(f"{last} + 1 FROM exchange WHERE run IS NOT NULL").fetchone()[0]
        insert = "INSERT INTO run VALUES (?, ?, ?, ?)"
        number = history.connection.execute(insert, (free, timestamp(now), file, digest)).lastrowid
        assert number is not None
        return number

    return history.write(work)


def last_of(history: History, file: str) -> KnownRun | None:
    """The newest run of `file`."""
    rows = history.read("SELECT number, digest FROM run WHERE file = ? ORDER BY number DESC LIMIT 1", (file,))
    return KnownRun(*rows[0]) if rows else None


def numbered(history: History, number: int) -> KnownRun:
    """The run with this number. Raises UsageError where there is no such run."""
    rows = history.read("SELECT number, digest FROM run WHERE number = ?", (number,))
    if not rows and not history.read("SELECT 1 FROM exchange WHERE run = ? LIMIT 1", (number,)):
        raise UsageError(f"there is no run {number} in the history", hint="`--resume` alone continues the last run")
    return KnownRun(*rows[0]) if rows else KnownRun(number, None)


def last_asked(history: History, item: RunItem) -> Exchange | None:
    """The last exchange of this item in its run; an exchange that answered it outranks the others."""
    answered = [status for status in Status if status.is_whole]
    order = f"status IN ({', '.join('?' * len(answered))}) DESC, number DESC"
    query = f"SELECT * FROM exchange WHERE run = ? AND item_key = ? ORDER BY {order} LIMIT 1"  # noqa: S608
    return next(history.select(query, (item.run, item.key, *answered)), None)


def forget_places(history: History, run: int, digest: str) -> None:
    """Mark no exchange of the run as the last of its item: the items have changed, and `place` marks those that still
    are."""

    def work() -> None:
        history.connection.execute("UPDATE exchange SET item_last = 0 WHERE run = ?", (run,))
        history.connection.execute("UPDATE run SET digest = ? WHERE number = ?", (digest, run))

    history.write(work)


def place(history: History, number: int, item: RunItem) -> None:
    """Mark the exchange as the last of this item, at the item's present place in its file."""
    update = "UPDATE exchange SET item_last = 1, item_id = ?, item_index = ?, item_repeat = ? WHERE number = ?"
    history.write(history.connection.execute, update, (item.id, item.place, item.repeat, number))
