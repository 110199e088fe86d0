"""The engine: several workers ask, and one thread hands out the questions and takes the results."""

import _thread
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import FrameType
from typing import NamedTuple

from avow.errors import AvowError, Interrupted, ReaderGone
from avow.exchange.exchange import Exchange
from avow.exit_codes import SIGPIPE
from avow.run.budget import Budget
from avow.run.paced_transport import PacedTransport
from avow.run.suite import RunQuestion

TICK_S = 0.1
"""How often `on_tick` is called where nothing else happens."""
_GRACE_S = 2.0
"""How long what is under way has to be kept, once a signal came."""


class QuestionOutcome(NamedTuple):
    """How a question ended. Without an exchange it was not sent, or an error of avow's own (`error`) ended it."""

    question: RunQuestion
    exchange: Exchange | None
    error: Exception | None = None


class EngineCallbacks(NamedTuple):
    """What the engine calls. `answer` asks a question, in a worker; all others are called in the engine's own thread.

    `earlier` gives the exchange in which the question was asked before, `is_over` whether that exchange answered it;
    `reserve` is how much a question may cost and `charge` how much it did, in USD; `may_begin` says whether it can be
    handed out now; `on_end` reports an exchange that ended, `on_kept` one that stdout no longer takes; `on_tick` is
    called now and then; `must_stop` says whether an exchange ends the run."""

    answer: Callable[[RunQuestion], Exchange]
    earlier: Callable[[RunQuestion], Exchange | None]
    is_over: Callable[[Exchange], bool]
    reserve: Callable[[RunQuestion], float]
    charge: Callable[[Exchange], float]
    may_begin: Callable[[RunQuestion], bool]
    on_end: Callable[[RunQuestion, Exchange], None]
    on_kept: Callable[[Exchange], None]
    on_tick: Callable[[], None]
    must_stop: Callable[[Exchange], bool]


class Engine:
    """Asks until nothing is left, a limit is reached, or it is stopped. `out_of_budget`: the next item could have
    exceeded the limit; `signal`: this signal stopped it."""

    def __init__(
        self,
        questions: Iterator[RunQuestion],
        calls: EngineCallbacks,
        transport: PacedTransport,
        budget: Budget,
        jobs: int,
    ) -> None:
        self._questions, self._calls = questions, calls
        self._transport, self._budget, self._jobs = transport, budget, jobs
        self._tasks: SimpleQueue[RunQuestion | None] = SimpleQueue()
        self._results: SimpleQueue[QuestionOutcome | None] = SimpleQueue()
        self._workers = 0
        self._reserved: dict[int, float] = {}
        self._next: RunQuestion | None = None
        self._is_feeding = True
        self._is_telling = False
        self._until: float | None = None
        self.out_of_budget = False
        self.signal: int | None = None
        self._error: Exception | None = None

    def go(self) -> None:
        """Ask all questions. Raises what stopped it: an error of stdout or a file, or an error of avow's own; a signal
        is left in `signal`."""
        with self._hearing():
            try:
                self._turn()
            except Interrupted as stop:
                self._break_off(stop.signal_number)
            except ReaderGone as error:
                self._error = error
                self._break_off(SIGPIPE)
            except AvowError as error:
                self._error, self._is_feeding = error, False
            self._drain()
        for _ in range(self._workers):
            self._tasks.put(None)
        if self._error is not None:
            raise self._error

    def _turn(self) -> None:
        while True:
            self._feed()
            if not self._reserved and (not self._is_feeding or self._next is None):
                return
            ended = self._take(TICK_S)
            if ended is not None:
                self._end(ended)
            elif self._until is not None and time.monotonic() > self._until:
                return
            self._calls.on_tick()

    def _drain(self) -> None:
        """Keep the exchanges that are still under way after something went wrong; they are counted, and not printed."""
        while self._reserved and (self._until is None or time.monotonic() < self._until):
            if (ended := self._take(TICK_S)) is not None:
                self._release(ended)
                if ended.exchange is not None:
                    self._calls.on_kept(ended.exchange)

    def _take(self, seconds: float) -> QuestionOutcome | None:
        try:
            ended = self._results.get(timeout=seconds)
        except Empty:
            return None
        if ended is None and self.signal is not None and self._until is None:
            self._break_off(self.signal)
        return ended

    # -- out ------------------------------------------------------------------------------------------------------

    def _feed(self) -> None:
        while self._is_feeding and self.signal is None and len(self._reserved) < self._jobs:
            if self._next is None:
                self._next = next(self._questions, None)
            question = self._next
            if question is None or not self._calls.may_begin(question):
                return
            earlier = self._calls.earlier(question)
            if earlier is not None and self._calls.is_over(earlier):
                self._next = None
                self._tell(question, earlier)
                continue
            amount = self._calls.reserve(question)
            if not self._budget.reserve(amount):
                if not self._reserved:
                    self.out_of_budget, self._is_feeding = True, False
                return
            self._next = None
            if earlier is not None:
                question = question._replace(inquiry=question.inquiry._replace(retry_of=earlier))
            self._reserved[question.position] = amount
            self._hand_out(question)

    def _hand_out(self, question: RunQuestion) -> None:
        if self._workers < len(self._reserved):
            self._workers += 1
            _thread.start_new_thread(self._ask_all, ())
        self._tasks.put(question)

    def _ask_all(self) -> None:
        while (question := self._tasks.get()) is not None:
            try:
                ended = QuestionOutcome(question, self._calls.answer(question))
            except Interrupted:
                ended = QuestionOutcome(question, None)
            except Exception as error:
                ended = QuestionOutcome(question, None, error)
            self._results.put(ended)

    # -- in -------------------------------------------------------------------------------------------------------

    def _end(self, ended: QuestionOutcome) -> None:
        self._release(ended)
        if ended.error is not None:
            self._error, self._is_feeding = self._error or ended.error, False
        elif ended.exchange is not None:
            if self._calls.must_stop(ended.exchange):
                self._is_feeding = False
            self._tell(ended.question, ended.exchange)

    def _release(self, ended: QuestionOutcome) -> None:
        amount = self._reserved.pop(ended.question.position)
        self._budget.settle(amount, 0.0 if ended.exchange is None else self._calls.charge(ended.exchange))

    def _tell(self, question: RunQuestion, exchange: Exchange) -> None:
        """Report an exchange. A reader of stdout that does not read blocks this; a signal can end that."""
        self._is_telling = True
        try:
            self._calls.on_end(question, exchange)
        finally:
            self._is_telling = False

    # -- signals --------------------------------------------------------------------------------------------------

    def _break_off(self, number: int) -> None:
        self.signal, self._is_feeding = number, False
        self._until = time.monotonic() + _GRACE_S
        self._transport.shut(number)

    @contextmanager
    def _hearing(self) -> Iterator[None]:
        """Note a signal, and interrupt nothing but a wait for stdout; a second signal ends the process at once."""

        def hear(number: int, _frame: FrameType | None) -> None:
            signal.signal(number, signal.SIG_DFL)
            if self._is_telling:
                raise Interrupted(number)
            self.signal = number
            self._results.put(None)

        before = {}
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and callable(signal.getsignal(number)):
                before[number] = signal.signal(number, hear)
        try:
            yield
        finally:
            for number, handler in before.items():
                if signal.getsignal(number) is hear:
                    signal.signal(number, handler)
