"""A message of the API, folded from the events of a stream."""

from collections.abc import Iterable
from typing import Any, TypeGuard

from avow.wire.events import (
    UNPLACED,
    BlockStarted,
    BlockStopped,
    CitationArrived,
    DeltaArrived,
    ErrorArrived,
    Event,
    InputJsonArrived,
    MessageChanged,
    MessageStarted,
    MessageStopped,
    Pinged,
    SignatureArrived,
    TextArrived,
    ThinkingArrived,
    UnknownArrived,
)
from avow.wire.json_value import JsonObject, encodable_value, items, obj, parse, text
from avow.wire.message import Message, block_text
from avow.wire.names import (
    NamedModel,
    declares_handover,
    names_beside,
    names_in_block,
    names_in_event,
    names_in_message,
)


class MessageFold:
    """Folds events into a message; `message` may be called at any moment. `error` is the error event that ended it."""

    __slots__ = (
        *("_blocks", "_current", "_declared", "_head", "_named", "_pieces", "_places"),
        *("_restarts", "_started", "_stopped", "_text_at", "_text_pieces", "_text_place", "error", "unplaced"),
    )

    def __init__(self) -> None:
        self._head: JsonObject | None = None
        self._blocks: list[JsonObject] = []
        self._places: dict[int, int] = {}
        self._pieces: dict[tuple[int, str], list[Any]] = {}
        self._named: list[NamedModel] = []
        self._declared = False
        self._restarts: list[tuple[int, str]] = []
        self._started = False
        self._stopped = False
        self._current = UNPLACED  # the index that the newest block goes by
        self._text_place = 0  # where the newest text went
        self._text_at: int | None = None  # the index of the event before, where that was a piece of text,
        self._text_pieces: list[Any] = []  # and where its piece went
        self.error: JsonObject | None = None
        self.unplaced = False  # an event did not say which block it is about

    @property
    def started(self) -> bool:
        """Whether anything of a message came: `message_start`, or what should have come after it."""
        return self._head is not None

    @property
    def stopped(self) -> bool:
        """Whether the message is over: `message_stop` or `error` came; what follows is ignored."""
        return self._stopped or self.error is not None

    @property
    def whole(self) -> bool:
        """Whether the message is all there: it says why the model stopped, and that it has stopped."""
        said_why = self._head is not None and text(self._head.get("stop_reason")) is not None
        return self._stopped and said_why and self.error is None

    def is_kind(self, index: int, kind: str) -> bool:
        """Whether deltas to `index` now go to a block of that type."""
        place = self._places.get(self._current if index == UNPLACED else index)
        return place is not None and self._blocks[place].get("type") == kind

    def goes_on(self, event: Event) -> TypeGuard[TextArrived]:
        """Add a piece of text that continues the piece before it, as nearly all events do. False for any other event,
        which is for `add`."""
        if type(event) is not TextArrived or event.at != self._text_at:
            return False
        self._text_pieces.append(event.text)
        return True

    def add(self, event: Event) -> None:
        """Add one event. What comes after `message_stop` or `error` is not part of the message, but an error there
        still says that it failed (rule 15 of `avow.routing`)."""
        self._text_at = None
        if self._stopped or self.error is not None:
            self._add_late(event)
            return
        match event:
            case TextArrived(index, piece):
                self._piece(index, "text", piece)
            case ThinkingArrived(index, piece):
                self._piece(index, "thinking", piece)
            case InputJsonArrived(index, piece):
                self._piece(index, "input", piece)
            case SignatureArrived(index, signature):
                self._blocks[self._place(index, "thinking")]["signature"] = signature
            case CitationArrived(index, citation):
                self._pieces.setdefault((self._place(index, "text"), "citations"), []).append(citation)
            case DeltaArrived(index, delta) if delta.get("type") == "compaction_delta":
                self._compact(index, delta)
            case BlockStarted(index, block):
                self._begin(index, block)
            case MessageStarted(message):
                self._start(message)
            case MessageChanged(delta, usage, rest):
                self._change(delta, usage, rest)
            case MessageStopped(rest):
                if rest:
                    self._change({}, obj(rest.get("usage")), {key: rest[key] for key in rest if key != "usage"})
                self._stopped = True
            case ErrorArrived(body):
                self.error = body
            case UnknownArrived(body):
                self._note_unknown(body)
            case DeltaArrived() | BlockStopped() | Pinged():
                pass

    def _add_late(self, event: Event) -> None:
        """What still counts of an event after the end: that it is an error, and the models it names (rule 11)."""
        match event:
            case ErrorArrived(body) if self.error is None:
                self.error = body
            case MessageStarted(message):
                self._note(message)
            case MessageChanged(delta, usage, rest):
                self._note(delta)
                self._note({**rest, "usage": usage})
            case BlockStarted(_index, block):
                self._note({"content": [block]})
            case UnknownArrived(body):
                self._note_unknown(body)

    def _note(self, part: JsonObject) -> None:
        """Note the models that a message, or a part of one, names, and whether it declares a handover."""
        self._named.extend(names_in_message(part))
        self._declared = self._declared or declares_handover(part)

    def _note_unknown(self, body: JsonObject) -> None:
        """The same for an event of an unknown type or shape."""
        self._named.extend(names_in_event(body))
        self._declared = self._declared or declares_handover({**body, "content": [body.get("content_block")]})

    def message(self) -> Message | None:
        """The message as far as it came; None before it began."""
        if self._head is None:
            return None
        content = [self._finished(place) for place in range(len(self._blocks))]
        raw = encodable_value({**self._head, "content": content})
        return Message(
            raw,
            whole=self.whole,
            streamed=True,
            named=tuple(dict.fromkeys(self._named)),
            declared=self._declared,
            restarts=tuple(self._restarts),
        )

    def note_names(self, event: Event, data: bytes) -> None:
        """Note the models that the JSON of `event` names in places that the event's own fields do not show (rule 11).
        Who decodes events for a fold calls it for each of them. A piece of text is read again only where it has the key
        `model`: there are thousands."""
        if (type(event) is not TextArrived or b'"model"' in data) and data.lstrip()[:1] == b"{":
            self._named.extend(names_beside(data))

    def _start(self, message: JsonObject) -> None:
        self._note(message)
        if not self._started:
            # It may come after blocks that belong to it: what they have said stays.
            self._started = True
            came_late = self._head is not None
            self._head = {key: value for key, value in message.items() if key != "content"} | (self._head or {})
            for index, block in enumerate(items(message.get("content"))):
                self._begin(UNPLACED if came_late else index, block, named=True)
            return
        model = text(message.get("model"))
        before = self._restarts[-1][1] if self._restarts else text(obj(self._head).get("model"))
        if model is not None and model != before:
            self._restarts.append((len(self._blocks), model))
            self._places.clear()  # blocks are counted from 0 again

    def _change(self, delta: JsonObject, usage: JsonObject, rest: JsonObject) -> None:
        head = self._head = self._head if self._head is not None else {}
        head.update({key: value for key, value in {**rest, **delta}.items() if key not in ("content", "usage")})
        counted = obj(head.get("usage"))
        known = {key: value for key, value in usage.items() if value is not None}
        if known.get("input_tokens") == 0 and counted.get("input_tokens"):
            del known["input_tokens"]  # some gateways count the prompt at the start only, and end with a 0
        if known:
            head["usage"] = {**counted, **known}
        self._note(delta)
        self._note({**rest, "usage": usage})

    def _begin(self, index: int, block: JsonObject, *, named: bool = False) -> None:
        """Begin a block after all others, also where its index was used before: text that was shown stays."""
        if self._head is None:
            self._head = {}
        place = len(self._blocks)
        if index == UNPLACED:
            self.unplaced = True
            index = UNPLACED - 1 - place
        self._places[index] = place
        self._current = index
        self._blocks.append(dict(block))
        if block_text(block):
            self._text_place = place
        if block.get("type") == "fallback":
            self._declared = True
        if not named:
            self._named.extend(names_in_block(f"content[{place}]", block))

    def _place(self, index: int, kind: str) -> int:
        """The place of the block at `index`; where there is no such block, begin one of the type `kind`."""
        if index == UNPLACED:
            self.unplaced = True
            index = self._current if self.is_kind(UNPLACED, kind) else UNPLACED
        if index not in self._places:
            self._begin(index, {"type": kind})
            index = self._current
        return self._places[index]

    def _piece(self, index: int, key: str, piece: str) -> None:
        place = self._places.get(index)
        if place is None:
            place = self._place(index, "tool_use" if key == "input" else key)
        if key == "text" and place != self._text_place:
            place = self._in_order(index, place)
        pieces = self._pieces.get((place, key))
        if pieces is None:
            pieces = self._pieces[place, key] = []
        pieces.append(piece)
        if key == "text" and index >= 0 and self._blocks[place].get("type") == "text":
            self._text_at, self._text_pieces = index, pieces

    def _in_order(self, index: int, place: int) -> int:
        """The place for a piece of text of the block at `place`. If text of a later block came before it, it was shown
        after that text; so it begins a block of its own."""
        if self._blocks[place].get("type") != "text":
            return place
        if place < self._text_place:
            self._begin(index, {"type": "text"})
            place = self._places[index]
        self._text_place = place
        return place

    def _compact(self, index: int, delta: JsonObject) -> None:
        fields = {key: value for key, value in delta.items() if key != "type"}
        self._blocks[self._place(index, "compaction")].update(fields)

    def _finished(self, place: int) -> JsonObject:
        block = dict(self._blocks[place])
        if added := self._pieces.get((place, "citations")):
            block["citations"] = [*items(block.get("citations")), *added]
        for key in ("text", "thinking"):
            if pieces := self._pieces.get((place, key)):
                pieces[:] = ["".join(pieces)]  # joined only once, and held only once
                block[key] = (text(block.get(key)) or "") + pieces[0]
        if joined := "".join(self._pieces.get((place, "input"), ())):
            block["input"] = _tool_input(joined)
        return block


def fold(events: Iterable[Event]) -> Message | None:
    """The message that `events` make, or None where none began."""
    folded = MessageFold()
    for event in events:
        folded.add(event)
    return folded.message()


def _tool_input(joined: str) -> object:
    """The parsed input; the string itself where it is not JSON, for example when it was cut off at `max_tokens`."""
    try:
        return parse(encodable_value(joined).encode())
    except ValueError:
        return joined
