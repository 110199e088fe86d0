"""A message of the API, folded from its events or taken whole, with all it said about models."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from avow.wire.events import (
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
from avow.wire.json_value import JsonObject, encodable, encodable_value, items, obj, parse, text


class Named(NamedTuple):
    """A model that the response named somewhere: `field` is where, `kind` what it was named as.

    Kinds: `model` (the message's own field), `from` and `to` (of a fallback block), else the iteration's type.
    """

    field: str
    kind: str
    model: str


class Message(NamedTuple):
    """What the API answered. `raw` is the message as received, unknown fields included.

    `whole`: it was not streamed, or a stop reason and `message_stop` came. `named`: every model named in it in the
    order of arrival, those in fields overwritten later included. `unfinished`: indexes of blocks that never stopped.
    `leftovers`: events and deltas of unknown kinds, as they came.
    """

    raw: JsonObject
    whole: bool
    streamed: bool = False
    named: tuple[Named, ...] = ()
    unfinished: frozenset[int] = frozenset()
    leftovers: tuple[JsonObject, ...] = ()

    @property
    def model(self) -> str | None:
        """The message's own `model` field; provisional in a stream."""
        return text(self.raw.get("model"))

    @property
    def content(self) -> list[JsonObject]:
        """The blocks, in order."""
        return items(self.raw.get("content"))

    @property
    def text(self) -> str:
        """All text blocks joined."""
        return "".join(block_text(block) for block in self.content)

    @property
    def stop_reason(self) -> str | None:
        """Why the model stopped; None while it has not said so."""
        return text(self.raw.get("stop_reason"))

    @property
    def refused(self) -> bool:
        """Whether the model declined, and that is how the message ends."""
        return self.whole and self.stop_reason == "refusal"

    @property
    def stop_details(self) -> JsonObject:
        """Details of a refusal, empty otherwise."""
        return obj(self.raw.get("stop_details"))

    @property
    def usage(self) -> JsonObject:
        """Token counts of the final attempt, and `iterations`."""
        return obj(self.raw.get("usage"))

    @property
    def iterations(self) -> list[JsonObject]:
        """One entry an attempt, where the API gives them."""
        return items(self.usage.get("iterations"))


def block_text(block: JsonObject) -> str:
    """The text of a `text` block; empty for any other."""
    if block.get("type") != "text":
        return ""
    return text(block.get("text")) or ""


def whole(body: JsonObject) -> Message:
    """The message of a response that was not streamed."""
    body = encodable_value(body)
    return Message(body, whole=True, named=tuple(_names(body)))


class MessageFold:
    """Folds events into a message; `message` may be asked at any moment and is None before the message began."""

    __slots__ = ("_blocks", "_head", "_leftovers", "_named", "_open", "_pieces", "_places", "_stopped", "error")

    def __init__(self) -> None:
        self._head: JsonObject | None = None
        self._blocks: list[JsonObject] = []
        self._places: dict[int, int] = {}
        self._pieces: dict[tuple[int, str], list[Any]] = {}
        self._open: set[int] = set()
        self._named: list[Named] = []
        self._leftovers: list[JsonObject] = []
        self._stopped = False
        self.error: JsonObject | None = None

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
        return self._stopped and self._head is not None and text(self._head.get("stop_reason")) is not None

    def is_kind(self, index: int, kind: str) -> bool:
        """Whether deltas to `index` now go to a block of that type."""
        place = self._places.get(index)
        return place is not None and self._blocks[place].get("type") == kind

    def add(self, event: Event) -> None:
        """Take in one event. What comes after `message_stop` or `error` is no part of the message."""
        if self._stopped or self.error is not None:
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
            case DeltaArrived(index, delta):
                self._other_delta(index, delta)
            case BlockStarted(index, block):
                self._begin(index, block)
            case BlockStopped(index):
                self._open.discard(self._places.get(index, -1))
            case MessageStarted(message):
                self._start(message)
            case MessageChanged(delta, usage, rest):
                self._change(delta, usage, rest)
            case MessageStopped():
                self._stopped = True
            case ErrorArrived(body):
                self.error = body
            case UnknownArrived(body):
                self._leftovers.append(body)
            case Pinged():
                pass

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
            unfinished=frozenset(self._open),
            leftovers=tuple(encodable_value(self._leftovers)),
        )

    def _start(self, message: JsonObject) -> None:
        self._named.extend(_names(message))
        if self._head is None:
            self._head = {key: value for key, value in message.items() if key != "content"}
            for index, block in enumerate(items(message.get("content"))):
                self._begin(index, block, named=True)
        else:
            self._leftovers.append({"type": "message_start", "message": message})

    def _change(self, delta: JsonObject, usage: JsonObject, rest: JsonObject) -> None:
        head = self._head = self._head if self._head is not None else {}
        head.update({key: value for key, value in {**rest, **delta}.items() if key not in ("content", "usage")})
        known = {key: value for key, value in usage.items() if value is not None}
        if known:
            head["usage"] = {**obj(head.get("usage")), **known}
        self._named.extend(_names({**delta, **rest, "usage": usage}))

    def _begin(self, index: int, block: JsonObject, *, named: bool = False) -> None:
        """A new block, after those before it even where its index was used already: text that was shown stays."""
        if self._head is None:
            self._head = {}
        place = self._places[index] = len(self._blocks)
        self._blocks.append(dict(block))
        self._open.add(place)
        if not named:
            self._named.extend(_names_in_block(f"content[{place}]", block))

    def _place(self, index: int, kind: str) -> int:
        """Where the block at `index` is; a delta to none begins one of `kind`."""
        if index not in self._places:
            self._begin(index, {"type": kind})
        return self._places[index]

    def _piece(self, index: int, key: str, piece: str) -> None:
        place = self._places.get(index)
        if place is None:
            place = self._place(index, "tool_use" if key == "input" else key)
        pieces = self._pieces.get((place, key))
        if pieces is None:
            pieces = self._pieces[place, key] = []
        pieces.append(piece)

    def _other_delta(self, index: int, delta: JsonObject) -> None:
        if delta.get("type") == "compaction_delta":
            fields = {key: value for key, value in delta.items() if key != "type"}
            self._blocks[self._place(index, "compaction")].update(fields)
        else:
            self._leftovers.append({"type": "content_block_delta", "index": index, "delta": delta})

    def _finished(self, place: int) -> JsonObject:
        block = dict(self._blocks[place])
        if added := self._pieces.get((place, "citations")):
            block["citations"] = [*items(block.get("citations")), *added]
        for key in ("text", "thinking"):
            if pieces := self._pieces.get((place, key)):
                block[key] = (text(block.get(key)) or "") + "".join(pieces)
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
    """The parsed input; the raw string where it is not JSON (cut at `max_tokens`, for one)."""
    try:
        return parse(encodable_value(joined).encode())
    except ValueError:
        return joined


def _names(message: JsonObject) -> list[Named]:
    named = [Named("model", "model", encodable(model))] if (model := text(message.get("model"))) else []
    for index, block in enumerate(items(message.get("content"))):
        named.extend(_names_in_block(f"content[{index}]", block))
    for index, entry in enumerate(items(obj(message.get("usage")).get("iterations"))):
        kind = text(entry.get("type"))
        if kind and (model := text(entry.get("model"))):
            named.append(Named(f"usage.iterations[{index}].model", kind, encodable(model)))
    return named


def _names_in_block(where: str, block: JsonObject) -> list[Named]:
    if block.get("type") != "fallback":
        return []
    sides = ((side, text(obj(block.get(side)).get("model"))) for side in ("from", "to"))
    return [Named(f"{where}.{side}.model", side, encodable(model)) for side, model in sides if model]
