"""Reads a copy of the bytes of one connection, and reports each call to a model and its answer.

An error in it ends the reading of this connection and nothing else.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from avow.errors import Failure
from avow.proxy import answer as answers
from avow.proxy.answer import Answer, AnswerReader
from avow.proxy.framing import BadFraming
from avow.proxy.head import Head
from avow.proxy.observer import ConnectionEnd
from avow.proxy.responses import BadResponse, ResponseBody, ResponseHead, ResponseSplitter
from avow.wire.request import secret_values
from avow.wire.secret import Secrets

LONGEST_REQUEST = 34 * 1024 * 1024
"""The most bytes of a request's body that are kept to be read: a little more than the API takes."""

_KEPT_HEADERS = frozenset({"user-agent", "x-claude-code-session-id", "x-claude-code-request-class", "traceparent"})
"""The headers of a request that are read at all: none of those that hold keys."""


class Call(NamedTuple):
    """A request to a model as it was sent. `number` counts calls in this process; `body` is None where it was too large
    to keep; `at` is in Unix seconds, `begun_at` a moment of `time.monotonic`."""

    number: int
    at: float
    begun_at: float
    headers: dict[str, str]
    body: bytes | None


class CallSent(NamedTuple):
    """A request to a model was passed on."""

    call: Call


class CallAnswered(NamedTuple):
    """The answer to a call is over, whole or not."""

    number: int
    answer: Answer


CallEvent = CallSent | CallAnswered


class _OpenRequest:
    """A request whose answer is not whole yet; `number` is None where it is not a call to a model."""

    __slots__ = ("begun_at", "body", "head", "number", "size", "told")

    def __init__(self, head: Head, number: int | None, begun_at: float) -> None:
        self.head = head
        self.number = number
        self.body: list[bytes] | None = []
        self.size = 0
        self.told = False
        self.begun_at = begun_at

    def keep(self, piece: bytes, most: int) -> None:
        if self.number is not None and self.body is not None:
            self.size += len(piece)
            if self.size <= most:
                self.body.append(piece)
            else:
                self.body = None

    def secrets(self) -> Secrets:
        """The secrets of the request, which may not appear in what is kept of its answer."""
        fields = ((name.decode(), value.decode("latin-1")) for name, value in self.head.fields)
        return Secrets(secret_values(fields, own=False))

    def call(self) -> Call:
        assert self.number is not None
        headers = {name.decode(): value.decode("latin-1") for name, value in self.head.fields}
        kept = {name: value for name, value in headers.items() if name in _KEPT_HEADERS}
        body = b"".join(self.body) if self.body is not None else None
        self.body = None
        at = time.time() - (time.monotonic() - self.begun_at)
        return Call(self.number, at, self.begun_at, kept, body)


class CallObserver:
    """Observes one connection. `tell` is called with each event, `fault` with an error of the observer itself; `number`
    gives the next call its number; `keep` is how many bytes of a request are kept at most; `clock` gives the moment at
    which the bytes arrived."""

    def __init__(
        self,
        tell: Callable[[CallEvent], None],
        number: Callable[[], int],
        fault: Callable[[Exception], None],
        *,
        keep: int = LONGEST_REQUEST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._most = keep
        self._tell = tell
        self._number = number
        self._fault = fault
        self._due: deque[_OpenRequest] = deque()
        self._sending: _OpenRequest | None = None
        self._splitter = ResponseSplitter()
        self._reader: AnswerReader | None = None
        self._broken: str | None = None

    @property
    def busy(self) -> bool:
        """Whether a request is under way, or an answer is awaited."""
        return bool(self._due)

    def request(self, head: Head) -> None:
        """A request's head."""
        self._sending = _OpenRequest(head, self._number() if head.asks_for_message else None, self._clock())
        self._due.append(self._sending)
        self._splitter.expect(head.method)

    def request_body(self, piece: bytes) -> None:
        """A piece of its body."""
        if self._sending is not None:
            self._sending.keep(piece, self._most)

    def request_over(self) -> None:
        """It is whole."""
        sending, self._sending = self._sending, None
        if sending is not None:
            self._announce(sending)
            if self._broken is not None and sending in self._due:
                self._settle(sending, answers.unread(self._broken))

    def response(self, data: bytes) -> None:
        """Bytes of the upstream."""
        if self._broken is not None:
            return
        try:
            for event in self._splitter.feed(data):
                if type(event) is bytes:
                    if self._reader is not None:
                        self._reader.feed(event)
                elif isinstance(event, ResponseHead):
                    self._begin(event)
                elif event is ResponseBody.OVER:
                    self._end_of_response(None)
        except (BadResponse, BadFraming) as error:
            self._break(str(error))
        except Exception as error:
            self._fault(error)
            self._break("a fault of avow's own")

    def ended(self, how: ConnectionEnd, words: str) -> None:
        """The connection is over."""
        try:
            if self._splitter.until_close and how is ConnectionEnd.CLOSED:
                self._end_of_response(None)
            elif self._reader is not None:
                self._end_of_response(_CUT[how])
        except Exception as error:
            self._fault(error)
        while self._due:
            self._settle(self._due[0], _unanswered(how, words))

    def _begin(self, head: ResponseHead) -> None:
        opened = self._due[0] if self._due else None
        if opened is None:
            raise BadResponse("a response without a request")
        if opened.number is not None:
            self._announce(opened)
            self._reader = AnswerReader(head.status, head.headers, opened.secrets(), self._clock)

    def _end_of_response(self, cut: Failure | None) -> None:
        reader, self._reader = self._reader, None
        opened = self._due[0]
        if opened.number is None or reader is None:
            self._due.popleft()
        else:
            self._settle(opened, reader.end(cut))

    def _announce(self, opened: _OpenRequest) -> None:
        if opened.number is not None and not opened.told:
            opened.told = True
            self._tell(CallSent(opened.call()))

    def _settle(self, opened: _OpenRequest, answer: Answer) -> None:
        self._due.remove(opened)
        if opened.number is not None:
            self._announce(opened)
            self._tell(CallAnswered(opened.number, answer))

    def _break(self, words: str) -> None:
        """Stop reading this connection; the answers that are awaited stay unread."""
        self._broken = words
        self._reader = None
        for opened in list(self._due):
            if opened is not self._sending:
                self._settle(opened, answers.unread(words))


_CUT = {
    ConnectionEnd.CLOSED: Failure("stream_ended", None, "the stream ended before the answer did"),
    ConnectionEnd.RESET: Failure("stream_ended", None, "the connection broke before the answer did"),
    ConnectionEnd.CLIENT_LEFT: Failure("interrupted", None, "the client left before the answer was whole"),
    ConnectionEnd.UNREACHABLE: Failure("stream_ended", None, "the connection broke before the answer did"),
}


def _unanswered(how: ConnectionEnd, words: str) -> Answer:
    match how:
        case ConnectionEnd.UNREACHABLE:
            return answers.unreachable(words)
        case ConnectionEnd.CLIENT_LEFT:
            return answers.abandoned()
        case _:
            return answers.unanswered()
