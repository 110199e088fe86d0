"""Finds exchanges while words are typed, in a thread: first among the newest, then in the full text of all."""

from collections.abc import Callable
from heapq import merge
from itertools import islice
from threading import Condition, Thread
from typing import NamedTuple

from avow.errors import AvowError
from avow.exchange.exchange import Exchange
from avow.history.filters import Filters
from avow.history.search import query_of, search
from avow.history.store import History
from avow.text.local_time import local

MOST = 500
"""How many exchanges are given at most."""
_NEWEST = 2_000
"""How many are looked at as a list shows them: number, time, verdict, models and prompt."""
_LEAST_PREFIX = 3
"""A word shorter than this stands for itself: its other endings would be half of the index."""


class Matches(NamedTuple):
    """The exchanges that match `words`, newest first; more may follow for the same words until `is_whole`."""

    words: str
    exchanges: tuple[Exchange, ...]
    is_whole: bool = True


class IncrementalSearch:
    """Searches for the words that were given last, and calls `tell` with what it found, mostly from its own thread.
    `open_history` is called in that thread, because a search in the index can take seconds. An error ends the search
    for these words and is kept in `trouble`."""

    def __init__(self, open_history: Callable[[], History], filters: Filters, tell: Callable[[Matches], None]) -> None:
        self._open, self._filters, self._tell = open_history, filters, tell
        self._wanted: str | None = ""
        self._changed = Condition()
        self._is_new, self._is_over = True, False
        self._history: History | None = None
        self._newest: list[tuple[str, Exchange]] = []
        self.trouble: AvowError | None = None
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin with the newest exchanges."""
        self._thread.start()

    def look_for(self, words: str) -> None:
        """Search for these words from now on; matches among the newest exchanges are given at once."""
        self._ask(words)
        if self._is_over or (self._newest and words.strip()):
            self._tell(Matches(words, self._near(words), is_whole=self._is_over))

    def close(self) -> None:
        """Stop, without waiting for a search that is under way."""
        self._ask(None)

    def _ask(self, words: str | None) -> None:
        with self._changed:
            self._wanted, self._is_new = words, True
            if self._history is not None:
                self._history.connection.interrupt()
            self._changed.notify()

    def _next(self) -> str | None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_new)
            self._is_new = False
            return self._wanted

    def _run(self) -> None:
        try:
            with self._open() as history:
                self._history = history
                try:
                    self._answer(history)
                finally:
                    with self._changed:  # what is closed cannot be interrupted
                        self._history = None
        except AvowError as error:
            self.trouble, self._is_over = error, True
            self._tell(Matches(self._wanted or "", ()))

    def _answer(self, history: History) -> None:
        while (words := self._next()) is not None:
            try:
                if not self._newest:
                    rows = history.rows(self._filters, limit=_NEWEST, brief=True)
                    self._newest = [(as_listed(one), one) for one in rows]
                self._look(history, words)
            except AvowError as error:
                if not self._is_new:  # else the search was stopped for other words
                    self.trouble = error
                    self._tell(Matches(words, ()))

    def _near(self, text: str) -> tuple[Exchange, ...]:
        """The newest exchanges whose line in the list has every word."""
        words = _words(text)
        return tuple(islice((one for line, one in self._newest if all(word in line for word in words)), MOST))

    def _look(self, history: History, text: str) -> None:
        near, words = self._near(text), _words(text)
        is_whole = not words or len(near) >= MOST
        self._tell(Matches(text, near, is_whole))
        if is_whole or self._is_new:
            return
        query = query_of([f"{word}*" if len(word) >= _LEAST_PREFIX else word for word in words])
        far = search(history, query, self._filters, limit=MOST)
        both = {one.id: one for one in merge(near, far, key=_age, reverse=True)}
        self._tell(Matches(text, tuple(both.values())[:MOST]))


def _words(text: str) -> list[str]:
    return text.casefold().replace('"', " ").split()


def as_listed(exchange: Exchange) -> str:
    """What a list shows of an exchange, as text to search in."""
    verdict = str(exchange.verdict or "").replace("_", " ")
    served, category = exchange.routing.served_model or "", exchange.routing.category or ""
    models = f"{exchange.requested_model} {served} {category}"
    prompt = exchange.question.prompt or ""
    return f"{exchange.number} {local(exchange.created_at)} {verdict} {exchange.status} {models} {prompt}".casefold()


def _age(exchange: Exchange) -> tuple[str, int]:
    return exchange.created_at, exchange.number or 0
