"""The command tree as values: every command with its options and arguments."""

from collections.abc import Iterator
from typing import NamedTuple

from avow.settings.options import FREE, Option, WordSource


class Argument(NamedTuple):
    """A word after the command that has no option's name. `metavar` shows its form: `[ID]` may be left out, `WORDS...`
    may be repeated. A `hidden` argument is for the shells' scripts, and on no page."""

    name: str
    metavar: str
    help: str = ""
    source: WordSource = FREE
    may_be_empty: bool = False
    hidden: bool = False

    @property
    def required(self) -> bool:
        """Whether it cannot be left out."""
        return not (self.metavar.startswith("[") or self.hidden)

    @property
    def repeatable(self) -> bool:
        """Whether there may be several."""
        return self.metavar.endswith("...")


class Command(NamedTuple):
    """One command. `path` is () for avow itself, ("history", "list") for a command of a command. `dashes`: a word with
    a dash in front may be an argument."""

    path: tuple[str, ...]
    help: str
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    commands: tuple["Command", ...] = ()
    dashes: bool = False

    @property
    def name(self) -> str:
        """The last word of its path; `avow` for avow itself."""
        return self.path[-1] if self.path else "avow"

    @property
    def summary(self) -> str:
        """The first paragraph of its help, on one line."""
        return " ".join(self.help.split("\n\n")[0].split())

    @property
    def listed(self) -> tuple[Argument, ...]:
        """Its arguments without the hidden ones."""
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
