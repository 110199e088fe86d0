"""The line that says who is being waited for."""

import time

import pytest

from avow.terminal.spinner import Spinner
from tests.interrupting import interrupted
from tests.terminal.samples import Terminal


def test_it_shows_words_and_seconds_and_goes() -> None:
    now = [100.0]
    terminal = Terminal()
    screen = terminal.screen()
    spinner = Spinner(screen, lambda: now[0])
    spinner.start("claude-fable-5")
    assert "claude-fable-5 0 s" in terminal.so_far("0 s")
    now[0] += 7
    assert "claude-fable-5 7 s" in terminal.so_far("claude-fable-5 7 s")
    spinner.say("claude-opus-4-8")
    assert "claude-opus-4-8 7 s" in terminal.so_far("claude-opus-4-8 7 s")
    spinner.stop()
    screen.out("answer\n")
    assert terminal.shown()[0] == "answer"


def test_it_counts_a_wait_down_and_then_forgets_it() -> None:
    now = [0.0]
    terminal = Terminal()
    spinner = Spinner(terminal.screen(), lambda: now[0])
    spinner.start("model")
    spinner.say("rate limited", 12)
    assert "rate limited; retrying in 12 s" in terminal.so_far("rate limited; retrying in 12 s")
    now[0] = 13
    assert "model 13 s" in terminal.so_far("model 13 s")
    spinner.stop()
    assert terminal.raw().rpartition("model")[2].startswith(" 13 s")


def test_nothing_is_left_where_nothing_follows() -> None:
    terminal = Terminal()
    spinner = Spinner(terminal.screen())
    spinner.start("model")
    assert "model" in terminal.so_far("model")
    spinner.stop()
    assert not any(terminal.shown())


@pytest.mark.parametrize("name", ["m" * 200, "日" * 60])
def test_it_fits_on_one_line(name: str) -> None:
    terminal = Terminal(columns=40)
    screen = terminal.screen()
    spinner = Spinner(screen)
    spinner.start(name)
    terminal.so_far(" 0 s")
    spinner.stop()
    screen.out("x\n")
    assert terminal.shown()[0] == "x"


@pytest.mark.parametrize("settings", [{"plain": True}, {}], ids=["plain", "dumb"])
def test_without_a_cursor_the_words_are_printed_once(settings: dict[str, bool]) -> None:
    terminal = Terminal()
    screen = terminal.screen(environ={} if settings else {"TERM": "dumb"}, **settings)
    spinner = Spinner(screen)
    spinner.start("claude-fable-5")
    time.sleep(0.25)
    spinner.stop()
    assert terminal.raw() == "asking claude-fable-5\n"


@pytest.mark.timeout(60, method="thread")  # the other method needs the alarm that this test sets
def test_a_signal_while_it_starts_or_stops_does_no_harm() -> None:
    screen = Terminal().screen()

    def work(spinner: Spinner) -> None:
        for _question in range(50):
            spinner.start("model")
            spinner.stop()

    for spinner in interrupted(200, lambda: Spinner(screen), work):
        spinner.stop()


def test_ascii_where_nothing_else_can_be_drawn() -> None:
    terminal = Terminal()
    spinner = Spinner(terminal.screen(environ={"LANG": "de_DE.ISO-8859-1"}))
    spinner.start("model")
    terminal.so_far(" 0 s")
    spinner.stop()
    assert terminal.raw().isascii()


def test_what_is_being_sent_stands_in_the_words_place() -> None:
    terminal = Terminal()
    screen = terminal.screen()
    spinner = Spinner(screen)
    spinner.start("claude-fable-5")
    screen.sending((3_100_000, 12_400_000))
    assert "sending 3.1 of 12.4 MB 0 s" in terminal.so_far("12.4 MB 0 s")
    screen.sending(None)
    terminal.so_far("claude-fable-5 0 s", after="sending")
    spinner.stop()
    assert not screen.is_waiting
    assert "claude-fable-5 0 s" in terminal.raw().rpartition("sending")[2]
