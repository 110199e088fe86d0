"""`--hold`: an answer passes if it is as requested; else the client gets an error in the API's own form."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from avow.proxy.decoding import LIMIT
from avow.proxy.framing import BadFraming
from avow.proxy.head import Head
from avow.proxy.responses import BadResponse, ResponseBody, ResponseHead, ResponseSplitter

Decision = str | None
"""Why an answer is withheld, in words; None lets it pass."""


@dataclass(slots=True)
class _Held:
    """A response that is held, or a piece of one that passes. `decision` is None for what passes in any case."""

    data: bytes
    decision: "Future[Decision] | None" = None
    ends_connection: bool = False


@dataclass(slots=True)
class AnswerHolder:
    """Holds the answers of one connection. `write` sends bytes to the client; `decide` gives the coming decision on
    each request to a model, in their order."""

    write: Callable[[bytes], None]
    decide: "Callable[[], Future[Decision]]"
    _due: deque[bool] = field(default_factory=deque)
    _splitter: ResponseSplitter = field(default_factory=lambda: ResponseSplitter(keep_raw=True))
    _queue: deque[_Held] = field(default_factory=deque)
    _done: Callable[[], None] | None = None
    _awaited: "Future[Decision] | None" = None
    _status: int = 0
    _is_broken: bool = False

    def request(self, head: Head) -> None:
        """As `observer.Holder.request`; the others likewise."""
        self._due.append(head.asks_for_message)
        self._splitter.expect(head.method)

    def response(self, data: bytes) -> None:
        if self._is_broken:
            return
        try:
            for event in self._splitter.feed(data):
                if isinstance(event, ResponseHead):
                    self._status = event.status
                elif event is ResponseBody.OVER:
                    self._over()
                elif event is ResponseBody.INTERIM:
                    self._pass(self._taken())
            if self._due and not self._due[0] and self._splitter.raw:
                self._pass(self._taken())
            if len(self._splitter.raw or b"") > LIMIT:
                raise BadResponse("too large to be held")
        except (BadResponse, BadFraming):
            self._break()
        self._flush()

    def ended(self, done: Callable[[], None]) -> None:
        if not self._is_broken:
            if self._splitter.raw and self._due and self._due[0]:
                self._over(cut=not self._splitter.until_close)
            else:
                self._pass(self._taken())
        self._done = done
        self._flush()

    def _over(self, *, cut: bool = False) -> None:
        """Note that a response is whole, or that no more of it comes."""
        held = self._due.popleft() if self._due else False
        data = self._taken()
        if held:
            decision = self.decide()
            passes = self._status >= 400
            self._queue.append(_Held(data, None if passes else decision, ends_connection=cut))
        else:
            self._pass(data)

    def _taken(self) -> bytes:
        raw = self._splitter.raw
        assert raw is not None
        data = bytes(raw)
        raw.clear()
        return data

    def _pass(self, data: bytes) -> None:
        if data:
            self._queue.append(_Held(data))

    def _break(self) -> None:
        """Let nothing more pass: what cannot be read cannot be judged."""
        self._is_broken = True
        decision: Future[Decision] = Future()
        decision.set_result("what came cannot be read")
        self._queue.append(_Held(b"", decision, ends_connection=True))

    def _flush(self) -> None:
        while self._queue:
            first = self._queue[0]
            if first.decision is not None and not first.decision.done():
                if first.decision is not self._awaited:
                    self._awaited = first.decision
                    first.decision.add_done_callback(self._decided(asyncio.get_running_loop()))
                return
            self._queue.popleft()
            words = _words(first.decision) if first.decision is not None else None
            self.write(first.data if words is None else withheld(words, close=first.ends_connection))
        if self._done is not None:
            done, self._done = self._done, None
            done()

    def _decided(self, loop: asyncio.AbstractEventLoop) -> Callable[[object], None]:
        def wake(_decision: object) -> None:
            loop.call_soon_threadsafe(self._flush)

        return wake


def _words(decision: "Future[Decision]") -> Decision:
    return "it could not be judged" if decision.exception() is not None else decision.result()


def withheld(words: str, *, close: bool = False) -> bytes:
    """The response that the client gets in place of an answer."""
    error = {"type": "invalid_request_error", "message": f"avow withheld the answer: {words}"}
    body = json.dumps({"type": "error", "error": error}).encode()
    lines = [
        b"HTTP/1.1 400 Bad Request",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
        # A client of the official kind would ask again for some errors.
        b"x-should-retry: false",
        *([b"Connection: close"] if close else []),
    ]
    return b"\r\n".join([*lines, b"", body])
