"""What the body of a response is, by how it begins; what it says; and whether all of it came.

One reading for avow's own questions, for answers that pass the proxy and for those handed to `avow judge`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from avow.errors import ExchangeError, Failure, NotAnAnswer, StreamEnded
from avow.exit_codes import ExitCode
from avow.wire.events import Event, MessageStopped, decode
from avow.wire.failure import body_is_error, not_an_answer, rejection
from avow.wire.json_value import JsonObject, items
from avow.wire.message import Message, whole
from avow.wire.message_fold import MessageFold
from avow.wire.names import NamedModel, parse_naming
from avow.wire.secret import EventStriker, Secrets, SecretStream
from avow.wire.sse import BOM, EventDecoder

LONGEST_ERROR = 1024 * 1024
LONGEST_WHOLE = 64 * 1024 * 1024
LONGEST_BLANK = 1024 * 1024
"""How many blank bytes may come before an answer: servers send some to keep a connection open."""

PARTIAL = 206

_OF_EVENTS = (b"e", b"d", b":", b"i", b"r")  # event, data, a comment, id, retry


class OpenResponse(Protocol):
    """A response whose body still arrives: what sending a request gives, whatever the status.

    `headers` have lower-case names. `secrets` are those of the request; they are struck out of headers and body.
    """

    status: int
    headers: dict[str, str]
    secrets: Secrets

    def chunks(self) -> Iterator[bytes]:
        """The body, piece by piece, as it arrives."""

    def read(self, limit: int = ...) -> bytes:
        """The whole body, at most `limit` bytes of it."""


class Opening:
    """The beginning of a body, until it says something: a byte order mark and blanks are left out."""

    __slots__ = ("_blank", "_head")

    def __init__(self) -> None:
        self._head = b""
        self._blank = 0

    def feed(self, data: bytes) -> bytes:
        """The body so far, from its first byte that says something; empty while there is none."""
        head = self._head + data
        rest = head if BOM.startswith(head) else head.removeprefix(BOM).lstrip()
        if rest and not BOM.startswith(rest):
            return rest
        self._blank += len(head) - len(rest)
        self._head = rest
        return b""

    @property
    def too_long(self) -> bool:
        """Whether more blanks came than any server sends for a reason."""
        return self._blank > LONGEST_BLANK


def begins_events(start: bytes) -> bool:
    """Whether a body that begins so is a stream of events. Its headers do not decide: gateways name the wrong type."""
    return start.startswith(_OF_EVENTS)


class StreamReader:
    """The events of one streamed answer, without secrets: bytes in, events out. Who feeds it adds each event to `fold`,
    at once."""

    __slots__ = ("_decoder", "_striker", "fold")

    def __init__(self, secrets: Secrets, before: str = "") -> None:
        """`before`: the `tail` of the response that this one goes on from."""
        self.fold = MessageFold()
        self._decoder = EventDecoder()
        self._striker = EventStriker(secrets, before)

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """What `chunk` completes. Raises NotAnAnswer for an event that is too large, or none."""
        for data in self._decoder.feed(chunk):
            event = decode(data)
            self.fold.hear_beside(event, data)
            yield from self._striker.strike(event)

    def last(self) -> Iterator[Event]:
        """What a clean end of the body completes. An event without its blank line does not count (WHATWG), but for the
        last of all: servers that write `"\\n\\n".join(events)` leave it out there (rule 15)."""
        try:
            event = decode(self._decoder.unended())
        except NotAnAnswer:
            return
        if isinstance(event, MessageStopped):
            yield from self._striker.strike(event)

    def held(self) -> Iterator[Event]:
        """What was held back because it might have been the beginning of a secret, once no more comes."""
        yield from self._striker.end()

    @property
    def text(self) -> SecretStream:
        """The text of the answer as it is struck: also that of a body that turns out to be no stream."""
        return self._striker.text


BREAKS_OFF = "the response breaks off before its end"
_OF_A_MESSAGE = (b'"message"', b'"role"', b'"stop_reason"')


def stream_problem(
    fold: MessageFold, status: int, headers: Mapping[str, str], cut: ExchangeError | None
) -> ExchangeError | None:
    """What is wrong with a stream that is over. `cut`: what ended it before it ended itself."""
    if fold.error is not None:
        return rejection(fold.error, status, headers)
    if cut is not None:
        return cut
    if fold.whole:
        return None
    words = "without saying why the model stopped" if fold.stopped else "before the answer did"
    return broke_off(f"the stream ended {words}", headers)


def whole_message(data: bytes, status: int, headers: Mapping[str, str], text: SecretStream) -> Message:
    """The message that a body is, without secrets. Raises Rejected where it is an error of the API, StreamEnded where
    it breaks off, NotAnAnswer where it is none of these."""
    try:
        body, repeated = parse_naming(data)
    except ValueError:
        if begins_message(data):
            raise broke_off(BREAKS_OFF, headers) from None
        body, repeated = None, []
    if isinstance(body, dict) and is_message(body):
        return message_of(struck_blocks(body, text), repeated, status)
    if isinstance(body, dict) and body_is_error(body):
        raise rejection(body, status, headers)
    raise not_an_answer(status, headers.get("content-type", ""), data[:2000], headers.get("request-id"))


def struck_blocks(body: JsonObject, stream: SecretStream) -> JsonObject:
    """The whole message `body` with secrets struck out of the text of its `content`, also where one is spread over
    several blocks of text, or began in the text that `stream` was fed before."""
    struck = items(body.get("content"))
    texts = [
        place
        for place, block in enumerate(struck)
        if block.get("type") == "text" and isinstance(block.get("text"), str)
    ]
    for place in texts:
        block = struck[place]
        rest = block["text"]
        piece = stream.feed(rest) + (stream.end() if place == texts[-1] else "")
        struck[place] = {**block, "text": piece}
    return {**body, "content": struck}


def begins_message(data: bytes | bytearray) -> bool:
    """Whether a body that is not whole JSON is the beginning of a message."""
    return data.lstrip()[:1] == b"{" and any(words in data for words in _OF_A_MESSAGE)


def is_message(body: JsonObject) -> bool:
    """Whether an object is a message, and not an error or something else."""
    return isinstance(body.get("content"), list)


def message_of(body: JsonObject, repeated: Iterable[NamedModel], status: int) -> Message:
    """The message in the object that came with this status."""
    return whole(body, repeated, partial=status == PARTIAL)


def whole_problem(message: Message, status: int, headers: Mapping[str, str]) -> StreamEnded | None:
    """What is missing from a message that was not streamed."""
    if message.whole:
        return None
    words = f"is only a part (HTTP {PARTIAL})" if status == PARTIAL else "does not say why the model stopped"
    return broke_off(f"the answer {words}", headers)


def broke_off(words: str, headers: Mapping[str, str]) -> StreamEnded:
    """The error of an answer that ended before it was whole; `words` say how."""
    failure = Failure("stream_ended", None, words)
    return StreamEnded(failure, ExitCode.INCOMPLETE, request_id=headers.get("request-id"))
