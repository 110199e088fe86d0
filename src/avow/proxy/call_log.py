"""The log of a run: each call is given its session, judged and kept, in a thread of its own."""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from avow.exchange.exchange import Exchange
from avow.proxy import judging, question
from avow.proxy.call_observer import Call, CallAnswered, CallEvent, CallSent
from avow.proxy.judging import JudgingContext
from avow.proxy.question import ClientQuestion
from avow.proxy.session_tracker import CallEnd, Placement, SessionTracker
from avow.routing.verdict import Attempt


class Recorder(Protocol):
    """Keeps exchanges. Raises nothing."""

    def begin(self, exchange: Exchange) -> Exchange:
        """Keep an exchange whose request was just passed on; the exchange with its number."""

    def finish(self, exchange: Exchange) -> None:
        """Keep its end."""


class LogEntry(NamedTuple):
    """An exchange of this run, with its text only if that is kept. `side`: a title or another request beside the
    conversation."""

    number: int
    exchange: Exchange
    side: bool


@dataclass(slots=True)
class _OpenCall:
    call: Call
    question: ClientQuestion
    place: Placement
    exchange: Exchange


class CallLog:
    """Takes events of calls, from any thread. `entries` are the answers so far, in the order in which they ended.

    `on_answer` is called with each answer as it ends, `fault` with an error of the log itself, after which it goes on;
    `wait` is given the moment of an event, and returns when there is time for it."""

    def __init__(
        self,
        context: JudgingContext,
        recorder: Recorder,
        *,
        on_answer: Callable[[Exchange], None] = lambda _exchange: None,
        fault: Callable[[Exception], None] = lambda _error: None,
        keep_text: bool = False,
        wait: Callable[[float], None] = lambda _since: None,
    ) -> None:
        self.tracker = SessionTracker()
        self.entries: list[LogEntry] = []
        self._context = context
        self._recorder = recorder
        self._on_answer = on_answer
        self._fault = fault
        self._keep_text = keep_text
        self._wait = wait
        self._open: dict[int, _OpenCall] = {}
        self._ids: dict[int, str] = {}
        self._refused: dict[int, Attempt] = {}
        self._verdicts: dict[int, Future[Exchange]] = {}
        self._queue: queue.SimpleQueue[tuple[CallEvent, float] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="call-log", daemon=True)
        self._thread.start()

    def hear(self, event: CallEvent) -> None:
        """Take an event; it is read later, in the log's own thread."""
        self._queue.put((event, time.monotonic()))

    def verdict(self, number: int) -> "Future[Exchange]":
        """The exchange of the call with that number, once its answer has been judged. Call it before the answer's
        event."""
        return self._verdicts.setdefault(number, Future())

    def close(self) -> None:
        """Read all events, then end."""
        self._queue.put(None)
        self._thread.join()

    def counted(self) -> list[LogEntry]:
        """The answers that count: without repeated requests, and without refusals that another model then answered."""
        return [entry for entry in self.entries if self.tracker.is_answer(entry.number)]

    def _run(self) -> None:
        while (heard := self._queue.get()) is not None:
            self._take(*heard)
            del heard  # an answer may be large, and the next one may be long in coming

    def _take(self, event: CallEvent, at: float) -> None:
        self._wait(at)
        try:
            if isinstance(event, CallSent):
                self._begin(event.call)
            else:
                self._end(event)
        except Exception as error:
            self._fault(error)
            if isinstance(event, CallAnswered) and (waiting := self._verdicts.pop(event.number, None)):
                waiting.set_exception(error)

    def _begin(self, call: Call) -> None:
        asked = question.read(call.body, call.headers)
        place = self.tracker.begin(call.number, asked)
        retry_of = self._ids.get(place.retry_of) if place.retry_of is not None else None
        exchange = judging.begun(call, asked, place, self._context, retry_of)
        if not self._keep_text:
            exchange = judging.without_text(exchange)
        exchange = self._recorder.begin(exchange)
        self._ids[call.number] = exchange.id
        self._open[call.number] = _OpenCall(call._replace(body=None), asked._replace(body=None), place, exchange)

    def _end(self, event: CallAnswered) -> None:
        opened = self._open.pop(event.number)
        answer = event.answer
        end = judging.end_of(answer)
        self.tracker.end(event.number, end)
        attempt = judging.attempt(opened.question, answer)
        if end is CallEnd.REFUSED:
            self._refused[event.number] = attempt
        before = [self._refused[number] for number in opened.place.declined if number in self._refused]
        exchange = judging.judged(opened.exchange, opened.call, opened.place, answer, [*before, attempt], self._context)
        if not self._keep_text:
            exchange = judging.without_text(exchange)
        self.entries.append(LogEntry(event.number, exchange, opened.place.side))
        if waiting := self._verdicts.pop(event.number, None):
            waiting.set_result(exchange)
        self._recorder.finish(exchange)
        self._on_answer(exchange)
