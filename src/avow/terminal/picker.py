"""Picks one exchange on a terminal: words narrow a list, and a preview shows what the list leaves out."""

import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from avow.errors import Interrupted
from avow.exchange.exchange import Exchange
from avow.terminal.cells import cut, wrap
from avow.terminal.facts import BOLD, FAINT, REVERSE, Facts
from avow.terminal.prompt_app import ignore_clicks, output, signals_in_the_loop

if TYPE_CHECKING:
    from prompt_toolkit.application import Application
    from prompt_toolkit.input import Input
    from prompt_toolkit.output import Output

Draw = Callable[[Iterable[Exchange], Facts], Iterator[tuple[str, Exchange | None]]]
"""Exchanges as the texts of a list, each with its exchange, None beside the heading."""
_KEYS = "Enter shows it; Up and Down move; Esc leaves"
_KEYS_SHORT = "Enter shows, Esc leaves"
_BEFORE_PREVIEW = 12
"""Lines of a terminal; with fewer there is a list alone."""
_MARK, _NO_MARK = "> ", "  "


class ExchangeViews(NamedTuple):
    """How exchanges are shown: `draw` gives the list, `preview` one exchange; both give text that is clean, and styled
    where `facts` allow it."""

    draw: Draw
    preview: Callable[[Exchange, Facts], str]
    facts: Facts


class _Layout(NamedTuple):
    """How much room there is: `width` in cells, `list` and `preview` in lines."""

    width: int
    list: int
    preview: int


class Picker:
    """A list, and above it the words that were typed. `look_for` is called with these words; whoever finds exchanges
    calls `show`, from any thread. `when_drawn` is called once, after the first screen. Words and position stay from one
    `pick` to the next."""

    def __init__(
        self,
        views: ExchangeViews,
        look_for: Callable[[str], None],
        *,
        when_drawn: Callable[[], None],
        words: str = "",
        given_input: "Input | None" = None,
        given_output: "Output | None" = None,
    ) -> None:
        self._views = views
        self._look_for, self._when_drawn = look_for, when_drawn
        self._found: Sequence[Exchange] = ()
        self._found_for, self._is_whole = "", False
        self._at = self._top = 0
        self._blocks: tuple[tuple[int, int], list[tuple[list[str], Exchange | None]]] = ((0, 0), [])
        self._previewed: tuple[str, int, str] = ("", 0, "")
        self._app: Application[Exchange | None] = self._application(words, given_input, given_output)

    def show(self, words: str, found: Sequence[Exchange], *, is_whole: bool) -> None:
        """Show the exchanges found for `words`; more may follow until `is_whole`."""
        if words != self._found_for:
            self._at = self._top = 0
        self._found, self._found_for, self._is_whole = found, words, is_whole
        self._at = max(min(self._at, len(found) - 1), 0)
        self._app.invalidate()

    def pick(self) -> Exchange | None:
        """The exchange that was chosen; None where Esc left the list. Raises Interrupted at Ctrl-C and at signals."""
        with signals_in_the_loop(self._app) as before_reading:
            return self._app.run(pre_run=before_reading)

    def _drawn_once(self, app: "Application[Exchange | None]") -> None:
        app.after_render -= self._drawn_once
        self._when_drawn()

    # -- keys -----------------------------------------------------------------------------------------------------

    def _application(
        self, words: str, given_input: "Input | None", given_output: "Output | None"
    ) -> "Application[Exchange | None]":
        from prompt_toolkit.application import Application  # deferred: 150 ms, and only people need it
        from prompt_toolkit.buffer import Buffer
        from prompt_toolkit.document import Document
        from prompt_toolkit.layout import BufferControl, FormattedTextControl, HSplit, Layout, Window
        from prompt_toolkit.layout.processors import BeforeInput

        def part(text: Callable[[], Any], height: Callable[[], int]) -> Window:
            return Window(FormattedTextControl(text), height=height, wrap_lines=False)

        typed = Buffer(
            multiline=False,
            document=Document(words, len(words)),
            on_text_changed=lambda buffer: self._look_for(buffer.text),
        )
        line = Window(BufferControl(typed, input_processors=[BeforeInput("find: ")]), height=1)
        rows = part(lambda: self._styled(self._list()), lambda: self._layout().list)
        beside = part(lambda: self._styled(self._preview()), lambda: self._layout().preview)
        foot = part(lambda: self._styled([self._foot()]), lambda: 1)
        app: Application[Exchange | None] = Application(
            Layout(HSplit([line, rows, beside, foot]), focused_element=line),
            key_bindings=self._keys(),
            full_screen=True,
            input=given_input,
            output=given_output or output(on_stderr=False),
        )
        app.after_render += self._drawn_once
        app.ttimeoutlen = 0.1  # how long an Esc may be the beginning of an arrow key
        return app

    def _keys(self) -> Any:
        from prompt_toolkit.key_binding import KeyBindings

        keys = KeyBindings()
        ignore_clicks(keys)

        @keys.add("enter")
        def choose(event: Any) -> None:
            if self._found:
                event.app.exit(self._found[self._at])

        @keys.add("escape", eager=True)
        def leave(event: Any) -> None:
            event.app.exit(None)

        @keys.add("c-c")
        def interrupt(event: Any) -> None:
            event.app.exit(exception=Interrupted(signal.SIGINT))

        for names, by in ((("up", "c-p"), -1), (("down", "c-n"), 1), (("pageup",), -10), (("pagedown",), 10)):
            for name in names:
                keys.add(name)(lambda _event, by=by: self._move(by))
        if hasattr(signal, "SIGTSTP"):
            keys.add("c-z")(lambda event: event.app.suspend_to_background())
        return keys

    def _move(self, by: int) -> None:
        self._at = max(min(self._at + by, len(self._found) - 1), 0)

    # -- what is drawn --------------------------------------------------------------------------------------------

    def _layout(self) -> _Layout:
        size = self._app.output.get_size()
        free = max(size.rows - 2, 1)
        preview = free // 2 if size.rows >= _BEFORE_PREVIEW else 0
        return _Layout(max(size.columns, 1), free - preview, preview)

    def _list(self) -> list[str]:
        """The heading, and the entries around the chosen one."""
        layout = self._layout()
        facts = self._views.facts._replace(width=max(layout.width - len(_MARK), 1), height=layout.list)
        blocks = self._drawn(facts)
        head = [f"{_NO_MARK}{line}" for lines, one in blocks if one is None for line in lines]
        rows = [lines for lines, one in blocks if one is not None]
        room = layout.list - len(head)
        self._top = min(self._top, self._at)
        while self._top < self._at and sum(map(len, rows[self._top : self._at + 1])) > room:
            self._top += 1
        shown = list(head)
        for place, lines in enumerate(rows[self._top : self._top + room], self._top):
            marks = (_MARK, _NO_MARK) if place == self._at else (_NO_MARK, _NO_MARK)
            marked = [f"{marks[number > 0]}{line}" for number, line in enumerate(lines)]
            shown += [facts.styled(line, REVERSE) for line in marked] if place == self._at else marked
        return shown[: layout.list]

    def _drawn(self, facts: Facts) -> list[tuple[list[str], Exchange | None]]:
        """Each entry of the list in lines; kept until the exchanges or the width change."""
        key = (id(self._found), facts.width)
        if self._blocks[0] != key:
            blocks = [(text.splitlines(), one) for text, one in self._views.draw(self._found, facts)]
            self._blocks = key, blocks
        return self._blocks[1]

    def _preview(self) -> list[str]:
        """A rule, and the beginning of the chosen exchange."""
        layout, facts = self._layout(), self._views.facts
        if not layout.preview or not self._found:
            return []
        one = self._found[self._at]
        if self._previewed[:2] != (one.id, layout.width):
            text = self._views.preview(one, facts._replace(width=layout.width, height=layout.preview))
            self._previewed = one.id, layout.width, text
        rule = facts.styled(("─" if facts.unicode else "-") * layout.width, FAINT)
        return [rule, *self._previewed[2].splitlines()][: layout.preview]

    def _foot(self) -> str:
        layout, facts = self._layout(), self._views.facts
        number = f"{len(self._found):,} found" if self._found_for else f"the newest {len(self._found):,}"
        if not self._is_whole:
            number = "looking"
        elif not self._found:
            number = "no exchange matches"
        for keys in (_KEYS, _KEYS_SHORT):
            words = f"{number}. {keys}"
            if len(words) < layout.width:
                break
        return facts.styled(cut(words, layout.width - 1), BOLD)

    @staticmethod
    def _styled(lines: Sequence[str]) -> Any:
        from prompt_toolkit.formatted_text import ANSI

        return ANSI("\n".join(lines))


def ask_key(words: str, keys: str, facts: Facts, given_input: "Input | None" = None) -> str:
    """Show `words` and wait for one of `keys`, `enter` or `escape`; the name of the key, after which the words are
    removed. Raises Interrupted at Ctrl-C and at signals."""
    from prompt_toolkit.application import Application  # deferred: 150 ms, and only people need it
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.layout import FormattedTextControl, Layout, Window

    rows = wrap(words, max(facts.width - 1, 1))
    bindings = KeyBindings()
    ignore_clicks(bindings)
    app: Application[str] = Application(
        Layout(Window(FormattedTextControl("\n".join(rows)), height=len(rows))),
        key_bindings=bindings,
        erase_when_done=True,
        input=given_input,
        output=output(on_stderr=False),
    )
    app.ttimeoutlen = 0.1
    for key in (*keys, "enter", "escape"):
        bindings.add(key, eager=True)(lambda event, key=key: event.app.exit(key))
    bindings.add("c-c")(lambda event: event.app.exit(exception=Interrupted(signal.SIGINT)))
    with signals_in_the_loop(app) as before_reading:
        return app.run(pre_run=before_reading)
