"""The line that says which model avow is waiting for, and for how long."""

import threading
import time
from collections.abc import Callable

from avow.background import Latch, in_background, nudge
from avow.terminal.preview import fitting_surely
from avow.terminal.screen import Screen

_EVERY_S = 0.1
_UNICODE_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_FRAMES = "|/-\\"


class Spinner:
    """Drawn by a thread of its own on an interactive stderr; on another terminal the words are printed once. While a
    large request is being sent, its progress is shown in place of the words."""

    def __init__(self, screen: Screen, clock: Callable[[], float] = time.monotonic) -> None:
        self._screen = screen
        self._clock = clock
        self._began = 0.0
        self._words = ""
        self._meanwhile: tuple[str, float] | None = None
        self._end: Latch | None = None
        self._drawing = threading.Lock()

    @property
    def is_running(self) -> bool:
        """Whether it is being drawn."""
        return self._end is not None

    def start(self, words: str) -> None:
        """Show `words` and the seconds since now, until `stop`."""
        self._words, self._began, self._meanwhile = words, self._clock(), None
        if not self._screen.err_facts.interactive:
            if self._screen.err_facts.is_terminal:
                self._screen.err_line(f"asking {words}")
            return
        self._end = end = Latch()
        self._screen.is_waiting = True
        in_background(lambda: self._run(end))

    def say(self, words: str, seconds: float | None = None) -> None:
        """Show other words; with `seconds` only for that time, counting down."""
        if seconds is None:
            self._words = words
        else:
            self._meanwhile = words, self._clock() + seconds

    def stop(self) -> None:
        """Remove it; nothing is drawn afterwards."""
        if self._end is not None:
            self._end.set()
            with self._drawing:
                self._screen.clear()
            self._end = None
            self._screen.is_waiting = False

    def _run(self, end: Latch) -> None:
        frames = _UNICODE_FRAMES if self._screen.err_facts.unicode else _ASCII_FRAMES
        turn = 0
        while True:
            with self._drawing:
                if end.wait(0):
                    return
                self._screen.status(self._line(frames[turn % len(frames)]))
            end.wait(_EVERY_S)
            nudge()  # this thread may have kept the main one from hearing a signal
            turn += 1

    def _line(self, frame: str) -> str:
        now = self._clock()
        seconds = f"{now - self._began:.0f} s"
        words, left = self._screen.upload or self._words, ""
        if self._meanwhile is not None and self._meanwhile[1] > now:
            words, until = self._meanwhile
            left = f"; retrying in {until - now:.0f} s"
        room = self._screen.err_facts.width - len(seconds) - len(left) - 5
        return f"{frame} {words[: fitting_surely(words, room)]}{left} {seconds}"
