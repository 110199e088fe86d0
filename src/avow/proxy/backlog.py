"""Copies that wait to be read: what passes goes first, and the reading takes its turn in short slices."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from avow.proxy.head import Head
from avow.proxy.observer import Ending, Observer

SLICE_S = 0.00025
"""How long the reading may hold up what passes."""

MOST = 8 * 1024 * 1024
"""How many bytes may wait. Beyond that they are read at once, which holds their senders back."""

_PIECE = 4 * 1024


class Backlog:
    """Work for the loop's spare time, in order."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Callable[[Any], None], Any, int]] = deque()
        self._size = 0
        self._is_scheduled = False

    def add(self, work: Callable[[Any], None], argument: Any, size: int = 0) -> None:
        """Do `work` with `argument`, which holds this many bytes, when there is time."""
        self._waiting.append((work, argument, size))
        self._size += size
        while self._size > MOST:
            self._do_one()
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._do_some)

    def finish(self) -> None:
        """Do all that waits."""
        while self._waiting:
            self._do_one()

    def _do_some(self) -> None:
        end = time.perf_counter() + SLICE_S
        while self._waiting:
            self._do_one()
            if time.perf_counter() > end:
                break
        self._is_scheduled = bool(self._waiting)
        if self._is_scheduled:
            asyncio.get_running_loop().call_soon(self._do_some)

    def _do_one(self) -> None:
        work, argument, size = self._waiting.popleft()
        self._size -= size
        work(argument)


class Deferred:
    """An observer that is told later. `fault` hears what it raises, and it is told no more."""

    def __init__(self, inner: Observer, backlog: Backlog, fault: Callable[[Exception], None]) -> None:
        self._inner: Observer | None = inner
        self._backlog = backlog
        self._fault = fault
        self._waiting = 0

    @property
    def busy(self) -> bool:
        """Whether an answer is due, or not read yet."""
        return self._waiting > 0 or (self._inner is not None and self._inner.busy)

    def request(self, head: Head) -> None:
        """As of `Observer`, and so the others."""
        self._add(lambda inner: inner.request(head))

    def request_body(self, piece: bytes) -> None:
        self._add(lambda inner: inner.request_body(piece), len(piece))

    def request_over(self) -> None:
        self._add(lambda inner: inner.request_over())

    def response(self, data: bytes) -> None:
        for start in range(0, len(data), _PIECE):
            self._waiting += 1
            self._backlog.add(self._respond, data[start : start + _PIECE], min(len(data), _PIECE))

    def ended(self, how: Ending, words: str) -> None:
        self._add(lambda inner: inner.ended(how, words))

    def _add(self, say: Callable[[Observer], None], size: int = 0) -> None:
        self._waiting += 1
        self._backlog.add(self._tell, say, size)

    def _respond(self, data: bytes) -> None:
        self._waiting -= 1
        if self._inner is not None:
            try:
                self._inner.response(data)
            except Exception as error:
                self._fail(error)

    def _tell(self, say: Callable[[Observer], None]) -> None:
        self._waiting -= 1
        if self._inner is not None:
            try:
                say(self._inner)
            except Exception as error:
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._inner = None
        self._fault(error)
