"""Keeps an exchange in the history while it runs; an error there is reported, and never affects the answer."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from avow.context import UNTOLD_S, WAITING, Context
from avow.errors import HistoryError, HistoryLocked, Interrupted
from avow.exchange.exchange import Exchange, ExchangeEvent, Noted
from avow.exit_codes import BySignal
from avow.settings.levels import Settings

if TYPE_CHECKING:
    from avow.history.store import History


IN_PASSING_S = 0.15
"""How long another process that has the history is waited for while an answer is wanted."""

AT_THE_END_S = 5.0
_LEAST_AT_THE_END_S = 1.0
"""How long it is waited for when all is over: at most, and at least where the deadline is near."""


class Keeper:
    """Keeps an exchange in the history. Its row is written before anything is sent; if another process has the history
    then, as soon as it can be. An error is reported once, and never affects the answer."""

    def __init__(self, context: Context, settings: Settings, on_event: Callable[[ExchangeEvent], None]) -> None:
        self._context = context
        self._settings = settings
        self._on_event = on_event
        self._history: History | None = None
        self._number: int | None = None
        self._is_wanted = settings.flag("history.enabled")
        self._failed = False
        self._keep_days = settings.integer("history.keep_days")
        deadline = settings.number("deadline")
        self._until = None if deadline is None else time.monotonic() + deadline

    def begin(self, exchange: Exchange) -> Exchange:
        """Write the row; the exchange, with its number if the row could be written at once."""
        self._write(exchange, IN_PASSING_S)
        return exchange._replace(number=self._number)

    def go_on(self, exchange: Exchange, begun: Exchange) -> Exchange:
        """The exchange with the number and ids of the row that was written before."""
        self._number = begun.number
        same = ("id", "number", "conversation_id", "created_at", "retry_of", "batch")
        return exchange._replace(**{name: getattr(begun, name) for name in same})

    def save(self, exchange: Exchange) -> None:
        """Keep what has arrived so far, unless that takes long."""
        self._write(exchange, IN_PASSING_S)

    def finish(self, exchange: Exchange) -> Exchange:
        """Keep the end, waiting for the history if another process has it. The exchange with its number, if it is kept.
        A signal ends the wait, and the exchange by itself, which is whole: what it says is still to be told."""
        locked = None
        try:
            locked = self._write_patiently(exchange)
        except Interrupted as stop:
            exchange = exchange._replace(exit_code=BySignal(stop.signal_number))
            locked = HistoryLocked(f"the history {self._context.paths.history_file}: the wait for it was interrupted")
        if locked is not None:
            self._is_wanted = False
            self._note(locked)
        return exchange._replace(number=self._number)

    def _write_patiently(self, exchange: Exchange) -> HistoryLocked | None:
        """Write the exchange, which is over; the error where another process has had the history all the time. Where
        this process has waited in vain before, it waits no longer than goes without a word."""
        left = AT_THE_END_S if self._until is None else self._until - time.monotonic()
        if exchange.signal is not None:
            left = 0.0
        left = max(_LEAST_AT_THE_END_S, min(AT_THE_END_S, left))
        is_alone = exchange.item is None
        locked = self._write(exchange, UNTOLD_S)
        if locked is not None and not (self._context.waited_in_vain and is_alone):
            how = "; Ctrl-C ends the wait" if is_alone and exchange.signal is None else ""
            self._on_event(Noted(f"{WAITING}{how}"))
            locked = self._write(exchange, left - UNTOLD_S)
        self._context.waited_in_vain = locked is not None
        return locked

    def expire(self) -> None:
        """Delete what is older than the user wants to keep, and say so."""
        if self._history is None or not self._is_wanted or self._keep_days is None:
            return
        from avow.history.privacy import expire

        try:
            erased = expire(self._history, self._keep_days, time.time())
        except HistoryError as error:
            self._note(error)
            return
        if erased.count:
            from avow.text.counts import counted

            exchanges, days = counted(erased.count, "exchange"), counted(self._keep_days, "day")
            self._on_event(Noted(f"deleted {exchanges} older than {days} from the history"))

    def earlier_decline(self, exchange: Exchange) -> Exchange | None:
        """The earlier decline that explains why the API sent a turn straight to a fallback; None where the history has
        none."""
        if self._history is None or not self._is_wanted or not exchange.routing.is_sticky:
            return None
        from avow.history.stickiness import origin

        try:
            return origin(self._history, exchange)
        except HistoryError as error:
            self._note(error)
            return None

    def _write(self, exchange: Exchange, seconds: float) -> HistoryLocked | None:
        """Write the exchange as it is; the error where another process has the history for longer than `seconds`."""
        if not self._is_wanted:
            return None
        try:
            if self._history is None:
                self._history = self._context.history(self._settings, opening_seconds=seconds)
            if self._number is None:
                self._number = self._history.begin(exchange, patience_seconds=seconds)
            else:
                self._history.save(exchange, patience_seconds=seconds)
        except HistoryLocked as locked:
            return locked
        except HistoryError as error:
            self._is_wanted = self._number is not None
            self._note(error)
        return None

    def _note(self, error: HistoryError) -> None:
        if not self._failed:
            self._failed = True
            self._on_event(Noted(f"history not written: {error.message}"))
