"""`python -m avow.commands.history.push_alone`: the push after an exchange, which nobody watches."""

import sys
import time

from avow.context import Context, from_process
from avow.errors import AvowError
from avow.telemetry.push_lock import LastPush, keep, wait_for_push
from avow.telemetry.pushing import PushOutcome

PAUSE_S = 1.0
"""How long it waits for more exchanges before it sends; the prompt has the processor to itself meanwhile."""


def main() -> int:
    """Push what waits, and keep how it went; always 0, because nobody sees the status. The argument, if any, is the
    descriptor of a lock that it inherits."""
    context = from_process()
    queue = int(sys.argv[1]) if sys.argv[1:] else None
    with wait_for_push(context.paths, PAUSE_S, queue) as is_mine:
        if is_mine:
            last = push(context)
            if last.sent or last.trouble:
                keep(context.paths, last)
    return 0


def push(context: Context) -> LastPush:
    """Send what waits, and say how it went. Raises nothing."""
    sent, trouble = 0, None
    try:
        from avow import __version__
        from avow.telemetry.sending import failure, outgoing, push_to
        from avow.telemetry.target import target_of
        from avow.text.counts import counted

        settings = context.settings()
        target = target_of(context.environ, settings, __version__)
        history = context.history(settings)
        with push_to(target, history) as under_way:
            ended = under_way.push(outgoing(history))
            sent = under_way.sent
        if ended is not PushOutcome.SENT:
            trouble = failure(ended, under_way.last).message
        elif under_way.refused:
            trouble = f"the collector refused {counted(len(under_way.refused), 'exchange')} for good; not sent again"
    except AvowError as error:
        trouble = error.message
    except Exception as error:
        trouble = f"unexpected failure: {type(error).__name__}"
    finally:
        context.close()
    return LastPush(time.time(), sent, trouble)


if __name__ == "__main__":
    sys.exit(main())
