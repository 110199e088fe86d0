"""What every application of prompt_toolkit in avow needs: signals that end it, and an output that sends no queries."""

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from avow.errors import Interrupted

if TYPE_CHECKING:
    from prompt_toolkit.application import Application
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.output import Output


@contextmanager
def signals_in_the_loop(app: "Application[Any]") -> Iterator[Callable[[], None]]:
    """Let a signal end the reading from within the event loop, which would swallow what a handler raises in a callback.
    Gives the function to run before the reading begins (`pre_run`): it ends the reading if a signal has come already,
    and makes a Ctrl-D count that was typed before. Raises Interrupted."""
    heard: list[int] = []

    def end_if_heard() -> None:
        if heard and app.future is not None and not app.future.done():
            app.exit(exception=Interrupted(heard[0]))

    def before_reading() -> None:
        _hear_ctrl_d_ahead(app.input)
        end_if_heard()

    def hear(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once
        heard.append(number)
        if app.loop is not None and not app.loop.is_closed():
            app.loop.call_soon_threadsafe(end_if_heard)

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}
    for number in before:
        signal.signal(number, hear)
    try:
        yield before_reading
    finally:
        for number, handler in before.items():
            if number not in heard:
                signal.signal(number, handler)
    if heard:
        raise Interrupted(heard[0])


def _hear_ctrl_d_ahead(source: Any) -> None:
    """Make a Ctrl-D count that was typed before the application reads. The terminal, which edited lines until then,
    keeps a NUL in its place (Linux, drivers/tty/n_tty.c), and that would be Ctrl-Space."""
    parser = getattr(source, "vt100_parser", None)
    if parser is None or not os.isatty(source.fileno()) or not select.select([source.fileno()], [], [], 0)[0]:
        return
    feed = parser.feed

    def feed_what_waits(data: str) -> None:
        parser.feed = feed
        feed(data.replace("\0", "\x04"))

    parser.feed = feed_what_waits


def ignore_clicks(keys: "KeyBindings") -> None:
    """Ignore what looks like a click: no mode is on in which a terminal sends clicks, so it came with a text (the
    colour in `\\x1b[31m`), and prompt_toolkit's own reader fails on it."""
    from prompt_toolkit.keys import Keys

    keys.add(Keys.Vt100MouseEvent)(lambda _event: None)


def output(*, on_stderr: bool) -> "Output":
    """An output that draws on stdout, or on stderr."""
    import sys

    from prompt_toolkit.output import create_output

    drawn_on: Any = create_output(sys.stderr if on_stderr else sys.stdout)
    if hasattr(drawn_on, "enable_cpr"):
        # Asking the terminal where the cursor is would leave an answer in stdin where it comes too late.
        drawn_on.enable_cpr = False
    return drawn_on  # type: ignore[no-any-return]
