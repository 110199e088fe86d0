"""A command's help page: plain text, options under headings, examples at the end, as wide as the terminal."""

from collections.abc import Iterable

from avow.reference.examples import EXAMPLES
from avow.reference.tree import Command
from avow.settings.options import OWN, Option
from avow.terminal.cells import wrap
from avow.terminal.table import definitions

WIDEST = 100
_COLUMN = 34

Row = tuple[str, str]


def page(command: Command, width: int) -> str:
    """The page. No line is wider than `width` or `WIDEST`, except for longer words."""
    width = min(width, WIDEST)
    parts = [_usage(command, width)]
    parts += [_filled(paragraph, width) for paragraph in command.help.split("\n\n")]
    arguments = [(argument.metavar, argument.help) for argument in command.listed if argument.help]
    parts.append(_section("Arguments", arguments, width))
    parts.append(_section("Commands", [(child.name, child.summary) for child in command.commands], width))
    for heading in headings(command):
        rows = [(_names(option), option.help) for option in command.options if option.heading == heading]
        parts.append(_section(heading, rows, width))
    parts.append(_section("Examples", EXAMPLES.get(command.path, ()), width))
    return "\n\n".join(part for part in parts if part) + "\n"


def headings(command: Command) -> tuple[str, ...]:
    """The headings of its options in their order; the empty heading, if any, is last."""
    found = dict.fromkeys(option.heading for option in command.options)
    return (*(heading for heading in found if heading != OWN), *((OWN,) if OWN in found else ()))


def usage(command: Command) -> str:
    """The usage line."""
    tail = ["COMMAND"] if command.commands else [argument.metavar for argument in command.listed]
    return " ".join(("avow", *command.path, "[OPTIONS]", *tail))


def _usage(command: Command, width: int) -> str:
    return _filled(f"Usage: {usage(command)}", width, "       ")


def _names(option: Option) -> str:
    short = "" if option.names[0][1:2] != "-" else "    "
    names = short + ", ".join(option.names)
    if option.value_name is None:
        return names
    return f"{names}{option.value_name}" if option.value_is_optional else f"{names} {option.value_name}"


def _section(heading: str, rows: Iterable[Row], width: int) -> str:
    rows = tuple(rows)
    if not rows:
        return ""
    return "\n".join((f"{heading}:", *definitions(rows, width, indent=2, most=_COLUMN, below=10)))


def _filled(text: str, width: int, indent: str = "") -> str:
    return "\n".join(wrap(" ".join(text.split()), width, rest=indent, whole=True))
