"""Lines at the end of a terminal that may still change, and the text that changes them."""

from collections.abc import Sequence

_ERASE_BELOW = "\r\x1b[J"


class Preview:
    """The lines that stand there now, each on a row of its own, the cursor below them."""

    def __init__(self) -> None:
        self.lines: tuple[str, ...] = ()
        self._width = 0

    def change(self, lines: Sequence[str], width: int) -> str:
        """What to write so that `lines` stand there instead; those that stay are not touched. `width` in cells."""
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
        """What to write so that nothing stands there any more."""
        return self.change((), width)

    def _rows(self, lines: Sequence[str], width: int) -> int:
        """How many rows `lines` take up now: a terminal that was made narrower wraps them."""
        if width >= self._width:
            return len(lines)
        return sum(max(1, -(-cells(line) // width)) for line in lines)


def up(rows: int) -> str:
    """Move to the beginning of the line `rows` above, and erase everything from there."""
    return f"\x1b[{rows}A{_ERASE_BELOW}" if rows else ""


def cells(text: str) -> int:
    """How many cells `text` takes up at most: Unicode's wide characters are two, combining ones count as one."""
    if text.isascii():
        return len(text)
    from unicodedata import east_asian_width

    return len(text) + sum(east_asian_width(character) in "WF" for character in text if character > "\u10ff")


def fold(line: str, width: int) -> list[str]:
    """`line` in pieces of at most `width` cells, broken at spaces where there are any; tabs are spread out."""
    line = line.expandtabs(4)
    if cells(line) <= width:
        return [line]
    pieces = []
    while cells(line) > width:
        end = fitting(line, width)
        space = line.rfind(" ", 1, end + 1)
        if space > 0:
            pieces.append(line[:space])
            line = line[space + 1 :]
        else:
            pieces.append(line[:end])
            line = line[end:]
    return [*pieces, line]


def fitting(line: str, width: int) -> int:
    """How many characters of `line` fit into `width` cells, one at least."""
    if line.isascii():
        return min(len(line), max(width, 1))
    used = 0
    for index, character in enumerate(line):
        used += cells(character)
        if used > width:
            return max(index, 1)
    return len(line)
