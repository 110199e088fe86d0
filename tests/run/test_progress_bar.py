"""The progress of a run, on stored screens."""

import io

import pytest

from avow.run.counts import AcceptanceRules, RunCounts
from avow.run.progress_bar import ProgressBar, bar_line, note_line
from avow.terminal.cells import cells
from avow.terminal.facts import Facts
from avow.terminal.screen import Screen
from tests.history.making import answered, rerouted
from tests.run.test_counts import counts

COUNTS = counts(*[answered()] * 3, rerouted(), total=10)
MOVING = {
    120: "━━━━━━━━──────────── 4/10  3 as_requested, 1 fallback (cyber 1)  at least $1.25  2.0/s  0:03 left",
    60: "4/10  3 as_requested, 1 fallback (cyber 1)  at least $1.25",
}
HELD = {
    120: "━━━━━━━━──────────── 4/10  rate limited; goes on in 42 s"
    "  3 as_requested, 1 fallback (cyber 1)  at least $1.25",
    60: "4/10  rate limited; goes on in 42 s  3 as_requested, …",
}


@pytest.mark.parametrize("width", [120, 60])
def test_the_screen(width: int) -> None:
    facts = Facts(is_terminal=True, interactive=True, width=width)
    moving = bar_line(COUNTS, facts, 3.2, 2.0, None)
    held = bar_line(COUNTS, facts, 3.2, 2.0, "rate limited; goes on in 42 s")
    assert (moving[: len(MOVING[width])], held[: len(HELD[width])]) == (MOVING[width], HELD[width])
    assert max(cells(moving), cells(held)) < width


def test_elsewhere_it_is_a_note_a_minute() -> None:
    out, now = io.BytesIO(), [0.0]
    bar = ProgressBar(Screen(None, out, Facts(), Facts()), COUNTS, lambda: None, clock=lambda: now[0])
    bar.began()
    for second in range(0, 125, 5):
        now[0] = float(second)
        bar.tick()
    assert (
        out.getvalue().decode().splitlines()
        == [
            "avow: note: 4 of 10 done: 3 as_requested, 1 fallback (cyber 1); at least $1.25",
        ]
        * 2
    )


def test_the_bar_is_drawn_in_the_place_of_the_last() -> None:
    out = io.BytesIO()
    facts = Facts(is_terminal=True, interactive=True, width=120)
    bar = ProgressBar(
        Screen(None, out, facts, facts), COUNTS, lambda: "rate limited; goes on in 9 s", clock=lambda: 0.0
    )
    bar.tick()
    bar.tick()
    assert out.getvalue().decode().count("\r\x1b[K") == 1
    assert "rate limited; goes on in 9 s" in out.getvalue().decode()


def test_a_note_before_anything_is_done_says_what_is_waited_for() -> None:
    counts = RunCounts(20, AcceptanceRules())
    assert (
        note_line(counts, None, "batch b: 20 of 20 processing") == "0 of 20 done; $0.00; batch b: 20 of 20 processing"
    )


@pytest.mark.parametrize(
    ("seconds", "words"), [(3723.4, "1:02:03"), (3599.0, "59:59"), (3600.0, "1:00:00"), (9, "0:09")]
)
def test_the_time_that_is_left(seconds: float, words: str) -> None:
    assert note_line(COUNTS, seconds, None).endswith(f"; {words} left")


def test_the_line_has_room_at_any_width() -> None:
    for width in range(8, 130):
        facts = Facts(is_terminal=True, interactive=True, width=width)
        assert cells(bar_line(COUNTS, facts, 3.2, 2.0, None)) < width
