"""The source of Markdown as it comes in line by line: which blocks may be finished, and how the rest looks."""

import re
from collections.abc import Sequence

from avow.terminal.preview import fold

CODE_INDENT = "  "

_STARTS_BLOCK = re.compile(r"(?:#{1,6}\s|[-*+]\s|\d{1,9}[.)]\s|>|(?:[-*_]\s*){3,}$)")
_TELLING_LENGTH = 4
"""How many characters of a line tell a list item from a paragraph."""


class Tail:
    """The lines of the blocks that are not yet written, and the pieces of the current line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._pieces: list[str] = []
        self._size = 0
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
        self._size += len(line) + 1

    def may_split(self) -> bool:
        """Whether a block may have ended, so that parsing may pay. A tail in which no end was found is not parsed again
        before it has grown by half: a giant block would take forever otherwise."""
        if not self.lines or self._size < self._tried_at * 1.5:
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
            self._size = sum(len(line) + 1 for line in self.lines)
        self._tried_at = 0 if at else self._size


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
