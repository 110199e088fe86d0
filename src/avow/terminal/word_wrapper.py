"""Wraps text that comes in pieces, between words."""

import re

from avow.terminal.cells import cells

_TOKENS = re.compile(r"\n|[ \t]+|[^ \t\n]+")


class WordWrapper:
    """Cleaned text in (`feed`), and out what can be shown of it: all but a last word that may still grow. Every line
    that is not empty begins with `indent`. A word longer than a row is left to the terminal, which copies it as one."""

    def __init__(self, indent: str = "") -> None:
        self._indent = indent
        self._used = 0  # cells of the row under way
        self._gap = self._held = ""
        self._width: int | None = None

    @property
    def is_at_start(self) -> bool:
        """Whether the text that was shown ends with its line."""
        return self._used == 0

    def feed(self, text: str, width: int | None) -> str:
        """The text to show now. `width` is in cells; None breaks no line and holds nothing back."""
        self._width = width
        tokens: list[str] = _TOKENS.findall(self._held + text)
        self._held = ""
        if width is not None and tokens and not tokens[-1].isspace() and cells(tokens[-1]) < width:
            self._held = tokens.pop()
        return "".join(map(self._placed, tokens))

    def finish(self) -> str:
        """The last word."""
        held, self._held = self._held, ""
        return self._placed(held) if held else ""

    def _placed(self, piece: str) -> str:
        width = self._width
        if piece == "\n":
            self._used, self._gap = 0, ""
            return piece
        if piece.isspace():
            self._gap += piece.expandtabs(4)
            return ""
        gap, self._gap = self._gap, ""
        before = gap if self._used else f"{self._indent}{gap}"
        # Without a gap it goes on with a word that was too long to be held back.
        if width is not None and gap and self._used and self._used + len(gap) + cells(piece) > width:
            before, self._used = f"\n{self._indent}", 0
        self._used += cells(before.lstrip("\n")) + cells(piece)
        if width is not None:
            self._used = min(self._used, width)
        return before + piece
