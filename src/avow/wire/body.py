"""The body of a response: events or a whole message, told by how it begins, and whether all of it came.

Serves avow's own questions, the answers that pass the proxy, and those given to `avow judge`.
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
"""The most blank bytes before an answer: servers send some to keep a connection open."""

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
    """The beginning of a body, until a byte comes that is neither blank nor a byte order mark."""

    __slots__ = ("_blank", "_head")

    def __init__(self) -> None:
        self._head = b""
        self._blank = 0

    def feed(self, data: bytes) -> bytes:
        """The body so far, from its first byte that is not blank; empty while there is none."""
        head = self._head + data
        rest = head if BOM.startswith(head) else head.removeprefix(BOM).lstrip()
        if rest and not BOM.startswith(rest):
            return rest
        self._blank += len(head) - len(rest)
        self._head = rest
        return b""

    @property
    def too_long(self) -> bool:
        """Whether more than `LONGEST_BLANK` blank bytes came."""
        return self._blank > LONGEST_BLANK


def begins_events(start: bytes) -> bool:
    """Whether a body that begins with `start` is a stream of events. Headers do not decide: gateways send a wrong
    content type."""
    return start.startswith(_OF_EVENTS)


class StreamReader:
    """The events of one streamed answer, with secrets struck out. The caller adds each event to `fold` before it takes
    the next one."""

    __slots__ = ("_decoder", "_striker", "fold")

    def __init__(self, secrets: Secrets, before: str = "") -> None:
        """`before`: the `tail` of the text of the response that this one continues."""
        self.fold = MessageFold()
        self._decoder = EventDecoder()
        self._striker = EventStriker(secrets, before)

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that `chunk` completes. Raises NotAnAnswer for one that is too large or not a JSON object."""
        for data in self._decoder.feed(chunk):
            event = decode(data)
            self.fold.note_names(event, data)
            yield from self._striker.strike(event)

    def last(self) -> Iterator[Event]:
        """The event that the end of the body completes. An event without its closing blank line does not count
        (WHATWG), except a `message_stop`: servers that write `"\\n\\n".join(events)` end without it (rule 15)."""
        try:
            event = decode(self._decoder.unended())
        except NotAnAnswer:
            return
        if isinstance(event, MessageStopped):
            yield from self._striker.strike(event)

    def held(self) -> Iterator[Event]:
        """The text that was held back because it could be the beginning of a secret; for when the stream has ended."""
        yield from self._striker.end()

    @property
    def text(self) -> SecretStream:
        """What strikes secrets out of the answer's text; also for a body that turns out not to be a stream."""
        return self._striker.text


BREAKS_OFF = "the response breaks off before its end"
_OF_A_MESSAGE = (b'"message"', b'"role"', b'"stop_reason"')


def stream_problem(
    fold: MessageFold, status: int, headers: Mapping[str, str], cut: ExchangeError | None
) -> ExchangeError | None:
    """What is wrong with a stream that is over, None where it is whole. `cut` is the error that broke it off."""
    if fold.error is not None:
        return rejection(fold.error, status, headers)
    if cut is not None:
        return cut
    if fold.whole:
        return None
    words = "without saying why the model stopped" if fold.stopped else "before the answer did"
    return broke_off(f"the stream ended {words}", headers)


def whole_message(data: bytes, status: int, headers: Mapping[str, str], text: SecretStream) -> Message:
    """The message in a whole body, with the secrets of `text` struck out. Raises Rejected where it is an error of the
    API, StreamEnded where it breaks off, NotAnAnswer where it is anything else."""
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
    """The error of a message, not streamed, that is not whole; None where it is."""
    if message.whole:
        return None
    words = f"is only a part (HTTP {PARTIAL})" if status == PARTIAL else "does not say why the model stopped"
    return broke_off(f"the answer {words}", headers)


def broke_off(words: str, headers: Mapping[str, str]) -> StreamEnded:
    """The error of an answer that ended before it was whole; `words` say how."""
    failure = Failure("stream_ended", None, words)
    return StreamEnded(failure, ExitCode.INCOMPLETE, request_id=headers.get("request-id"))
