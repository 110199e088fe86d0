"""Message Batches: many requests in one that are answered later; creates, lists, cancels and deletes them."""

import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from avow.simulator.form import dump
from avow.simulator.script import BatchPlay, HttpError, Json

PATH = "/v1/messages/batches"
MOST_ITEMS = 100_000
MAX_BODY = 256 * 1000 * 1000
_DAY_S = 24 * 3600.0
_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_UNSUPPORTED = ("stream", "fallbacks", "speed", "store", "previous_thread_event_id", "cache_hint", "context_hint")
_LEAST, _DEFAULT, _MOST = 1, 20, 1000
_COUNTS = ("processing", "succeeded", "errored", "canceled", "expired")

Answer = Callable[[Json, bool], Json]
"""Gives the `result` of one item, from its `params` and whether the model declines."""


@dataclass(slots=True)
class _Batch:
    """One batch. Times are Unix seconds. `counts` and `results`, the lines of its results, are empty until it has
    ended."""

    id: str
    items: list[Json]
    play: BatchPlay
    answer: Answer = field(repr=False)
    created_at: float = field(default_factory=time.time)
    cancelled_at: float | None = None
    ended_at: float | None = None
    counts: dict[str, int] = field(default_factory=dict)
    results: list[bytes] = field(default_factory=list, repr=False)

    @property
    def due_at(self) -> float:
        return self.cancelled_at if self.cancelled_at is not None else self.created_at + self.play.lasts


class Batches:
    """One server's batches, newest last. Not safe for threads: the server holds its lock around each call."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._all: dict[str, _Batch] = {}

    def create(self, body: Json, play: BatchPlay, answer: Answer) -> Json | HttpError:
        """The object of a new batch, or the error that its request gets."""
        requests = body.get("requests")
        if problem := _problem(requests):
            return HttpError(400, "invalid_request_error", problem)
        assert isinstance(requests, list)
        batch = _Batch(f"msgbatch_01{os.urandom(11).hex()}", requests, play, answer)
        self._all[batch.id] = batch
        return self._told(batch)

    def retrieve(self, batch_id: str) -> Json | HttpError:
        """The object of the batch."""
        batch = self._all.get(batch_id)
        return _unknown(batch_id) if batch is None else self._told(batch)

    def page(self, query: dict[str, list[str]]) -> Json | HttpError:
        """One page of the list, the newest batches first. `query` may have `limit` and `after_id`."""
        given = query.get("limit", [str(_DEFAULT)])[0]
        limit = int(given) if given.isdecimal() else 0
        if not _LEAST <= limit <= _MOST:
            return HttpError(400, "invalid_request_error", f"limit: must be from {_LEAST} to {_MOST}")
        newest = list(reversed(self._all))
        after = query.get("after_id", [None])[0]
        if after is not None:
            if after not in self._all:
                return _unknown(after)
            newest = newest[newest.index(after) + 1 :]
        shown = newest[:limit]
        return {
            "data": [self._told(self._all[one]) for one in shown],
            "first_id": shown[0] if shown else None,
            "last_id": shown[-1] if shown else None,
            "has_more": len(newest) > limit,
        }

    def cancel(self, batch_id: str) -> Json | HttpError:
        """Cancel the batch: it ends at the next request, and every second item counts as not begun yet."""
        batch = self._all.get(batch_id)
        if batch is None:
            return _unknown(batch_id)
        self._settle(batch)
        if batch.ended_at is None and batch.cancelled_at is None:
            batch.cancelled_at = time.time()
        return self._told(batch, settles=False)

    def delete(self, batch_id: str) -> Json | HttpError:
        """Delete the batch, if it has ended."""
        batch = self._all.get(batch_id)
        if batch is None:
            return _unknown(batch_id)
        self._settle(batch)
        if batch.ended_at is None:
            return HttpError(400, "invalid_request_error", "Batch is still processing: cancel it first")
        del self._all[batch_id]
        return {"id": batch_id, "type": "message_batch_deleted"}

    def results(self, batch_id: str) -> Iterator[bytes] | HttpError:
        """The lines of the results of a batch that has ended, JSON in UTF-8."""
        batch = self._all.get(batch_id)
        if batch is None:
            return _unknown(batch_id)
        self._settle(batch)
        if batch.ended_at is None:
            return HttpError(404, "not_found_error", f"Batch {batch_id} has no available results.")
        return iter(batch.results)

    def _told(self, batch: _Batch, *, settles: bool = True) -> Json:
        if settles:
            self._settle(batch)
        status = "ended" if batch.ended_at is not None else "canceling" if batch.cancelled_at else "in_progress"
        counts = dict.fromkeys(_COUNTS, 0) | (batch.counts or {"processing": len(batch.items)})
        own = f"{self._base_url}{PATH}/{batch.id}/results"
        elsewhere = batch.play.elsewhere and f"{batch.play.elsewhere}{PATH}/{batch.id}/results"
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": status,
            "request_counts": counts,
            "created_at": _written(batch.created_at),
            "expires_at": _written(batch.created_at + _DAY_S),
            "ended_at": _written(batch.ended_at),
            "cancel_initiated_at": _written(batch.cancelled_at),
            "archived_at": None,
            "results_url": (elsewhere or own) if status == "ended" else None,
        }

    def _settle(self, batch: _Batch) -> None:
        """End the batch when its time has come: until then only `processing` is counted."""
        if batch.ended_at is not None or time.time() < batch.due_at:
            return
        is_cancelled = batch.cancelled_at is not None
        counts: dict[str, int] = {}
        for number, item in enumerate(batch.items):
            result = _result(batch, number, item, is_cancelled=is_cancelled)
            kind = str(result["type"]) if result is not None else "errored"
            kind = kind if kind in _COUNTS else "errored"
            counts[kind] = counts.get(kind, 0) + 1
            if result is not None:
                batch.results.append(dump({"custom_id": item["custom_id"], "result": result}) + b"\n")
        batch.results.reverse()  # no order is promised
        batch.counts, batch.ended_at = counts, batch.due_at


def errored(kind: str, message: str) -> Json:
    """The result of an item that ended in an error."""
    inner = {"type": kind, "message": message}
    return {"type": "errored", "error": {"type": "error", "error": inner, "request_id": None}}


def unsupported(params: Json) -> str | None:
    """The error message for an item that needs something that batches do not support; None for any other."""
    for name in _UNSUPPORTED:
        if params.get(name):
            return f"{name}: not supported in message batches"
    return "max_tokens: must be at least 1 in message batches" if params.get("max_tokens") == 0 else None


def _result(batch: _Batch, number: int, item: Json, *, is_cancelled: bool) -> Json | None:
    """The result of one item; None where no result is written for it."""
    play = batch.play
    is_odd = bool(play.every) and number % play.every == play.every - 1
    if is_cancelled and number % 2:
        return {"type": "canceled"}
    match play.outcome if is_odd else "":
        case "errored":
            return errored("api_error", "Internal server error")
        case "expired" | "canceled" as kind:
            return {"type": kind}
        case "unknown":
            return {"type": "deferred", "until": "later"}
        case "missing":
            return None
    return batch.answer(item["params"], is_odd and play.outcome == "refused")


def _problem(requests: object) -> str | None:
    """What is wrong with the list of requests. The params of an item are checked only when the batch ends."""
    if not isinstance(requests, list) or not requests:
        return "requests: List should have at least 1 item after validation"
    if len(requests) > MOST_ITEMS:
        return f"requests: List should have at most {MOST_ITEMS} items after validation"
    seen: set[str] = set()
    for number, item in enumerate(requests):
        name = item.get("custom_id") if isinstance(item, dict) else None
        if not isinstance(name, str) or not isinstance(item.get("params"), dict):
            return f"requests.{number}: custom_id and params are required"
        if len(name) > 64:
            return f"requests.{number}.custom_id: String should have at most 64 characters"
        if not _CUSTOM_ID.fullmatch(name):
            return f"requests.{number}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'"
        if name in seen:
            return f"requests.{number}.custom_id: must be unique"
        seen.add(name)
    return None


def _unknown(batch_id: str) -> HttpError:
    return HttpError(404, "not_found_error", f"Batch {batch_id} not found")


def _written(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
