"""The one loop that makes attempts: again and again, as the limits and the rules of `exchange.retry` allow."""

import time
from collections.abc import Callable
from typing import TypeVar

from avow.errors import ExchangeError
from avow.exchange.exchange import Retrying
from avow.values import NamedTuple

_T = TypeVar("_T")


class Limits(NamedTuple):
    """How often a request may be made again, and the moment (of `time.monotonic`) at which all must be over."""

    retries: int = 2
    deadline: float | None = None


def with_retries(
    once: Callable[[], _T],
    limits: Limits,
    on_retry: Callable[[Retrying], None],
    sleep: Callable[[float], None] = time.sleep,
) -> _T:
    """What `once` gives; after an ExchangeError it is called again as `limits` allow, and `on_retry` is called before
    the wait.

    Raises the last ExchangeError of `once`, with a hint where the API asks for a wait that is too long.
    """
    retries = 0
    while True:
        try:
            return once()
        except ExchangeError as error:
            import random

            from avow.exchange.retry import GiveUp, decide

            decision = decide(
                error,
                retries,
                most=limits.retries,
                left_s=None if limits.deadline is None else limits.deadline - time.monotonic(),
                now=time.time(),
                chance=random.random(),  # noqa: S311
            )
            if isinstance(decision, GiveUp):
                error.hint = decision.hint or error.hint
                raise
        retries += 1
        on_retry(Retrying(retries, decision.seconds, decision.reason))
        sleep(decision.seconds)
