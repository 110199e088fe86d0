"""Text for a pipe: the bytes of the answer and nothing else."""

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from avow.errors import AvowError
from avow.exchange.exchange import Exchange, ExchangeEvent, Finished, TextWritten, Withdrawn
from avow.terminal.commentary import Commentary
from avow.terminal.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator

FinalText = Callable[[Exchange], str]


class TextPiped:
    """Writes the bytes of the answer and nothing else, and a newline at the end if it lacks one.

    `hold`: write nothing unless the exit status is 0. `buffered`: write the text at the end, because a model that
    declines in mid-answer may have it withdrawn. `final_text`: print this text at the end, and nothing before.
    """

    def __init__(
        self,
        screen: Screen,
        commentary: Commentary,
        *,
        hold: bool = False,
        buffered: bool = False,
        final_text: FinalText | None = None,
    ) -> None:
        self._screen = screen
        self._commentary = commentary
        self._hold = hold
        self._buffered = buffered
        self._final_text = final_text
        self._is_late = hold or final_text is not None
        self._waits = not self._is_late and not buffered
        self._held: list[str] = []
        self._last = ""

    def __call__(self, event: ExchangeEvent) -> None:
        match event:
            case TextWritten(_model, text):
                if self._is_late:
                    return
                if self._buffered:
                    self._held.append(text)
                else:
                    self._write(text)
            case Withdrawn():
                self._withdraw()
            case Finished(exchange):
                self._finish(exchange)
            case _:
                self._commentary.on_event(event)

    def _write(self, text: str) -> None:
        if self._waits:
            self._waits = False
            self._commentary.text_comes()
        if text:
            self._last = text[-1]
            with telling(self._commentary):
                self._screen.out(text)

    def _release(self) -> None:
        if self._held:
            text = "".join(self._held)
            self._held.clear()
            self._commentary.text_comes()
            self._write(text)

    def _withdraw(self) -> None:
        self._held.clear()
        if self._last:
            self._screen.note("the text printed so far is withdrawn: its model declined")

    def _finish(self, exchange: Exchange) -> None:
        try:
            if not exchange.reader_is_gone:
                self._end(exchange)
        finally:
            self._commentary.finished(exchange)

    def _end(self, exchange: Exchange) -> None:
        if exchange.withheld or (self._hold and exchange.exit_code != 0):
            return
        if self._is_late:
            self._commentary.text_comes()
            self._write(self._final_text(exchange) if self._final_text else exchange.text)
        self._release()
        if self._last and self._last != "\n":
            self._write("\n")


@contextmanager
def telling(commentary: Commentary) -> "Iterator[None]":
    """Where stdout fails, report what is known of a reroute before the error is raised."""
    try:
        yield
    except AvowError:
        commentary.stdout_failed()
        raise
