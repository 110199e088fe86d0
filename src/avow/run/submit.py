"""Sends items as batches: they are gathered, split at the limits and kept, and each batch is created once."""

import tempfile
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from avow.asking.inquiry import PreparedInquiry
from avow.errors import ExchangeError
from avow.exchange.exchange import Exchange
from avow.history import batches
from avow.history.store import History
from avow.run.batch_api import BatchApi
from avow.wire.batch import HEAD, JOINT, TAIL, fits, item, recognised
from avow.wire.request import LargeBody, betas_for

LOOKS_S = (0.0, 1.0, 3.0, 6.0, 10.0, 15.0, 25.0)
"""The pauses before each look for a batch whose making was not heard of."""
_FEWEST_LOOKS = 3
_APPEARS_S = 60.0
"""How long after it was sent a batch may appear in the list: where another is created before, both are paid for."""
RETRY_S = 1.0
_ROWS_AT_ONCE = 200
_PIECE = 256 * 1024
_UNCLEAR = frozenset({408, 409})
_LIMITED, _OVERLOADED = 429, 529


class PreparedItem(NamedTuple):
    """An item that goes into a batch: as it was prepared, and the exchange in which it was asked before."""

    prepared: PreparedInquiry
    earlier: Exchange | None


class Submitter:
    """Sends items as batches of a run, split by what `has_room` says. `retries` is how often the creation of a batch is
    tried again, where the API says that it was not created; `wait` waits a number of seconds; `note` gets what the user
    should know; `made` are the ids of the created batches, by number."""

    def __init__(
        self,
        api: BatchApi,
        history: History,
        run: int,
        retries: int,
        note: Callable[[str], None],
        wait: Callable[[float], None] = time.sleep,
        has_room: Callable[[int, int, int], bool] = fits,
    ) -> None:
        self._api, self._history, self._run, self._retries, self._wait = api, history, run, retries, wait
        self._note = note
        self._has_room = has_room
        self._draft: _Draft | None = None
        self.made: dict[int, str] = {}

    def add(self, part: PreparedItem) -> None:
        """Put the item into the batch that is being filled; a full batch is sent first. Raises ExchangeError as
        `send`."""
        exchange, body = part.prepared.exchange, part.prepared.plan.request.body or {}
        data = item(exchange.id, body)
        if self._draft is not None and not self._has_room(self._draft.items, self._draft.size, len(data)):
            self.send()
        if self._draft is None:
            self._draft = _Draft(batches.begin(self._history, self._run, self._api.base_url, time.time()))
        betas = betas_for({name: value for name, value in body.items() if name != "fallbacks"})
        self._draft.put(data, betas)
        question = exchange.question
        params = {name: value for name, value in question.params.items() if name != "fallbacks"}
        retry_of = part.earlier.id if part.earlier is not None else None
        row = exchange._replace(batch=self._draft.number, question=question._replace(params=params), retry_of=retry_of)
        self._draft.rows.append(row)
        if len(self._draft.rows) >= _ROWS_AT_ONCE:
            self._keep(self._draft)

    def send(self) -> None:
        """Send the items that were gathered. Raises ExchangeError where no batch could be created, or where it is
        unknown whether one was: a later call of the run searches for it."""
        draft, self._draft = self._draft, None
        if draft is None:
            return
        try:
            self._keep(draft)
            before = self._api.newest()
            batches.intend(self._history, draft.number, draft.items, before, time.time())
            known = batches.KnownBatch(draft.number, self._api.base_url, None, draft.items, before)
            self.made[draft.number] = self._made(known, draft)
        finally:
            draft.close()

    def find(self, known: batches.KnownBatch) -> str | None:
        """The id of a batch for which it was unknown whether it was created; None where it was not, as far as can be
        seen a minute after it was sent. The answer is kept."""
        if known.items is not None:
            taken = batches.ids(self._history) | known.others
            for number, seconds in enumerate(_pauses(_age(known))):
                if number == _FEWEST_LOOKS:
                    self._note("whether the batch was created is not known; looking for it for up to a minute")
                self._wait(seconds)
                state = recognised(self._api.newer_than(known.before), known.items, taken)
                if state is not None:
                    batches.name(self._history, known.number, state.id)
                    return state.id
        return None

    def _made(self, known: batches.KnownBatch, draft: "_Draft") -> str:
        tries = 0
        while True:
            try:
                batch_id = self._api.create(draft.pieces(), draft.betas).id
            except ExchangeError as error:
                if _is_unclear(error):
                    if (found := self.find(known)) is not None:
                        return found
                    error.message += "; whether a batch was created is not known"
                    error.hint = "the same line with --resume looks for it again, and creates one where there is none"
                    raise
                if tries >= self._retries or not _may_pass(error):
                    batches.drop(self._history, draft.number)
                    raise
            else:
                batches.name(self._history, draft.number, batch_id)
                return batch_id
            tries += 1
            self._wait(RETRY_S)

    def _keep(self, draft: "_Draft") -> None:
        self._history.add(draft.rows)
        draft.rows = []


class _Draft:
    """A batch that is being filled: its request is in a file."""

    def __init__(self, number: int) -> None:
        self.number, self.items, self.size = number, 0, 0
        self.rows: list[Exchange] = []
        self.betas: dict[str, None] = {}
        self._file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
        self._file.write(HEAD)

    def put(self, data: bytes, betas: list[str]) -> None:
        if self.items:
            self._file.write(JOINT)
        self._file.write(data)
        self.betas |= dict.fromkeys(betas)
        self.items, self.size = self.items + 1, self.size + len(data)

    def pieces(self) -> LargeBody:
        end = len(HEAD) + self.size + len(JOINT) * (self.items - 1)
        self._file.seek(end)
        self._file.write(TAIL)

        def read() -> Iterator[bytes]:
            self._file.seek(0)
            while data := self._file.read(_PIECE):
                yield data

        return LargeBody(end + len(TAIL), read)

    def close(self) -> None:
        self._file.close()


def _age(known: batches.KnownBatch) -> float:
    """How many seconds ago it was sent; none where the clock says that it will be."""
    return max(0.0, time.time() - known.sent_at) if known.sent_at is not None else 0.0


def _pauses(age: float) -> Iterator[float]:
    """Those before each look for a batch that was sent `age` seconds ago."""
    for number, pause in enumerate(LOOKS_S):
        if number >= _FEWEST_LOOKS and age + sum(LOOKS_S[:number]) >= _APPEARS_S:
            break
        yield pause


def _is_unclear(error: ExchangeError) -> bool:
    """Whether a batch may have been created in spite of the error."""
    status = error.failure.status
    if not error.sent or status == _OVERLOADED:
        return False
    return status is None or status < 400 or status >= 500 or status in _UNCLEAR


def _may_pass(error: ExchangeError) -> bool:
    """Whether a later try may succeed."""
    return error.failure.status in (None, _LIMITED, _OVERLOADED)
