"""A look: twenty replies now, the test, and the repeat; a call continues where the last one was cut short."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from avow.audit.asking import Asker, PricedReply
from avow.audit.judging import asks_again, first_test, judge
from avow.audit.plan import Slot, orders, remaining
from avow.audit.record import AuditRecord, Look
from avow.audit.replies import Arm, CardReply
from avow.audit.result import Measured, Result
from avow.audit.store import Cost, StoredAudit
from avow.errors import UsageError
from avow.exchange.exchange import timestamp


@dataclass(frozen=True, slots=True)
class Progress:
    """How many replies of a look have come; `part` is `replies` or `repeat`."""

    part: str
    done: int
    due: int


def open_look(record: AuditRecord) -> Look | None:
    """The look that is not over yet, if there is one."""
    return next((look for look in record.runs if look.result is None), None)


def look_for(record: AuditRecord, against: str | None, seed: int | None, fresh_seed: int) -> Look:
    """The look to continue, or the next one. Raises UsageError where all planned looks are used, and where the open
    look was begun with other options."""
    under_way = open_look(record)
    if under_way is not None:
        name, number = record.name, under_way.number
        if against is not None and against != under_way.against:
            held = f"against {under_way.against}" if under_way.against else "without --against"
            raise UsageError(f"audit {name}: look {number} was begun {held}", hint="leave --against out to continue it")
        if seed is not None and seed != under_way.seed:
            raise UsageError(f"audit {name}: look {number} was begun with --seed {under_way.seed}", hint="leave it out")
        return under_way
    number = len(record.runs) + 1
    if number > record.looks:
        raise UsageError(
            f"audit {record.name}: all {record.looks} planned looks are used, and another would break the error rate",
            hint="take a new baseline under another NAME, with more --looks",
        )
    return Look(number, fresh_seed if seed is None else seed, timestamp(time.time()), against)


def requests_left(look: Look, record: AuditRecord) -> tuple[int, int]:
    """How many requests are due in this look, and how many more its repeat may need; both counts are over all arms."""
    first, repeat = _orders(look, record)
    if look.repeat is not None:
        return len(remaining(repeat, look.repeat)), 0
    return len(remaining(first, look.replies)), len(repeat)


def take(
    kept: StoredAudit,
    look: Look,
    asker: Asker,
    save: Callable[[StoredAudit], None],
    progress: Callable[[Progress], None] = lambda _progress: None,
) -> tuple[StoredAudit, Result]:
    """Ask what is due of `look`, test, and repeat where the test asks for it; the audit, and the result.

    Raises as `Asker.ask_all`; all replies before that are kept, and the look counts as used.
    """
    taking = _LookRun(kept.with_look(look), look.number, asker, save, progress)
    taking.save(taking.kept)
    return taking.go()


class _LookRun:
    """A look under way."""

    def __init__(
        self,
        kept: StoredAudit,
        number: int,
        asker: Asker,
        save: Callable[[StoredAudit], None],
        progress: Callable[[Progress], None],
    ) -> None:
        self.kept = kept
        self.number = number
        self.asker = asker
        self.save = save
        self.progress = progress

    @property
    def look(self) -> Look:
        return next(look for look in self.kept.record.runs if look.number == self.number)

    def go(self) -> tuple[StoredAudit, Result]:
        record = self.kept.record
        first_order, repeat_order = _orders(self.look, record)
        if self.look.repeat is None:
            self._ask("replies", first_order, self.look.replies)
        first = first_test(record, self.look)
        if self.look.repeat is not None or asks_again(record, self.look, first):
            if self.look.repeat is None:
                self._put(replace(self.look, repeat=()))
            self._ask("repeat", repeat_order, self.look.repeat or ())
        return self._finish(first)

    def _ask(self, part: str, order: Sequence[Slot], there: Sequence[CardReply]) -> None:
        slots = remaining(order, there)

        def keep(answered: PricedReply) -> None:
            self.kept = self.kept.paying(self.number, answered.cost_usd)
            before: tuple[CardReply, ...] = (self.look.repeat or ()) if part == "repeat" else self.look.replies
            after = (*before, answered.reply)
            look = replace(self.look, repeat=after) if part == "repeat" else replace(self.look, replies=after)
            self._put(look)

        def pay(usd: float | None) -> None:
            self.kept = self.kept.paying(self.number, usd)
            self.save(self.kept)

        def tell(done: int) -> None:
            self.progress(Progress(part, len(order) - len(slots) + done, len(order)))

        self.asker.ask_all(slots, self.number, keep, pay, tell)

    def _put(self, look: Look) -> None:
        self.kept = self.kept.with_look(look)
        self.save(self.kept)

    def _finish(self, first: Measured) -> tuple[StoredAudit, Result]:
        cost = self.kept.costs.get(self.number, Cost()).total
        result = judge(self.kept.record, self.look, first, cost_usd=cost)
        self._put(replace(self.look, result=result.as_json()))
        return self.kept, result


def _orders(look: Look, record: AuditRecord) -> tuple[tuple[Slot, ...], tuple[Slot, ...]]:
    """The order of a look's requests and that of its repeat's."""
    arms = (Arm.REQUESTED,) if look.against is None else (Arm.REQUESTED, Arm.AGAINST)
    first, repeat = islice(orders(record.card_ids, arms, look.seed), 2)
    return first, repeat
