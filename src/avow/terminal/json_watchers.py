"""An exchange as JSON: one object at the end, or one event a line."""

import json

from avow.exchange.exchange import (
    Exchange,
    Finished,
    HandedOver,
    Happening,
    Noted,
    Retrying,
    Started,
    TextWritten,
    ThinkingWritten,
    Withdrawn,
    as_json,
)
from avow.terminal.account import Account
from avow.terminal.screen import Screen
from avow.terminal.text_piped import telling
from avow.wire.json_value import JsonObject, mended


class JsonOnce:
    """The object of the contract at the end: on one line for a program, indented for a person."""

    def __init__(self, screen: Screen, account: Account) -> None:
        self._screen = screen
        self._account = account

    def __call__(self, happening: Happening) -> None:
        match happening:
            case Finished(exchange):
                self._finish(exchange)
            case TextWritten() | Withdrawn():
                return
            case _:
                self._account.heard(happening)

    def _finish(self, exchange: Exchange) -> None:
        self._account.text_comes()
        try:
            if exchange.signal != 13:
                self._screen.out(encoded(as_json(exchange), indent=2 if self._screen.is_terminal else None))
        finally:
            self._account.finished(exchange)


class JsonLines:
    """One event a line, `{"event": …}`, as it happens; the last is `answer`, with the fields of the object.

    `hold`: what the models wrote comes at the end, and only where the exit status is 0.
    """

    def __init__(self, screen: Screen, account: Account, *, hold: bool = False) -> None:
        self._screen = screen
        self._account = account
        self._hold = hold
        self._held: list[JsonObject] = []

    def __call__(self, happening: Happening) -> None:
        match happening:
            case Finished(exchange):
                self._finish(exchange)
                return
            case TextWritten() | Withdrawn():
                pass
            case _:
                self._account.heard(happening)
        event = as_event(happening)
        if self._hold and isinstance(happening, TextWritten | ThinkingWritten | Withdrawn):
            self._held.append(event)
            return
        if isinstance(happening, TextWritten):
            self._account.text_comes()
        with telling(self._account):
            self._screen.out(encoded(event))

    def _finish(self, exchange: Exchange) -> None:
        self._account.text_comes()
        try:
            if exchange.signal != 13:
                held = [] if exchange.withheld or exchange.exit_code != 0 else self._held
                events = [*held, {"event": "answer", **as_json(exchange)}]
                self._screen.out("".join(encoded(event) for event in events))
        finally:
            self._account.finished(exchange)


def as_event(happening: Happening) -> JsonObject:
    """A happening as the object of one line. `withdrawn` holds the text that is no part of the answer."""
    match happening:
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
    """`value` as JSON in pure ASCII, newline at the end: nothing in it can act on a terminal."""
    separators = (",", ":") if indent is None else None
    return json.dumps(mended(value), indent=indent, separators=separators, default=str) + "\n"
