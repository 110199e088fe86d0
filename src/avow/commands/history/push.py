"""`avow history push`: what a collector has not acknowledged yet, sent to it as spans."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from avow.context import Context
from avow.errors import AvowError, ConnectionFailed, ExchangeError
from avow.exit_codes import ExitCode
from avow.telemetry.pushing import Ended, Outgoing, Push, batches
from avow.telemetry.receipt import UNHEARD, Said, said
from avow.telemetry.spans import request_body, spans_of
from avow.telemetry.target import Target, target_of
from avow.wire.json_value import JsonObject

if TYPE_CHECKING:
    from avow.endpoint.transport import Transport
    from avow.history.store import History

FOLLOW_S = 1.0
"""How often `--follow` looks for exchanges that ended."""
_LONGEST_REPLY = 64 * 1024


@dataclass(frozen=True, slots=True)
class PushOptions:
    """From when on, whether it stays, and whether it only shows what it would send."""

    since: str | None = None
    follow: bool = False
    dry_run: bool = False


def run_push(options: PushOptions, context: Context) -> ExitCode:
    """Send all that waits. Raises ConfigError for a variable that is wrong, AvowError (6) where the collector cannot
    be reached, and (1) where it refuses."""
    from avow import __version__

    settings = context.settings()
    target = target_of(context.environ, settings, __version__)
    since_ms = _since(options.since)
    history = context.history(settings, read_only=options.dry_run)
    if options.dry_run:
        _show(history, target, since_ms, context)
        return ExitCode.OK
    return _send(history, target, since_ms, context, follow=options.follow)


def _since(text: str | None) -> int:
    from avow.history import moments

    return 0 if text is None else moments.since(text, datetime.now().astimezone())


def _outgoing(history: "History", since_ms: int) -> Iterator[Outgoing]:
    from avow.history.outbox import waiting

    for number, created_ms, exchange in waiting(history, since_ms=since_ms):
        yield Outgoing(number, tuple(spans_of(exchange, created_ms)))


def _show(history: "History", target: Target, since_ms: int, context: Context) -> None:
    from avow.history.export import line

    for batch in batches(_outgoing(history, since_ms)):
        context.screen.data(line(_body([span for row in batch for span in row.spans], target)), is_json=True)


def _body(spans: Sequence[JsonObject], target: Target) -> JsonObject:
    from avow import __version__

    return request_body(spans, target.resource, __version__)


def _send(history: "History", target: Target, since_ms: int, context: Context, *, follow: bool) -> ExitCode:
    from avow.endpoint.transport import Transport
    from avow.history.outbox import mark

    transport = Transport(None)
    push = Push(
        send=lambda spans: _post(transport, _body(spans, target), target),
        mark=lambda numbers, acknowledged: mark(history, numbers, acknowledged=acknowledged),
        sleep=time.sleep,
    )
    try:
        ended = push.push(_outgoing(history, since_ms))
        while follow and ended is not Ended.CLOSED:
            time.sleep(FOLLOW_S)
            ended = push.push(_outgoing(history, since_ms))
    finally:
        transport.close()
        _account(push, context)
    if ended is Ended.SENT:
        return ExitCode.UNEXPECTED if push.refused else ExitCode.OK
    raise _failure(ended, push.last or UNHEARD)


def _post(transport: "Transport", body: JsonObject, target: Target) -> Said:
    """Send one request. A failure on the way is one to be tried again: the ids are the same."""
    from avow.endpoint.transport import Patience
    from avow.wire.request import Request

    headers = (("content-type", "application/json"), *target.headers)
    hidden = frozenset(name.lower() for name, _value in target.headers)
    patience = Patience(target.timeout_s, target.timeout_s, time.monotonic() + target.timeout_s)
    try:
        with transport.send(Request("POST", target.url, headers, body, hidden), patience) as response:
            return said(response.status, response.headers, response.read(_LONGEST_REPLY))
    except ConnectionFailed as error:
        return UNHEARD._replace(why=error.message)
    except ExchangeError:
        return UNHEARD._replace(why="it did not answer in time, or not to the end")


def _account(push: Push, context: Context) -> None:
    """What was sent, on stderr; never in the receiver's words."""
    context.screen.note(f"{push.sent} {'exchange' if push.sent == 1 else 'exchanges'} sent")
    if push.left_out:
        spans = "span" if push.left_out == 1 else "spans"
        context.screen.warn(f"the collector left out {push.left_out} {spans} of what it acknowledged")
    if push.refused:
        shown = ", ".join(str(number) for number in push.refused[:20]) + (" …" if len(push.refused) > 20 else "")
        context.screen.warn(f"the collector refused {len(push.refused)} for good; not sent again: {shown}")


def _failure(ended: Ended, last: Said) -> AvowError:
    why = f"it answers {last.status}" if last.status else last.why
    if ended is Ended.UNREACHED:
        failure = AvowError(f"the collector cannot be reached: {why}", hint="what was not sent waits for the next push")
        failure.exit_code = ExitCode.UNREACHABLE
        return failure
    return AvowError(
        f"the collector takes nothing: {why}",
        hint="check OTEL_EXPORTER_OTLP_ENDPOINT and _HEADERS; it must take OTLP as JSON over HTTP",
    )
