"""`avow audit run`: one look, its repeat where it asks for one, and its result."""

import json
from dataclasses import dataclass

from avow.audit import looking
from avow.audit.asking import Asker, CutShort
from avow.audit.collecting import asked_in_all, is_complete
from avow.audit.estimate import dollars, estimate
from avow.audit.judging import baseline_is_enough, differences, unmeasurable, void
from avow.audit.record import AuditRecord, Look
from avow.audit.replies import Arm
from avow.audit.request import check_named, conditions_of, settings_for
from avow.audit.result import Result
from avow.audit.screens import agree, footer, report, show_progress
from avow.audit.store import Store, StoredAudit
from avow.commands.audit.starting import going_on, model_of, seed_of, settings_of, store_of, tell_cut_short
from avow.context import Context
from avow.errors import UsageError
from avow.exit_codes import ExitCode
from avow.settings.levels import Settings


@dataclass(frozen=True, slots=True)
class AuditRunOptions:
    """The options of `avow audit run`: which audit, compared with which model, and how."""

    name: str
    model: str | None = None
    against: str | None = None
    pace: float = 3.0
    seed: int | None = None
    yes: bool = False
    as_json: bool = False
    profile: str | None = None
    quiet: bool = False


def run(options: AuditRunOptions, context: Context) -> ExitCode:
    """Take a look, or continue one. Raises UsageError where there is no complete baseline or no look left."""
    given = settings_of(context, options.profile, quiet=options.quiet)
    store = store_of(context)
    if store.load(options.name) is None:
        raise UsageError(f"there is no baseline {options.name}", hint=f"avow audit baseline {options.name} -m MODEL")
    with store.alone(options.name):
        kept = store.load(options.name)
        assert kept is not None
        record = kept.record
        if not is_complete(kept):
            raise UsageError(
                f"the baseline {options.name} has {len(record.baseline)} of {asked_in_all(record)} replies",
                hint=f"go on with it: avow audit baseline {options.name}",
            )
        against = model_of(given, options.against) if options.against else None
        look = looking.look_for(record, against, options.seed, seed_of(None))
        conditions = conditions_of(model_of(given, options.model or record.conditions.model), given, context)
        if changed := differences(record.conditions, conditions):
            return _tell(options, context, record, void(record, look.number, look.against, changed), None)
        if not baseline_is_enough(record):
            return _tell(options, context, record, unmeasurable(record, look.number, look.against), None)
        if look.against is not None:
            check_named(look.against, record.conditions.model, record.conditions.request)
        return _take(options, context, given, store, kept, look)


def _take(
    options: AuditRunOptions, context: Context, given: Settings, store: Store, kept: StoredAudit, look: Look
) -> ExitCode:
    record = kept.record
    conditions = record.conditions
    settings = {Arm.REQUESTED: settings_for(given, conditions.model, conditions.request)}
    if look.against is not None:
        settings[Arm.AGAINST] = settings_for(given, look.against, conditions.request)
    label = f"look {look.number} of {record.looks}"
    with context.open(given) as api:
        agree(context, _price_lines(options, given, record, look), yes=options.yes)
        asker = Asker(context, api, record.cards, settings, options.pace)

        def progress(at: looking.Progress) -> None:
            show_progress(context, label if at.part == "replies" else f"{label}, repeat", at.done, at.due)

        again = f"avow audit run {record.name}"
        try:
            with going_on(context, again):
                kept, result = looking.take(kept, look, asker, store.save, progress)
        except CutShort as stop:
            return tell_cut_short(context, stop, again)
    context.screen.clear()
    taken = next(each for each in kept.record.runs if each.number == look.number)
    return _tell(options, context, kept.record, result, taken)


def _price_lines(options: AuditRunOptions, given: Settings, record: AuditRecord, look: Look) -> list[str]:
    """What is due, and what a repeat adds at most."""
    due, more = looking.requests_left(look, record)
    sums = []
    for count in (due, due + more):
        models = {record.conditions.model: count}
        if look.against is not None:
            models = {record.conditions.model: count - count // 2, look.against: count // 2}
        thinks = "thinking" in record.conditions.request
        sums.append(estimate(models, record.cards, thinks=thinks, prices=given.table("prices"), seen=record.baseline))
    lines = [f"look {look.number} of {record.looks}, audit {record.name}: {sums[0].words()}"]
    if look.against is not None:
        lines.append(f"half of the requests go to {look.against}")
    if more:
        up_to = "" if sums[1].most_usd is None else f", {dollars(sums[1].most_usd)} in all"
        lines.append(f"a repeat, where one is needed: up to {more} requests more{up_to}")
    lines.append(f"{options.pace:g} s from one request to the next")
    return lines


def _tell(
    options: AuditRunOptions, context: Context, record: AuditRecord, result: Result, look: Look | None
) -> ExitCode:
    if options.as_json:
        context.screen.line(json.dumps(result.as_json(), indent=2))
    else:
        report(context, result, record, look)
        if look is not None:
            cost = "cost unknown" if result.cost_usd is None else dollars(result.cost_usd)
            footer(context, f"{cost} · seed {look.seed} · every reply: avow audit show {record.name}")
    return ExitCode(result.exit_code)
