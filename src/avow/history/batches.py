"""The batches in the history: what a run sent to the Message Batches API, and which items are still in a batch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from avow.exchange.exchange import Exchange, RunItem, timestamp
from avow.history.store import History
from avow.wire.batch import BatchMark

_LYING = "batch IS NOT NULL AND status = 'pending' AND item_last = 1"


class KnownBatch(NamedTuple):
    """A batch that was sent, or was about to be. `id` is the API's, None while it is not known; `items` is None until
    the batch was complete; `before` is the newest batch at that moment; `others` are ids that turned out not to be this
    batch; `sent_at`, in Unix seconds, is when it was sent, None for just now."""

    number: int
    base_url: str
    id: str | None
    items: int | None
    before: BatchMark
    others: frozenset[str] = frozenset()
    sent_at: float | None = None


def begin(history: History, run: int, base_url: str, now: float) -> int:
    """Write the row of a batch that is being filled; its number. `now` is in Unix seconds."""
    insert = "INSERT INTO batch (run, created_at, base_url, others) VALUES (?, ?, ?, '')"

    def work() -> int:
        number = history.connection.execute(insert, (run, timestamp(now), base_url)).lastrowid
        assert number is not None
        return number

    return history.write(work)


def intend(history: History, number: int, items: int, before: BatchMark, now: float) -> None:
    """Record that a batch of `items` items is about to be sent; `now` in Unix seconds."""
    update = "UPDATE batch SET items = ?, before_id = ?, before_at = ?, created_at = ? WHERE number = ?"
    history.write(history.connection.execute, update, (items, before.id, before.created_at, timestamp(now), number))


def name(history: History, number: int, batch_id: str) -> None:
    """Record the id that the API gave the batch."""
    history.write(history.connection.execute, "UPDATE batch SET id = ? WHERE number = ?", (batch_id, number))


def disown(history: History, number: int, batch_id: str) -> None:
    """Record that the batch with this id is not the run's."""
    update = "UPDATE batch SET id = NULL, others = trim(others || ' ' || ?) WHERE number = ?"
    history.write(history.connection.execute, update, (batch_id, number))


def drop(history: History, number: int) -> None:
    """Remove a batch that was never made; its items were not sent."""

    def work() -> None:
        history.connection.execute("UPDATE exchange SET batch = NULL WHERE batch = ?", (number,))
        history.connection.execute("DELETE FROM batch WHERE number = ?", (number,))

    history.write(work)


def open_batches(history: History, run: int) -> tuple[KnownBatch, ...]:
    """The batches of a run that have items not yet collected, oldest first."""
    query = (
        "SELECT number, base_url, id, items, before_id, before_at, others, created_at FROM batch"  # noqa: S608
        f" WHERE run = ? AND number IN (SELECT batch FROM exchange WHERE run = ? AND {_LYING}) ORDER BY number"
    )
    return tuple(_known(row) for row in history.read(query, (run, run)))


def _known(row: Any) -> KnownBatch:
    number, base_url, batch_id, items, before_id, before_at, others, sent_at = row
    before = BatchMark(before_id, before_at)
    return KnownBatch(number, base_url, batch_id, items, before, frozenset(others.split()), _seconds(sent_at))


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


def exchange_in_batch(history: History, item: RunItem) -> Exchange | None:
    """The exchange of an item that is in a batch, None where it is not."""
    query = f"SELECT * FROM exchange WHERE run = ? AND item_key = ? AND {_LYING} LIMIT 1"  # noqa: S608
    return next(history.select(query, (item.run, item.key)), None)


def ids_in(history: History, number: int) -> Iterator[str]:
    """The ids of the exchanges that are in a batch."""
    query = f"SELECT number, id FROM exchange WHERE batch = ? AND {_LYING} AND number > ? ORDER BY number LIMIT 100"  # noqa: S608
    last = 0
    while rows := history.read(query, (number, last)):
        yield from (row[1] for row in rows)
        last = rows[-1][0]


def count_in_batches(history: History, run: int) -> int:
    """How many items of a run are in batches that were sent, or were about to be."""
    query = (
        f"SELECT count(*) FROM exchange WHERE run = ? AND {_LYING}"  # noqa: S608
        " AND batch IN (SELECT number FROM batch WHERE items IS NOT NULL)"
    )
    return int(history.read(query, (run,))[0][0])


def ids(history: History) -> frozenset[str]:
    """The ids of all known batches, of any run."""
    return frozenset(row[0] for row in history.read("SELECT id FROM batch WHERE id IS NOT NULL"))
