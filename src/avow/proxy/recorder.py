"""Keeps exchanges in the history from a thread of its own; what cannot be written now is written later, or reported."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from avow.errors import HistoryError
from avow.exchange.exchange import Exchange
from avow.text.counts import counted

if TYPE_CHECKING:
    from avow.history.store import History

_PAUSE_S = 2.0
"""How long the history is left alone after it could not be written: each try waits for its lock."""

_MOST = 10_000


class HistoryRecorder:
    """Opens the history at first use with `open_history`, in the thread of that use."""

    def __init__(self, open_history: "Callable[[], History]") -> None:
        self._open = open_history
        self._history: History | None = None
        self._late: dict[str, Exchange] = {}
        self._not_before = 0.0
        self._reason = ""

    def begin(self, exchange: Exchange) -> Exchange:
        """Write the row of the exchange; the exchange with its number, or without where the row is written later."""
        number = self._try(lambda history: history.begin(exchange))
        return exchange if number is None else exchange._replace(number=number)

    def finish(self, exchange: Exchange) -> None:
        """Write the end of the exchange, now or later."""

        def write(history: "History") -> int:
            history.finish(exchange)
            return 1

        if self._try(write) is None and len(self._late) < _MOST:
            self._late[exchange.id] = exchange

    def close(self) -> str | None:
        """Write what is late; in words what could not be written, or None."""
        self._not_before = 0.0
        if self._late:
            self._try(lambda _history: 1)
        if self._history is not None:
            self._history.close()
        late = counted(len(self._late), "answer")
        return f"history not written: {self._reason} ({late})" if self._late else None

    def _try(self, work: "Callable[[History], int]") -> int | None:
        if time.monotonic() < self._not_before:
            return None
        try:
            if self._history is None:
                self._history = self._open()
            for identity, exchange in list(self._late.items()):
                self._history.finish(exchange)
                del self._late[identity]
            return work(self._history)
        except HistoryError as error:
            self._not_before = time.monotonic() + _PAUSE_S
            self._reason = error.message
            return None


class NullRecorder:
    """Keeps nothing."""

    def begin(self, exchange: Exchange) -> Exchange:
        """As `HistoryRecorder.begin`; the others likewise."""
        return exchange

    def finish(self, exchange: Exchange) -> None:
        del exchange

    def close(self) -> str | None:
        return None
