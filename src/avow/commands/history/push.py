"""`avow history push`: sends what a collector has not acknowledged yet, as spans."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from avow.asking.afterwards import is_disabled
from avow.context import Context
from avow.errors import UsageError
from avow.exit_codes import ExitCode
from avow.telemetry import push_lock
from avow.telemetry.pushing import FOLLOW_S, Push, PushOutcome, batches, next_pause
from avow.telemetry.sending import body, failure, outgoing, push_to
from avow.telemetry.target import Target, target_of
from avow.text.counts import counted
from avow.text.local_time import local, now

if TYPE_CHECKING:
    from avow.history.store import History


@dataclass(frozen=True, slots=True)
class PushOptions:
    """The options of `avow history push`: from when on, whether to stay, and whether to show only what it would
    send."""

    since: str | None = None
    follow: bool = False
    dry_run: bool = False


def run_push(options: PushOptions, context: Context) -> ExitCode:
    """Send all that waits; nothing where `OTEL_SDK_DISABLED` is true. Raises ConfigError for a variable that is wrong,
    AvowError with status 6 where the collector cannot be reached, and with status 1 where it refuses rows."""
    from avow import __version__

    if options.follow and options.dry_run:
        raise UsageError("--dry-run shows what waits now, so --follow has no meaning", hint="leave one of them out")
    settings = context.settings()
    target = target_of(context.environ, settings, __version__)
    since_ms = _since(options.since)
    history = context.history(settings, read_only=options.dry_run)
    if options.dry_run:
        _show(history, target, since_ms, context)
        return ExitCode.OK
    if is_disabled(context.environ):
        context.screen.note("OTEL_SDK_DISABLED is true, so nothing is sent; what waits goes with a later push")
        return ExitCode.OK
    _tell_trouble(context)
    return _send(history, target, since_ms, context, follow=options.follow)


def _since(text: str | None) -> int | None:
    from avow.history import moments

    return None if text is None else moments.since(text, now())


def _tell_trouble(context: Context) -> None:
    """Print what went wrong with the last push after an exchange."""
    last = push_lock.last_push(context.paths)
    if last is not None and last.trouble:
        moment = local(last.at)
        context.screen.note(f"the last push after an exchange ({moment}) failed: {last.trouble}")


def _show(history: "History", target: Target, since_ms: int | None, context: Context) -> None:
    from avow.history.export import line

    for batch in batches(outgoing(history, since_ms)):  # a file that is read alone tells its damage by itself
        shown = body([span for row in batch for span in row.spans], target)
        context.screen.data(line(shown), is_json=True)


def _send(history: "History", target: Target, since_ms: int | None, context: Context, *, follow: bool) -> ExitCode:
    note = context.screen.note
    pause, before, damaged = FOLLOW_S, PushOutcome.SENT, set[int]()

    def tell_damage(number: int) -> None:
        if number not in damaged:  # it still waits when `--follow` looks again
            damaged.add(number)
            note(f"exchange {number} is damaged and is not sent; see `avow history repair`")

    with push_to(target, history) as push:
        try:
            while True:
                with push_lock.hold_push_lock(
                    context.paths, lambda: note("another push is under way; this one waits for it")
                ):
                    ended = push.push(outgoing(history, since_ms, tell_damage))
                if not follow or ended is PushOutcome.CLOSED:
                    break
                if ended is PushOutcome.UNREACHED and before is PushOutcome.SENT:
                    note(f"{failure(ended, push.last).message}; it is tried again")
                pause, before = next_pause(ended, push.last, pause), ended
                time.sleep(pause)
        finally:
            _account(push, context)
    if ended is not PushOutcome.SENT:
        raise failure(ended, push.last)
    push_lock.forget_trouble(context.paths)
    return ExitCode.UNEXPECTED if push.refused else ExitCode.OK


def _account(push: Push, context: Context) -> None:
    """Print on stderr what was sent, without any words of the receiver."""
    context.screen.note(f"{counted(push.sent, 'exchange')} sent")
    if push.left_out:
        spans = counted(push.left_out, "span")
        context.screen.warn(f"the collector left out {spans} of what it acknowledged")
    if push.refused:
        shown = ", ".join(str(number) for number in push.refused[:20]) + (" …" if len(push.refused) > 20 else "")
        context.screen.warn(
            f"the collector refused {counted(len(push.refused), 'exchange')} for good; not sent again: {shown}"
        )
