"""`avow completion`: a script that completes avow's commands, options and values in a shell."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from avow.asking.typed import Typed
from avow.context import Context
from avow.errors import AvowError, UsageError
from avow.exit_codes import ExitCode

if TYPE_CHECKING:
    from avow.models.catalogue import Model

MOST = 30
"""How many exchanges or conversations are offered."""

_WIDEST = 60
_PLAIN = "-_.:/+@"
Row = tuple[str, str]


def command(typed: Typed, context: Context) -> ExitCode:
    """Print a script, or the words that it asks for."""
    return run(typed["shell"], typed.text("kind"), context)


def run(shell: str, kind: str | None, context: Context) -> ExitCode:
    """Print the script; or, for `words KIND`, what a script asks for: one word a line, then a tab and what it is.

    Raises UsageError for an unknown shell. `words` raises nothing, because a shell is in the middle of a line.
    """
    if shell == "words":
        return _words(kind or "", context)
    from avow.commands.declared import TREE
    from avow.reference import bash, fish, powershell, zsh

    scripts = {"bash": bash.script, "zsh": zsh.script, "fish": fish.script, "powershell": powershell.script}
    if shell not in scripts:
        hint = f"one of {', '.join(scripts)}"
        if kind is not None:
            import shlex

            hint = f"to send these words as a prompt: avow -- completion {shlex.join((shell, kind))}"
        raise UsageError(f"there is no completion for {shell!r}", hint=hint)
    if kind is not None:
        raise UsageError(f"`avow completion` does not take: {kind}", hint=f"avow completion {shell}")
    context.screen.out(scripts[shell](TREE))
    return ExitCode.OK


def _words(kind: str, context: Context) -> ExitCode:
    kinds = {
        "models": _models,
        "conversations": _conversations,
        "exchanges": _exchanges,
        "templates": _templates,
        "scenarios": _scenarios,
    }
    try:
        rows = [*kinds[kind](context)] if kind in kinds else []
    except AvowError:
        return ExitCode.OK
    from avow.terminal.sanitize import clean_line

    for word, about in rows:
        if is_plain(word):
            words = clean_line(" ".join(about.split()))
            context.screen.out(f"{word}\t{words if len(words) <= _WIDEST else words[: _WIDEST - 1] + '…'}\n")
    return ExitCode.OK


def is_plain(word: str) -> bool:
    """Whether a word means itself in every shell, wherever it comes from: bash puts a completion on the line as it is.
    Words that are left out can still be typed."""
    return word[:1].isalnum() and all(letter.isalnum() or letter in _PLAIN for letter in word)


def _models(context: Context) -> Iterable[Row]:
    """Aliases, then the endpoint's list if it is less than a day old, else the built-in list; nothing is sent."""
    from avow.models import catalogue
    from avow.wire.api import API_URL

    try:
        settings = context.settings()
        own, base_url = settings.table("aliases"), settings.base_url
    except AvowError:
        own, base_url = {}, API_URL
    yield from ((name, str(target)) for name, target in own.items())
    yield from ((name, target) for name, target in catalogue.ALIASES.items() if name not in own)
    yield from ((model.id, model.lifecycle or "") for model in _listed(context, base_url) or catalogue.models())


def _listed(context: Context, base_url: str) -> "tuple[Model, ...]":
    import time

    from avow.endpoint import remembered

    return remembered.read(context.paths.cache, base_url, time.time()).listed()


def _conversations(context: Context) -> Iterable[Row]:
    return _from_history(
        "SELECT number, substr(prompt, 1, 200) FROM exchange"
        " WHERE number IN (SELECT max(number) FROM (SELECT number, conversation_id FROM exchange"
        " ORDER BY number DESC LIMIT 1000) GROUP BY conversation_id) ORDER BY number DESC LIMIT ?",
        context,
    )


def _exchanges(context: Context) -> Iterable[Row]:
    return _from_history("SELECT number, substr(prompt, 1, 200) FROM exchange ORDER BY number DESC LIMIT ?", context)


def _from_history(query: str, context: Context) -> Iterable[Row]:
    history = context.history(context.settings(), read_only=True)
    return ((str(row[0]), row[1] or "") for row in history.read(query, (MOST,)))


def _templates(context: Context) -> Iterable[Row]:
    from avow.prompt import templates

    return ((name, "") for name in templates.names(context.paths.templates))


def _scenarios(context: Context) -> Iterable[Row]:
    from avow.simulator.scenarios import names

    yield from names()
    folder = context.paths.config / "scenarios"
    if folder.is_dir():
        yield from ((path.stem, "your own") for path in sorted(folder.glob("*.toml")))
