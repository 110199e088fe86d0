"""What every application of prompt_toolkit in avow needs: signals that end it, and an output that asks nothing."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from avow.errors import Interrupted

if TYPE_CHECKING:
    from prompt_toolkit.application import Application
    from prompt_toolkit.output import Output


@contextmanager
def signals_in_the_loop(app: "Application[Any]") -> Iterator[Callable[[], None]]:
    """A signal ends the reading from within the event loop, which would swallow what a handler raises in the midst of
    a callback. Gives what ends the reading where a signal came before it began. Raises Interrupted."""
    heard: list[int] = []

    def end_if_heard() -> None:
        if heard and app.future is not None and not app.future.done():
            app.exit(exception=Interrupted(heard[0]))

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
        yield end_if_heard
    finally:
        for number, handler in before.items():
            if number not in heard:
                signal.signal(number, handler)
    if heard:
        raise Interrupted(heard[0])


def output(*, on_stderr: bool) -> "Output":
    """One that draws on stdout, or on stderr."""
    import sys

    from prompt_toolkit.output import create_output

    drawn_on: Any = create_output(sys.stderr if on_stderr else sys.stdout)
    if hasattr(drawn_on, "enable_cpr"):
        # Asking the terminal where the cursor is would leave an answer in stdin where it comes too late.
        drawn_on.enable_cpr = False
    return drawn_on  # type: ignore[no-any-return]
