"""A plan becomes an exchange: requests are sent, events folded, what happens is told at once, and the end is judged."""

import threading
import time
from collections.abc import Callable

from avow.background import TookTooLong, within
from avow.errors import (
    AvowError,
    ExchangeError,
    Failure,
    FileError,
    Interrupted,
    ReaderGone,
    Stalled,
    StreamEnded,
)
from avow.exchange import chain
from avow.exchange.attempts import with_retries
from avow.exchange.exchange import (
    Exchange,
    ExchangeEvent,
    HandedOver,
    Noted,
    Problem,
    Retrying,
    Started,
    Withdrawn,
)
from avow.exchange.outcome import ExchangeState, ended, so_far
from avow.exchange.plan import BatchOutcome, Plan, Send
from avow.exchange.response import ResponseReader, read_error
from avow.exchange.saver import Saver
from avow.exit_codes import SIGPIPE, ExitCode
from avow.routing.verdict import Attempt
from avow.wire.failure import refusal_in, rejected
from avow.wire.json_value import text
from avow.wire.message import whole
from avow.wire.request import Request

CHECK_S = 30.0
LEAST_CHECK_S = 0.5
"""How long a finished answer may be checked: at most, and at least where the deadline is near."""


def converse(
    plan: Plan,
    exchange: Exchange,
    *,
    send: Send,
    on_event: Callable[[ExchangeEvent], None],
    save: Callable[[Exchange], None] = lambda _exchange: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Exchange:
    """Carry out `plan` and give `exchange` finished; it never raises for what the API or the network did.

    `on_event` is called with every event except `Finished`. `save` gets the exchange as far as it came, from another
    thread, at least every second while text arrives, and once more when it is over, if it is to be checked. A signal
    and a closed stdout end it as `interrupted`.
    """
    run = _ExchangeRun(plan, exchange, send, on_event, save, sleep)
    try:
        on_event(Started(exchange))
        run.go()
    except Interrupted as stop:
        run.stopped_by(stop.signal_number, "interrupted by a signal")
    except ReaderGone:
        run.stopped_by(SIGPIPE, "stdout was closed")
    except AvowError as error:
        run.failed(error)
    finally:
        run.saver.close()
    finished = run.result(final=True)
    if not plan.checks or run.signal is not None:
        return finished
    save(finished)  # a check may take long, or end the process
    return run.checked(finished)


class _ExchangeRun:
    """One exchange under way."""

    def __init__(
        self,
        plan: Plan,
        exchange: Exchange,
        send: Send,
        on_event: Callable[[ExchangeEvent], None],
        save: Callable[[Exchange], None],
        sleep: Callable[[float], None],
    ) -> None:
        self.plan = plan
        self.exchange = exchange
        self.send = send
        self.on_event = on_event
        self.sleep = sleep
        self.begun_at = time.monotonic()
        self.lock = threading.Lock()
        self.saver = Saver(lambda: save(self.result()))
        body = plan.request.body or {}
        self.request = plan.request
        self.steps = [chain.Step(str(body["model"]), body, credit=plan.credit)]
        self.before: list[Attempt] = []
        self.attempts: list[Attempt] = []
        self.reading = ResponseReader(self.lock, self._on_arrival)
        self.retries = 0
        self.without = plan.without
        self.first_token_ms: int | None = None
        self.request_id: str | None = None
        self.error: ExchangeError | None = None
        self.signal: int | None = None
        self.stop_words = ""
        self.problem: Problem | None = None
        if plan.batch_outcome is not None:
            self._begin_with(plan.batch_outcome, str(body["model"]))

    def _begin_with(self, batch_outcome: BatchOutcome, model: str) -> None:
        error = batch_outcome.error
        self.before = [Attempt(model, batch_outcome.message, error.failure if error is not None else None)]
        if not batch_outcome.is_asked_again:
            self.steps, self.error = [], error
            self.request_id = error.request_id if error is not None else None

    def go(self) -> None:
        while len(self.attempts) < len(self.steps):
            attempt = self._attempt(self.steps[-1])
            step = chain.next_step(self.plan.policy, self.steps, [*self.attempts, attempt])
            withdrawn = self._settle(attempt, step)
            if withdrawn:
                self.on_event(Withdrawn(attempt.model, withdrawn))
            if step is not None:
                self.steps.append(step)
                if step.model != attempt.model:
                    self.on_event(_own_handover(attempt, step))

    def _settle(self, attempt: Attempt, step: chain.Step | None) -> str:
        """Keep the attempt, and say which of the texts so far are withdrawn: what a refused model wrote stands only
        where the next request goes on from it."""
        refusal = attempt.message if attempt.message is not None and attempt.message.refused else None
        is_continued = step is not None and step.continues
        stands = is_continued and refusal is not None and chain.may_be_continued(refusal)
        withdrawn = refusal.text if refusal is not None and not stands else ""
        with self.lock:
            if (refusal is not None or step is not None) and not is_continued:
                before = [a.message.text for a in self.attempts if a.continued and a.message is not None]
                withdrawn = "".join(before) + withdrawn
                self.attempts = [a._replace(continued=False) for a in self.attempts]
            self.attempts.append(attempt._replace(continued=stands))
            self.reading = ResponseReader(self.lock, self._on_arrival, self.reading.tail)
        return withdrawn

    def stopped_by(self, number: int, words: str) -> None:
        self.signal, self.stop_words = number, words

    def failed(self, error: AvowError) -> None:
        """The request could not even be made: a setting of the proxy, the address or a header forbids it. Or the answer
        cannot be shown, and is not waited for."""
        failure = Failure("interrupted" if isinstance(error, FileError) else "connection", None, error.message)
        self.error = ExchangeError(failure, error.exit_code, hint=error.hint, sent=False)

    # -- one attempt ------------------------------------------------------------------------------------------

    def _attempt(self, step: chain.Step) -> Attempt:
        """The step's request, again where that is allowed, until a message began or no retry is left."""
        if len(self.steps) > 1:  # the first one stands in the plan
            self.request = self._request_of(step)
        before = self.without
        try:
            with_retries(lambda: self._once(step), self.plan.limits, self._retry, self.sleep)
            if self.without != before:
                self.plan.learn(step.model, self.without - before)
        except ExchangeError as error:
            refusal = refusal_in(error.failure)
            if refusal is None:
                return self._ended(step, error.failure)
            with self.lock:
                self.reading.taken = whole(refusal)
        self.error = None
        return self._ended(step)

    def _ended(self, step: chain.Step, failure: Failure | None = None) -> Attempt:
        return Attempt(step.model, self.reading.message(), failure, self.reading.headers)

    def _once(self, step: chain.Step) -> None:
        try:
            self._exchange()
        except ExchangeError as error:
            self.error = error
            self.request_id = error.request_id or self.request_id
            began = self.reading.message() is not None
            if not began and (refused := self._refused(step, error.failure)):
                self.without |= refused
                self.request = self._request_of(step)
                self._once(step)
                return
            # What began to arrive is paid for. A whole answer is paid for before its first byte.
            is_answered = self.reading.answering or not (self.request.body or {}).get("stream")
            if began or (is_answered and isinstance(error, StreamEnded)):
                error.not_retryable = True
            raise

    def _request_of(self, step: chain.Step) -> Request:
        if not self.without:
            return self.plan.endpoint.messages(step.body, credit=step.credit)
        from avow.wire.additions import request_without

        return request_without(self.plan.endpoint, step.body, self.without, credit=step.credit)[0]

    def _refused(self, step: chain.Step, failure: Failure) -> frozenset[str]:
        """What of avow's own in this request the failure names, each once: it is to be asked again without."""
        if refusal_in(failure) is not None:
            return frozenset()
        from avow.wire.additions import listed, named_in

        refused = named_in(failure, self.plan.endpoint, step.body, credit=step.credit) - self.without
        if refused:
            again = f"asked again without {'it' if len(refused) == 1 else 'them'}"
            self.on_event(Noted(f"this endpoint does not support {listed(refused)}; {again}"))
        return refused

    def _retry(self, retry: Retrying) -> None:
        self.retries += 1
        self.on_event(retry)

    def _exchange(self) -> None:
        with self.lock:
            self.reading = ResponseReader(self.lock, self._on_arrival, self.reading.tail)
        with self.send(self.request) as response:
            self.reading.headers = dict(response.headers)
            self.request_id = response.headers.get("request-id") or self.request_id
            if response.status >= 400:
                raise rejected(response.status, self.reading.headers, read_error(response))
            try:
                self.reading.read(response)
            except (StreamEnded, Stalled) as error:
                if self.reading.message() is None:
                    # Nothing of an answer had come: the API was not reached, whatever its first bytes were.
                    error.exit_code = ExitCode.UNREACHABLE
                    error.request_id = self.request_id
                raise

    def _on_arrival(self, event: ExchangeEvent) -> None:
        """Something of an answer came."""
        if self.first_token_ms is None:
            self.first_token_ms = round((time.monotonic() - self.begun_at) * 1000)
        self.on_event(event)
        self.saver.touch()

    def checked(self, exchange: Exchange) -> Exchange:
        """The finished exchange with the first of its problems. What takes too long to check is one itself."""
        deadline = self.plan.limits.deadline
        left = CHECK_S if deadline is None else min(CHECK_S, max(deadline - time.monotonic(), LEAST_CHECK_S))

        def check() -> Problem | None:
            return next(filter(None, (one(exchange) for one in self.plan.checks)), None)

        try:
            self.problem = within(left, check)
        except TookTooLong:
            words = f"checking the answer took longer than {left:.0f} seconds; whether it fits is not known"
            self.problem = Problem(ExitCode.NO_FIT, words)
        except Interrupted as stop:
            self.stopped_by(stop.signal_number, "interrupted by a signal")
        return self.result(final=True)

    # -- the exchange as it stands ----------------------------------------------------------------------------

    def result(self, *, final: bool = False) -> Exchange:
        """The exchange as far as it came; `final` decides its status."""
        plan = self.plan
        with self.lock:
            attempts = list(self.attempts)
            under_way = self.reading.message()
            if under_way is not None or (final and len(attempts) < len(self.steps) and self.error):
                failure = self.error.failure if self.error else None
                attempts.append(Attempt(self.steps[-1].model, under_way, failure, self.reading.headers))
        found = ExchangeState(
            tuple(self.before),
            tuple(attempts),
            error=self.error,
            signal=self.signal,
            stop_words=self.stop_words,
            problem=self.problem,
            retries=self.retries,
            first_token_ms=self.first_token_ms,
            total_ms=round((time.monotonic() - self.begun_at) * 1000) if self.steps else None,
            request_id=self.request_id,
        )
        exchange = so_far(self.exchange, found, plan.asked, plan.prices)
        if not final:
            return exchange
        return ended(exchange, found, accept_fallback=plan.accept_fallback, require=plan.require)


def _own_handover(attempt: Attempt, step: chain.Step) -> HandedOver:
    category = text(attempt.message.stop_details.get("category")) if attempt.message else None
    error = attempt.failure.type if attempt.message is None and attempt.failure else None
    return HandedOver(attempt.model, step.model, category, in_text=step.continues, error=error)
