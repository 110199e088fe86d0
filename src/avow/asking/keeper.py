"""Keeps an exchange in the history while it runs; what goes wrong there is said and never spoils the answer."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from avow.context import Context
from avow.errors import HistoryError
from avow.exchange.exchange import Exchange, ExchangeEvent, Noted
from avow.settings.levels import Settings

if TYPE_CHECKING:
    from avow.history.store import History


class Keeper:
    """Keeps an exchange in the history; what goes wrong there is said once and never spoils the answer."""

    def __init__(self, context: Context, settings: Settings, on_event: Callable[[ExchangeEvent], None]) -> None:
        self._on_event = on_event
        self._history: History | None = None
        self._failed = False
        self._keep_days = settings.integer("history.keep_days")
        if settings.flag("history.enabled"):
            with self._forgiving():
                self._history = context.history(settings)

    def begin(self, exchange: Exchange) -> Exchange:
        """The exchange with its number, where it could be kept."""
        if self._history is not None:
            with self._forgiving():
                return exchange._replace(number=self._history.begin(exchange))
        return exchange

    def save(self, exchange: Exchange) -> None:
        """Keep what has arrived so far."""
        if self._history is not None and exchange.number is not None:
            with self._forgiving():
                self._history.save(exchange)

    def finish(self, exchange: Exchange) -> None:
        """Keep the end."""
        if self._history is not None and exchange.number is not None:
            with self._forgiving():
                self._history.finish(exchange)
                self._expire()

    def earlier_decline(self, exchange: Exchange) -> Exchange | None:
        """Where a turn that the API sent straight to a fallback comes from, if the history has it."""
        if self._history is not None and exchange.routing.is_sticky:
            from avow.history.stickiness import origin

            with self._forgiving():
                return origin(self._history, exchange)
        return None

    def _expire(self) -> None:
        """Delete what is older than the user wants to keep, and say so."""
        if self._history is None or self._keep_days is None:
            return
        from avow.history.privacy import expire

        erased = expire(self._history, self._keep_days, time.time())
        if erased.count:
            self._on_event(
                Noted(f"deleted {erased.count} exchanges older than {self._keep_days} days from the history")
            )

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except HistoryError as error:
            if not self._failed:
                self._failed = True
                self._on_event(Noted(f"history not written: {error.message}"))
