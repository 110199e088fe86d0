"""`avow audit baseline`: collects the replies that later ones are compared with."""

from dataclasses import dataclass

from avow.audit.asking import Asker, CutShort
from avow.audit.collecting import (
    SCHEMA,
    BaselineTerms,
    Sitting,
    ask_sitting,
    asked_in_all,
    begun,
    check_same,
    exit_code_of,
    is_complete,
    next_sitting,
)
from avow.audit.estimate import estimate
from avow.audit.replies import Arm
from avow.audit.request import conditions_of, settings_for
from avow.audit.screens import agree, show_progress
from avow.audit.store import Store, StoredAudit
from avow.audit.words import ONE_SITTING, sittings_of, sittings_shown
from avow.commands.audit.starting import going_on, model_of, seed_of, settings_of, store_of, tell_cut_short
from avow.context import Context
from avow.errors import UsageError
from avow.exit_codes import ExitCode
from avow.settings.levels import Settings
from avow.terminal.fitted import say


@dataclass(frozen=True, slots=True)
class BaselineOptions:
    """The options of `avow audit baseline`: which audit, which model, and how."""

    name: str
    model: str | None
    wishes: BaselineTerms
    pace: float
    yes: bool = False
    as_json: bool = False
    profile: str | None = None
    quiet: bool = False


def run(options: BaselineOptions, context: Context) -> ExitCode:
    """Ask what is due of this baseline. Raises UsageError where nothing is due, or where it was begun under other
    conditions."""
    given = settings_of(context, options.profile, quiet=options.quiet)
    store = store_of(context)
    with store.alone(options.name):
        kept = store.load(options.name)
        named = options.model or (kept.record.conditions.model if kept else None)
        conditions = conditions_of(model_of(given, named), given, context)
        if kept is None:
            kept = begun(options.name, conditions, options.wishes)
        check_same(kept, conditions, options.wishes)
        sitting = next_sitting(kept, seed_of(options.wishes.seed))
        if sitting is None:
            raise UsageError(
                f"the baseline {options.name} is complete: {len(kept.record.baseline)} replies",
                hint=f"avow audit run {options.name}; another baseline needs another NAME",
            )
        _check_seed(kept, sitting, options.wishes.seed)
        return _ask(options, context, given, store, sitting)


def _check_seed(kept: StoredAudit, sitting: Sitting, seed: int | None) -> None:
    going_on = len(kept.seeds) == sitting.number
    if going_on and seed is not None and seed != kept.seeds[-1]:
        raise UsageError(f"the sitting under way was begun with --seed {kept.seeds[-1]}", hint="leave --seed out")


def _ask(options: BaselineOptions, context: Context, given: Settings, store: Store, sitting: Sitting) -> ExitCode:
    record = sitting.kept.record
    conditions = record.conditions
    expected = estimate(
        {conditions.model: len(sitting.slots)},
        record.cards,
        thinks="thinking" in conditions.request,
        prices=given.table("prices"),
        seen=record.baseline,
    )
    seconds = options.pace * len(sitting.slots)
    with context.open(given) as api:
        lines = [f"{_place(sitting)}: {expected.words()}", f"it takes {seconds:.0f} s or more"]
        agree(context, lines, yes=options.yes)
        settings = {Arm.REQUESTED: settings_for(given, conditions.model, conditions.request)}
        asker = Asker(context, api, record.cards, settings, options.pace)
        due, again = len(sitting.slots), f"avow audit baseline {record.name}"
        try:
            with going_on(context, again):
                kept = ask_sitting(
                    sitting, asker, store.save, lambda done: show_progress(context, _place(sitting), done, due)
                )
        except CutShort as stop:
            return tell_cut_short(context, stop, again)
    context.screen.clear()
    code = exit_code_of([reply for reply in kept.record.baseline if reply.sitting == sitting.number])
    _tell(options, context, kept, code)
    return code


def _place(sitting: Sitting) -> str:
    record = sitting.kept.record
    which = "in one sitting" if record.one_sitting else f"sitting {sitting.number} of 3"
    return f"baseline {record.name}, {which}"


def _tell(options: BaselineOptions, context: Context, kept: StoredAudit, code: ExitCode) -> None:
    record = kept.record
    declared = sum(reply.is_declared for reply in record.baseline)
    if options.as_json:
        import json

        body = {
            "schema": SCHEMA,
            "name": record.name,
            "model": record.conditions.model,
            "sittings": list(sittings_of(record.baseline)),
            "one_sitting": record.one_sitting,
            "replies": len(record.baseline) - declared,
            "declared": declared,
            "complete": is_complete(kept),
            "looks": record.looks,
            "exit_code": int(code),
        }
        context.screen.line(json.dumps(body, indent=2))
        return
    screen = context.screen
    say(f"{len(record.baseline)} of {asked_in_all(record)} replies are kept as baseline {record.name}.", screen)
    say(f"Sittings began: {sittings_shown(record.baseline)}.", screen)
    if declared:
        say(f"{declared} of them were refused, answered by another model, or did not name it; not in the test.", screen)
    if record.one_sitting:
        say(ONE_SITTING, screen)
    if is_complete(kept):
        say(f"The baseline is complete. To look: avow audit run {record.name}", screen)
    else:
        say(f"Next, best on another day and at another hour: avow audit baseline {record.name}", screen)
