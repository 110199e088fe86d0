"""Calls and answers by hand, as the observer of calls tells them."""

import itertools
import json
import time
from typing import Any

from avow.exchange.exchange import Exchange
from avow.proxy.answer import Answer, AnswerReader
from avow.proxy.call_log import CallLog
from avow.proxy.call_observer import Call, CallAnswered, CallSent
from avow.proxy.judging import JudgingContext
from avow.wire.secret import Secrets
from tests import streams

JUDGING = JudgingContext("https://api.anthropic.com", "api.anthropic.com")


class Kept:
    """A recorder in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, Exchange] = {}

    def begin(self, exchange: Exchange) -> Exchange:
        exchange = exchange._replace(number=len(self.rows) + 1)
        self.rows[exchange.id] = exchange
        return exchange

    def finish(self, exchange: Exchange) -> None:
        self.rows[exchange.id] = exchange


class Told:
    """A call log that is told of calls one after the other."""

    def __init__(self, context: JudgingContext = JUDGING, **more: Any) -> None:
        self.recorder = Kept()
        self.faults: list[Exception] = []
        self.call_log = CallLog(context, self.recorder, fault=self.faults.append, **more)
        self._number = itertools.count(1)

    def call(self, model: str | None = streams.ASKED, text: str = "hi", **more: Any) -> int:
        number = next(self._number)
        body: dict[str, Any] = {"messages": [{"role": "user", "content": text}], **more}
        if model is not None:
            body["model"] = model
        headers = {"user-agent": "script/1"}
        call = Call(number, time.time(), time.monotonic(), headers, json.dumps(body).encode())
        self.call_log.hear(CallSent(call))
        return number

    def ask(self, answer: Answer, model: str | None = streams.ASKED, text: str = "hi", **more: Any) -> int:
        number = self.call(model, text, **more)
        self.call_log.hear(CallAnswered(number, answer))
        return number

    def exchanges(self) -> list[Exchange]:
        """All that was judged, once it is."""
        self.call_log.close()
        assert not self.faults
        return [entry.exchange for entry in self.call_log.entries]


def read(data: bytes, status: int = 200, **headers: str) -> Answer:
    """The answer in a response's body."""
    reader = AnswerReader(status, {"request-id": "req_1", **headers}, Secrets())
    reader.feed(data)
    return reader.end(None)


def answered(model: str = streams.ASKED, **more: Any) -> Answer:
    return read(streams.sse(*streams.answer("Hello", model=model, **more)))


def declined(model: str = streams.ASKED, category: str = "cyber") -> Answer:
    details = {"type": "refusal", "category": category}
    return read(streams.sse(streams.start(model), *streams.end("refusal", stop_details=details)))


def overloaded() -> Answer:
    return read(b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', 529)
