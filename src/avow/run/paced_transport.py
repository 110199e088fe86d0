"""The transport of a run: each request waits its turn, each response sets the pace, and all can be stopped at once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from avow.background import Latch
from avow.endpoint.patience import Patience
from avow.endpoint.transport import Transport
from avow.errors import AvowError, Interrupted
from avow.exchange.response import read_error
from avow.run.pace import LIMITED, Pace
from avow.wire.body import OpenResponse
from avow.wire.failure import is_spend_limit, rejected
from avow.wire.request import Request


class PacedTransport:
    """Takes the place of the transport, for all workers at once.

    `shut` stops it: requests under way break off, and raise Interrupted in their workers.
    """

    def __init__(self, transport: Transport, pace: Pace) -> None:
        self._transport, self._pace = transport, pace
        self._lock = threading.Lock()
        self._shut = Latch()
        self._signal: int | None = None
        self._worker = threading.local()

    def shut(self, signal_number: int) -> None:
        """Break off all that is under way, as that signal would."""
        self._signal = signal_number
        self._shut.set()
        self._transport.hang_up()

    def why(self) -> str | None:
        """Why requests are paused, in words; None where they are not."""
        with self._lock:
            return self._pace.why(time.monotonic())

    def surface(self, whether: bool) -> None:
        """Let the next item of this worker see a limit as an error, because another model may be asked instead."""
        self._worker.surfaces = whether

    def wait_turn(self) -> None:
        """Wait until this worker's next request may be sent. Raises Interrupted after `shut`."""
        with self._lock:
            at = self._pace.turn(time.monotonic())
        self._worker.left_at = at
        self._sleep_until(at)

    @contextmanager
    def send(self, request: Request, patience: Patience) -> Iterator[OpenResponse]:
        """As `Transport.send`; a response that reports a limit is waited out, and the request is sent again."""
        whole = None
        while whole is None:
            if getattr(self._worker, "left_at", None) is None:
                self.wait_turn()
            left_at, self._worker.left_at = self._worker.left_at, None
            self._hold()
            with self._sent(request, patience) as response:
                if response.status in LIMITED:
                    whole = self._limited(response, left_at)
                    continue
                watched = _Watched(response, self)
                if not watched.is_overloaded():
                    self._hear(response, left_at)
                    yield watched
                    return
                if not self._hear(response, left_at, 529):
                    yield watched
                    return
        yield whole

    def check(self) -> None:
        """Raise Interrupted after `shut`."""
        if self._signal is not None:
            raise Interrupted(self._signal)

    @contextmanager
    def _sent(self, request: Request, patience: Patience) -> Iterator[OpenResponse]:
        begun = False
        try:
            with self._transport.send(request, patience) as response:
                begun = True
                yield response
        except AvowError:
            self.check()
            raise
        finally:
            if not begun:
                with self._lock:
                    self._pace.lost()

    def _limited(self, response: OpenResponse, left_at: float) -> "_Whole | None":
        """None where the request is to be sent again; else the response, already read."""
        data = read_error(response)
        is_final = response.headers.get("x-should-retry", "").strip().lower() == "false"
        code = rejected(response.status, response.headers, data).code
        if is_final or is_spend_limit(code):
            with self._lock:
                self._pace.lost()
        elif self._hear(response, left_at) and not getattr(self._worker, "surfaces", False):
            return None
        return _Whole(response, data)

    def _hear(self, response: OpenResponse, left_at: float, status: int | None = None) -> bool:
        with self._lock:
            now, wall = time.monotonic(), time.time()
            return self._pace.heard(status or response.status, response.headers, left_at, now, wall)

    def _hold(self) -> None:
        """Wait while all requests are paused."""
        while True:
            with self._lock:
                seconds = self._pace.held(time.monotonic())
            if seconds <= 0:
                self.check()
                return
            self._sleep_until(time.monotonic() + seconds)

    def _sleep_until(self, moment: float) -> None:
        seconds = moment - time.monotonic()
        if seconds > 0:
            self._shut.wait(seconds)
        self.check()


class _Whole:
    """A response whose body was already read."""

    def __init__(self, response: OpenResponse, data: bytes) -> None:
        self.status, self.headers, self.secrets, self._data = response.status, response.headers, response.secrets, data

    def chunks(self) -> Iterator[bytes]:
        """The body in one piece."""
        yield self._data

    def read(self, limit: int = 64 * 1024 * 1024) -> bytes:
        """The body."""
        return self._data[:limit]


class _Watched:
    """A response that breaks off when the transport is shut."""

    def __init__(self, response: OpenResponse, transport: PacedTransport) -> None:
        self.status, self.headers, self.secrets = response.status, response.headers, response.secrets
        self._response, self._transport = response, transport
        self._chunks = response.chunks()
        self._first: bytes | None = None

    def is_overloaded(self) -> bool:
        """Whether it is a stream that begins with the API's error for 529: no answer follows then."""
        if self.status == 200 and "event-stream" in self.headers.get("content-type", ""):
            self._first = next(self._chunks, b"")
            return self._first.startswith(b"event: error") and b'"overloaded_error"' in self._first
        return False

    def chunks(self) -> Iterator[bytes]:
        """The body as it arrives."""
        if self._first is not None:
            self._transport.check()
            yield self._first
        for chunk in self._chunks:
            self._transport.check()
            yield chunk

    def read(self, limit: int = 64 * 1024 * 1024) -> bytes:
        """The body whole."""
        return self._response.read(limit)
