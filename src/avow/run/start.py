"""`avow run`: checks a file, asks its items, reports each, and gives the exit status of the whole."""

import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING

from avow.asking.ask import ask as put
from avow.context import Context
from avow.endpoint.transport import Api
from avow.errors import HistoryError, Interrupted, UsageError, ended_by
from avow.exchange.exchange import Exchange, ExchangeEvent, Noted, as_json
from avow.exit_codes import ExitCode, gravest
from avow.run import bulk
from avow.run.budget import Budget
from avow.run.bulk import Bulk
from avow.run.counts import RunCounts, is_answered
from avow.run.engine import Engine, EngineCallbacks
from avow.run.journal import Journal
from avow.run.options import RunOptions
from avow.run.outlet import Outlet
from avow.run.outputs import Outputs
from avow.run.pace import Pace
from avow.run.paced_transport import PacedTransport
from avow.run.prices import GUESSED, Pricing
from avow.run.progress_bar import ProgressBar
from avow.run.records import form_of, wrong
from avow.run.source import PromptSource, check_there
from avow.run.suite import RunQuestion, Suite, SuiteDigest
from avow.text.counts import counted

if TYPE_CHECKING:
    from avow.history.store import History

_MOST_NOTES = 20


def start(asked: RunOptions, context: Context) -> ExitCode:
    """Ask all questions of a file, and give the exit status.

    Raises UsageError before anything is sent; Interrupted and ReaderGone after everything is kept.
    """
    gc.enable()  # a plain question leaves it off; ten thousand would keep all that points in circles
    check_there(asked.path)
    outputs = Outputs.of(asked)
    outputs.check(asked, context, context.settings(asked.options.flags, profile=asked.options.profile))
    form = form_of(asked.path, asked.form)
    source = PromptSource(asked.path, context.stdin, context.screen.warn)
    try:
        suite = Suite(asked.options, context, source, form, asked.repeat, outputs.check_apart)
        context.style(suite.settings)
        summed = suite.check()
        if asked.batch:
            bulk.check(suite, lambda line, words: wrong(source.name, line, words, "leave it out, or --batch"))
        if asked.dry_run:
            from avow.run.dry_run import show

            return show(suite, summed, context, simulate=asked.options.simulate, in_batch=asked.batch)
        outlet = Outlet(asked, context.screen, suite.settings)
        with context.open(suite.settings, simulate=asked.options.simulate) as api:
            history = _history(asked, context, suite)
            journal = Journal(history, source.known_as, asked.resume, summed)
            if journal.note:
                context.screen.note(journal.note)
            journal.place_again(suite)
            run = _Run(asked, context, suite, summed, journal, outlet, api)
            if history is not None and (asked.batch or journal.has_open_batches):
                run.send(history)
                if asked.detach:
                    return run.leave()
            return run.go()
    finally:
        source.close()


def _history(asked: RunOptions, context: Context, suite: Suite) -> "History | None":
    """The history in which the run is kept, if there is one."""
    if not suite.settings.flag("history.enabled"):
        if (option := _needs_history(asked)) is not None:
            raise UsageError(f"{option} needs the history, and it is switched off", hint="leave --no-history out")
        return None
    try:
        return context.history(suite.settings)
    except HistoryError as error:
        if _needs_history(asked) is not None:
            raise
        context.screen.note(f"the run is not kept, and cannot be resumed: {error.message}")
        return None


def _needs_history(asked: RunOptions) -> str | None:
    """The option that needs the history, if any."""
    return "--resume" if asked.resume is not None else "--batch" if asked.batch else None


class _Run:
    """One run under way."""

    def __init__(
        self,
        asked: RunOptions,
        context: Context,
        suite: Suite,
        summed: SuiteDigest,
        journal: Journal,
        outlet: Outlet,
        api: Api,
    ) -> None:
        import time

        self._asked, self._context, self._journal, self._outlet = asked, context, journal, outlet
        self._pricing = Pricing(asked.max_cost is not None)
        api.transport.share(api.endpoint.base_url, asked.jobs)
        self._paced = PacedTransport(api.transport, Pace(asked.patience, time.monotonic()))
        self._api = api._replace(paced=self._paced)
        self._counts = RunCounts(summed.questions, outlet.rules)
        self._bar = ProgressBar(context.screen, self._counts, self._why)
        self._budget = Budget(asked.max_cost, self._spent())
        self._notes: set[str] = set()
        self._refused_key = False
        self._suite = suite
        self._bulk: Bulk | None = None
        calls = EngineCallbacks(
            answer=self._answer,
            earlier=self._earlier,
            is_over=is_answered,
            reserve=self._reserve,
            charge=self._charge,
            may_begin=self._may_begin,
            on_end=self._end,
            on_kept=self._counts.add,
            on_tick=self._bar.tick,
            must_stop=self._must_stop,
        )
        self._engine = Engine(self._questions(), calls, self._paced, self._budget, asked.jobs)

    def send(self, history: "History") -> None:
        """Send the items that go into batches, and find those that are in batches of an earlier call."""
        asked = self._asked
        retries = self._suite.settings.integer("retries") or 0
        self._bulk = Bulk(
            self._context, self._api._replace(paced=None), history, self._journal,
            patience=asked.patience, retries=retries, note=self._note_once,
        )  # fmt: skip
        try:
            self._bulk.settle()
            if asked.batch:
                self._bulk.submit(self._suite, self._pricing, self._budget)
            elif asked.max_cost is not None:
                self._bulk.hold(self._suite, self._pricing, self._budget)
        except Interrupted:
            self._tell_of_open_batches()
            if asked.batch:
                again = f"`avow run {asked.path} --batch --resume={self._journal.run}` goes on"
                self._context.screen.warn(f"run {self._journal.run}: not all was sent; {again}")
            raise

    def leave(self) -> ExitCode:
        """Leave the batches to the API, for `--detach`."""
        assert self._bulk is not None
        if not self._tell_of_open_batches():
            self._context.screen.note(f"run {self._journal.run}: every item was answered before, and nothing was sent")
        return ExitCode.OWN_LIMIT if self._bulk.out_of_budget else ExitCode.OK

    def go(self) -> ExitCode:
        try:
            if self._bulk is not None:
                self._bulk.start()
            self._engine.go()
        finally:
            if self._bulk is not None:
                self._bulk.close()
                self._counts.leave(self._bulk.in_batches)
            self._context.screen.clear()
            self._outlet.close(self._journal.run, self._counts, silent=self._engine.signal is not None)
            self._last_words()
        if self._engine.signal is not None:
            raise ended_by(self._engine.signal)
        code = self._counts.gate(self._asked.at_least)
        if self._out_of_budget:
            code = gravest(code if not self._asked.at_least else self._counts.code(), ExitCode.OWN_LIMIT)
        return code

    def _last_words(self) -> None:
        screen, counts = self._context.screen, self._counts
        if self._bulk is not None:
            self._tell_of_open_batches()
        if self._out_of_budget:
            screen.note(
                f"--max-cost ${_as_typed(self._asked.max_cost)} ended it: the next item could cost up to "
                f"${self._pricing.last:.4f}; `--resume` with a higher one goes on"
            )
        if self._pricing.guessed:
            screen.note(GUESSED)
        if self._refused_key:
            screen.note("the API refused the credentials, so nothing more was asked")
        if not (screen.quiet and counts.all_as_requested):
            screen.statement(counts.line(self._journal.run))

    def _tell_of_open_batches(self) -> bool:
        """Say which batches the API goes on with when avow ends, and how to collect them; whether there are any."""
        assert self._bulk is not None
        number, run = self._bulk.in_batches, self._journal.run
        if not number:
            return False
        items = counted(number, "item")
        where = f"{'is' if number == 1 else 'are'} in {', '.join(self._bulk.ids()) or 'a batch that was being made'}"
        next_step = f"`avow run {self._asked.path} --resume={run}` collects, `avow run --cancel {run}` cancels"
        if self._api.simulated:
            next_step = "the simulator ends with avow, and its batches with it; `--resume` asks again"
        self._context.screen.warn(f"run {run}: {items} {where}; {next_step}")
        return True

    @property
    def _out_of_budget(self) -> bool:
        return self._engine.out_of_budget or (self._bulk is not None and self._bulk.out_of_budget)

    def _why(self) -> str | None:
        return self._paced.why() or (self._bulk.why() if self._bulk is not None else None)

    # -- one item -------------------------------------------------------------------------------------------------

    def _answer(self, question: RunQuestion) -> Exchange:
        """Ask the question, or judge its result from a batch; this runs in a worker."""
        self._bar.began()
        inquiry = question.inquiry
        done = self._bulk.at(question.position) if self._bulk is not None else None
        if done is not None:
            inquiry = inquiry._replace(begun=done.exchange, batch_outcome=done.batch_outcome)
        else:
            self._paced.wait_turn()
        self._paced.surface(bool(inquiry.settings.words("if_unavailable")))
        return put(inquiry, self._context, self._hear, api=self._api)

    def _questions(self) -> Iterator[RunQuestion]:
        """All questions; where a budget did not allow to send all as batches, those before the first that was not
        sent."""
        for question in self._suite.questions(self._journal.run):
            if self._bulk is not None and question.position == self._bulk.stop:
                return
            yield question

    def _may_begin(self, question: RunQuestion) -> bool:
        return self._outlet.may_begin(question.position) and (self._bulk is None or self._bulk.is_ready(question))

    def _earlier(self, question: RunQuestion) -> Exchange | None:
        if self._bulk is not None and self._bulk.at(question.position) is not None:
            return None
        return self._journal.earlier(question)

    def _hear(self, event: ExchangeEvent) -> None:
        if isinstance(event, Noted):
            self._note_once(event.text)

    def _note_once(self, words: str) -> None:
        """Note it once, however many items have the same note."""
        if words not in self._notes and len(self._notes) < _MOST_NOTES:
            self._notes.add(words)
            self._context.screen.note(words)

    def _end(self, question: RunQuestion, exchange: Exchange) -> None:
        if self._bulk is not None and self._bulk.ended(question.position):
            self._budget.settle(self._pricing.reserve_in_batch(question.inquiry), 0.0)
        self._counts.add(exchange)
        if self._context.screen.verbose:
            from avow.run.lines import item_name
            from avow.terminal.render import figures

            self._context.screen.note(f"item {item_name(exchange)}: {figures(exchange)}")
        self._outlet.put(question.position, exchange, as_json(exchange))

    def _must_stop(self, exchange: Exchange) -> bool:
        is_refused = exchange.error is not None and exchange.error.status == 401
        self._refused_key = self._refused_key or is_refused
        return is_refused

    # -- money ----------------------------------------------------------------------------------------------------

    def _reserve(self, question: RunQuestion) -> float:
        done = self._bulk.at(question.position) if self._bulk is not None else None
        if done is not None and not done.batch_outcome.is_asked_again:
            return 0.0  # it was set aside when the batch was sent
        return self._pricing.reserve(question.inquiry)

    def _charge(self, exchange: Exchange) -> float:
        return self._pricing.charge(exchange)

    def _spent(self) -> float:
        if self._asked.max_cost is None:
            return 0.0
        return sum(self._pricing.charge(exchange) for exchange in self._journal.asked_before())


def _as_typed(usd: float | None) -> str:
    """An amount without an exponent, and without zeros at its end."""
    from decimal import Decimal

    return f"{Decimal(str(usd or 0)):f}".removesuffix(".0")
