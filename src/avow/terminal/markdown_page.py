"""Turns Markdown into lines for a terminal: blocks as markdown-it reads them, wrapped and styled, with nothing hidden.

Links and images show their address, raw HTML is text, a line break is a line break, and headings keep their `#`. Text
is cleaned again after parsing: entities and percent signs can spell characters that the source did not contain.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console
from rich.style import Style
from rich.syntax import Syntax
from rich.text import Text

from avow.terminal.cells import cells, folded, spans
from avow.terminal.facts import Facts
from avow.terminal.markdown_source import CODE_INDENT
from avow.terminal.render import READABLE
from avow.terminal.sanitize import clean
from avow.terminal.table import longest_words, natural_widths, squeezed
from avow.text.fences import parser

if TYPE_CHECKING:
    from rich.color import ColorSystem

_NARROWEST, _NARROWEST_COLUMN = 8, 3
_STYLES = {
    "strong_open": Style(bold=True),
    "em_open": Style(italic=True),
    "s_open": Style(strike=True),
}
_HEADING = Style(bold=True)
_CODE = Style(color="cyan")
_ADDRESS = Style(underline=True)
_QUIET = Style(dim=True)


@cache
def _parser() -> MarkdownIt:
    return parser().enable("table").enable("strikethrough")


def parse(source: str) -> list[Token]:
    """The tokens of cleaned Markdown, in markdown-it's flat form."""
    return _parser().parse(source)


class Page:
    """Renders for one width and one set of facts; a line is a string with styles and without a newline."""

    def __init__(self, facts: Facts, width: int) -> None:
        self.width = min(width, READABLE)
        self.full_width = width
        self._color = facts.color
        self._unicode = facts.unicode
        self._theme = "ansi_light" if facts.light else "ansi_dark"
        self._console = _console(facts)
        self._system: ColorSystem | None = self._console._color_system

    def blocks(self, tokens: Sequence[Token], width: int | None = None, *, start: int | None = None) -> list[str]:
        """The lines of a run of sibling blocks, with a blank line between two of them. `start` is the number of the
        first block's first item, if that block continues an ordered list."""
        width = self.width if width is None else max(width, _NARROWEST)
        lines: list[str] = []
        for block in _siblings(tokens):
            own = self._block(block, width, start)
            start = None
            is_tight = block[0].hidden or (lines and _is_list(block[0]) and _follows_tight(block, tokens))
            if lines and own and not is_tight:
                lines.append("")
            lines += own
        return lines

    def items(self, items: Sequence[Sequence[Token]], number: int | None, width: int | None = None) -> list[str]:
        """The lines of list items, numbered from `number` on, or with bullets for None."""
        width = self.width if width is None else width
        bullet = "• " if self._unicode else "- "
        digits = len(str(number + len(items) - 1)) if number is not None else 0
        lines = []
        for index, item in enumerate(items):
            marker = bullet if number is None else f"{number + index}. ".rjust(digits + 2)
            inner = self.blocks(item[1:-1], width - len(marker)) or [""]
            lines.append(marker + inner[0])
            lines += [f"{' ' * len(marker)}{line}" if line else "" for line in inner[1:]]
        return lines

    def code(self, source: str, language: str, width: int | None = None) -> list[str]:
        """The lines of code, indented, folded where they are too long, and highlighted if its language is known."""
        room = max((self.full_width if width is None else width) - len(CODE_INDENT), _NARROWEST)
        source = clean(source).expandtabs(4)
        if not self._color or not (lexer := _lexer(language)):
            return [
                f"{CODE_INDENT}{line[begin:end]}" for line in source.split("\n") for begin, end in folded(line, room)
            ]
        text = Syntax("", lexer, theme=self._theme, background_color="default").highlight(source)
        text.rstrip()
        missing = source.count("\n") - text.plain.count("\n")
        lines = [part for line in text.split("\n", allow_blank=True) for part in _cut(line, folded(line.plain, room))]
        return [f"{CODE_INDENT}{self._styled(line)}" for line in lines] + [""] * missing

    def source(self, lines: Iterable[str]) -> list[str]:
        """Lines as they were written, wrapped."""
        rows: list[str] = []
        for line in _words("\n".join(lines)).split("\n"):
            if len(line) <= self.width and line.isascii():  # `spans` costs more than all else for very short lines
                rows.append(line)
            else:
                rows += [line[begin:end] for begin, end in spans(line, self.width)]
        return rows

    # -- blocks -----------------------------------------------------------------------------------------------------

    def _block(self, block: Sequence[Token], width: int, start: int | None) -> list[str]:
        first = block[0]
        match first.type:
            case "paragraph_open":
                return self._wrapped(self._inline(block[1]), width)
            case "heading_open":
                text = Text(f"{'#' * int(first.tag[1:])} ", style=_HEADING)
                return self._wrapped(text.append_text(self._inline(block[1])), width)
            case "bullet_list_open":
                return self.items(list(_siblings(block[1:-1])), None, width)
            case "ordered_list_open":
                own = int(first.attrs.get("start", 1))
                return self.items(list(_siblings(block[1:-1])), own if start is None else start, width)
            case "blockquote_open":
                bar = self._quiet("│" if self._unicode else ">")
                return [f"{bar} {line}".rstrip() for line in self.blocks(block[1:-1], width - 2)]
            case "fence" | "code_block":
                return self.code(first.content.removesuffix("\n"), first.info.partition(" ")[0], width)
            case "hr":
                return [self._quiet(("─" if self._unicode else "-") * width)]
            case "table_open":
                return self._table(block, width)
            case "inline":
                return self._wrapped(self._inline(first), width)
        return self._wrapped(Text(_words(first.content)), width) if first.content else []

    def _table(self, block: Sequence[Token], width: int) -> list[str]:
        rows: list[list[Text]] = []
        for token in block:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                cell = self._inline(token)
                cell.plain = cell.plain.replace("\n", " ")
                rows[-1].append(cell)
        if not rows or not rows[0]:
            return []
        sides = [str(token.attrs.get("style", "")) for token in block if token.type == "th_open"]
        count = len(rows[0])
        widths = _widths([[*row[:count], *([Text()] * (count - len(row)))] for row in rows], width)
        lines: list[str] = []
        for index, row in enumerate(rows):
            columns = [_cut(cell, spans(cell.plain, room)) for cell, room in zip(row, widths, strict=False)]
            for n in range(max(map(len, columns))):
                parts = [column[n] if n < len(column) else Text() for column in columns]
                padded = [_aligned(part, room, side) for part, room, side in zip(parts, widths, sides, strict=False)]
                lines.append(self._columns(padded, heading=index == 0))
            if index == 0:
                dash = "─" if self._unicode else "-"
                lines.append(self._quiet("  ".join(dash * room for room in widths)))
        return lines

    def _columns(self, parts: list[Text], *, heading: bool) -> str:
        line = Text("  ").join(parts)
        line.rstrip()
        if heading:
            line.stylize(_HEADING)
        return self._styled(line)

    # -- text -------------------------------------------------------------------------------------------------------

    def _inline(self, token: Token) -> Text:
        text = Text()
        styles: list[Style] = []
        links: list[tuple[str, int]] = []
        for child in token.children or ():
            style = Style.combine(styles) if styles else ""
            match child.type:
                case "text" | "text_special":
                    text.append(_words(child.content), style)
                case "softbreak" | "hardbreak":
                    text.append("\n")
                case "code_inline":
                    text.append(_words(child.content), Style.combine([*styles, _CODE]))
                case "strong_open" | "em_open" | "s_open":
                    styles.append(_STYLES[child.type])
                case "strong_close" | "em_close" | "s_close":
                    styles.pop()
                case "link_open":
                    links.append((clean(str(child.attrs.get("href", ""))), len(text)))
                case "link_close":
                    address, begin = links.pop()
                    _add_address(text, address, begin)
                case "image":
                    begin = len(text)
                    text.append(_words(child.content) or "image", style)
                    _add_address(text, clean(str(child.attrs.get("src", ""))), begin)
                case _:
                    text.append(_words(child.content), style)
        return text

    def _wrapped(self, text: Text, width: int) -> list[str]:
        return [self._styled(line) for line in _cut(text, spans(text.plain, width))]

    def _styled(self, text: Text) -> str:
        if not self._color or not (text.spans or text.style):
            return text.plain
        return "".join(
            segment.style.render(segment.text, color_system=self._system) if segment.style else segment.text
            for segment in text.render(self._console)
        )

    def _quiet(self, words: str) -> str:
        return _QUIET.render(words, color_system=self._system) if self._color else words


def _console(facts: Facts) -> Console:
    """A console of Rich that knows its styles and guesses nothing: no colours but the terminal's own sixteen, which
    suit light and dark backgrounds, and only if `facts` allow them."""
    return Console(
        file=io.StringIO(),
        color_system="standard" if facts.color else None,
        force_terminal=facts.color,
        legacy_windows=False,
        _environ={},
    )


def _words(content: str) -> str:
    """Text that may be shown: what was decoded in parsing is cleaned too, and a tab becomes spaces."""
    return clean(content).replace("\t", "    ")


def _siblings(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The tokens of each block of a run."""
    begin, depth = 0, 0
    for index, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            yield tokens[begin : index + 1]
            begin = index + 1


def _is_list(token: Token) -> bool:
    return token.type in ("bullet_list_open", "ordered_list_open")


def _follows_tight(block: Sequence[Token], tokens: Sequence[Token]) -> bool:
    """Whether a list is in a tight item, directly below the item's text."""
    return tokens[0].hidden and tokens[0] is not block[0]


def _add_address(text: Text, address: str, begin: int) -> None:
    """Add the address of a link, unless its words are the address."""
    words = text.plain[begin:]
    if address and address not in (words, f"mailto:{words}"):
        text.append(" (" if words else "")
        text.append(address, _ADDRESS)
        text.append(")" if words else "")


def _widths(rows: Sequence[Sequence[Text]], width: int) -> list[int]:
    """The widths of the columns; words are broken only where that cannot be avoided."""
    plain = [[cell.plain for cell in row] for row in rows]
    wanted = [max(want, 1) for want in natural_widths(plain)]
    least = [min(want, _NARROWEST_COLUMN) for want in wanted]
    return squeezed(wanted, longest_words(plain), width) or squeezed(wanted, least, width) or least


def _aligned(part: Text, room: int, side: str) -> Text:
    spare = room - cells(part.plain)
    if spare <= 0:
        return part
    left = spare if "right" in side else spare // 2 if "center" in side else 0
    return Text(" " * left) + part + Text(" " * (spare - left))


def _cut(text: Text, places: Iterable[tuple[int, int]]) -> list[Text]:
    """The parts of `text` between these places."""
    return list(text.divide([place for both in places for place in both]))[1::2]


@cache
def _lexer(language: str) -> Any:
    """Pygments' lexer for the language of a fence, None where it is unknown or plain text."""
    name = language.strip("{}.").lower()
    if name in ("", "text", "plain", "plaintext", "txt", "output", "console"):
        return None
    return Syntax("", name, tab_size=4).lexer
