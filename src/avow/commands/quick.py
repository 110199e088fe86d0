"""Reads the command line of `ask`, `scan` and `proxy` without typer, whose import takes as long as all of avow's own.

Only what is plain is read here; for anything else (a mistake, an empty value, a joined short option, a request for
help) the answer is None, and typer reads the same line. Both read by the same table; a test compares what they read.
"""

from collections.abc import Mapping, Sequence

from avow.asking.typed import Typed
from avow.settings.keys import read_number
from avow.settings.options import Option, taken_by

SPELLED = {name: option for option in taken_by("ask") for name in option.names}
"""The options of `ask` by each of their names."""


def parse_scan(arguments: Sequence[str]) -> Typed | None:
    """The values of `scan` by name; None where typer must read the line."""
    from avow.commands.outside_options import SCAN_OPTIONS

    if "" in arguments:
        return None
    return parse(arguments, {name: option for option in SCAN_OPTIONS for name in option.names}, "paths")


def parse_proxy(arguments: Sequence[str]) -> Typed | None:
    """The values of `proxy` by name; None where typer must read the line. No command need stand after `--`."""
    from avow.commands.outside_options import PROXY_OPTIONS

    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "" in own:
        return None
    if any(word.startswith("-") for word in own[first_word(own, PROXY_OPTIONS) :]):
        return None
    return parse(arguments, {name: option for option in PROXY_OPTIONS for name in option.names})


def first_word(arguments: Sequence[str], options: Sequence[Option]) -> int:
    """Where the first word stands that is neither an option nor its value; the length of `arguments` for none."""
    spelled = {name: option for option in options for name in option.names}
    place = 0
    while place < len(arguments) and arguments[place].startswith("-"):
        option = spelled.get(arguments[place])
        place += 2 if option is not None and option.form != "nothing" and option.bare is None else 1
    return min(place, len(arguments))


def parse(arguments: Sequence[str], spelled: Mapping[str, Option] = SPELLED, words_name: str = "words") -> Typed | None:
    """The values of a command (`ask`) by name, without those that were not typed; None where typer must read the
    line."""
    typed = Typed()
    words: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            words += rest
            break
        if word == "-" or not word.startswith("-"):
            words.append(word)
        elif not _take(word, rest, typed, spelled):
            return None
    typed[words_name] = words
    return typed


def _take(word: str, rest: list[str], typed: Typed, spelled: Mapping[str, Option]) -> bool:
    """Read an option with its value; whether the word was plain."""
    name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
    option = spelled.get(name)
    if option is None:
        return False
    if option.form == "nothing":
        typed[option.name] = True
        return not equals
    if not equals:
        if option.bare is None and not rest:
            return False
        value = option.bare or rest.pop(0)
    return (bool(value) or option.may_be_empty) and _keep(option, value, typed)


def _keep(option: Option, value: str, typed: Typed) -> bool:
    """Store the value in its type; whether it has that type."""
    match option.form:
        case "texts":
            typed.setdefault(option.name, []).append(value)
        case "integer" | "number":
            try:
                number = read_number(value, whole=option.form == "integer")
            except ValueError:
                return False
            typed[option.name] = number
            return option.form == "number" or _is_within(number, option)
        case _:
            typed[option.name] = value
    return True


def _is_within(number: float, option: Option) -> bool:
    return (option.least is None or number >= option.least) and (option.most is None or number <= option.most)
