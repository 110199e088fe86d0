"""The command tree as values: every command with its options, and where the words that fit them come from."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from avow.exchange.exchange import Status
from avow.routing.verdict import Verdict

Asked = Literal["models", "conversations", "exchanges", "templates", "scenarios"]
"""What a completion asks avow for: `avow completion words KIND`."""

SHELLS = ("bash", "zsh", "fish", "powershell")
OWN = "Options"
"""The heading of options that name none."""


@dataclass(frozen=True, slots=True)
class WordSource:
    """Where the words that fit come from: these, those avow is asked for, or files; nothing of these is free text."""

    words: tuple[str, ...] = ()
    asked: Asked | None = None
    files: bool = False


FREE = WordSource()
_FILES = WordSource(files=True)


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its names (`-m`, `--model`), what its value is called (None for a flag), and its words of help."""

    names: tuple[str, ...]
    help: str
    metavar: str | None = None
    heading: str = OWN
    source: WordSource = FREE
    repeatable: bool = False
    value_is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """What stands after the command without a name."""

    metavar: str
    help: str = ""
    source: WordSource = FREE
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `path` is () for avow itself, ("history", "list") for a command of a command."""

    path: tuple[str, ...]
    help: str
    options: tuple[Option, ...] = ()
    arguments: tuple[Argument, ...] = ()
    commands: tuple["Command", ...] = ()

    @property
    def name(self) -> str:
        """The last word of its path."""
        return self.path[-1] if self.path else "avow"

    @property
    def summary(self) -> str:
        """Its first sentence, in one line."""
        return " ".join(self.help.split("\n\n")[0].split())

    def all(self) -> Iterator["Command"]:
        """Itself and every command below it."""
        yield self
        for command in self.commands:
            yield from command.all()


_MODELS = WordSource(asked="models")
_BY_OPTION: dict[str, WordSource] = {
    "--model": _MODELS,
    "--if-unavailable": _MODELS,
    "--fallback": WordSource(("default", "none"), asked="models"),
    "--conversation": WordSource(asked="conversations"),
    "--before": WordSource(asked="exchanges"),
    "--template": WordSource(asked="templates"),
    "--simulate": WordSource(asked="scenarios"),
    "--scenario": WordSource(asked="scenarios"),
    "--file": _FILES,
    "--system-file": _FILES,
    "--report": _FILES,
    "--schema": _FILES,
    "--verdict": WordSource(tuple(verdict.value for verdict in Verdict)),
    "--status": WordSource(tuple(status.value for status in Status)),
}
_BY_COMMAND: dict[tuple[str, ...], WordSource] = {
    ("why",): WordSource(asked="exchanges"),
    ("retry",): WordSource(asked="exchanges"),
    ("history", "show"): WordSource(asked="exchanges"),
    ("history", "redact"): WordSource(asked="exchanges"),
    ("history", "delete"): WordSource(asked="exchanges"),
    ("template", "show"): WordSource(asked="templates"),
    ("template", "delete"): WordSource(asked="templates"),
    ("models",): _MODELS,
    ("scan",): _FILES,
    ("completion",): WordSource(SHELLS),
}
_LITERAL = re.compile(r"[a-z][a-z0-9-]*")


def read(command: Any, path: tuple[str, ...] = (), *, words: dict[tuple[str, ...], tuple[str, ...]]) -> Command:
    """The values of a command that typer built, and of those below it.

    `words` has, by path, the words that fit a command's first argument where only the caller knows them.
    """
    params = [param for param in command.params if not getattr(param, "hidden", False)]
    given = words.get(path)
    source = WordSource(given) if given else _BY_COMMAND.get(path, FREE)
    options = tuple(_option(param) for param in params if param.param_type_name == "option")
    return Command(
        path=path,
        help=inspect.cleandoc(command.help or ""),
        options=(*options, Option(("-h", "--help"), "Show this page.")),
        arguments=tuple(
            _argument(param, source if index == 0 else FREE)
            for index, param in enumerate(param for param in params if param.param_type_name == "argument")
        ),
        commands=tuple(
            read(child, (*path, name), words=words)
            for name, child in getattr(command, "commands", {}).items()
            if not child.hidden
        ),
    )


def _option(param: Any) -> Option:
    names = (*param.opts, *param.secondary_opts)
    takes_value = not param.is_flag
    metavar = _metavar(param) if takes_value else None
    known = next((_BY_OPTION[name] for name in names if name in _BY_OPTION), None) if takes_value else None
    return Option(
        names=tuple(names),
        help=param.help or "",
        metavar=metavar,
        heading=getattr(param, "rich_help_panel", None) or OWN,
        source=known or _choices(metavar),
        repeatable=param.multiple,
        value_is_optional=bool(metavar and metavar.startswith("[=")),
    )


def _argument(param: Any, source: WordSource) -> Argument:
    metavar = param.metavar or (param.name or "").upper()
    return Argument(metavar, getattr(param, "help", None) or "", source, param.nargs != 1)


def _metavar(param: Any) -> str:
    if param.metavar:
        return str(param.metavar)
    return "N" if "int" in type(param.type).__name__.lower() else "TEXT"


def _choices(metavar: str | None) -> WordSource:
    """The words of `text|json|jsonl`, or of `[=curl]`."""
    words = (metavar or "").strip("[=]").split("|")
    return WordSource(tuple(words)) if all(_LITERAL.fullmatch(word) for word in words) else FREE
