"""Checks a damaged history, and makes a new one from what can still be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from avow.errors import HistoryError
from avow.history import database, salvage, schema, summary
from avow.history.rows import UNREADABLE, from_row
from avow.history.store import History

_MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The result of a check. `mendable`: the exchanges are whole, and search index and sums can be made again from
    them."""

    problems: tuple[str, ...] = ()
    mendable: bool = False


@dataclass(frozen=True, slots=True)
class SetAside:
    """The result of `set_aside`: the path of the damaged file now, how many exchanges the new file has, and how many
    rows could not be read (None: not one page could be read)."""

    aside: Path
    saved: int
    lost: int | None


def check(path: Path, *, patience_seconds: float = database.PATIENCE_SECONDS) -> Diagnosis:
    """Check every page of the history, its rows, its search index and its sums; for `patience_seconds` it waits for
    another process that has the file. Raises HistoryError where the file must not be repaired: it has a newer version,
    is another program's, or may not be read."""
    try:
        seconds = patience_seconds
        with History.open(path, patience_seconds=seconds, opening_seconds=seconds) as history:
            found = [str(row[0]) for row in history.read(f"PRAGMA integrity_check({_MOST_PROBLEMS})")]
            problems = tuple(problem for problem in found if problem != "ok") or tuple(
                history.write(_unreadable, history)
            )
            if problems:
                return Diagnosis(problems)
            problems = () if _index_holds(history) else ("the search index",)
            if not _sums_hold(history):
                problems += ("the sums that stats reads",)
            return Diagnosis(problems, bool(problems))
    except HistoryError as error:
        if not database.is_damage(error.__cause__):
            raise
        return Diagnosis((str(error.__cause__),))


def mend(path: Path) -> None:
    """Make search index and sums again from the exchanges."""
    with History.open(path) as history:
        if schema.has_search(history.connection):
            history.write(schema.rebuild_index, history.connection)
        history.write(summary.keep, history.connection)


def set_aside(path: Path, now: datetime) -> SetAside:
    """Rename the file with its log, and start a new one with every exchange that can still be read."""
    aside = path.with_name(f"{path.name}.damaged-{now:%Y%m%d-%H%M%S}")
    try:
        for ending in ("-wal", "-shm", "-journal", ""):
            old = path.with_name(path.name + ending)
            if old.exists():
                old.rename(aside.with_name(aside.name + ending))
    except OSError as error:
        raise database.translated(error, path) from error
    with History.open(path) as history:
        try:
            salvaged = salvage.copy_readable(aside, history)
        except OSError as error:
            raise database.translated(error, aside) from error
    return SetAside(aside, *salvaged)


def _index_holds(history: History) -> bool:
    if not schema.has_search(history.connection):
        return True
    try:
        history.write(history.connection.execute, schema.INTEGRITY_CHECK)
    except HistoryError as error:
        if not database.is_damage(error.__cause__):
            raise
        return False
    return True


def _sums_hold(history: History) -> bool:
    """Whether the kept sums are those of the rows; true where none are kept."""

    def work() -> bool:
        found = history.connection.execute(summary.LOOK).fetchall()
        return not found or (summary.are_right(found) and not summary.differing(history.connection))

    try:
        return history.write(work)
    except HistoryError as error:
        if not summary.is_overflow(error.__cause__):
            raise
        return False  # nor will they be kept


def _unreadable(history: History) -> list[str]:
    """A sentence for each row that holds no exchange any more, at most 20."""
    found = []
    cursor = history.connection.execute("SELECT * FROM exchange")
    for row in cursor:
        try:
            from_row(row)
        except UNREADABLE:
            found.append(f"exchange {row['number']} cannot be read")
            if len(found) == _MOST_PROBLEMS:
                break
    return found
