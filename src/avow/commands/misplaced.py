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
_AGE = re.compile("[0-9]+[dwmy]")
_NUMBERS = re.compile("([0-9]{1,9})-([0-9]{1,9})|([0-9]{1,9}(,[0-9]{1,9})+)")
_MOST_NUMBERS = 20
_LAST = ("last", "latest", "newest")
_KEY_ALONE = "the key is typed without being shown, or given on stdin: avow auth login < FILE"


def with_option(args: Sequence[str], command: Command, word: str) -> str | None:
    """What to type in place of a line with a word that the command does not take: an option that `word` is a value of,
    or the name of, stands before it. None where that is not certain."""
    if word not in args:
        return None
    place = len(args) - 1 - list(reversed(args)).index(word)
    before, after = list(args[:place]), args[place + 1 :]
    if word.isdecimal() and _takes_numbers(command):
        others = [other for other in before[len(command.path) :] if _options_for(command, other)]
        return with_option(args, command, others[0]) if len(others) == 1 else None
    if command.path == ("history", "export") and (form := _WRITTEN.fullmatch(word)):
        form_words = [] if "--format" in " ".join(args) else ["--format", form[1]]
        return f"{shlex.join(('avow', *before, *form_words, *after))} > {shlex.quote(word)}"
    if f"--{word}" in [name for option in command.options if option.form == "nothing" for name in option.names]:
        return shlex.join(("avow", *before, f"--{word}", *after))
    found = _options_for(command, word) or _numbers(command, word)
    found = found or [option for option in command.options if option.source == SCENARIOS and _scenario(word)]
    if len(found) != 1:
        return _KEY_ALONE if command.path == ("auth", "login") else None
    if before and before[-1] == found[0].spelled.lstrip("-"):
        before.pop()  # `stats by month`
    right = word if found[0].source != SCENARIOS else _scenario(word) or word
    return shlex.join(("avow", *before, found[0].spelled, right, *after))


def in_place_of_number(args: Sequence[str], command: Command, word: str) -> str | None:
    """The line that was meant where `word` stands in the place of an exchange's number."""
    place = args.index(word) if word in args else None
    if place is None:
        return None
    before, after = args[:place], args[place + 1 :]
    if numbers := _several(word):
        takes_several = any(one.name == "references" for one in command.arguments)
        return shlex.join(("avow", *before, *numbers, *after)) if takes_several else None
    if word.lower() in _LAST:
        takes_none = any(one.name == "reference" for one in command.arguments)
        return f"without a number it is the last: {shlex.join(('avow', *before, *after))}" if takes_none else None
    found = with_option(args, command, word)
    if found is None and not _AGE.fullmatch(word):
        from avow.commands.declared import TREE

        listing = TREE.at(("history", "list"))
        found = with_option((*listing.path, word), listing, word)
    return found


def _several(word: str) -> list[str]:
    """The numbers of `3-5` and `3,5`; none where they are too many to type."""
    match = _NUMBERS.fullmatch(word)
    if match is None:
        return []
    if match[3]:
        return match[3].split(",")
    first, last = int(match[1]), int(match[2])
    return [str(number) for number in range(first, last + 1)] if first <= last < first + _MOST_NUMBERS else []


def _takes_numbers(command: Command) -> bool:
    return any(one.name in ("reference", "references") for one in command.arguments)


def _options_for(command: Command, word: str) -> list[Option]:
    """The options that take this word. Of a command that removes what is old, a time is no beginning."""
    removes = any(option.name == "older_than" for option in command.options)
    return [
        option
        for option in command.options
        if (_is_value_of(option, word) and not (removes and option.name == "since"))
        or (option.name == "older_than" and _AGE.fullmatch(word))
    ]


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
