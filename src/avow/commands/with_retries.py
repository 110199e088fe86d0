"""Calls to the API other than questions, with the retries of a question."""

from collections.abc import Callable
from typing import TypeVar

from avow.asking.request_fields import attempt_limits
from avow.context import Context
from avow.exchange import attempts
from avow.exchange.exchange import Retrying
from avow.settings.levels import Settings

_T = TypeVar("_T")


def with_retries(look_up: Callable[[], _T], settings: Settings, context: Context) -> _T:
    """The result of `look_up`, which is called again as `--retries` and `--deadline` allow; each retry is noted.

    Raises the last ExchangeError of `look_up`, with a hint where the API asks for a wait that is too long.
    """

    def note(retry: Retrying) -> None:
        context.screen.note(retry.words)

    return attempts.with_retries(look_up, attempt_limits(settings), note)
