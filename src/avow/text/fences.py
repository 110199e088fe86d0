"""Where a fenced block of code begins and ends in Markdown: the one reading, for the terminal and for `--extract`."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock

_FENCE = re.compile(r"^( {0,3})(`{3,}|~{3,})(.*)$")
_STARTS_LIST = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])\s")
_HOLDS_MARKDOWN = ("markdown", "md", "mdx")


class Fence:
    """An open block of code: `lines` are those not yet written, `goes_on` tells whether others were."""

    def __init__(self, mark: str, indent: int, info: str) -> None:
        self.info = info
        self.language = info.partition(" ")[0]
        self._holds_markdown = self.language.lower() in _HOLDS_MARKDOWN
        self.lines: list[str] = []
        self.goes_on = False
        self.mark = mark
        self._indent = indent
        self._depth = 0

    def take(self, line: str) -> bool:
        """Take in a line; False where it closes the block."""
        if match := _FENCE.match(line):
            closes = match[2][0] == self.mark[0] and len(match[2]) >= len(self.mark) and not match[3].strip()
            if closes and not self._depth:
                return False
            # Models put fences of the same length into Markdown that they quote.
            if self._holds_markdown and match[2] == self.mark:
                self._depth += -1 if closes else 1
        indent = len(line) - len(line.lstrip(" "))
        self.lines.append(line[min(indent, self._indent) :])
        return True


def opened(line: str, above: Sequence[str]) -> Fence | None:
    """The fence that `line` opens at the top level; an indented one below a list item belongs to the item."""
    match = _FENCE.match(line)
    if match is None or (match[2][0] == "`" and "`" in match[3]):
        return None
    if match[1] and any(_STARTS_LIST.match(line) for line in above):
        return None
    return Fence(match[2], len(match[1]), match[3].strip())


def parser() -> "MarkdownIt":
    """A parser of CommonMark that reads fences as `Fence` does, and HTML as text."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False})
    made.block.ruler.at("fence", _rule, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    return made


def _rule(state: "StateBlock", first: int, end: int, silent: bool) -> bool:
    """A rule of markdown-it for fences: its own, but for where the block ends."""
    fence = None if state.is_code_block(first) else opened(_line(state, first), ())
    if fence is None or silent:
        return fence is not None
    line, is_closed = first + 1, False
    while line < end and not is_closed:
        is_text = state.bMarks[line] + state.tShift[line] < state.eMarks[line]
        if is_text and state.sCount[line] < state.blkIndent:
            break  # the list item or the quote around it has ended
        is_closed = not fence.take(_line(state, line))
        line += 1
    state.line = line
    token = state.push("fence", "code", 0)
    token.info = fence.info
    token.content = state.getLines(first + 1, line - is_closed, state.sCount[first], True)
    token.markup = fence.mark
    token.map = [first, line]
    return True


def _line(state: "StateBlock", number: int) -> str:
    """A line as it stands within what holds it."""
    text = state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
    return " " * (state.sCount[number] - state.blkIndent) + text
