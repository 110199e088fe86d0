"""The books of a run: each call placed, judged and kept, in a thread beside the relay."""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from avow.exchange.exchange import Exchange
from avow.proxy import judging, question
from avow.proxy.judging import JudgingContext
from avow.proxy.ledger import End, Ledger, Place
from avow.proxy.meter import Answered, Call, Called, Happening
from avow.proxy.question import ClientQuestion
from avow.routing.verdict import Attempt


class Shelf(Protocol):
    """Where exchanges are kept; it raises nothing."""

    def begin(self, exchange: Exchange) -> Exchange:
        """Keep one that was just passed on; it comes back with its number."""

    def finish(self, exchange: Exchange) -> None:
        """Keep its end."""


class Entry(NamedTuple):
    """An exchange of this run, without its text unless that is kept. `side`: a title or another side request."""

    number: int
    exchange: Exchange
    side: bool


@dataclass(slots=True)
class _OpenCall:
    call: Call
    question: ClientQuestion
    place: Place
    exchange: Exchange


class Books:
    """Hears what happens, from any thread. `entries` are the answers so far, in the order of their ends; `told` hears
    of each as it ends. `fault` hears of errors of its own, after which it goes on; `wait` returns when there
    is time for what was heard at that moment."""

    def __init__(
        self,
        bench: JudgingContext,
        shelf: Shelf,
        *,
        told: Callable[[Exchange], None] = lambda _exchange: None,
        fault: Callable[[Exception], None] = lambda _error: None,
        keep_text: bool = False,
        wait: Callable[[float], None] = lambda _since: None,
    ) -> None:
        self.ledger = Ledger()
        self.entries: list[Entry] = []
        self._bench = bench
        self._shelf = shelf
        self._told = told
        self._fault = fault
        self._keep_text = keep_text
        self._wait = wait
        self._open: dict[int, _OpenCall] = {}
        self._ids: dict[int, str] = {}
        self._refused: dict[int, Attempt] = {}
        self._verdicts: dict[int, Future[Exchange]] = {}
        self._queue: queue.SimpleQueue[tuple[Happening, float] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="books", daemon=True)
        self._thread.start()

    def hear(self, happening: Happening) -> None:
        """Take note, later."""
        self._queue.put((happening, time.monotonic()))

    def verdict(self, number: int) -> "Future[Exchange]":
        """What will be said of the call of that number, once its answer is over. Ask before that is heard."""
        return self._verdicts.setdefault(number, Future())

    def close(self) -> None:
        """Take in all that was heard, and end."""
        self._queue.put(None)
        self._thread.join()

    def counted(self) -> list[Entry]:
        """The answers that count by themselves: neither repeated requests nor refusals that another model answered."""
        return [entry for entry in self.entries if self.ledger.is_answer(entry.number)]

    def _run(self) -> None:
        while (heard := self._queue.get()) is not None:
            self._take(*heard)
            del heard  # an answer may be large, and the next one may be long in coming

    def _take(self, happening: Happening, at: float) -> None:
        self._wait(at)
        try:
            if isinstance(happening, Called):
                self._begin(happening.call)
            else:
                self._end(happening)
        except Exception as error:
            self._fault(error)
            if isinstance(happening, Answered) and (waiting := self._verdicts.pop(happening.number, None)):
                waiting.set_exception(error)

    def _begin(self, call: Call) -> None:
        asked = question.read(call.body, call.headers)
        place = self.ledger.begin(call.number, asked)
        retry_of = self._ids.get(place.retry_of) if place.retry_of is not None else None
        exchange = judging.begun(call, asked, place, self._bench, retry_of)
        if not self._keep_text:
            exchange = judging.without_text(exchange)
        exchange = self._shelf.begin(exchange)
        self._ids[call.number] = exchange.id
        self._open[call.number] = _OpenCall(call._replace(body=None), asked._replace(body=None), place, exchange)

    def _end(self, happening: Answered) -> None:
        opened = self._open.pop(happening.number)
        answer = happening.answer
        end = judging.end_of(answer)
        self.ledger.end(happening.number, end)
        attempt = judging.attempt(opened.question, answer)
        if end is End.REFUSED:
            self._refused[happening.number] = attempt
        before = [self._refused[number] for number in opened.place.declined if number in self._refused]
        exchange = judging.judged(opened.exchange, opened.call, opened.place, answer, [*before, attempt], self._bench)
        if not self._keep_text:
            exchange = judging.without_text(exchange)
        self.entries.append(Entry(happening.number, exchange, opened.place.side))
        if waiting := self._verdicts.pop(happening.number, None):
            waiting.set_result(exchange)
        self._shelf.finish(exchange)
        self._told(exchange)
