"""Text measured in the cells of a terminal: counted, padded, cut, or wrapped into rows."""

import re
from collections.abc import Iterator

_ONE_CELL_EACH = re.compile(
    r"[ -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2400-\u2426\u2500-\u259f]*"
)
"""Latin, Greek, Cyrillic, punctuation, arrows, boxes, pictures of controls: for these nothing is imported (20 ms)."""

_LONGEST_ROW = 20
"""Characters for each cell of a row."""
_WORD = re.compile(r"[^ \n]+")


def cells(text: str) -> int:
    """How many cells cleaned `text` takes up on a terminal that follows Unicode: a letter with its marks counts as one
    letter, a joined emoji as one picture of two cells. Old terminals differ; see `preview.cells_at_most`."""
    if text.isascii() or _ONE_CELL_EACH.fullmatch(text):
        return len(text)
    from wcwidth import width

    return width(text, control_codes="ignore")


def padded(text: str, room: int, *, right: bool = False) -> str:
    """`text` with spaces up to `room` cells, on its left where `right`; longer text is returned unchanged."""
    blank = " " * (room - cells(text))
    return blank + text if right else text + blank


def cut(text: str, room: int) -> str:
    """`text` in at most `room` cells, with an ellipsis where something is missing."""
    if cells(text) <= room:
        return text
    return text[: fitting(text, max(room - 1, 0))].rstrip() + "…"


def fitting(text: str, room: int, *, least: int = 0) -> int:
    """How many characters from the beginning of `text` fit into `room` cells, at least `least`. A letter keeps its
    marks."""
    if text.isascii() or _ONE_CELL_EACH.fullmatch(text):
        return min(len(text), max(room, least))
    from wcwidth import iter_graphemes

    used = end = 0
    for letter in iter_graphemes(text):
        used += cells(letter)
        if used > room and end >= least:
            break
        end += len(letter)
    return end


def wrap(text: str, room: int, *, first: str = "", rest: str = "", whole: bool = False) -> list[str]:
    """`text` in rows of at most `room` cells, `first` before the first row and `rest` before the others; at least one
    row.

    Rows break at spaces and at newlines. A word longer than a row is broken anywhere, or with `whole` not at all: an
    address that the terminal itself breaks is copied as one.
    """
    begun, after = (max(room - cells(indent), 1) for indent in (first, rest))
    pieces = [text[begin:end] for begin, end in spans(text, after, begun, whole=whole)]
    return [f"{rest if index else first}{piece}" for index, piece in enumerate(pieces)]


def spans(text: str, room: int, first: int | None = None, *, whole: bool = False) -> Iterator[tuple[int, int]]:
    """Where each row of `wrap` begins and ends in `text`; the first row has `first` cells, the others `room`."""
    left = room if first is None else first
    at = 0
    for line in text.split("\n"):
        begin = end = at  # of the row under way
        used = 0
        for word in _WORD.finditer(text, at, at + len(line)):
            start, stop = word.span()
            gap, wide = start - end, cells(word[0])
            if used + gap + wide > left:
                if used:
                    yield begin, end
                    left = room
                begin, used, gap = start, 0, 0
                while wide > left and not whole and (taken := _row(text, start, stop, left)) < stop:
                    yield start, taken
                    wide -= cells(text[start:taken])
                    start, left = taken, room
                begin = start
            end, used = stop, used + gap + wide
        yield begin, end
        left, at = room, at + len(line) + 1


def folded(text: str, room: int) -> Iterator[tuple[int, int]]:
    """Where rows of code begin and end in it: broken anywhere, so that no space is lost."""
    begin = 0
    while (end := _row(text, begin, len(text), room)) < len(text):
        yield begin, end
        begin = end
    yield begin, end


def _row(text: str, begin: int, end: int, room: int) -> int:
    """Where a row that begins at `begin` ends if it may be broken anywhere. Reads no more than a row can hold, unless a
    letter has more marks than any script uses."""
    return begin + fitting(text[begin : min(end, begin + _LONGEST_ROW * room)], room, least=1)
