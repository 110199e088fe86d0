"""One response as it comes in: events or a whole message, folded, and told of piece by piece."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from avow.errors import ExchangeError, Failure, NotAnAnswer, Stalled, StreamEnded
from avow.exchange.exchange import ExchangeEvent, HandedOver, Noted, TextWritten, ThinkingWritten
from avow.exit_codes import ExitCode
from avow.wire.events import (
    BlockStarted,
    Event,
    MessageStarted,
    MessageStopped,
    TextArrived,
    ThinkingArrived,
    decode,
)
from avow.wire.failure import body_is_error, not_an_answer, rejection
from avow.wire.json_value import JsonObject, encodable, encodable_value, items, obj, text
from avow.wire.message import Message, MessageFold, block_text, whole
from avow.wire.names import parse_naming
from avow.wire.secret import EventStriker, Secrets, struck_blocks
from avow.wire.sse import EventDecoder

LONGEST_ERROR = 1024 * 1024
LONGEST_WHOLE = 64 * 1024 * 1024
LONGEST_BLANK = 1024 * 1024
"""How many blank bytes may come before an answer: servers send some to keep a connection open."""
_PARTIAL = 206
_BOM = b"\xef\xbb\xbf"


class OpenResponse(Protocol):
    """What `send` gives: `headers` are lower-case; `secrets` went out, and stand in nothing of it as it came."""

    status: int
    headers: dict[str, str]
    secrets: Secrets

    def chunks(self) -> Iterator[bytes]: ...

    def read(self, limit: int = ...) -> bytes: ...


_UNPLACED = "the stream does not say where in the answer some of it belongs; it is shown where it came"


class ResponseReader:
    """One response as it comes in. `on_event` is called with what it says, piece by piece; what it folds to may be
    asked from another thread under `lock`."""

    def __init__(
        self, lock: AbstractContextManager[object], on_event: Callable[[ExchangeEvent], None], before: str = ""
    ) -> None:
        """`before`: the `tail` of the response before this one."""
        self.lock = lock
        self.on_event = on_event
        self.request_id: str | None = None
        self.fold = MessageFold()
        self.taken: Message | None = None
        self.headers: dict[str, str] = {}
        self.model: str | None = None
        self.written = False
        self.answering = False  # a body that is not a stream has begun to come
        self.striker = EventStriker(Secrets(), before)
        self._torn: tuple[int, str, str | None] | None = None

    def message(self) -> Message | None:
        """The message as far as it came; None before it began."""
        return self.taken if self.taken is not None else self.fold.message()

    @property
    def tail(self) -> str:
        """The end of the text where it may be the beginning of a secret: the next response may go on from it."""
        return self.striker.text.tail

    def read(self, response: OpenResponse) -> None:
        """Take in a response of status 2xx: events, or JSON where the body begins like JSON, whatever its headers
        say (gateways ignore `stream`, or name the wrong type)."""
        kind = response.headers.get("content-type", "")
        if not 200 <= response.status < 300:
            # Of a 1xx, after which another protocol would be spoken, there is no body to read.
            head = self._beginning(response.chunks()) if response.status >= 200 else b""
            raise not_an_answer(response.status, kind, head, self.request_id)
        self.striker = EventStriker(response.secrets, self.tail)
        chunks = response.chunks()
        head = self._beginning(chunks)
        start = head[:1]
        if start == b"{":
            body = bytearray(head)
            for chunk in chunks:
                body += chunk
                if len(body) > LONGEST_WHOLE:
                    break
            self._whole(response, bytes(body))
        elif start in (b"e", b"d", b":", b"i", b"r") or (not start and "event-stream" in kind):
            self._stream(head, chunks, "event-stream" in kind, response.status)
            if not self.fold.started:
                raise not_an_answer(response.status, kind, head, self.request_id)
        else:
            raise not_an_answer(response.status, kind, head, self.request_id)

    def _beginning(self, chunks: Iterator[bytes]) -> bytes:
        """The first bytes of a body that say something, without the blanks before them."""
        head = b""
        blank = 0
        for chunk in chunks:
            self.answering = self.answering or bool(chunk)
            head += chunk
            rest = head if _BOM.startswith(head) else head.removeprefix(_BOM).lstrip()
            if rest and not _BOM.startswith(rest):
                return rest
            blank += len(head) - len(rest)
            if blank > LONGEST_BLANK:
                break
            head = rest
        return b"" if _BOM.startswith(head) else head

    def _whole(self, response: OpenResponse, data: bytes) -> None:
        try:
            body, repeated = parse_naming(data)
        except ValueError:
            body, repeated = None, []
        if not isinstance(body, dict) or not (body_is_error(body) or isinstance(body.get("content"), list)):
            raise not_an_answer(response.status, response.headers.get("content-type", ""), data[:2000], self.request_id)
        if body_is_error(body) and not isinstance(body.get("content"), list):
            raise rejection(body, response.status, self.headers)
        with self.lock:
            body = struck_blocks(body, self.striker.text)
            self.taken = message = whole(body, repeated, partial=response.status == _PARTIAL)
        self._pass_on_whole(message)
        if not message.whole:
            words = "is only a part (HTTP 206)" if response.status == _PARTIAL else "does not say why the model stopped"
            failure = Failure("stream_ended", None, f"the answer {words}")
            raise StreamEnded(failure, ExitCode.INCOMPLETE, request_id=self.request_id)

    def _pass_on_whole(self, message: Message) -> None:
        model = message.model
        written = False
        for block in message.content:
            if block.get("type") == "fallback":
                model = text(obj(block.get("to")).get("model"))
                self.on_event(_handover(block, in_text=written))
            elif piece := block_text(block):
                written = True
                self.on_event(TextWritten(model, piece))
            elif block.get("type") == "thinking" and (thought := text(block.get("thinking"))):
                self.on_event(ThinkingWritten(thought))

    def _stream(self, head: bytes, chunks: Iterator[bytes], declared: bool, status: int) -> None:
        """Fold events and tell of them. `declared`: the headers said that it is a stream of events."""
        decoder = EventDecoder()
        fold = self.fold
        problem: ExchangeError | None = None
        try:
            for chunk in _after(head, chunks):
                events, problem = self._take_chunk(decoder, chunk)
                self._pass_on(_joined(events))
                if problem is not None or fold.stopped:
                    break
            else:
                self._pass_on(self._take_last(decoder))
        except (StreamEnded, Stalled) as error:
            problem = error
        with self.lock:
            rest = [told for event in self.striker.end() for told in self._take(event)]
        self._pass_on([*rest, *self._flushed()])
        if fold.error is not None:
            raise rejection(fold.error, status, self.headers)
        if problem is not None:
            raise problem
        if not fold.whole and (fold.started or (declared and not fold.stopped)):
            words = "without saying why the model stopped" if fold.stopped else "before the answer did"
            raise StreamEnded(
                Failure("stream_ended", None, f"the stream ended {words}"),
                ExitCode.INCOMPLETE,
                request_id=self.request_id,
            )

    def _take_chunk(self, decoder: EventDecoder, chunk: bytes) -> tuple[list[ExchangeEvent], ExchangeError | None]:
        """What the events completed by `chunk` have to tell, and what is wrong with the event after them."""
        events: list[ExchangeEvent] = []
        with self.lock:
            try:
                for data in decoder.feed(chunk):
                    event = decode(data)
                    self.fold.hear_beside(event, data)
                    for struck in self.striker.strike(event):
                        events += self._take(struck)
            except NotAnAnswer as error:
                return events, None if self.fold.stopped else error
        return events, None

    def _take_last(self, decoder: EventDecoder) -> list[ExchangeEvent]:
        """What a clean end of the body leaves. An event without its blank line does not count (WHATWG), but for the
        last of all: servers that write `"\n\n".join(events)` leave it out there (rule 15)."""
        try:
            event = decode(decoder.unended())
        except NotAnAnswer:
            return []
        with self.lock:
            if not isinstance(event, MessageStopped):
                return []
            return [told for struck in self.striker.strike(event) for told in self._take(struck)]

    def _take(self, event: Event) -> list[ExchangeEvent]:
        """Fold one event, and give what is to be told of it."""
        fold = self.fold
        if fold.stopped:
            fold.add(event)
            return []
        begun, placed = fold.started, not fold.unplaced
        fold.add(event)
        if placed and fold.unplaced:
            return [Noted(_UNPLACED), *self._shown(event, begun)]
        return self._shown(event, begun)

    def _shown(self, event: Event, begun: bool) -> list[ExchangeEvent]:
        """What is to be told of an event that was folded. `begun`: the message had begun before it."""
        fold = self.fold
        match event:
            case TextArrived(index, piece) if fold.is_kind(index, "text"):
                self.written = self.written or bool(piece)
                return self._joined_with_torn(index, piece)
            case ThinkingArrived(index, piece) if fold.is_kind(index, "thinking"):
                return [ThinkingWritten(encodable(piece))]
            case MessageStarted(message):
                self.model = encodable(text(message.get("model")) or "") or self.model
                if not begun:
                    return [
                        event
                        for block in items(message.get("content"))
                        for event in self._begun(encodable_value(block))
                    ]
            case BlockStarted(_index, block):
                return [*self._flushed(), *self._begun(encodable_value(block))]
        return []

    def _begun(self, block: JsonObject) -> list[ExchangeEvent]:
        if block.get("type") == "fallback":
            handover = _handover(block, in_text=self.written)
            self.model = handover.target
            return [handover]
        if piece := block_text(block):
            self.written = True
            return [TextWritten(self.model, piece)]
        if block.get("type") == "thinking" and (piece := text(block.get("thinking")) or ""):
            return [ThinkingWritten(piece)]
        return []

    def _pass_on(self, events: list[ExchangeEvent]) -> None:
        for event in events:
            self.on_event(event)

    def _joined_with_torn(self, index: int, piece: str) -> list[ExchangeEvent]:
        """A piece of text with surrogate pairs made whole: the first half of one waits for the piece of the same
        block that has the second."""
        events: list[ExchangeEvent] = []
        if self._torn is not None:
            if self._torn[0] == index:
                piece = self._torn[1] + piece
                self._torn = None
            else:
                events = self._flushed()
        if "\ud800" <= piece[-1:] <= "\udbff":
            self._torn = (index, piece[-1:], self.model)
            piece = piece[:-1]
        return [*events, TextWritten(self.model, encodable(piece))] if piece else events

    def _flushed(self) -> list[ExchangeEvent]:
        """The half of a surrogate pair whose other half never came, replaced."""
        torn, self._torn = self._torn, None
        return [TextWritten(torn[2], encodable(torn[1]))] if torn is not None else []


def read_error(response: OpenResponse) -> bytes:
    """The body of an error; its result where it breaks off: its status says enough."""
    body = bytearray()
    try:
        for chunk in response.chunks():
            body += chunk
            if len(body) > LONGEST_ERROR:
                break
    except (StreamEnded, Stalled):
        pass
    return bytes(body[:LONGEST_ERROR])


def _handover(block: JsonObject, *, in_text: bool) -> HandedOver:
    return HandedOver(
        text(obj(block.get("from")).get("model")),
        text(obj(block.get("to")).get("model")),
        text(obj(block.get("trigger")).get("category")),
        in_text,
    )


def _joined(exchange_events: list[ExchangeEvent]) -> list[ExchangeEvent]:
    """Neighbouring pieces of text or thinking as one: a chunk of the network is written at once."""
    joined: list[ExchangeEvent] = []
    pieces: list[str] = []
    for exchange_event in exchange_events:
        last = joined[-1] if joined else None
        match exchange_event, last:
            case (TextWritten(model, piece), TextWritten(before, _)) if model == before:
                pieces.append(piece)
                continue
            case (ThinkingWritten(piece), ThinkingWritten(_)):
                pieces.append(piece)
                continue
        _close(joined, pieces)
        joined.append(exchange_event)
        pieces = [exchange_event.text] if isinstance(exchange_event, TextWritten | ThinkingWritten) else []
    _close(joined, pieces)
    return joined


def _close(joined: list[ExchangeEvent], pieces: list[str]) -> None:
    if len(pieces) > 1 and isinstance(last := joined[-1], TextWritten | ThinkingWritten):
        joined[-1] = last._replace(text="".join(pieces))


def _after(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from chunks
