"""The command tree as values: every command with its options and arguments."""

from collections.abc import Iterator
from typing import NamedTuple

from avow.settings.options import FREE, Option, WordSource


class Argument(NamedTuple):
    """What stands after the command without a name. `metavar` has its form: `[ID]` may be left out, `WORDS...` be
    more than one. A `hidden` one is for the scripts of the shells, and on no page."""

    name: str
    metavar: str
    help: str = ""
    source: WordSource = FREE
    may_be_empty: bool = False
    hidden: bool = False

    @property
    def required(self) -> bool:
        """Whether it must be there."""
        return not (self.metavar.startswith("[") or self.hidden)

    @property
    def repeatable(self) -> bool:
        """Whether it may be more than one."""
        return self.metavar.endswith("...")


class Command(NamedTuple):
    """One command: `path` is () for avow itself, ("history", "list") for a command of a command.

    `dashes` says that a word with a dash in front may be an argument.
    """

    path: tuple[str, ...]
    help: str
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    commands: tuple["Command", ...] = ()
    dashes: bool = False

    @property
    def name(self) -> str:
        """The last word of its path."""
        return self.path[-1] if self.path else "avow"

    @property
    def summary(self) -> str:
        """Its first sentence, in one line."""
        return " ".join(self.help.split("\n\n")[0].split())

    @property
    def listed(self) -> tuple[Argument, ...]:
        """Its arguments without hidden ones."""
        return tuple(argument for argument in self.arguments if not argument.hidden)

    @property
    def rows(self) -> tuple[Argument | Option, ...]:
        """Its arguments, then its options."""
        return (*self.arguments, *self.options)

    def all(self) -> Iterator["Command"]:
        """Itself and every command below it."""
        yield self
        for command in self.commands:
            yield from command.all()

    def at(self, path: tuple[str, ...]) -> "Command":
        """The command at `path` below this one. Raises StopIteration where there is none."""
        return next(command for command in self.all() if command.path == path)
