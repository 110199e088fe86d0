"""A run through the Message Batches API: what is sent, what is in batches, and the result of each item."""

from collections.abc import Callable
from typing import NamedTuple

from avow.asking.ask import prepared_for
from avow.asking.request_fields import body_fields, with_ids
from avow.context import Context
from avow.endpoint.transport import Api
from avow.errors import UsageError
from avow.exchange.exchange import Exchange, Status
from avow.exchange.plan import BatchOutcome
from avow.history import batches
from avow.history.store import History
from avow.run.batch_api import BatchApi
from avow.run.batch_results import BatchResults
from avow.run.budget import Budget
from avow.run.collect import Collector
from avow.run.counts import is_answered
from avow.run.journal import Journal
from avow.run.prices import Pricing
from avow.run.submit import PreparedItem, Submitter
from avow.run.suite import RunQuestion, Suite
from avow.text.counts import counted
from avow.wire.batch import not_taken

_NOT_OURS = "none of the results of the batch is of this run"


class DoneItem(NamedTuple):
    """An item whose batch is done: its exchange as it is in the history, and its result."""

    exchange: Exchange
    batch_outcome: BatchOutcome


class Bulk:
    """The batches of one run. `out_of_budget`: not all items could be sent, and `stop` is the position of the first
    that was not; `note` is called with what the user should know."""

    def __init__(
        self,
        context: Context,
        api: Api,
        history: History,
        journal: Journal,
        *,
        patience: float,
        retries: int,
        note: Callable[[str], None],
    ) -> None:
        assert journal.run is not None
        self._context, self._api, self._history, self._journal = context, api, history, journal
        self._run, self._patience, self._note = journal.run, patience, note
        self._batch_api = BatchApi(api)
        self._submitter = Submitter(self._batch_api, history, journal.run, retries, note)
        self._collector: Collector | None = None
        self._ready: dict[int, DoneItem] = {}
        self.stop: int | None = None

    @property
    def out_of_budget(self) -> bool:
        """Whether not all could be sent."""
        return self.stop is not None

    @property
    def in_batches(self) -> int:
        """How many items are in batches."""
        return batches.count_in_batches(self._history, self._run)

    def ids(self) -> list[str]:
        """The ids of the batches that have items not yet collected."""
        return [known.id for known in batches.open_batches(self._history, self._run) if known.id is not None]

    # -- out ------------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Find out for every batch with an unknown outcome whether it was created. Raises UsageError for a batch on
        another host, ExchangeError where the API cannot be asked."""
        for known in batches.open_batches(self._history, self._run):
            if known.base_url != self._batch_api.base_url:
                raise is_on_another_host(known)
            if known.id is None and self._submitter.find(known) is None:
                if known.items is not None:
                    self._note(_not_found(known.items))
                batches.drop(self._history, known.number)

    def hold(self, suite: Suite, pricing: Pricing, budget: Budget) -> None:
        """Reserve what may be paid for all items that are in batches."""
        for question in suite.questions(self._run):
            if batches.exchange_in_batch(self._history, question.item) is not None:
                budget.hold(pricing.reserve_in_batch(question.inquiry))

    def submit(self, suite: Suite, pricing: Pricing, budget: Budget) -> None:
        """Send all items that are still to be asked and are not in a batch, as far as the budget goes."""
        for question in suite.questions(self._run):
            earlier = self._journal.earlier(question)
            if earlier is not None and is_answered(earlier):
                continue
            amount = pricing.reserve_in_batch(question.inquiry)
            if earlier is not None and earlier.status is Status.PENDING and earlier.batch is not None:
                budget.hold(amount)
                continue
            if not budget.reserve(amount):
                self.stop, pricing.last = question.position, amount
                break
            prepared = prepared_for(question.inquiry, self._context, self._api)
            for words in prepared.notes:
                self._note(words)
            self._submitter.add(PreparedItem(prepared, earlier))
        self._submitter.send()

    # -- in -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to poll the batches."""
        known = batches.open_batches(self._history, self._run)
        fresh = frozenset(self._submitter.made)
        self._collector = Collector(self._batch_api, known, fresh, self._patience, self._note, self._another)
        self._collector.start()
        self._journal.look_back()

    def close(self) -> None:
        """Stop polling."""
        if self._collector is not None:
            self._collector.close()

    def why(self) -> str | None:
        """What the run waits for, in words; None for nothing."""
        return self._collector.why() if self._collector is not None else None

    def is_ready(self, question: RunQuestion) -> bool:
        """Whether the item is not in a batch, or its batch is done. Raises what went wrong with the batch."""
        if question.position in self._ready:
            return True
        exchange = batches.exchange_in_batch(self._history, question.item)
        if exchange is None or exchange.batch is None or self._collector is None:
            return True
        if not self._collector.has(exchange.batch):
            return False
        result = self._collector.results(exchange.batch).of(exchange.id)
        is_refused = result.message is not None and result.message.refused
        batch_outcome = BatchOutcome(*result, is_asked_again=is_refused and exchange.fallback_policy != "none")
        self._ready[question.position] = DoneItem(exchange, batch_outcome)
        return True

    def at(self, position: int) -> DoneItem | None:
        """The item at this position, if it was in a batch; call it after `is_ready`."""
        return self._ready.get(position)

    def ended(self, position: int) -> bool:
        """Note that the item at this position is over; whether it was in a batch."""
        return self._ready.pop(position, None) is not None

    def _another(self, known: batches.KnownBatch, results: BatchResults) -> str | None:
        """The id of another batch that may be the right one, where no result in these is of this run."""
        if not len(results) or any(map(results.has, batches.ids_in(self._history, known.number))):
            return None
        assert known.id is not None
        batches.disown(self._history, known.number, known.id)
        self._note(f"batch {known.id}: {_NOT_OURS}")
        return self._submitter.find(known._replace(id=None, others=known.others | {known.id}))


def _not_found(items: int) -> str:
    what = f"a batch of {counted(items, 'item')} that may have been created"
    return f"{what} is not in the API's list, so it is asked again; if it appears there later, both are paid for"


def is_on_another_host(known: batches.KnownBatch) -> UsageError:
    """The error for a batch that was sent to another host."""
    return UsageError(f"a batch of this run was sent to {known.base_url}", hint="set the base URL to that address")


def check(suite: Suite, wrong: Callable[[int, str], UsageError]) -> None:
    """Raise UsageError for the first item that asks for what batches cannot do."""
    for question in suite.questions(None):
        named = not_taken(body_fields(with_ids(question.inquiry.settings), None))
        if named is not None:
            raise wrong(question.line, f"batches do not take `{named}`")
