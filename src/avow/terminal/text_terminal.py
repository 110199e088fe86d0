"""The answer as text on a terminal, with reroutes and withdrawals marked where they happened."""

from typing import Protocol

from avow.exchange.exchange import Exchange, ExchangeEvent, Finished, HandedOver, Started, TextWritten, Withdrawn
from avow.terminal.commentary import Commentary
from avow.terminal.sanitize import clean
from avow.terminal.screen import Screen
from avow.terminal.text_piped import FinalText, telling

_PRELOAD_S = 0.1
"""How long a question takes to leave, on a slow machine."""


class _Writer(Protocol):
    """Shows text as it comes; `finish` ends it with a whole line."""

    def feed(self, text: str) -> None: ...

    def finish(self) -> None: ...


class TextTerminal:
    """Shows harmless text at once, rendered as Markdown if `markdown` is true (None: if the cursor may be moved).

    `hold`: show nothing unless the exit status is 0. `final_text`: show this text at the end, and nothing before.
    """

    def __init__(
        self,
        screen: Screen,
        commentary: Commentary,
        *,
        hold: bool = False,
        markdown: bool | None = None,
        final_text: FinalText | None = None,
    ) -> None:
        self._screen = screen
        self._commentary = commentary
        self._hold = hold
        self._final_text = final_text
        renders = screen.out_facts.interactive if markdown is None else markdown
        self._renders = renders and final_text is None
        self._breaks = markdown is None and final_text is None
        self._writer: _Writer | None = None
        self._rules: list[HandedOver] = []

    def __call__(self, event: ExchangeEvent) -> None:
        match event:
            case TextWritten(_model, text):
                if not self._is_late:
                    self._write(text)
            case Withdrawn(model, _text):
                if self._writer is not None:
                    from avow.terminal.render import withdrawn_rule

                    self._rule(withdrawn_rule(model, self._screen.out_facts))
            case Finished(exchange):
                self._finish(exchange)
            case HandedOver():
                self._commentary.on_event(event)
                if event.in_text:
                    self._rules.append(event)
                    if not self._is_late:
                        from avow.terminal.render import handover_rule

                        self._rule(handover_rule(event, self._screen.out_facts))
            case _:
                if isinstance(event, Started) and self._renders:
                    _preload()
                self._commentary.on_event(event)

    @property
    def _is_late(self) -> bool:
        return self._hold or self._final_text is not None

    def _write(self, text: str) -> None:
        if self._writer is None:
            self._commentary.text_comes()
            self._writer = self._new_writer()
        with telling(self._commentary):
            self._writer.feed(clean(text))

    def _new_writer(self) -> _Writer:
        if not self._renders:
            return _Wrapped(self._screen) if self._breaks else _Plain(self._screen)
        from avow.terminal.markdown import MarkdownStream

        return MarkdownStream(self._screen)

    def _rule(self, rule: str) -> None:
        """Put a rule between two texts; on a terminal only, where nobody can take it for a part of the answer."""
        self._commentary.text_comes()
        with telling(self._commentary):
            if self._writer is not None:
                self._writer.finish()
            if self._screen.is_terminal:
                self._screen.fresh_line()
                self._screen.out(f"\n{rule}\n")

    def _finish(self, exchange: Exchange) -> None:
        try:
            if not exchange.reader_is_gone:
                self._end(exchange)
        finally:
            self._commentary.finished(exchange)

    def _end(self, exchange: Exchange) -> None:
        if exchange.withheld or (self._hold and exchange.exit_code != 0):
            return
        if self._final_text is not None:
            self._write(self._final_text(exchange))
        elif self._hold:
            self._write_segments(exchange)
        if self._writer is not None:
            self._writer.finish()

    def _write_segments(self, exchange: Exchange) -> None:
        for index, segment in enumerate(exchange.routing.segments):
            if index and index <= len(self._rules):
                from avow.terminal.render import handover_rule

                self._rule(handover_rule(self._rules[index - 1], self._screen.out_facts))
            self._write(segment.text)


class _Wrapped:
    """Shows the text in rows that break between words: for a terminal whose cursor cannot be moved."""

    def __init__(self, screen: Screen) -> None:
        from avow.terminal.word_wrapper import WordWrapper

        self._screen, self._wrapper = screen, WordWrapper()

    def feed(self, text: str) -> None:
        if shown := self._wrapper.feed(text, self._screen.size()[0]):
            self._screen.out(shown)

    def finish(self) -> None:
        rest = self._wrapper.finish()
        end = "" if self._wrapper.is_at_start else "\n"
        if end:
            self._screen.out(f"{rest}{end}")
        self._wrapper.feed("\n", None)


class _Plain:
    """Shows the text as it is."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._last = "\n"

    def feed(self, text: str) -> None:
        if text:
            self._last = text[-1]
            self._screen.out(text)

    def finish(self) -> None:
        if self._last != "\n":
            self.feed("\n")


def _preload() -> None:
    """Import what renders Markdown, and what is shown at the end, while the API is being waited for: not while the HTTP
    client is loaded and the request leaves, which would take longer."""
    from avow.background import later

    later(_PRELOAD_S, _load)


def _load() -> None:
    from avow.terminal import markdown, render  # noqa: F401

    markdown.preload()
