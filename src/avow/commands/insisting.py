"""A look at the API again, where and after how long a question would be asked again."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from avow.context import Context
from avow.errors import ExchangeError, NotAnAnswer, Rejected, Stalled, TimedOut
from avow.exit_codes import ExitCode
from avow.retry import GiveUp, Wait, decide
from avow.settings import Settings

_T = TypeVar("_T")


def insisting(look_up: Callable[[], _T], settings: Settings, context: Context) -> _T:
    """What `look_up` gives; it is called again as `--retries` and `--deadline` allow, and each time that is noted.

    Raises the last ExchangeError of `look_up`, with a hint where the API asks for a wait that is too long.
    """
    begun = time.monotonic()
    tried = 0
    while True:
        try:
            return look_up()
        except ExchangeError as error:
            decision = _decision(error, tried, time.monotonic() - begun, settings)
            if error.hopeless or isinstance(error, NotAnAnswer):
                raise
            if isinstance(decision, GiveUp):
                if (decision.retry_after or 0) >= 1 and error.exit_code is ExitCode.UNAVAILABLE:
                    error.hint = f"the API asks to wait {decision.retry_after:.0f} seconds; ask again then"
                raise
        tried += 1
        context.screen.note(f"{decision.reason}; asking again in {decision.seconds:.1f} s (retry {tried})")
        time.sleep(decision.seconds)


def _decision(error: ExchangeError, tried: int, elapsed_s: float, settings: Settings) -> Wait | GiveUp:
    rejection = error if isinstance(error, Rejected) else None
    return decide(
        attempt=tried,
        retries=settings.integer("retries") or 0,
        status=error.failure.status,
        error_type=error.failure.type,
        error_code=rejection.code if rejection else None,
        headers=rejection.headers if rejection else {},
        elapsed_s=elapsed_s,
        deadline_s=settings.number("deadline"),
        now=time.time(),
        random=random.random(),  # noqa: S311
        sent=error.sent,
        timed_out=isinstance(error, TimedOut | Stalled),
    )
