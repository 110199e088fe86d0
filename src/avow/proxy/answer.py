"""The copy of one response as it comes: bytes pushed in, a message and what is wrong with it out."""

import time
from typing import NamedTuple

from avow.errors import ExchangeError, Failure, NotAnAnswer, StreamEnded
from avow.exit_codes import ExitCode
from avow.proxy.decoding import CannotDecode, Decoding
from avow.wire.events import BlockStarted, TextArrived, ThinkingArrived, decode
from avow.wire.failure import body_is_error, not_an_answer, refusal_in, rejected, rejection
from avow.wire.message import Message, MessageFold, whole
from avow.wire.names import parse_naming
from avow.wire.secret import EventStriker, Secrets, SecretStream, struck_blocks
from avow.wire.sse import EventDecoder

LONGEST_ERROR = 1024 * 1024
LONGEST_WHOLE = 64 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_ENDED = Failure("stream_ended", None, "the stream ended before the answer did")


class Answer(NamedTuple):
    """What came of one request. `status` is None where no response began; `headers` are lower-case, without cookies;
    `readable` is False where the copy could not be understood; `first_at` and `ended_at` are moments of
    `time.monotonic`."""

    status: int | None
    headers: dict[str, str]
    message: Message | None
    error: ExchangeError | None
    readable: bool
    first_at: float | None
    ended_at: float


class AnswerReader:
    """Reads the body of one response. `secrets`: what went out with the request; none of it is in what is read."""

    def __init__(self, status: int, headers: dict[str, str], secrets: Secrets) -> None:
        self.status = status
        self.headers = headers = {name: secrets.text(value) for name, value in headers.items()}
        self._secrets = secrets
        self._bytes = SecretStream(secrets)
        self._striker = EventStriker(secrets)
        self.first_at: float | None = None
        self._kind = headers.get("content-type", "")
        self._decoding = Decoding(headers.get("content-encoding", ""))
        self._decoder = EventDecoder()
        self._fold = MessageFold()
        self._body = bytearray()
        self._take = self._sniff
        self._problem: ExchangeError | None = None
        self._unreadable: str | None = None
        self._done = False

    def feed(self, data: bytes) -> None:
        """Take in a piece of the body. What cannot be read is noted, never raised."""
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
            self._problem, self._done = error, True

    @property
    def is_over(self) -> bool:
        """Whether nothing that may still come would change the answer."""
        return self._done

    def end(self, cut: Failure | None) -> Answer:
        """The answer as it is once no more comes. `cut`: how the connection ended before the body did."""
        for event in self._striker.end():
            self._fold.add(event)
        message, error = self._fold.message(), self._problem
        if self._unreadable is not None:
            error = error or _cannot_be_read(self._unreadable)
        elif self._body and self._take == self._collect:
            message, error = self._whole(cut)
        elif self._take == self._sniff:
            error = self._nothing(cut)
        elif error is None:
            error = self._ending(cut)
        message, error = with_refusal(message, error)
        return Answer(
            self.status, self.headers, message, error, self._unreadable is None, self.first_at, time.monotonic()
        )

    def _sniff(self, piece: bytes) -> None:
        """What kind of body it is, by its beginning: headers of gateways name the wrong one."""
        self._body += piece
        start = bytes(self._body[:4096]).removeprefix(_BOM).lstrip()[:1]
        if not start or (len(self._body) < len(_BOM) and _BOM.startswith(self._body)):
            return
        if self.status < 400 and start in b"ed:ir":
            self._take = self._stream
            held, self._body = bytes(self._body), bytearray()
            self._stream(held)
        else:
            self._take = self._collect
            self._check_size()

    def _collect(self, piece: bytes) -> None:
        self._body += piece
        self._check_size()

    def _check_size(self) -> None:
        if self.first_at is None:
            self.first_at = time.monotonic()
        if self.status >= 400 and len(self._body) > LONGEST_ERROR:
            self._done = True
        elif len(self._body) > LONGEST_WHOLE:
            raise CannotDecode("the answer is too large")

    def _stream(self, piece: bytes) -> None:
        fold = self._fold
        for data in self._decoder.feed(piece):
            event = decode(data)
            if self.first_at is None and isinstance(event, TextArrived | ThinkingArrived | BlockStarted):
                self.first_at = time.monotonic()
            fold.hear_beside(event, data)
            for struck in self._striker.strike(event):
                fold.add(struck)
            if fold.stopped:
                self._done = True
                return

    def _whole(self, cut: Failure | None) -> tuple[Message | None, ExchangeError | None]:
        data = self._secrets.data(bytes(self._body).removeprefix(_BOM))
        if self.status >= 400:
            return None, rejected(self.status, self.headers, data)
        try:
            body, repeated = parse_naming(data)
        except ValueError:
            if cut is not None:
                return None, _stream_ended(cut, self.request_id)
            body, repeated = None, []
        if isinstance(body, dict) and isinstance(body.get("content"), list):
            struck = struck_blocks(body, SecretStream(self._secrets))
            return whole(struck, repeated, partial=self.status == 206), None
        if isinstance(body, dict) and body_is_error(body):
            return None, rejection(body, self.status, self.headers)
        return None, not_an_answer(self.status, self._kind, data[:2000], self.request_id)

    def _nothing(self, cut: Failure | None) -> ExchangeError:
        if self.status >= 400:
            return rejected(self.status, self.headers, b"")
        if cut is not None:
            return _stream_ended(cut, self.request_id)
        return not_an_answer(self.status, self._kind, b"", self.request_id)

    def _ending(self, cut: Failure | None) -> ExchangeError | None:
        """What is wrong with a stream of events that is over."""
        fold = self._fold
        if fold.error is not None:
            return rejection(fold.error, self.status, self.headers)
        if fold.whole:
            return None
        if fold.stopped:
            cut = Failure("stream_ended", None, "the stream ended without saying why the model stopped")
        return _stream_ended(cut or _ENDED, self.request_id)

    @property
    def request_id(self) -> str | None:
        """The API's own name for the request."""
        return self.headers.get("request-id")


def with_refusal(message: Message | None, error: ExchangeError | None) -> tuple[Message | None, ExchangeError | None]:
    """The same, but for a refusal that a gateway wrapped into an error of its own: that is a message."""
    refusal = refusal_in(error.failure) if message is None and error is not None else None
    return (message, error) if refusal is None else (whole(refusal), None)


def unreachable(words: str) -> Answer:
    """The answer to a request that never got to the upstream."""
    failure = Failure("connection", None, f"the API cannot be reached: {words}")
    return _without_response(ExchangeError(failure, ExitCode.UNREACHABLE), readable=True)


def unanswered(words: str) -> Answer:
    """The answer to a request to which no response began."""
    return _without_response(ExchangeError(Failure("connection", None, words), ExitCode.UNREACHABLE), readable=True)


def abandoned() -> Answer:
    """The answer that a client did not wait for."""
    words = "the client left before an answer began"
    return _without_response(ExchangeError(Failure("interrupted", None, words), ExitCode.INCOMPLETE), readable=True)


def unread(words: str) -> Answer:
    """The answer that passed without being understood."""
    return _without_response(_cannot_be_read(words), readable=False)


def _without_response(error: ExchangeError, *, readable: bool) -> Answer:
    return Answer(None, {}, None, error, readable, None, time.monotonic())


def _cannot_be_read(words: str) -> NotAnAnswer:
    failure = Failure("not_an_answer", None, f"the answer passed, but its copy cannot be read: {words}")
    return NotAnAnswer(failure, ExitCode.UNAVAILABLE)


def _stream_ended(cut: Failure, request_id: str | None) -> StreamEnded:
    return StreamEnded(cut, ExitCode.INCOMPLETE, request_id=request_id)
