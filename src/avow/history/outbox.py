"""The rows of the history that a collector has not acknowledged yet; they wait in the history itself."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from avow.exchange.exchange import Exchange
from avow.history import schema
from avow.history.hiding import PRIVATE
from avow.history.store import History

PAGE = 500
_BEFORE_ALL = -(1 << 63)
ACKNOWLEDGED, REFUSED = 1, 2

_WORDS = (*PRIVATE, "problem_words", "error_message", "hint", "exact")
_WITHOUT_TEXT = ", ".join(f"NULL AS {name}" if name in _WORDS else name for name in schema.NAMES)
"""A row's columns, of which what was said is not read from the file at all."""

_WAITS = (
    "simulated = 0 AND status <> 'pending'"
    " AND NOT EXISTS (SELECT 1 FROM pushed WHERE pushed.exchange = exchange.number)"
)
_NEXT = "SELECT number, created_ms FROM exchange WHERE (created_ms, number) > (?, ?) AND"
_WAITING = f"{_NEXT} {_WAITS} ORDER BY created_ms, number LIMIT ?"
"""By time, because an index has all that this asks: by number SQLite would read a million rows with what was said, each
time that something is pushed."""

_THERE = "SELECT 1 FROM exchange WHERE number = ?"
_COUNT = f"SELECT count(*) FROM exchange WHERE {_WAITS}"  # noqa: S608
_MARK = "INSERT OR REPLACE INTO pushed SELECT number, ? FROM exchange WHERE number = ?"


def waiting(
    history: History, *, since_ms: int | None = None, on_damage: Callable[[int], object] = lambda _number: None
) -> Iterator[tuple[int, int, Exchange]]:
    """Number, time in ms and exchange of each row that waits, oldest first, without text; one page of numbers is held
    at a time. Rows of the simulator and rows that are still pending are left out; `on_damage` is called with the number
    of a row that cannot be read, which goes on waiting."""
    after = (_BEFORE_ALL if since_ms is None else since_ms, 0)
    while page := history.read(_WAITING, (*after, PAGE)):
        after = (page[-1]["created_ms"], page[-1]["number"])
        for row in page:
            query = f"SELECT {_WITHOUT_TEXT} FROM exchange WHERE number = ?"  # noqa: S608
            found = next(history.select(query, (row["number"],)), None)
            if found is not None:
                yield row["number"], row["created_ms"], found
            elif history.read(_THERE, (row["number"],)):  # else it was deleted just now
                on_damage(row["number"])


def count_waiting(history: History) -> int:
    """How many rows wait."""
    return int(history.read(_COUNT)[0][0])


def mark(history: History, numbers: Sequence[int], *, acknowledged: bool) -> None:
    """Record these rows as acknowledged, or as refused for good and not to be sent again. Rows that were deleted
    meanwhile stay deleted."""
    state = ACKNOWLEDGED if acknowledged else REFUSED

    def work() -> None:
        values: list[tuple[Any, ...]] = [(state, number) for number in numbers]
        history.connection.executemany(_MARK, values)

    history.write(work)
