"""`avow run`: a file is checked, asked, told of, and judged as a whole."""

import gc
from typing import TYPE_CHECKING

from avow.asking.ask import ask as put
from avow.asking.question import configure
from avow.context import Api, Context
from avow.errors import HistoryError, UsageError, ended_by
from avow.exchange.exchange import Exchange, ExchangeEvent, Noted, as_json
from avow.exit_codes import ExitCode, gravest
from avow.run.asked import Asked
from avow.run.bar import Bar
from avow.run.budget import Budget
from avow.run.counts import Counts, is_answered
from avow.run.engine import Engine, Work
from avow.run.gate import Gate
from avow.run.journal import Journal
from avow.run.outlet import Outlet
from avow.run.pace import Pace
from avow.run.prices import GUESSED, Pricing
from avow.run.records import form_of
from avow.run.source import Source
from avow.run.suite import Ask, Suite, Summed

if TYPE_CHECKING:
    from avow.history.store import History

_MOST_NOTES = 20


def start(asked: Asked, context: Context) -> ExitCode:
    """Ask all that a file holds, and give the exit status.

    Raises UsageError before anything is sent; Interrupted and ReaderGone after all is kept.
    """
    gc.enable()  # a plain question leaves it off; ten thousand would keep all that points in circles
    form = form_of(asked.path, asked.form)
    source = Source(asked.path, context.stdin, context.screen.warn)
    try:
        suite = Suite(asked.options, context, source, form, asked.repeat)
        configure(context, suite.settings)
        summed = suite.check()
        if asked.dry_run:
            from avow.run.dry_run import show

            return show(suite, summed, context, simulate=asked.options.simulate)
        outlet = Outlet(asked, context.screen, suite.settings)
        with context.open(suite.settings, simulate=asked.options.simulate) as api:
            journal = Journal(_history(asked, context, suite), source.known_as, asked.resume, summed)
            if journal.note:
                context.screen.note(journal.note)
            journal.place_again(suite)
            return _Run(asked, context, suite, summed, journal, outlet, api).go()
    finally:
        source.close()


def _history(asked: Asked, context: Context, suite: Suite) -> "History | None":
    """The history, where there is one to keep the run in."""
    if not suite.settings.flag("history.enabled"):
        if asked.resume is not None:
            raise UsageError("--resume needs the history, and it is switched off", hint="leave --no-history out")
        return None
    try:
        return context.history(suite.settings)
    except HistoryError as error:
        if asked.resume is not None:
            raise
        context.screen.note(f"the run is not kept, and cannot be resumed: {error.message}")
        return None


class _Run:
    """One run under way."""

    def __init__(
        self,
        asked: Asked,
        context: Context,
        suite: Suite,
        summed: Summed,
        journal: Journal,
        outlet: Outlet,
        api: Api,
    ) -> None:
        import time

        self._asked, self._context, self._journal, self._outlet = asked, context, journal, outlet
        self._pricing = Pricing(asked.max_cost is not None)
        api.transport.share(api.endpoint.base_url, asked.jobs)
        self._gate = Gate(api.transport, Pace(asked.patience, time.monotonic()))
        self._api = api._replace(carrier=self._gate)
        self._counts = Counts(summed.questions, outlet.rules)
        self._bar = Bar(context.screen, self._counts, self._gate.why)
        self._budget = Budget(asked.max_cost, self._spent())
        self._notes: set[str] = set()
        self._refused_key = False
        work = Work(
            answer=self._answer,
            earlier=journal.earlier,
            is_over=is_answered,
            reserve=self._reserve,
            charge=self._charge,
            may_begin=lambda ask: outlet.may_begin(ask.position),
            on_end=self._end,
            on_kept=self._counts.add,
            on_tick=self._bar.tick,
            must_stop=self._must_stop,
        )
        self._engine = Engine(suite.asks(journal.run), work, self._gate, self._budget, asked.jobs)

    def go(self) -> ExitCode:
        try:
            self._engine.go()
        finally:
            self._context.screen.clear()
            self._outlet.close(self._journal.run, self._counts, silent=self._engine.signal is not None)
            self._last_words()
        if self._engine.signal is not None:
            raise ended_by(self._engine.signal)
        code = self._counts.gate(self._asked.at_least)
        if self._engine.out_of_budget:
            code = gravest(code if not self._asked.at_least else self._counts.code(), ExitCode.OWN_LIMIT)
        return code

    def _last_words(self) -> None:
        screen, counts = self._context.screen, self._counts
        if self._engine.out_of_budget:
            screen.note(
                f"--max-cost ${self._asked.max_cost:g} ended it: the next item could cost up to "
                f"${self._pricing.last:.4f}; `--resume` with a higher one goes on"
            )
        if self._budget.guessed or self._pricing.guessed:
            screen.note(GUESSED)
        if self._refused_key:
            screen.note("the API refused the credentials: nothing more was asked")
        if not (screen.quiet and counts.all_as_requested):
            screen.err_line(counts.line(self._journal.run))

    # -- one item -------------------------------------------------------------------------------------------------

    def _answer(self, ask: Ask) -> Exchange:
        """Ask it; this runs in a worker."""
        self._bar.began()
        self._gate.surface(bool(ask.inquiry.settings.words("if_unavailable")))
        return put(ask.inquiry, self._context, self._hear, api=self._api)

    def _hear(self, event: ExchangeEvent) -> None:
        """Notes are said once, however many items have them."""
        if isinstance(event, Noted) and event.text not in self._notes and len(self._notes) < _MOST_NOTES:
            self._notes.add(event.text)
            self._context.screen.note(event.text)

    def _end(self, ask: Ask, exchange: Exchange) -> None:
        self._counts.add(exchange)
        self._outlet.put(ask.position, exchange, as_json(exchange))

    def _must_stop(self, exchange: Exchange) -> bool:
        is_refused = exchange.error is not None and exchange.error.status == 401
        self._refused_key = self._refused_key or is_refused
        return is_refused

    # -- money ----------------------------------------------------------------------------------------------------

    def _reserve(self, ask: Ask) -> float:
        return self._pricing.reserve(ask.inquiry)

    def _charge(self, exchange: Exchange) -> float:
        return self._pricing.charge(exchange)

    def _spent(self) -> float:
        if self._asked.max_cost is None:
            return 0.0
        return sum(self._pricing.charge(exchange) for exchange in self._journal.asked_before())
