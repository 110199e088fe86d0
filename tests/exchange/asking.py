"""Asks over the real transport, and keeps all that came of it."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from avow.endpoint.credential import Credential
from avow.endpoint.patience import Patience
from avow.endpoint.transport import Transport
from avow.exchange.attempts import Limits
from avow.exchange.exchange import (
    Exchange,
    ExchangeEvent,
    Status,
    TextWritten,
)
from avow.exchange.plan import Plan
from avow.exchange.run import converse
from avow.routing.verdict import RequestFacts, Verdict
from avow.wire.request import Endpoint, Request
from tests.conftest import CANARY
from tests.raw_server import RawServer, Step, http, stream
from tests.streams import (
    ASKED,
    Json,
    answer,
    sse,
    start,
    words,
)


@dataclass
class Outcome:
    """What came of a conversation, and all that was told of it."""

    exchange: Exchange
    told: list[ExchangeEvent] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    server: RawServer | None = None

    @property
    def shown(self) -> str:
        return "".join(h.text for h in self.told if isinstance(h, TextWritten))

    @property
    def summary(self) -> tuple[Status, Verdict | None, int | None, str | None]:
        failure = self.exchange.error
        return self.exchange.status, self.exchange.verdict, self.exchange.exit_code, failure.type if failure else None

    @property
    def hint(self) -> str | None:
        return self.exchange.error.hint if self.exchange.error else None

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]


def asking(
    url: str,
    *,
    body: Json | None = None,
    patience: Patience | None = None,
    watch: Any = None,
    save: Any = None,
    wait: bool = False,
    retries: int = 2,
    **plan: Any,
) -> Outcome:
    """Ask `url` over the real transport; waits between tries are noted and not waited, unless `wait`."""
    sent = {
        "model": ASKED,
        "max_tokens": 9,
        "stream": True,
        "messages": [{"role": "user", "content": "hi"}],
        **(body or {}),
    }
    limits = patience or Patience(5.0, 5.0)
    transport = Transport(Credential(CANARY))
    outcome = Outcome(Exchange(id="1", conversation_id="1", created_at="", requested_model=ASKED))

    def on_event(event: ExchangeEvent) -> None:
        outcome.told.append(event)
        if watch:
            watch(event)

    def pause(seconds: float) -> None:
        outcome.waits.append(seconds)
        if wait:
            time.sleep(seconds)

    def send(request: Request) -> Any:
        outcome.sent.append(request)
        return transport.send(request, limits)

    try:
        outcome.exchange = converse(
            Plan(
                endpoint=Endpoint(url),
                request=Endpoint(url).messages(sent, credit=plan.get("credit", False)),
                asked=RequestFacts(ASKED, host="127.0.0.1"),
                limits=Limits(retries, limits.deadline),
                **plan,
            ),
            outcome.exchange,
            send=send,
            on_event=on_event,
            save=save or (lambda _exchange: None),
            sleep=pause,
        )
    finally:
        transport.close()
    return outcome


def against(*answers: list[Step] | bytes, **more: Any) -> Outcome:
    with RawServer(*answers) as server:
        outcome = asking(server.url, **more)
        outcome.server = server
    return outcome


OK = stream(sse(*answer("Hel", "lo")), "request-id: req_1")


HALF = sse(start(), *words(0, "half")[:-1])


COMPLETE = (Status.COMPLETE, Verdict.AS_REQUESTED, 0, None)


def error(kind: str, status: str, *headers: str, code: str | None = None, words: str = "the API's words") -> bytes:
    inner = {"type": kind, "message": words, **({"details": {"error_code": code}} if code else {})}
    return http(json.dumps({"type": "error", "error": inner}).encode(), status, "application/json", *headers)


# What is tried again, and what is not: (answers, retries, status, exit status, error type).
BUSY = error("overloaded_error", "529 Overloaded")
