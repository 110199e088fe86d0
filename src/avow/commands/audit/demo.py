"""`avow audit demo`: the whole procedure on two simulated endpoints, without a key and without a network."""

import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from avow.audit import looking
from avow.audit.asking import Asker
from avow.audit.collecting import BaselineTerms, ask_sitting, begun, next_sitting
from avow.audit.record import Conditions
from avow.audit.replies import Arm
from avow.audit.request import request_for, settings_for
from avow.audit.result import Finding, Result
from avow.audit.screens import report, rows_of, show_progress
from avow.audit.store import Store, StoredAudit
from avow.commands.audit.starting import seed_of, settings_of
from avow.context import Context
from avow.endpoint.credential import simulated
from avow.exit_codes import ExitCode
from avow.settings.levels import Settings
from avow.simulator.scenarios import load
from avow.simulator.script import Scenario
from avow.terminal.fitted import say

MODEL, OTHER = "claude-fable-5-2", "claude-opus-4-8"
_BEGINNING = "Two simulated endpoints on this machine; no key is used, nothing is sent elsewhere."
_LOOKS = 2
_DRAWS = 1999  # a demo is not to be waited for
_PLAYS = (
    ("honest", "picks", Finding.NO_DIFFERENCE, f"{MODEL} answers, as in the baseline"),
    ("swapped", "picks_swapped", Finding.DIFFERS, f"{OTHER} answers, under the name {MODEL}"),
)


def run(context: Context, *, seed: int | None = None) -> ExitCode:
    """Take a baseline of the honest simulator, then look at both. Exit 0 where each look found what is there, else
    1. The same seed repeats the replies and the shuffles."""
    from avow.simulator.server import Simulator

    seed = seed_of(seed)
    given = settings_of(context, None, quiet=False)
    environ = {name: value for name, value in context.environ.items() if name != "ANTHROPIC_CUSTOM_HEADERS"}
    context = context.within(environ)
    begun_at = time.monotonic()
    screen = context.screen
    for row in rows_of(_BEGINNING, screen.out_facts):
        screen.line(row)
    with ExitStack() as opened:
        folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="avow-audit-"))
        with Simulator(_played("picks", seed)) as simulator:
            kept = _baseline(context, _at(given, simulator.base_url), Store(Path(folder)), seed)
        say(f"Baseline: {len(kept.record.baseline)} replies in three sittings.", screen)
        right = []
        for session, (name, scenario, expected, words) in enumerate(_PLAYS, start=seed + 1):
            with Simulator(_played(scenario, session)) as simulator:
                screen.line()
                for row in rows_of(f"The {name} simulator ({words}):", screen.out_facts):
                    screen.line(row)
                kept, result = _look(context, _at(given, simulator.base_url), Store(Path(folder)), kept, seed)
            report(context, result, kept.record, kept.record.runs[-1])
            right.append(result.finding is expected)
    screen.line()
    for (name, *_), is_right in zip(_PLAYS, right, strict=True):
        say(f"{name}: {'as it should be' if is_right else 'NOT as it should be'}", screen)
    say(f"Done in {time.monotonic() - begun_at:.1f} s.", screen)
    return ExitCode.OK if all(right) else ExitCode.UNEXPECTED


def _played(name: str, session: int) -> Scenario:
    """The scenario, whose replies are those of this session."""
    scenario = load(name)
    return replace(scenario, pick_settings=replace(scenario.pick_settings, seed=session))


def _at(given: Settings, base_url: str) -> Settings:
    """The settings for a simulator; its answers are not kept in the history."""
    here = given.at(base_url)
    values = {**here.values, "history.enabled": False, "headers": {}, "auth_style": None, "api_version": None}
    return here._replace(values=values)


def _baseline(context: Context, given: Settings, store: Store, seed: int) -> StoredAudit:
    conditions = Conditions(MODEL, given.base_url, "2023-06-01", request=request_for(MODEL))
    kept = begun("demo", conditions, BaselineTerms(looks=_LOOKS))
    kept = replace(kept, record=replace(kept.record, draws=_DRAWS))
    with context.open(given, credential=simulated()) as api:
        settings = {Arm.REQUESTED: settings_for(given, MODEL, conditions.request)}
        asker = Asker(context, api, kept.record.cards, settings, 0.0)
        while (sitting := next_sitting(kept, seed)) is not None:
            label, due = f"baseline, sitting {sitting.number}", len(sitting.slots)
            kept = ask_sitting(sitting, asker, store.save, partial(_progress, context, label, due))
    context.screen.clear()
    return kept


def _progress(context: Context, label: str, due: int, done: int) -> None:
    show_progress(context, label, done, due)


def _look(context: Context, given: Settings, store: Store, kept: StoredAudit, seed: int) -> tuple[StoredAudit, Result]:
    kept = replace(
        kept, record=replace(kept.record, conditions=replace(kept.record.conditions, base_url=given.base_url))
    )
    look = looking.look_for(kept.record, OTHER, seed, seed)
    request = kept.record.conditions.request
    settings = {Arm.REQUESTED: settings_for(given, MODEL, request), Arm.AGAINST: settings_for(given, OTHER, request)}
    with context.open(given, credential=simulated()) as api:
        asker = Asker(context, api, kept.record.cards, settings, 0.0)
        taken = looking.take(
            kept, look, asker, store.save, lambda at: show_progress(context, f"look, {at.part}", at.done, at.due)
        )
    context.screen.clear()
    return taken
