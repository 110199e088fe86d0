"""Reads the copy of one response as it comes: bytes in, out a message and what is wrong with it."""

import time
from collections.abc import Callable
from typing import NamedTuple

from avow.errors import ExchangeError, Failure, NotAnAnswer, StreamEnded
from avow.exit_codes import ExitCode
from avow.proxy.decoding import CannotDecode, Decoding
from avow.wire.body import (
    LONGEST_ERROR,
    LONGEST_WHOLE,
    Opening,
    StreamReader,
    begins_events,
    stream_problem,
    whole_message,
    whole_problem,
)
from avow.wire.events import BlockStarted, TextArrived, ThinkingArrived
from avow.wire.failure import not_an_answer, refusal_in, rejected
from avow.wire.message import Message, whole
from avow.wire.secret import Secrets, SecretStream


class Answer(NamedTuple):
    """The answer to one request, or how it failed. `status` is None where no response began; `headers` are lower-case,
    without cookies; `readable` is False where the copy could not be read; `first_at` and `ended_at` are moments of
    `time.monotonic`."""

    status: int | None
    headers: dict[str, str]
    message: Message | None
    error: ExchangeError | None
    readable: bool
    first_at: float | None
    ended_at: float


class AnswerReader:
    """Reads the body of one response. `secrets` were sent with the request and are struck out of what is read; `clock`
    gives the moment at which the bytes arrived."""

    def __init__(
        self, status: int, headers: dict[str, str], secrets: Secrets, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.status = status
        self.headers = headers = {name: secrets.text(value) for name, value in headers.items()}
        self._secrets = secrets
        self._clock = clock
        self._bytes = SecretStream(secrets)
        self._stream = StreamReader(secrets)
        self.first_at: float | None = None
        self._decoding = Decoding(headers.get("content-encoding", ""))
        self._opening = Opening()
        self._body = bytearray()
        self._take = self._begin
        self._problem: ExchangeError | None = None
        self._unreadable: str | None = None
        self._done = False

    def feed(self, data: bytes) -> None:
        """Read a piece of the body. An error is kept for the answer, never raised."""
        if self._done:
            return
        try:
            for piece in self._decoding.feed(data):
                self._take(self._bytes.data(piece))
                if self.is_over:
                    return
        except CannotDecode as error:
            self._unreadable, self._done = str(error), True
        except NotAnAnswer as error:
            self._problem, self._done = None if self._stream.fold.stopped else error, True

    @property
    def is_over(self) -> bool:
        """Whether nothing that may still arrive would change the answer."""
        return self._done

    def end(self, cut: Failure | None) -> Answer:
        """The answer once no more comes. `cut`: how the connection ended before the body did."""
        if not self._done and (rest := self._bytes.end()):
            self._take(rest.encode("utf-8", "surrogateescape"))
        ended = StreamEnded(cut, ExitCode.INCOMPLETE, request_id=self.request_id) if cut is not None else None
        message: Message | None = None
        error: ExchangeError | None
        if self._unreadable is not None:
            message, error = self._stream.fold.message(), _cannot_be_read(self._unreadable)
        elif self._take == self._events:
            message, error = self._of_events(ended)
        elif self.status >= 400:
            error = rejected(self.status, self.headers, bytes(self._body))
        elif self._take == self._collect:
            message, error = self._of_whole(ended)
        else:
            error = ended or not_an_answer(self.status, self.headers.get("content-type", ""), b"", self.request_id)
        message, error = with_refusal(message, error)
        return Answer(self.status, self.headers, message, error, self._unreadable is None, self.first_at, self._clock())

    def _begin(self, piece: bytes) -> None:
        """Choose by its beginning how the body is read."""
        start = self._opening.feed(piece)
        if start:
            self._take = self._events if self.status < 400 and begins_events(start) else self._collect
            self._take(start)
        elif self._opening.too_long:
            self._done = True

    def _collect(self, piece: bytes) -> None:
        self._body += piece
        if self.first_at is None:
            self.first_at = self._clock()
        if self.status >= 400 and len(self._body) > LONGEST_ERROR:
            self._done = True
        elif len(self._body) > LONGEST_WHOLE:
            raise CannotDecode("the answer is too large")

    def _events(self, piece: bytes) -> None:
        fold = self._stream.fold
        for event in self._stream.feed(piece):
            if self.first_at is None and isinstance(event, TextArrived | ThinkingArrived | BlockStarted):
                self.first_at = self._clock()
            fold.add(event)
        self._done = fold.stopped  # an error that came in the same piece still counts (rule 15)

    def _of_events(self, ended: StreamEnded | None) -> tuple[Message | None, ExchangeError | None]:
        fold, problem = self._stream.fold, self._problem or ended
        if problem is None and not fold.stopped:
            for event in self._stream.last():
                fold.add(event)
        for event in self._stream.held():
            fold.add(event)
        return fold.message(), stream_problem(fold, self.status, self.headers, None if fold.whole else problem)

    def _of_whole(self, ended: StreamEnded | None) -> tuple[Message | None, ExchangeError | None]:
        try:
            message = whole_message(bytes(self._body), self.status, self.headers, self._stream.text)
        except NotAnAnswer as error:
            return None, ended or error
        except ExchangeError as error:
            return None, error
        return message, whole_problem(message, self.status, self.headers)

    @property
    def request_id(self) -> str | None:
        """The API's own name for the request."""
        return self.headers.get("request-id")


def with_refusal(message: Message | None, error: ExchangeError | None) -> tuple[Message | None, ExchangeError | None]:
    """The same, but a refusal that a gateway wrapped into an error of its own becomes a message."""
    refusal = refusal_in(error.failure) if message is None and error is not None else None
    return (message, error) if refusal is None else (whole(refusal), None)


def unreachable(words: str) -> Answer:
    """The answer to a request that did not reach the upstream."""
    failure = Failure("connection", None, f"the API cannot be reached: {words}")
    return _without_response(ExchangeError(failure, ExitCode.UNREACHABLE), readable=True)


def unanswered() -> Answer:
    """The answer to a request to which no response began."""
    failure = Failure("connection", None, "the connection ended before a response began")
    return _without_response(ExchangeError(failure, ExitCode.UNREACHABLE), readable=True)


def abandoned() -> Answer:
    """The answer to a request whose client left before it."""
    words = "the client left before an answer began"
    return _without_response(ExchangeError(Failure("interrupted", None, words), ExitCode.INCOMPLETE), readable=True)


def unread(words: str) -> Answer:
    """The answer that passed without being read."""
    return _without_response(_cannot_be_read(words), readable=False)


def _without_response(error: ExchangeError, *, readable: bool) -> Answer:
    return Answer(None, {}, None, error, readable, None, time.monotonic())


def _cannot_be_read(words: str) -> NotAnAnswer:
    failure = Failure("not_an_answer", None, f"the answer passed, but its copy cannot be read: {words}")
    return NotAnAnswer(failure, ExitCode.UNAVAILABLE)
