"""Polls batches, at growing intervals, and fetches their results, while the rest of the run continues."""

import time
from collections.abc import Callable, Sequence

from avow.background import Latch, in_background
from avow.errors import AvowError, ExchangeError, Interrupted, Rejected
from avow.exchange.retry import retry_after
from avow.history.batches import KnownBatch
from avow.run.batch_api import BatchApi
from avow.run.batch_results import NO_RESULT, BatchResults
from avow.wire.batch import BatchState

FIRST_S, MOST_S, GROWTH = 1.0, 60.0, 1.5
"""The pause before the first look, the longest, and how each grows out of the one before."""

GONE = "the batch or its results no longer exist"


class Collector:
    """Follows batches, oldest first. `patience` is how many seconds in a row the API may be unreachable; `note` is
    called with what the user should know. The batches in `fresh` were created just now. `another` is called with a
    batch and its results, and gives the id of the right batch where this one is not it, else None."""

    def __init__(
        self,
        api: BatchApi,
        known: Sequence[KnownBatch],
        fresh: frozenset[int],
        patience: float,
        note: Callable[[str], None],
        another: Callable[[KnownBatch, BatchResults], str | None],
    ) -> None:
        self._another = another
        self._api, self._known, self._fresh, self._patience, self._note = api, known, fresh, patience, note
        self._results: dict[int, BatchResults] = {}
        self._error: BaseException | None = None
        self._stop = Latch()
        self._words: str | None = None
        self._until = 0.0
        self._end: Latch | None = None

    def start(self) -> None:
        """Begin to poll."""
        self._end = in_background(self._follow_all)

    def close(self) -> None:
        """Stop polling."""
        self._stop.set()
        if self._end is not None:
            self._end.wait(1.0)
        for results in self._results.values():
            results.close()

    def has(self, number: int) -> bool:
        """Whether the results of that batch have been fetched. Raises what went wrong with it."""
        if number in self._results:
            return True
        if self._error is not None:
            raise self._error
        return False

    def results(self, number: int) -> BatchResults:
        """The results of a batch that has been fetched."""
        return self._results[number]

    def why(self) -> str | None:
        """What the run waits for, in words; None for nothing."""
        words, left = self._words, self._until - time.monotonic()
        if words is None:
            return None
        return f"{words}; checked again in {left:.0f} s" if left > 0.5 else words

    def _follow_all(self) -> None:
        try:
            for batch in self._known:
                results = self._followed(batch)
                while (other := self._another(batch, results)) is not None:
                    results.close()
                    batch = batch._replace(id=other)
                    results = self._followed(batch)
                self._results[batch.number] = results
            self._words = None
        except (AvowError, Interrupted, OSError, ValueError) as error:
            self._error = error

    def _followed(self, batch: KnownBatch) -> BatchResults:
        assert batch.id is not None
        pause = FIRST_S if batch.number in self._fresh else 0.0
        unreached: float | None = None
        while True:
            self._pause(pause)
            try:
                state = self._api.retrieve(batch.id)
                self._words = f"batch {batch.id}: {state.processing} of {state.items} processing"
                if state.is_over:
                    return self._fetched(state)
                unreached, wanted = None, 0.0
            except ExchangeError as error:
                if error.failure.status in (404, 410):
                    return BatchResults(words=GONE)
                unreached = unreached or time.monotonic()
                wanted = _asked_for(error)
                if not _may_pass(error) or time.monotonic() + wanted - unreached > self._patience:
                    raise
                self._note(f"the batch cannot be checked now ({error.message}); it will be checked again")
            pause = min(max(pause * GROWTH, FIRST_S), MOST_S)
            pause = max(pause, wanted)

    def _fetched(self, state: BatchState) -> BatchResults:
        words = NO_RESULT if state.results_url is not None else GONE
        results = BatchResults(self._api.results(state), words)
        if self._api.elsewhere is not None:
            self._note(
                f"the batch names {self._api.elsewhere} for its results, which gets no key: "
                "they were fetched from the base URL's own host"
            )
        return results

    def _pause(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        if self._stop.wait(seconds):
            raise Interrupted(0)


def _asked_for(error: ExchangeError) -> float:
    """For how many seconds the API asked not to be called."""
    return (retry_after(error.headers, time.time()) or 0.0) if isinstance(error, Rejected) else 0.0


def _may_pass(error: ExchangeError) -> bool:
    """Whether a later try may succeed: the API was not reached, or is limited or broken."""
    status = error.failure.status
    return status is None or status == 429 or status >= 500
