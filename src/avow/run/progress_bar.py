"""The progress of a run: a bar on a terminal, a note every minute elsewhere."""

import time
from collections.abc import Callable

from avow.run.counts import RunCounts
from avow.terminal.facts import Facts
from avow.terminal.preview import fitting_surely
from avow.terminal.screen import Screen

_DRAWN_EVERY_S, _NOTED_EVERY_S = 0.2, 60.0
_BAR, _LEAST_BAR = 20, 8


class ProgressBar:
    """Shows `counts` when `tick` is called. `why` gives the reason why requests are paused, or None."""

    def __init__(
        self,
        screen: Screen,
        counts: RunCounts,
        why: Callable[[], str | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._screen, self._counts, self._why, self._clock = screen, counts, why, clock
        self._began = clock()
        self._done_before: int | None = None
        self._every = _DRAWN_EVERY_S if screen.err_facts.interactive else _NOTED_EVERY_S
        self._next = self._began + (0 if screen.err_facts.interactive else self._every)

    def began(self) -> None:
        """Note that the first request is about to be sent: what is done now was done in an earlier call."""
        if self._done_before is None:
            self._done_before, self._began = self._counts.done, self._clock()

    def tick(self) -> None:
        """Show the progress, if it is time to."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + self._every
        facts = self._screen.err_facts
        if facts.interactive:
            if not self._screen.quiet:
                self._screen.status(bar_line(self._counts, facts, self._left(now), self._rate(now), self._why()))
        else:
            self._screen.note(note_line(self._counts, self._left(now), self._why()))

    def _rate(self, now: float) -> float | None:
        done, seconds = self._counts.done - (self._done_before or 0), now - self._began
        return done / seconds if done and seconds > 0.5 else None

    def _left(self, now: float) -> float | None:
        rate = self._rate(now)
        return None if rate is None else self._counts.unasked / rate


def bar_line(counts: RunCounts, facts: Facts, left_s: float | None, rate: float | None, why: str | None) -> str:
    """`━━━━── 412/1000 398 as_requested, 12 fallback $1.02 14/s 0:42 left`, no wider than the screen: what does not fit
    is left out from the end, never cut. `why` is in front of the counts. Times are in seconds, the rate in items a
    second."""
    done = f"{counts.done}/{counts.total}"
    rates = [f"{rate:.1f}/s" if rate < 10 else f"{rate:.0f}/s"] if rate is not None else []
    left = [f"{_clock(left_s)} left"] if left_s is not None and not why else []
    told = counts.ended()
    forms = [[done, *([why] if why else []), ", ".join(told), counts.cost(), *rates, *left]]
    forms += [forms[0][:end] for end in range(len(forms[0]) - 1, 2 if why else 1, -1)]
    forms += [[*forms[-1][:-1], f"{', '.join(told[:few])}, …"] for few in range(len(told) - 1, 0, -1)]
    forms += [[done, why] if why else [done], [done]]
    room = facts.width - 1
    lines = ("  ".join(part for part in form if part) for form in forms)
    words = next((line for line in lines if fitting_surely(line, room) == len(line)), done[:room])
    space = room - len(words) - 1
    return f"{_drawn(counts, facts, min(_BAR, space))} {words}" if space >= _LEAST_BAR else words


def note_line(counts: RunCounts, left_s: float | None, why: str | None) -> str:
    """The note that is printed once a minute."""
    told = ", ".join(counts.ended())
    words = f"{counts.done} of {counts.total} done{f': {told}' if told else ''}; {counts.cost()}"
    if why:
        return f"{words}; {why}"
    return words if left_s is None else f"{words}; {_clock(left_s)} left"


def _drawn(counts: RunCounts, facts: Facts, width: int) -> str:
    """The bar itself, drawn by rich."""
    import io

    from rich.console import Console
    from rich.progress_bar import ProgressBar

    out = io.StringIO()
    console = Console(
        file=out,
        force_terminal=True,
        width=width,
        color_system="standard" if facts.color else None,
        legacy_windows=False,
        safe_box=not facts.unicode,
        _environ={},
    )
    console.print(ProgressBar(total=max(counts.total, 1), completed=counts.done, width=width), end="")
    text = out.getvalue().replace("\n", "")
    if not facts.color:  # then rich leaves out what is not done
        text = text.rstrip() + "─" * (width - len(text.rstrip()))
    if not facts.unicode:
        text = text.replace("━", "#").replace("╸", "#").replace("╺", "-").replace("─", "-")
    return text


def _clock(seconds: float) -> str:
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
