"""Lines at the end of a terminal that may still change, and the text that changes them."""

import re
from collections.abc import Sequence

_ERASE_BELOW = "\r\x1b[J"
_SURELY_NARROW = "[\0-\u10ff\u2010-\u2027\u2030-\u205e\u2190-\u2319\u2400-\u2426\u2460-\u25fc]*"
"""Letters up to Georgian, punctuation, arrows, mathematics, the pictures of controls, boxes: no terminal draws one of
them in two cells. Most of what is not looked at one by one. Compiled at first use: start-up."""
_HALF_FLAGS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
"""Regional indicators: two of them are a flag, which old terminals draw as two letters of two cells each."""


class Preview:
    """The lines that are shown now, each on a row of its own, with the cursor below them."""

    def __init__(self) -> None:
        self.lines: tuple[str, ...] = ()
        self._width = 0

    def change(self, lines: Sequence[str], width: int) -> str:
        """The text to write so that `lines` replace those shown; a line that stays is not touched. `width` is in
        cells."""
        kept = 0
        if width == self._width:
            for before, after in zip(self.lines, lines, strict=False):
                if before != after:
                    break
                kept += 1
        new = lines[kept:]
        rows = self._rows(self.lines[kept:], width)
        self.lines, self._width = tuple(lines), width
        if not rows and not new:
            return ""
        return up(rows) + "".join(f"{line}\n" for line in new)

    def erase(self, width: int) -> str:
        """The text to write so that no line is left."""
        return self.change((), width)

    def _rows(self, lines: Sequence[str], width: int) -> int:
        """How many rows `lines` take up now: a terminal that became narrower wraps them."""
        if width >= self._width:
            return len(lines)
        return sum(max(1, -(-cells_at_most(line) // width)) for line in lines)


def up(rows: int) -> str:
    """The text that moves to the beginning of the line `rows` above, and erases everything from there."""
    return f"\x1b[{rows}A{_ERASE_BELOW}" if rows else ""


def cells_at_most(text: str) -> int:
    """The most cells that `text` can take up on any terminal. Marks and joined emoji, which many terminals draw in no
    or two cells, count one by one, and half a flag as two.

    A terminal must not wrap a row that will be erased, because then one row too few would be erased; a row that is a
    little too short does no harm. Everything else is measured by `cells.cells`.
    """
    if text.isascii() or re.fullmatch(_SURELY_NARROW, text):
        return len(text)
    from unicodedata import east_asian_width

    return len(text) + sum(
        east_asian_width(character) in "WF" or character in _HALF_FLAGS for character in text if character > "\u10ff"
    )


def fold(line: str, width: int) -> list[str]:
    """`line` in pieces of at most `width` cells, measured by `cells_at_most`: broken at spaces if there are any. Tabs
    become spaces, and the last piece keeps its spaces, because more text follows."""
    line = line.expandtabs(4)
    pieces: list[str] = []
    at = 0
    while True:
        row = line[at : at + max(width, 1) + 1]  # every character takes at least one cell: no row holds more
        if len(row) <= width and cells_at_most(row) <= width:
            return [*pieces, row]
        end = fitting_surely(row, width)
        space = row.rfind(" ", 1, end + 1)
        pieces.append(row[: space if space > 0 else end])
        at += space + 1 if space > 0 else end


def fitting_surely(line: str, width: int) -> int:
    """How many characters of `line` fit into `width` cells on any terminal, at least one."""
    if line.isascii() or re.fullmatch(_SURELY_NARROW, line):
        return min(len(line), max(width, 1))
    used = 0
    for index, character in enumerate(line):
        used += cells_at_most(character)
        if used > width:
            return max(index, 1)
    return len(line)
