"""Sends what waits in the history to its target over HTTP."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from avow.errors import AvowError, ConnectionFailed, ExchangeError
from avow.exit_codes import ExitCode
from avow.history.outbox import mark, waiting
from avow.history.store import History
from avow.telemetry.protobuf import export_request
from avow.telemetry.pushing import OutgoingRow, Push, PushOutcome
from avow.telemetry.receipt import UNHEARD, PushResponse, push_response
from avow.telemetry.spans import request_body, spans_of
from avow.telemetry.target import Target
from avow.wire.json_value import JsonObject

if TYPE_CHECKING:
    from avow.endpoint.transport import Transport

_LONGEST_REPLY = 64 * 1024


def outgoing(history: History, since_ms: int = 0) -> Iterator[OutgoingRow]:
    """The rows that wait, as spans."""
    for number, created_ms, exchange in waiting(history, since_ms=since_ms):
        yield OutgoingRow(number, tuple(spans_of(exchange, created_ms)))


def body(spans: Sequence[JsonObject], target: Target) -> JsonObject:
    """The body of a request with these spans."""
    from avow import __version__

    return request_body(spans, target.resource, __version__)


@contextmanager
def push_to(target: Target, history: History) -> Iterator[Push]:
    """A push to `target` that records in the history what was acknowledged."""
    from avow.endpoint.transport import Transport

    transport = Transport(None)
    try:
        yield Push(
            send=lambda spans: _post(transport, body(spans, target), target),
            mark=lambda numbers, acknowledged: mark(history, numbers, acknowledged=acknowledged),
            sleep=time.sleep,
        )
    finally:
        transport.close()


def failure(ended: PushOutcome, last: PushResponse | None) -> AvowError:
    """The error of a push that could not send all rows, in avow's own words: exit status 6 where a later push may
    succeed, 1 where not."""
    last = last or UNHEARD
    why = f"it answers {last.status}" if last.status else last.why
    if ended is PushOutcome.UNREACHED:
        unreached = AvowError(
            f"the collector cannot be reached: {why}", hint="what was not sent waits for the next push"
        )
        unreached.exit_code = ExitCode.UNREACHABLE
        return unreached
    return AvowError(
        f"the collector rejects everything: {why}",
        hint="check OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS and _PROTOCOL (http/json, http/protobuf)",
    )


def _post(transport: "Transport", content: JsonObject, target: Target) -> PushResponse:
    """Send one request. A failure on the way counts as "later": spans that arrive twice have the same ids."""
    from avow.endpoint.network_failures import NOT_REACHED
    from avow.endpoint.patience import Patience
    from avow.wire.request import LargeBody, Request

    kind = "application/x-protobuf" if target.is_protobuf else "application/json"
    headers = (("content-type", kind), *target.headers)
    hidden = frozenset(name.lower() for name, _value in target.headers)
    patience = Patience(target.timeout_s, target.timeout_s, time.monotonic() + target.timeout_s)
    request = Request("POST", target.url, headers, content, hidden)
    if target.is_protobuf:
        data = export_request(content)
        request = Request("POST", target.url, headers, None, hidden, LargeBody(len(data), lambda: iter((data,))))
    try:
        with transport.send(request, patience) as response:
            return push_response(response.status, response.headers, response.read(_LONGEST_REPLY))
    except ConnectionFailed as error:
        return UNHEARD._replace(why=error.message.removeprefix(NOT_REACHED))
    except ExchangeError:
        return UNHEARD._replace(why="no complete response came in time")
