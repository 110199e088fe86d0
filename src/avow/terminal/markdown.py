"""Renders Markdown as it streams in: finished blocks stay, only the unfinished block is drawn again.

To render a whole answer of 100 KB again at each piece takes minutes of CPU; this renders each block once.
"""

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from avow.background import Latch, later
from avow.errors import AvowError
from avow.terminal.markdown_source import CODE_CHARACTERS, CODE_INDENT, RenderBudget, Rows, Tail, cost
from avow.terminal.screen import Screen
from avow.text.fences import Fence, opened

if TYPE_CHECKING:
    from markdown_it.token import Token

    from avow.terminal.markdown_page import Page

_DRAW_EVERY_S = 0.1
_LONG_TAIL = 8192
"""How many characters of a piece are taken in before its blocks are rendered: each is to cost what it costs alone."""
_ITEMS_AT_ONCE = 8
"""How many items of a list are rendered together: one by one costs three times as much."""


def preload() -> None:
    """Import what rendering needs: a fifth of a second that can pass while the API is being waited for."""
    from avow.terminal import markdown_page

    markdown_page.parse("")


class MarkdownStream:
    """Cleaned text in (`feed`), rendered blocks out on the screen's stdout; `finish` ends the text with a whole line,
    and a new text may follow.

    Where the cursor may be moved, the text of the unfinished block is shown at once as it is, at most a screen of it,
    and replaced when the block is finished. Text that comes a moment after a drawing is drawn by a timer, if `late`
    allows it. Where rendering would cost too much (`RenderBudget`), text stays as it is. Raises as `Screen.out` does.
    """

    def __init__(self, screen: Screen, clock: Callable[[], float] = time.monotonic, *, late: bool = True) -> None:
        self._screen = screen
        self._clock = clock
        self._shows_preview = screen.out_facts.interactive
        self._draws_late = late and self._shows_preview
        self._lock = threading.RLock()
        self._timer: Latch | None = None
        self._failure: AvowError | None = None
        self._drawn_at = float("-inf")
        self._page: Page | None = None
        self._wrote = False
        self._budget = RenderBudget()
        self._wrote_source = False  # the last lines were shown as they were written
        self._tail = Tail()
        self._rows = Rows()
        self._fence: Fence | None = None
        # The number of the next item, where the items before it are already written (any number for bullets).
        self._next_item: int | None = None

    def feed(self, text: str) -> None:
        """Add a piece of the text."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            first, *others = text.split("\n")
            self._extend(first)
            for line in others:
                self._end_line()
                self._extend(line)
                if self._fence is None and self._tail.size > _LONG_TAIL:
                    self._write_finished()
            self._draw_soon()

    def finish(self) -> None:
        """Render all that is left. An open fence stays open: what comes next is still code."""
        with self._lock:
            timer, self._timer = self._timer, None
            if timer is not None:
                timer.set()
            if self._tail.partial():
                self._end_line()
            self._write_blocks()
            if self._fence is not None:
                self._write_code(self._fence)
                self._fence.goes_on = False
            self._rows.rebuild((), "")
            self._screen.preview(())
            self._wrote = False

    # -- taking lines in --------------------------------------------------------------------------------------------

    def _extend(self, piece: str) -> None:
        if piece:
            self._tail.extend(piece)
            if self._shows_preview:
                self._rows.extend(piece)

    def _end_line(self) -> None:
        fence = self._fence
        if self._shows_preview:
            self._rows.extend("\n")
        if fence is not None:
            if not fence.take(self._tail.drop_partial()):
                self._write_code(fence)
                self._fence = None
                self._rows.rebuild((), "")
        elif fence := opened(self._tail.partial(), self._tail.lines):
            self._tail.drop_partial()
            self._write_blocks()
            self._fence = fence
            self._rows.rebuild((), "")
        else:
            self._tail.end_line()

    # -- showing ----------------------------------------------------------------------------------------------------

    def _draw_soon(self) -> None:
        """Draw now, or, if that was done a moment ago, when it is time again."""
        if self._timer is not None:
            return
        wait = self._drawn_at + _DRAW_EVERY_S - self._clock()
        if wait <= 0:
            self._draw()
        elif self._draws_late:
            self._timer = later(wait, self._draw_late)

    def _draw_late(self) -> None:
        with self._lock:
            if self._timer is None:
                return
            self._timer = None
            try:
                self._draw()
            except AvowError as error:
                self._failure = error

    def _draw(self) -> None:
        width, height = self._screen.size()
        fence = self._fence
        if fence is None:
            self._write_finished()
        elif len(fence.lines) >= height // 2:
            self._write_code(fence)
            self._rows.rebuild((), self._tail.partial())
        if self._shows_preview:
            margin = CODE_INDENT if fence is not None else ""
            lines = self._tail.lines if fence is None else fence.lines
            rows = self._rows.last(height - 2, width - 1 - len(margin), lines, self._tail)
            goes_on = self._next_item is not None if fence is None else fence.goes_on
            if rows and self._wrote and not goes_on and len(rows) < height - 2:
                rows.insert(0, "")
            self._screen.preview([f"{margin}{row}" for row in rows])
        self._drawn_at = self._clock()

    # -- writing blocks ---------------------------------------------------------------------------------------------

    def _write_finished(self) -> None:
        """Render every block of the tail but the last; if the last one is a list, every item of it but the last."""
        tail = self._tail
        if not tail.may_split():
            return
        source = tail.source()
        if not self._budget.pays(cost(source)):
            self._write_source()
            self._rows.rebuild((), tail.partial())
            return
        from avow.terminal.markdown_page import parse  # deferred: the first text is shown before this is loaded

        tokens = parse(source)
        last = max((n for n, token in enumerate(tokens) if token.level == 0 and token.nesting >= 0), default=0)
        rest = tokens[last:]
        at = rest[0].map[0] if rest and rest[0].map else 0
        if last:
            self._write_run(tokens[:last])
        if rest and rest[0].type in ("bullet_list_open", "ordered_list_open"):
            at = self._write_items(rest) or at
        tail.cut(at)
        if at:
            self._rows.rebuild(tail.lines, tail.partial())

    def _write_run(self, tokens: "list[Token]") -> None:
        """Render whole blocks; the first may be the rest of a list whose beginning was rendered before."""
        goes_on = self._next_item is not None
        lines = self._the_page().blocks(tokens, start=self._next_item)
        self._next_item = None
        self._write(lines, goes_on=goes_on)

    def _write_items(self, tokens: "list[Token]") -> int | None:
        """Render all items of a list but the last, if there are enough; the line where the rest begins."""
        starts = [n for n, token in enumerate(tokens) if token.type == "list_item_open" and token.level == 1]
        place = tokens[starts[-1]].map
        if len(starts) <= _ITEMS_AT_ONCE or place is None:
            return None
        items = [tokens[begin:end] for begin, end in pairwise(starts)]
        number = None
        if tokens[0].type == "ordered_list_open":
            number = int(tokens[0].attrs.get("start", 1)) if self._next_item is None else self._next_item
        self._write(self._the_page().items(items, number), goes_on=self._next_item is not None)
        self._next_item = (number or 0) + len(items)
        return place[0]

    def _write_blocks(self) -> None:
        """Render the whole tail, which is finished."""
        if any(line.strip() for line in self._tail.lines):
            source = "\n".join(self._tail.lines)
            if not self._budget.pays(cost(source)):
                self._write_source()
                return
            from avow.terminal.markdown_page import parse

            self._write_run(parse(source))
        self._tail.cut(len(self._tail.lines))

    def _write_source(self) -> None:
        """Show the lines of the tail as they were written, which costs next to nothing."""
        lines = self._the_page().source(self._tail.lines)
        self._write(lines, goes_on=self._wrote_source)
        self._wrote_source, self._next_item = True, None
        self._tail.cut(len(self._tail.lines))

    def _write_code(self, fence: Fence) -> None:
        if fence.lines:
            source = "\n".join(fence.lines)
            language = fence.language if self._budget.pays(len(source) / CODE_CHARACTERS) else ""
            lines = self._the_page().code(source, language)
            self._write(lines, goes_on=fence.goes_on)
            fence.lines.clear()
            fence.goes_on = True

    def _write(self, lines: list[str], *, goes_on: bool = False) -> None:
        if lines:
            blank = "\n" if self._wrote and not goes_on else ""
            self._screen.out(blank + "".join(f"{line}\n" for line in lines))
            self._wrote, self._wrote_source = True, False

    def _the_page(self) -> "Page":
        width = self._screen.size()[0]
        if self._page is None or self._page.full_width != width:
            from avow.terminal.markdown_page import Page

            self._page = Page(self._screen.out_facts, width)
        return self._page
