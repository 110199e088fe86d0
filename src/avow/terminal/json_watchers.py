"""Watchers that print an exchange as JSON: one object at the end, or one event a line."""

import json
from collections.abc import Iterator

from avow.exchange.exchange import (
    Exchange,
    ExchangeEvent,
    Finished,
    HandedOver,
    Noted,
    Retrying,
    Started,
    TextWritten,
    ThinkingWritten,
    Withdrawn,
    as_json,
)
from avow.terminal.commentary import Commentary
from avow.terminal.screen import Screen
from avow.terminal.text_piped import telling
from avow.wire.json_value import JsonObject, encodable_value

_PIECE_CHARS = 65_536


class JsonOnce:
    """Prints the object of `avow help json` at the end: on one line for a program, indented for a person."""

    def __init__(self, screen: Screen, commentary: Commentary) -> None:
        self._screen = screen
        self._commentary = commentary

    def __call__(self, exchange_event: ExchangeEvent) -> None:
        match exchange_event:
            case Finished(exchange):
                self._finish(exchange)
            case TextWritten() | Withdrawn():
                return
            case _:
                self._commentary.on_event(exchange_event)

    def _finish(self, exchange: Exchange) -> None:
        self._commentary.text_comes()
        try:
            if not exchange.reader_is_gone:
                for piece in encoded_in_pieces(as_json(exchange), indent=2 if self._screen.is_terminal else None):
                    self._screen.out(piece)
        finally:
            self._commentary.finished(exchange)


class JsonLines:
    """Prints one event a line, `{"event": …}`, as it happens; the last event is `answer`, with the fields of the
    object.

    `hold`: text is printed at the end, and only if the exit status is 0.
    """

    def __init__(self, screen: Screen, commentary: Commentary, *, hold: bool = False) -> None:
        self._screen = screen
        self._commentary = commentary
        self._hold = hold
        self._held: list[JsonObject] = []

    def __call__(self, exchange_event: ExchangeEvent) -> None:
        match exchange_event:
            case Finished(exchange):
                self._finish(exchange)
                return
            case TextWritten() | Withdrawn():
                pass
            case _:
                self._commentary.on_event(exchange_event)
        event = as_event(exchange_event)
        if self._hold and isinstance(exchange_event, TextWritten | ThinkingWritten | Withdrawn):
            self._held.append(event)
            return
        if isinstance(exchange_event, TextWritten):
            self._commentary.text_comes()
        with telling(self._commentary):
            self._screen.out(encoded(event))

    def _finish(self, exchange: Exchange) -> None:
        self._commentary.text_comes()
        try:
            if not exchange.reader_is_gone:
                held = [] if exchange.withheld or exchange.exit_code != 0 else self._held
                events = [*held, {"event": "answer", **as_json(exchange)}]
                self._screen.out("".join(encoded(event) for event in events))
        finally:
            self._commentary.finished(exchange)


def as_event(exchange_event: ExchangeEvent) -> JsonObject:
    """An event as the object of its line. `withdrawn` is the text that is not part of the answer."""
    match exchange_event:
        case TextWritten(model, text):
            return {"event": "text", "model": model, "text": text}
        case ThinkingWritten(text):
            return {"event": "thinking", "text": text}
        case Started(exchange):
            return _start(exchange)
        case HandedOver(source, target, category, _):
            return {"event": "handoff", "from": source, "to": target, "category": category}
        case Withdrawn(model, text):
            return {"event": "withdrawn", "model": model, "text": text}
        case Retrying(attempt, seconds, reason):
            return {"event": "retry", "attempt": attempt, "seconds": seconds, "reason": reason}
        case Noted(text):
            return {"event": "note", "text": text}
        case Finished(exchange):
            return {"event": "answer", **as_json(exchange)}


def _start(exchange: Exchange) -> JsonObject:
    return {
        "event": "start",
        "id": exchange.id,
        "number": exchange.number,
        "conversation_id": exchange.conversation_id,
        "created_at": exchange.created_at,
        "requested_model": exchange.requested_model,
        "simulated": exchange.simulated,
    }


def encoded(value: JsonObject, *, indent: int | None = None) -> str:
    """`value` as JSON in pure ASCII with a newline at its end: nothing in it can act on a terminal."""
    separators = (",", ":") if indent is None else None
    return json.dumps(encodable_value(value), indent=indent, separators=separators, default=str) + "\n"


def encoded_in_pieces(value: JsonObject, *, indent: int | None = None) -> Iterator[str]:
    """The same in pieces where it is long: an answer of 100 MB is in it twice, and is never in memory whole."""
    separators = (",", ":") if indent is None else None
    encoder = json.JSONEncoder(indent=indent, separators=separators, default=str)
    short = ""
    for token in encoder.iterencode(encodable_value(value)):
        if len(short) + len(token) <= _PIECE_CHARS:
            short += token
            continue
        yield short
        short = ""
        yield token
        del token  # before the next one is made
    yield short + "\n"
