"""Sends rows of the history to a receiver: in batches, again while it cannot be reached, until each is acknowledged."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from avow.telemetry.receipt import LONGEST_WAIT_S, PushResponse, Receipt
from avow.wire.json_value import JsonObject

BATCH_ROWS = 200
BATCH_SPANS = 1000
MOST_SUSPECTS = 3
"""How many rows are refused, each alone, before a receiver that took nothing else is believed to take nothing: one may
refuse a request without rows, too."""

FOLLOW_S, LONGEST_PAUSE_S, LONGEST_ASKED_S = 1.0, 60.0, 3600.0
"""How often `--follow` looks for exchanges that ended, and how long at most it pauses where the receiver takes nothing,
unasked and asked."""

WAITS_S = (0.2, 1.0, 3.0)
"""How long it waits before each further try, where the receiver does not say."""


class OutgoingRow(NamedTuple):
    """A row that waits to be sent, as its spans."""

    number: int
    spans: tuple[JsonObject, ...]


class PushOutcome(Enum):
    """How a push ended."""

    SENT = "sent"
    UNREACHED = "unreached"
    CLOSED = "closed"


def next_pause(ended: PushOutcome, last: PushResponse | None, before_s: float) -> float:
    """How many seconds `--follow` pauses before it looks again: as long as the receiver asked, else longer and longer
    while it takes nothing. `before_s` is the pause before."""
    if ended is PushOutcome.SENT:
        return FOLLOW_S
    if last is not None and last.wait_s is not None:
        return min(max(last.wait_s, FOLLOW_S), LONGEST_ASKED_S)
    return min(before_s * 2, LONGEST_PAUSE_S)


def batches(rows: Iterable[OutgoingRow]) -> Iterator[list[OutgoingRow]]:
    """The rows in order, in batches of at most `BATCH_ROWS` rows with about `BATCH_SPANS` spans; only one batch is
    held."""
    batch: list[OutgoingRow] = []
    spans = 0
    for row in rows:
        if batch and (len(batch) == BATCH_ROWS or spans + len(row.spans) > BATCH_SPANS):
            yield batch
            batch, spans = [], 0
        batch.append(row)
        spans += len(row.spans)
    if batch:
        yield batch


@dataclass(slots=True)
class Push:
    """One push. `send` posts spans and returns what the receiver said; `mark` records rows as acknowledged (True) or
    refused for good (False); `sleep` waits."""

    send: Callable[[Sequence[JsonObject]], PushResponse]
    mark: Callable[[Sequence[int], bool], None]
    sleep: Callable[[float], None]
    sent: int = 0
    refused: list[int] = field(default_factory=list)
    left_out: int = 0
    """Spans that partial successes left out."""
    last: PushResponse | None = None
    """What ended it, where it did not go well."""
    _is_open: bool = False
    _was_tried_empty: bool = False

    def push(self, rows: Iterable[OutgoingRow]) -> PushOutcome:
        """Send all rows. Where the receiver cannot be reached or takes nothing, the remaining rows wait."""
        for batch in batches(rows):
            ended = self._batch(batch)
            if ended is not PushOutcome.SENT:
                return ended
        return PushOutcome.SENT

    def _batch(self, first: list[OutgoingRow]) -> PushOutcome:
        """Send a batch. One that is refused is halved until the row at fault is alone. Where nothing was taken yet, it
        may take a few such rows until it is known whether they are at fault."""
        parts, suspects = [first], list[int]()
        while parts:
            batch = parts.pop()
            said = self._persistently([span for row in batch for span in row.spans])
            if said.receipt is Receipt.REFUSED and len(batch) > 1:
                half = len(batch) // 2
                parts += [batch[half:], batch[:half]]
                continue
            if said.receipt is Receipt.REFUSED:
                suspects.append(batch[0].number)
                if not self._takes_anything() and (len(suspects) == MOST_SUSPECTS or not parts):
                    self.last = said
                    return PushOutcome.CLOSED
            elif said.receipt is Receipt.TAKEN:
                self.mark([row.number for row in batch], True)
                self._is_open = True
                self.sent += len(batch)
                self.left_out += min(said.rejected, sum(len(row.spans) for row in batch))
            else:
                self.last = said
                return PushOutcome.UNREACHED if said.receipt is Receipt.LATER else PushOutcome.CLOSED
            if self._is_open and suspects:
                self.mark(suspects, False)
                self.refused += suspects
                suspects = []
        return PushOutcome.SENT

    def _takes_anything(self) -> bool:
        """Whether the receiver takes a request without rows, or has taken one with others: one that refuses JSON
        refuses every row, and none is at fault."""
        if not self._is_open and not self._was_tried_empty:
            self._was_tried_empty = True
            self._is_open = self._persistently([]).receipt is Receipt.TAKEN
        return self._is_open

    def _persistently(self, spans: Sequence[JsonObject]) -> PushResponse:
        said = self.send(spans)
        for wait in WAITS_S:
            asked = said.wait_s
            if said.receipt is not Receipt.LATER or (asked is not None and asked > LONGEST_WAIT_S):
                break
            self.sleep(wait if asked is None else asked)
            said = self.send(spans)
        return said
