"""How `avow audit baseline`, `run` and `endpoint` begin: the screen, the settings, the store."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from avow.audit.asking import CutShort
from avow.audit.bounds import LARGEST_SEED
from avow.audit.store import Store
from avow.context import Context
from avow.errors import Interrupted
from avow.exit_codes import ExitCode
from avow.models.catalogue import DEFAULT_MODEL, expand_alias
from avow.settings.levels import Settings


def settings_of(context: Context, profile: str | None, *, quiet: bool) -> Settings:
    """The user's settings."""
    return context.settings({"quiet": True} if quiet else {}, profile=profile)


def model_of(settings: Settings, named: str | None) -> str:
    """The id of the model that was named, else of the model in the settings."""
    return expand_alias(named or settings.text("model") or DEFAULT_MODEL, settings.table("aliases"))


def store_of(context: Context) -> Store:
    """The store of the audits."""
    return Store(context.paths.data / "audits")


def seed_of(given: int | None) -> int:
    """The seed that was given, else a random one from the system."""
    return secrets.randbelow(LARGEST_SEED + 1) if given is None else given


@contextmanager
def going_on(context: Context, again: str) -> Iterator[None]:
    """Say how to continue where a signal ends the work."""
    try:
        yield
    except Interrupted:
        context.screen.clear()
        context.screen.note(f"what arrived is kept; to go on: {again}")
        raise


def tell_cut_short(context: Context, stop: CutShort, again: str) -> ExitCode:
    """Say why a call ended early and how to continue; the exit status."""
    context.screen.clear()
    for line in stop.lines:
        context.screen.statement(line)
    if stop.hint:
        context.screen.note(stop.hint)
    context.screen.note(f"what arrived is kept; to go on: {again}")
    return stop.exit_code
