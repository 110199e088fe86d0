"""One response as it comes in: events or a whole message, folded, and told of piece by piece."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from itertools import groupby
from operator import itemgetter

from avow.errors import ExchangeError, NotAnAnswer, Stalled, StreamEnded
from avow.exchange.exchange import ExchangeEvent, HandedOver, Noted, TextWritten, ThinkingWritten
from avow.wire.body import (
    LONGEST_ERROR,
    LONGEST_WHOLE,
    Opening,
    OpenResponse,
    StreamReader,
    begins_events,
    begins_message,
    stream_problem,
    whole_message,
    whole_problem,
)
from avow.wire.events import BlockStarted, Event, MessageStarted, TextArrived, ThinkingArrived
from avow.wire.failure import not_an_answer
from avow.wire.json_value import JsonObject, encodable, encodable_value, items, obj, text
from avow.wire.message import Message, block_text, whole
from avow.wire.message_fold import MessageFold
from avow.wire.secret import Secrets

_text_written = partial(tuple.__new__, TextWritten)

_UNPLACED = "the stream does not say where some of its text belongs; that text is shown where it arrived"


class ResponseReader:
    """Reads one response as it comes. `on_event` is called with what it says, piece by piece; another thread may ask
    for the message so far under `lock`."""

    def __init__(
        self, lock: AbstractContextManager[object], on_event: Callable[[ExchangeEvent], None], before: str = ""
    ) -> None:
        """`before`: the `tail` of the response before this one."""
        self.lock = lock
        self.on_event = on_event
        self.stream = StreamReader(Secrets(), before)
        self.taken: Message | None = None
        self.headers: dict[str, str] = {}
        self.model: str | None = None
        self.written = False
        self.answering = False  # a body that is not a stream has begun to come
        self._torn: tuple[int, str, str | None] | None = None

    def message(self) -> Message | None:
        """The message as far as it came; None before it began."""
        return self.taken if self.taken is not None else self.fold.message()

    @property
    def tail(self) -> str:
        """The end of the text where it may be the beginning of a secret: the next response may go on from it."""
        return self.stream.text.tail

    @property
    def fold(self) -> MessageFold:
        """What the events folded to so far."""
        return self.stream.fold

    def read(self, response: OpenResponse) -> None:
        """Take in a response of status 2xx: events, or JSON where the body begins like JSON, whatever its headers
        say (gateways ignore `stream`, or name the wrong type)."""
        kind = response.headers.get("content-type", "")
        request_id = response.headers.get("request-id")
        if not 200 <= response.status < 300:
            # Of a 1xx, after which another protocol would be spoken, there is no body to read.
            head = self._beginning(response.chunks()) if response.status >= 200 else b""
            raise not_an_answer(response.status, kind, head, request_id)
        self.stream = StreamReader(response.secrets, self.tail)
        chunks = response.chunks()
        head = self._beginning(chunks)
        if head.startswith(b"{"):
            self._whole(response, head, chunks)
        elif begins_events(head) or (not head and "event-stream" in kind):
            self._events(response, head, chunks)
        if self.message() is None:
            raise not_an_answer(response.status, kind, head, request_id)

    def _beginning(self, chunks: Iterator[bytes]) -> bytes:
        """The first bytes of a body that say something, without the blanks before them."""
        opening = Opening()
        for chunk in chunks:
            self.answering = self.answering or bool(chunk)
            if (head := opening.feed(chunk)) or opening.too_long:
                return head
        return b""

    def _whole(self, response: OpenResponse, head: bytes, chunks: Iterator[bytes]) -> None:
        body = bytearray(head)
        try:
            for chunk in chunks:
                body += chunk
                if len(body) > LONGEST_WHOLE:
                    break
            with self.lock:
                message = whole_message(bytes(body), response.status, response.headers, self.stream.text)
                self.taken = message
        except (StreamEnded, Stalled):
            if begins_message(body):
                with self.lock:
                    self.taken = whole({}, partial=True)  # a message has begun; who wrote it is not known
            raise
        self._pass_on_whole(message)
        problem = whole_problem(message, response.status, response.headers)
        if problem is not None:
            raise problem

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

    def _events(self, response: OpenResponse, head: bytes, chunks: Iterator[bytes]) -> None:
        """Fold events and tell of them."""
        problem: ExchangeError | None = None
        try:
            for chunk in _after(head, chunks):
                events, problem = self._take_chunk(chunk)
                self._pass_on(_joined(events))
                if problem is not None or self.fold.stopped:
                    break
            else:
                self._pass_on(self._take_all(self.stream.last()))
        except (StreamEnded, Stalled) as error:
            problem = error
        self._pass_on([*self._take_all(self.stream.held()), *self._flushed()])
        declared = "event-stream" in response.headers.get("content-type", "")
        ended_well = problem is None and self.fold.error is None
        if ended_well and not self.fold.started and (self.fold.stopped or not declared):
            return  # nothing of a message came
        problem = stream_problem(self.fold, response.status, response.headers, problem)
        if problem is not None:
            raise problem

    def _take_chunk(self, chunk: bytes) -> tuple[list[ExchangeEvent], ExchangeError | None]:
        """What the events completed by `chunk` have to tell, and what is wrong with the event after them."""
        events: list[ExchangeEvent] = []
        fold = self.fold
        with self.lock:
            try:
                for event in self.stream.feed(chunk):
                    if fold.goes_on(event):
                        self._write(events, event.at, event.text)
                    else:
                        events += self._take(event)
            except NotAnAnswer as error:
                return events, None if fold.stopped else error
        return events, None

    def _take_all(self, events: Iterator[Event]) -> list[ExchangeEvent]:
        with self.lock:
            return [told for event in events for told in self._take(event)]

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
                events: list[ExchangeEvent] = []
                self._write(events, index, piece)
                return events
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

    def _write(self, events: list[ExchangeEvent], index: int, piece: str) -> None:
        """Tell of a piece of text, with surrogate pairs made whole: the first half of one waits for the piece of the
        same block that has the second."""
        self.written = self.written or bool(piece)
        if self._torn is not None:
            if self._torn[0] == index:
                piece = self._torn[1] + piece
                self._torn = None
            else:
                events += self._flushed()
        if "\ud800" <= piece[-1:] <= "\udbff":
            self._torn = (index, piece[-1:], self.model)
            piece = piece[:-1]
        if piece:
            events.append(_text_written((self.model, encodable(piece))))

    def _flushed(self) -> list[ExchangeEvent]:
        """The half of a surrogate pair whose other half never came, replaced."""
        torn, self._torn = self._torn, None
        return [TextWritten(torn[2], encodable(torn[1]))] if torn is not None else []


def read_error(response: OpenResponse) -> bytes:
    """The body of an error response; the part that arrived where it breaks off, because the status says enough."""
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


def _joined(events: list[ExchangeEvent]) -> list[ExchangeEvent]:
    """Neighbouring pieces of text or thinking as one: a chunk of the network is written at once."""
    if len(events) < 2:
        return events
    joined: list[ExchangeEvent] = []
    for kind, alike in groupby(events, type):
        if kind is TextWritten:
            of_models = groupby(alike, itemgetter(0))
            joined += [TextWritten(model, "".join(map(itemgetter(1), same))) for model, same in of_models]
        elif kind is ThinkingWritten:
            joined.append(ThinkingWritten("".join(map(itemgetter(0), alike))))
        else:
            joined += alike
    return joined


def _after(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from chunks
