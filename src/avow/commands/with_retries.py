"""A look at the API again, where and after how long a question would be asked again."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from avow.context import Context
from avow.errors import ExchangeError
from avow.exchange.retry import GiveUp, decide_after
from avow.settings.levels import Settings

_T = TypeVar("_T")


def with_retries(look_up: Callable[[], _T], settings: Settings, context: Context) -> _T:
    """What `look_up` gives; it is called again as `--retries` and `--deadline` allow, and each time that is noted.

    Raises the last ExchangeError of `look_up`, with a hint where the API asks for a wait that is too long.
    """
    begun = time.monotonic()
    tried = 0
    while True:
        try:
            return look_up()
        except ExchangeError as error:
            decision = decide_after(
                error,
                attempt=tried,
                retries=settings.integer("retries") or 0,
                elapsed_s=time.monotonic() - begun,
                deadline_s=settings.number("deadline"),
                now=time.time(),
                random=random.random(),  # noqa: S311
            )
            if isinstance(decision, GiveUp):
                error.hint = decision.hint or error.hint
                raise
        tried += 1
        context.screen.note(f"{decision.reason}; asking again in {decision.seconds:.1f} s (retry {tried})")
        time.sleep(decision.seconds)
