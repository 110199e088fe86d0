"""Finding exchanges while words are typed, in a thread: first among the newest, then in all that was said."""

from collections.abc import Callable, Sequence
from heapq import merge
from threading import Condition, Thread
from typing import NamedTuple

from avow.errors import AvowError
from avow.exchange.exchange import Exchange
from avow.history.filters import Filters
from avow.history.search import query_of, search
from avow.history.store import History
from avow.local_time import local

MOST = 500
"""How many exchanges are given at most."""
_NEWEST = 2_000
"""How many are looked at as a list shows them: number, time, verdict, models and prompt."""
_LEAST_PREFIX = 3
"""A word shorter than this stands for itself: its other endings would be half of the index."""
_STEPS = 10_000
"""Of SQLite's machine, after which it is asked whether the words are still wanted; about a millisecond."""


class Found(NamedTuple):
    """The exchanges that hold `words`, newest first; more may follow for the same words until `is_whole`."""

    words: str
    exchanges: tuple[Exchange, ...]
    is_whole: bool = True


class Narrowing:
    """Looks for what was asked for last, and gives `tell` what it found, from its own thread. `open_history` is called
    there. What cannot be read ends the looking for these words; `trouble` is then the error."""

    def __init__(self, open_history: Callable[[], History], filters: Filters, tell: Callable[[Found], None]) -> None:
        self._open, self._filters, self._tell = open_history, filters, tell
        self._wanted: str | None = ""
        self._changed = Condition()
        self._is_new = True
        self.trouble: AvowError | None = None
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin with the newest exchanges."""
        self._thread.start()

    def look_for(self, words: str) -> None:
        """Look for these words from now on; returns at once."""
        self._ask(words)

    def close(self) -> None:
        """Stop; does not wait for a search that is under way."""
        self._ask(None)

    def _ask(self, words: str | None) -> None:
        with self._changed:
            self._wanted, self._is_new = words, True
            self._changed.notify()

    def _next(self) -> str | None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_new)
            self._is_new = False
            return self._wanted

    def _run(self) -> None:
        try:
            with self._open() as history:
                history.connection.set_progress_handler(lambda: self._is_new, _STEPS)
                newest: list[tuple[str, Exchange]] = []
                while (words := self._next()) is not None:
                    try:
                        newest = newest or self._newest(history)
                        self._look(history, newest, words)
                    except AvowError as error:
                        if not self._is_new:  # else the search was stopped for other words
                            self.trouble = error
                            self._tell(Found(words, ()))
        except AvowError as error:
            self.trouble = error
            self._tell(Found(self._wanted or "", ()))

    def _newest(self, history: History) -> list[tuple[str, Exchange]]:
        return [(as_listed(one), one) for one in history.rows(self._filters, limit=_NEWEST, brief=True)]

    def _look(self, history: History, newest: Sequence[tuple[str, Exchange]], text: str) -> None:
        words = text.casefold().replace('"', " ").split()
        near = tuple(one for line, one in newest if all(word in line for word in words))
        if not words:
            self._tell(Found(text, near[:MOST]))
            return
        self._tell(Found(text, near[:MOST], is_whole=False))
        query = query_of([f"{word}*" if len(word) >= _LEAST_PREFIX else word for word in words])
        far = search(history, query, self._filters, limit=MOST)
        both = {one.id: one for one in merge(near[:MOST], far, key=_age, reverse=True)}
        self._tell(Found(text, tuple(both.values())[:MOST]))


def as_listed(exchange: Exchange) -> str:
    """What a list shows of an exchange, to find words in."""
    verdict = str(exchange.verdict or "").replace("_", " ")
    served, category = exchange.routing.served_model or "", exchange.routing.category or ""
    models = f"{exchange.requested_model} {served} {category}"
    prompt = exchange.question.prompt or ""
    return f"{exchange.number} {local(exchange.created_at)} {verdict} {exchange.status} {models} {prompt}".casefold()


def _age(exchange: Exchange) -> tuple[str, int]:
    return exchange.created_at, exchange.number or 0
