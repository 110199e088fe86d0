"""The line that was meant where a word stands without its option, or an option before a word that needs none."""

import re
import shlex
from collections.abc import Sequence

from avow.errors import nearest
from avow.models.catalogue import ALIASES
from avow.reference.tree import Argument, Command
from avow.settings.options import SCENARIOS, Option

_ALSO_CALLED = {"reference": ("id", "number"), "references": ("id", "number"), "words": ("query", "search", "text")}
"""Names under which arguments are looked for that have another one."""
_MODEL_OPTIONS = ("model", "judged_model")
_WRITTEN = re.compile(r".*\.(jsonl|csv|parquet)")
_TIME = re.compile(r"today|yesterday|[0-9]+[mhdwy]|[0-9]{4}-[0-9]{2}(-[0-9]{2})?")
_KEY_ALONE = "the key is typed unseen, or given on stdin: avow auth login < FILE"


def with_option(args: Sequence[str], command: Command, word: str) -> str | None:
    """What to type in place of a line with a word that the command does not take: an option that `word` is a value of,
    or the name of, stands before it. None where that is not certain."""
    if word not in args:
        return None
    place = len(args) - 1 - list(reversed(args)).index(word)
    before, after = list(args[:place]), args[place + 1 :]
    if command.path == ("history", "export") and (form := _WRITTEN.fullmatch(word)):
        form_words = [] if "--format" in " ".join(args) else ["--format", form[1]]
        return f"{shlex.join(('avow', *before, *form_words, *after))} > {shlex.quote(word)}"
    if f"--{word}" in [name for option in command.options if option.form == "nothing" for name in option.names]:
        return shlex.join(("avow", *before, f"--{word}", *after))
    found = [option for option in command.options if _is_value_of(option, word)] or _numbers(command, word)
    found = found or [option for option in command.options if option.source == SCENARIOS and _scenario(word)]
    if len(found) != 1:
        return _KEY_ALONE if command.path == ("auth", "login") else None
    if before and before[-1] == found[0].spelled.lstrip("-"):
        before.pop()  # `stats by month`
    right = word if found[0].source != SCENARIOS else _scenario(word) or word
    return shlex.join(("avow", *before, found[0].spelled, right, *after))


def with_command(args: Sequence[str], group: Command, word: str) -> str | None:
    """The line of the one command of a group that has an option with `word` as a value: `simulate serve`."""
    lines = [with_option((*group.path, child.name, *args[len(group.path) :]), child, word) for child in group.commands]
    right = [line for line in lines if line is not None and line != _KEY_ALONE]
    return right[0] if len(right) == 1 else None


def without_option(args: Sequence[str], command: Command, name: str) -> str | None:
    """The line without the option `name`, where the command takes that as a word."""
    place = next((i for i, word in enumerate(args) if word.partition("=")[0] == name), None)
    if place is None or not any(name.lstrip("-") in _names(one) for one in command.listed):
        return None
    value = args[place].partition("=")[2]
    words = ["--"] if command.path == ("proxy",) else []
    return shlex.join(("avow", *args[:place], *words, *([value] if value else []), *args[place + 1 :]))


def _names(argument: Argument) -> tuple[str, ...]:
    shown = re.findall("[a-z]+", argument.metavar.lower())
    return (argument.name, argument.name.rstrip("s"), *shown, *_ALSO_CALLED.get(argument.name, ()))


def _numbers(command: Command, word: str) -> list[Option]:
    """The options that take a number, without those that take the number of a run."""
    if not (word.isascii() and word.isdigit()):
        return []
    return [option for option in command.options if option.form == "integer" and option.name != "run"]


def _scenario(word: str) -> str | None:
    """The scenario that is meant, with its argument."""
    from avow.simulator.scenarios import batch_names, names

    name, colon, argument = word.partition(":")
    near = nearest(name, [known for known, _summary in (*names(), *batch_names())])
    return f"{near}{colon}{argument}" if near else None


def _is_value_of(option: Option, word: str) -> bool:
    """Whether an option takes this word, as hardly another does."""
    if option.form not in ("text", "texts"):
        return False
    if option.source == SCENARIOS:
        return word.endswith(".toml") or _scenario(word) == word
    if option.name in _MODEL_OPTIONS:
        return word in ALIASES or word.startswith("claude-")
    if option.name == "since":
        return _TIME.fullmatch(word) is not None
    if option.metavar == "URL":
        return word.startswith(("http://", "https://"))
    return word in option.fits.words
