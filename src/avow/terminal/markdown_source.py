"""The source of Markdown as it comes in line by line: which blocks may be finished, and how the rest looks."""

import re
from collections.abc import Sequence

from avow.terminal.preview import fold

CODE_INDENT = "  "

_STARTS_BLOCK = re.compile(r"(?:#{1,6}\s|[-*+]\s|\d{1,9}[.)]\s|>|(?:[-*_]\s*){3,}$)")
_TELLING_LENGTH = 4
"""How many characters of a line tell a list item from a paragraph."""


_BUDGET = 20_000
"""How much of an answer is rendered, in units of 60 µs on a slow machine: 200 kB of prose, a table of 3,000 rows."""
_COSTLY, _CHEAP = "\n[]!*_`|~", "#$%&+-:<=>@\\^{}\"'()"
_ITEMS = ("- ", "* ", "+ ", ". ")
_CHEAP_ONES, _CHARACTERS, CODE_CHARACTERS = 20, 60, 10
"""How many of these characters, of any, and of those of code in colours, cost one unit."""


class RenderBudget:
    """What may still be rendered. Markdown of 400 kB that is nothing but marks would take 20 seconds of CPU: what is
    over the budget is shown as it was written."""

    def __init__(self) -> None:
        self._left: float = _BUDGET

    def pays(self, units: float) -> bool:
        """Whether that much is left; then it is spent."""
        if units > self._left:
            return False
        self._left -= units
        return True


def cost(source: str) -> float:
    """About how many units it costs to parse and render Markdown: each line and each mark has its price."""
    costly, cheap = (sum(map(source.count, marks)) for marks in ((*_COSTLY, *_ITEMS), _CHEAP))
    return 1 + costly + cheap / _CHEAP_ONES + len(source) / _CHARACTERS


class Tail:
    """The lines of the blocks that are not yet written, `size` characters, and the pieces of the current line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._pieces: list[str] = []
        self.size = 0
        self._starts_something = False
        self._tried_at = 0

    def extend(self, piece: str) -> None:
        """Add to the current line."""
        self._pieces.append(piece)

    def partial(self) -> str:
        """The current line."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def drop_partial(self) -> str:
        """Remove the current line, and return it."""
        line = self.partial()
        self._pieces.clear()
        return line

    def end_line(self) -> None:
        """End the current line."""
        line = self.drop_partial()
        follows_blank = not self.lines or not self.lines[-1].strip()
        if (follows_blank and line[:1].strip()) or _STARTS_BLOCK.match(line):
            self._starts_something = True
        self.lines.append(line)
        self.size += len(line) + 1

    def may_split(self) -> bool:
        """Whether a block may have ended, so that parsing may pay. A tail in which no end was found is not parsed again
        before it has grown by half: a giant block would take forever otherwise."""
        if not self.lines or self.size < self._tried_at * 1.5:
            return False
        if self._starts_something:
            return True
        if self.lines[-1].strip() or not self._pieces or not self._pieces[0][:1].strip():
            return False
        return self._pieces[0][:1].isalpha() or len(self.partial()) >= _TELLING_LENGTH

    def source(self) -> str:
        """All lines as one text."""
        return "\n".join([*self.lines, self.partial()])

    def cut(self, at: int) -> None:
        """Remove the lines before `at`; 0 means that no block has ended."""
        self._starts_something = False
        if at:
            del self.lines[:at]
            self.size = sum(len(line) + 1 for line in self.lines)
        self._tried_at = 0 if at else self.size


class Rows:
    """The unfinished source in rows of a terminal, folded as it grows."""

    def __init__(self) -> None:
        self._width = 0
        self._done: list[str] = []
        self._pieces: list[str] = []

    def extend(self, piece: str) -> None:
        """Add text, newlines among it."""
        self._pieces.append(piece)

    def rebuild(self, lines: Sequence[str], partial: str) -> None:
        """Begin again with these lines and this current line."""
        self._done = []
        self._pieces = [f"{line}\n" for line in lines]
        self._pieces.append(partial)

    def last(self, count: int, width: int, lines: Sequence[str], tail: Tail) -> list[str]:
        """At most `count` rows from the end, `width` cells wide. `lines` and `tail` are the whole source, for a
        terminal whose width has changed."""
        if width != self._width:
            self._width = width
            self.rebuild(lines, tail.partial())
        *whole, rest = "".join(self._pieces).split("\n")
        for line in whole:
            self._done += fold(line, width)
        *folded, rest = fold(rest, width)
        self._done += folded
        self._pieces = [rest]
        rows = [*self._done[-count:], rest] if rest else self._done[-count:]
        while rows and not rows[0].strip() and len(self._done) < count:
            del rows[0]
        return rows[-count:]
