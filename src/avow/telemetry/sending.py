"""Sends what waits in the history to its target over HTTP."""

import time
from collections.abc import Callable, Iterator, Sequence
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
from avow.telemetry.tls import tls_context
from avow.wire.json_value import JsonObject

if TYPE_CHECKING:
    from avow.endpoint.transport import Transport

_LONGEST_REPLY = 64 * 1024


def outgoing(
    history: History, since_ms: int | None = None, on_damage: Callable[[int], object] = lambda _number: None
) -> Iterator[OutgoingRow]:
    """The rows that wait, as spans; `on_damage` is called with the number of a row that cannot be read."""
    for number, created_ms, exchange in waiting(history, since_ms=since_ms, on_damage=on_damage):
        yield OutgoingRow(number, tuple(spans_of(exchange, created_ms)))


def body(spans: Sequence[JsonObject], target: Target) -> JsonObject:
    """The body of a request with these spans."""
    from avow import __version__

    return request_body(spans, target.resource, __version__)


@contextmanager
def push_to(target: Target, history: History) -> Iterator[Push]:
    """A push to `target` that records in the history what was acknowledged."""
    from avow.endpoint.transport import Transport

    transport = Transport(None, context=tls_context(target))
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
    from avow import __version__
    from avow.endpoint.network_failures import NOT_REACHED
    from avow.endpoint.patience import Patience
    from avow.wire.request import LargeBody, Request, encoded

    kind = "application/x-protobuf" if target.is_protobuf else "application/json"
    headers = [("content-type", kind), *target.headers]
    hidden = frozenset(name.lower() for name, _value in target.headers)
    if "user-agent" not in hidden:
        headers.append(("user-agent", f"avow/{__version__}"))
    data = export_request(content) if target.is_protobuf else encoded(content)
    if target.is_gzip:
        import gzip

        data = gzip.compress(data, mtime=0)
        headers.append(("content-encoding", "gzip"))
    patience = Patience(target.timeout_s, target.timeout_s, time.monotonic() + target.timeout_s)
    body = LargeBody(len(data), lambda: iter((data,)))
    request = Request("POST", target.url, tuple(headers), None, hidden, body)
    try:
        with transport.send(request, patience) as response:
            return push_response(response.status, response.headers, response.read(_LONGEST_REPLY))
    except ConnectionFailed as error:
        return UNHEARD._replace(why=error.message.removeprefix(NOT_REACHED))
    except ExchangeError:
        return UNHEARD._replace(why=f"no complete response came within {target.timeout_s:g} s")
