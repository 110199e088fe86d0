"""The baseline: sixty replies in sittings of twenty; a call continues where the last one was cut short."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from avow import __version__
from avow.audit.asking import Asker, PricedReply
from avow.audit.cards import SHIPPED, made
from avow.audit.judging import differences
from avow.audit.plan import LOOKS, PER_CARD, SITTINGS, Slot, orders, remaining
from avow.audit.record import AuditRecord, Conditions
from avow.audit.replies import Arm, CardReply
from avow.audit.result import Difference
from avow.audit.store import StoredAudit
from avow.errors import UsageError
from avow.exit_codes import ExitCode
from avow.routing.verdict import Verdict

SCHEMA = "avow.audit-baseline/1"


@dataclass(frozen=True, slots=True)
class BaselineTerms:
    """What a call of `baseline` may set; None: not given. The first call fixes all of it but the seed of the order."""

    looks: int | None = None
    cards_seed: int | None = None
    one_sitting: bool = False
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Sitting:
    """What this call asks: the slots of sitting `number` that have no reply yet."""

    kept: StoredAudit
    number: int
    slots: tuple[Slot, ...]


def begun(name: str, conditions: Conditions, wishes: BaselineTerms) -> StoredAudit:
    """A new audit, without any reply."""
    cards = SHIPPED if wishes.cards_seed is None else made(wishes.cards_seed)
    record = AuditRecord(
        name=name,
        avow=__version__,
        conditions=conditions,
        cards=cards,
        looks=LOOKS if wishes.looks is None else wishes.looks,
        one_sitting=wishes.one_sitting,
    )
    return StoredAudit(record)


def next_sitting(kept: StoredAudit, seed: int) -> Sitting | None:
    """What is due: the rest of the last sitting, or the next sitting, in the order that `seed` gives. None where all
    sixty replies are there."""
    if kept.seeds:
        number = len(kept.seeds)
        slots = remaining(_order(kept, number), _of(kept.record.baseline, number))
        if slots:
            return Sitting(kept, number, slots)
    if len(kept.seeds) >= sittings_planned(kept.record):
        return None
    kept = replace(kept, seeds=(*kept.seeds, seed))
    return Sitting(kept, len(kept.seeds), _order(kept, len(kept.seeds)))


def sittings_planned(record: AuditRecord) -> int:
    """One, or three."""
    return 1 if record.one_sitting else SITTINGS


def is_complete(kept: StoredAudit) -> bool:
    """Whether all replies of the baseline are there."""
    done = len(kept.seeds) == sittings_planned(kept.record)
    return done and not remaining(_order(kept, len(kept.seeds)), _of(kept.record.baseline, len(kept.seeds)))


def asked_in_all(record: AuditRecord) -> int:
    """How many replies a complete baseline has."""
    return len(record.cards) * PER_CARD * SITTINGS


def check_same(kept: StoredAudit, conditions: Conditions, wishes: BaselineTerms) -> None:
    """Raises UsageError where a call would continue a baseline under conditions other than those it was begun with."""
    record = kept.record
    if changed := differences(record.conditions, conditions):
        raise UsageError(f"audit {record.name} was begun under other conditions: {_told(changed)}", hint=_ANOTHER)
    fixed: list[tuple[str, bool]] = [
        (f"--looks {wishes.looks}", wishes.looks not in (None, record.looks)),
        ("--all-now", wishes.one_sitting and not record.one_sitting),
        (
            f"--cards {wishes.cards_seed}",
            wishes.cards_seed is not None and made(wishes.cards_seed) != record.cards,
        ),
    ]
    for option, is_other in fixed:
        if is_other:
            raise UsageError(
                f"{option}: audit {record.name} was begun with other terms, which cannot be changed", hint=_ANOTHER
            )


def ask_sitting(
    sitting: Sitting, asker: Asker, save: Callable[[StoredAudit], None], progress: Callable[[int], None]
) -> StoredAudit:
    """Ask what is due; the audit with every reply that came. Raises as `Asker.ask_all`."""
    kept = sitting.kept
    save(kept)

    def keep(answered: PricedReply) -> None:
        nonlocal kept
        kept = kept.with_baseline(answered.reply)
        save(kept)

    asker.ask_all(sitting.slots, sitting.number, keep, progress=progress)
    return kept


def exit_code_of(replies: Sequence[CardReply]) -> ExitCode:
    """The exit status of a call of `baseline`. Declared replies count where one was substituted, or where no others are
    left."""
    if any(reply.verdict == Verdict.SUBSTITUTED for reply in replies):
        return ExitCode.SUBSTITUTED
    if replies and all(reply.is_declared for reply in replies):
        return ExitCode.REFUSED if all(reply.verdict == Verdict.REFUSED for reply in replies) else ExitCode.UNVERIFIED
    return ExitCode.OK


_ANOTHER = "give the new baseline another NAME"


def _order(kept: StoredAudit, number: int) -> tuple[Slot, ...]:
    per_card = PER_CARD * SITTINGS if kept.record.one_sitting else PER_CARD
    return next(orders(kept.record.card_ids, (Arm.REQUESTED,), kept.seeds[number - 1], per_card=per_card))


def _of(replies: Sequence[CardReply], sitting: int) -> tuple[CardReply, ...]:
    return tuple(reply for reply in replies if reply.sitting == sitting)


def _told(changed: Sequence[Difference]) -> str:
    return "; ".join(f"{each.field} was {each.baseline}, and is {each.now}" for each in islice(changed, 4))
