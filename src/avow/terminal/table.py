"""Rows of text as a table: aligned, wrapped between words where it is too wide, or as a block for each row; pure."""

from collections.abc import Sequence

from avow.terminal.cells import cells, padded, wrap
from avow.terminal.facts import BOLD, Facts

GAP = "  "
_LEAST_WORDS = 24
"""Cells that the words need beside what they explain; where there are fewer, they stand below it."""
_EMPTY = ("", "0", "-")
_KEPT = "\u00a0"

Row = Sequence[str]


def room(facts: Facts) -> int | None:
    """The cells of a line; None where nothing is wrapped, because a program or a file reads it."""
    return facts.width if facts.is_terminal else None


def table(rows: Sequence[Row], facts: Facts, *, heads: Row = ()) -> list[str]:
    """Lines of aligned columns, numbers to the right, below `heads`. Every row has the same number of cells, all of
    them cleaned text on one line.

    On a terminal that is too narrow, cells are wrapped between words. A row with a word longer than half of a line
    becomes a block, and so do all rows where the columns do not fit at all: the first cell, and below it each other
    cell that is not empty after its head; without heads, all of them on one line.
    """
    space = room(facts)
    fits = [space is None or max(longest_words([row])) <= space // 2 for row in rows]
    shown = [row for row, fit in zip(rows, fits, strict=True) if fit]
    everything = [*([heads] if heads else []), *shown]
    widths = natural_widths(everything) if shown or not rows else None
    if widths and space is not None:
        widths = squeezed(widths, longest_words(everything), space)
    if widths is None:
        return [line for row in rows for line in _block(row, heads, facts.width)]
    right = [place > 0 and all(_is_number(row[place]) for row in shown) for place in range(len(widths))]
    lines = [facts.styled(line, BOLD) for line in _wrapped(heads, widths, right)] if heads else []
    for row, fit in zip(rows, fits, strict=True):
        lines += _wrapped(row, widths, right) if fit else _block(row, heads, facts.width)
    return lines


def definitions(
    rows: Sequence[tuple[str, str]], width: int | None, *, indent: int = 0, most: int | None = None, below: int = 4
) -> list[str]:
    """Lines of names, each with its words beside it, wrapped at `width` cells (None: not at all); a newline in the
    words begins a new line.

    The words are one column, at most `most` cells from the left: words of a longer name, and all words where the
    terminal is narrow, are below the name with `below` cells of indent.
    """
    column = max((indent + cells(name) + len(GAP) for name, _words in rows), default=0)
    column = column if most is None else min(column, most)
    is_narrow = width is not None and width - column < _LEAST_WORDS
    margin = " " * (below if is_narrow else column)
    lines: list[str] = []
    for name, words in rows:
        start = " " * indent + name
        told = _paragraphs(words, width, margin) if words else []
        if told and not is_narrow and cells(start) + len(GAP) <= column:
            lines += [padded(start, column) + told[0].removeprefix(margin), *told[1:]]
        else:
            lines += [*(wrap(start, width, rest="    ", whole=True) if width else [start]), *told]
    return lines


def side_by_side(columns: Sequence[Row], widths: Sequence[int], right: Sequence[bool] = ()) -> list[str]:
    """The lines of the columns next to each other, aligned; columns may differ in length."""
    sides = right or [False] * len(widths)
    lines = []
    for place in range(max(map(len, columns), default=0)):
        parts = [column[place] if place < len(column) else "" for column in columns]
        aligned = (padded(part, width, right=side) for part, width, side in zip(parts, widths, sides, strict=True))
        lines.append(GAP.join(aligned).rstrip())
    return lines


def natural_widths(rows: Sequence[Row]) -> list[int]:
    """How many cells each column needs for its widest cell."""
    return [max(map(cells, column)) for column in zip(*rows, strict=True)]


def across(rows: Sequence[Row]) -> int:
    """How many cells a line needs if no cell is wrapped."""
    widths = natural_widths(rows)
    return sum(widths) + len(GAP) * (len(widths) - 1)


def longest_words(rows: Sequence[Row]) -> list[int]:
    """How many cells each column needs if no word is broken."""
    return [max(cells(word) for cell in column for word in (cell.split(" "))) for column in zip(*rows, strict=True)]


def squeezed(wanted: Sequence[int], least: Sequence[int], width: int) -> list[int] | None:
    """Widths of the columns, with a gap between two, in `width` cells: as wanted if they fit, else the widest are
    reduced, none below its `least`; None if not even these fit."""
    space = width - len(GAP) * (len(wanted) - 1)
    if sum(wanted) <= space:
        return list(wanted)
    if sum(least) > space:
        return None
    limit = max(wanted)
    while sum(max(low, min(want, limit)) for want, low in zip(wanted, least, strict=True)) > space:
        limit -= 1
    return [max(low, min(want, limit)) for want, low in zip(wanted, least, strict=True)]


def _wrapped(row: Row, widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    return side_by_side([wrap(cell, max(width, 1)) for cell, width in zip(row, widths, strict=True)], widths, right)


def _block(row: Row, heads: Row, width: int) -> list[str]:
    if not heads:
        return wrap(GAP.join(row), width, rest="    ", whole=True)
    first, *others = row
    told = (f"{head.lower()}: {cell}" for head, cell in zip(heads[1:], others, strict=True) if cell not in _EMPTY)
    # A cell stays with its head where both fit on a line.
    body = "; ".join(part.replace(" ", _KEPT) if cells(part) < width - len(GAP) else part for part in told)
    lines = wrap(body, width, first=GAP, rest=GAP, whole=True) if body else []
    return [*wrap(first, width, whole=True), *(line.replace(_KEPT, " ") for line in lines)]


def _paragraphs(words: str, width: int | None, margin: str) -> list[str]:
    if width is None:
        return [f"{margin}{line}" for line in words.split("\n")]
    return wrap(words, max(width, len(margin) + 1), first=margin, rest=margin)


def _is_number(cell: str) -> bool:
    return cell in _EMPTY or cell.removeprefix("at least ").lstrip("$")[:1].isdigit()
