"""Copies that wait to be read: the relay passes bytes first, and reading is done in short slices in between."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from avow.proxy.head import Head
from avow.proxy.observer import ConnectionEnd, Observer
from avow.proxy.quiet_time import QuietTime

SLICE_S = 0.00025
"""How long the reading may hold up what passes."""

MOST = 3 * 1024 * 1024
"""How many bytes may wait. Beyond that some are read at once, which holds their senders back."""

_RELIEF = 64 * 1024
"""How many: reading one piece for each that comes would pass on each small write by itself, which takes far longer."""

_PIECE = 4 * 1024


@dataclass(slots=True)
class _Waiting:
    work: Callable[[Any], None]
    argument: Any
    size: int
    at: float


class Backlog:
    """Work for the spare time of the event loop, in order."""

    def __init__(self, quiet: QuietTime | None = None) -> None:
        self.quiet = quiet or QuietTime()
        self._waiting: deque[_Waiting] = deque()
        self._size = 0
        self._turn: asyncio.Handle | None = None
        self._at: float | None = None

    def moment(self) -> float:
        """When the copy that is being read arrived, by `time.monotonic`."""
        return time.monotonic() if self._at is None else self._at

    def go_on(self) -> None:
        """Continue reading that waited for a first byte."""
        if self._waiting and isinstance(self._turn, asyncio.TimerHandle):
            self._turn.cancel()
            self._schedule()

    def add(self, work: Callable[[Any], None], argument: Any, size: int = 0) -> None:
        """Call `work` with `argument`, which holds `size` bytes, when there is time."""
        self._append(_Waiting(work, argument, size, time.monotonic()))

    def add_bytes(self, work: Callable[[bytes], None], data: bytes) -> bool:
        """Call `work` with `data` when there is time, joined with the last bytes that wait for the same work; whether
        it is one call more."""
        last = self._waiting[-1] if self._waiting else None
        if last is not None and last.work is work and last.size + len(data) <= _PIECE:
            last.argument += data
            last.size += len(data)
            self._size += len(data)
            return False
        self._append(_Waiting(work, data, len(data), time.monotonic()))
        return True

    def finish(self) -> None:
        """Do all work that waits."""
        while self._waiting:
            self._do_one()

    def _append(self, waiting: _Waiting) -> None:
        self._waiting.append(waiting)
        self._size += waiting.size
        if self._size > MOST:
            while self._size > MOST - _RELIEF:
                self._do_one()
        if self._turn is None:
            self._schedule()

    def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        pause = self.quiet.left_s(self._waiting[0].at)
        self._turn = loop.call_later(pause, self._do_some) if pause > 0 else loop.call_soon(self._do_some)

    def _do_some(self) -> None:
        if self._waiting and self.quiet.left_s(self._waiting[0].at) <= 0:
            end = time.perf_counter() + SLICE_S
            while self._waiting:
                self._do_one()
                if time.perf_counter() > end:
                    break
        self._turn = None
        if self._waiting:
            self._schedule()

    def _do_one(self) -> None:
        waiting = self._waiting.popleft()
        self._size -= waiting.size
        self._at = waiting.at
        try:
            waiting.work(waiting.argument)
        finally:
            self._at = None


class DeferredObserver:
    """An observer that gets its copy later. `fault` is called with what `inner` raises; after that `inner` gets nothing
    more."""

    def __init__(self, inner: Observer, backlog: Backlog, fault: Callable[[Exception], None]) -> None:
        self._inner: Observer | None = inner
        self._backlog = backlog
        self._fault = fault
        self._waiting = 0
        self._respond_to = self._respond  # one object, by which pieces are known to belong together
        self._is_due = False

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited, or has not been read yet."""
        return self._waiting > 0 or (self._inner is not None and self._inner.busy)

    def request(self, head: Head) -> None:
        """As `Observer.request`; the others likewise."""
        self._is_due = True
        self._backlog.quiet.asked()
        self._add(lambda inner: inner.request(head))

    def request_body(self, piece: bytes) -> None:
        self._add(lambda inner: inner.request_body(piece), len(piece))

    def request_over(self) -> None:
        self._add(lambda inner: inner.request_over())

    def response(self, data: bytes) -> None:
        for start in range(0, len(data), _PIECE):
            self._waiting += self._backlog.add_bytes(self._respond_to, data[start : start + _PIECE])
        self._has_come()

    def ended(self, how: ConnectionEnd, words: str) -> None:
        self._add(lambda inner: inner.ended(how, words))
        self._has_come()

    def _has_come(self) -> None:
        if self._is_due:
            self._is_due = False
            self._backlog.quiet.answered()
            self._backlog.go_on()

    def _add(self, say: Callable[[Observer], None], size: int = 0) -> None:
        self._waiting += 1
        self._backlog.add(self._tell, say, size)

    def _respond(self, data: bytes) -> None:
        self._tell(lambda inner: inner.response(data))

    def _tell(self, say: Callable[[Observer], None]) -> None:
        self._waiting -= 1
        if self._inner is not None:
            try:
                say(self._inner)
            except Exception as error:
                self._inner = None
                self._fault(error)
