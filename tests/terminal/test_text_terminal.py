"""The terminal form, on a real pseudo-terminal."""

import io
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pexpect
import pytest

from avow.exchange.exchange import (
    ExchangeEvent,
    Finished,
    HandedOver,
    Noted,
    Retrying,
    Started,
    TextWritten,
    ThinkingWritten,
    Withdrawn,
)
from avow.exit_codes import ExitCode
from avow.terminal.screen import Screen
from avow.terminal.watchers import choose
from tests.changing import changed
from tests.conftest import sealed_environment
from tests.terminal import samples
from tests.terminal.samples import FABLE, HOSTILE, OPUS, Terminal, exchange, feed

OVER = HandedOver(FABLE, OPUS, "cyber", in_text=True)
OWN_CODES = re.compile(r"\r?\x1b\[(?:\d{1,3}A|K|J|(?:\d{1,2};)*\d{0,2}m)")
"""All that avow itself sends: up some lines, erase, colours."""

ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e0fff]")
"""What acts on a terminal, or hides."""


def handed_over() -> tuple[ExchangeEvent, ...]:
    first, then = TextWritten(FABLE, "First, "), TextWritten(OPUS, "then.")
    return Started(exchange()), first, OVER, then, Finished(samples.HANDED_OVER)


@pytest.mark.parametrize(
    ("columns", "settings", "environ"),
    [
        pytest.param(100, {}, {}, id="100-columns"),
        pytest.param(40, {}, {}, id="40-columns"),
        pytest.param(40, {}, {"NO_COLOR": "1"}, id="no-color"),
        pytest.param(80, {"plain": True}, {}, id="plain"),
        pytest.param(80, {}, {"TERM": "dumb"}, id="dumb"),
        pytest.param(80, {"markdown": False}, {}, id="raw"),
        pytest.param(20, {}, {"LANG": "de_DE.ISO-8859-1"}, id="20-columns-ascii"),
    ],
)
def test_a_handover_is_told_in_its_place_and_in_the_panel(
    columns: int, settings: dict[str, Any], environ: dict[str, str]
) -> None:
    terminal = Terminal(columns=columns, lines=60)
    markdown = settings.pop("markdown", None)
    screen = terminal.screen(environ=environ, **settings)
    feed(choose(screen, "text", markdown=markdown), *handed_over())
    lines = terminal.shown()
    text = " ".join(" ".join(line.strip("┃|") for line in lines).split())
    assert all(len(line) <= columns for line in lines)
    first, rule, then = text.index("First,"), text.index(f"{FABLE} declined (cyber)"), text.index("then.")
    assert first < rule < then < text.lower().index("another model answered")
    assert f"{OPUS} continues" in text
    raw = terminal.raw()
    if settings or environ.get("TERM") == "dumb":
        assert not re.search(r"\x1b\[[^m]*[A-L]", raw)
    if "NO_COLOR" in environ:
        assert not re.search(r"\x1b\[[0-9;]*m", raw)
    if settings or "LANG" in environ:
        assert not set(raw) & set("┏━┃─╭│")


@pytest.mark.parametrize("markdown", [True, False], ids=["markdown", "raw"])
@pytest.mark.parametrize("pieces", [1, 7, 1000], ids=["characters", "sevens", "whole"])
def test_hostile_text_leaves_nothing_active(pieces: int, markdown: bool) -> None:
    terminal = Terminal()
    everywhere = changed(
        samples.HANDED_OVER,
        requested_model=HOSTILE,
        request_id=HOSTILE,
        routing=samples.HANDED_OVER.routing._replace(
            served_model=HOSTILE,
            explanation=HOSTILE,
            hops=tuple(hop._replace(model=HOSTILE, category=HOSTILE) for hop in samples.HANDED_OVER.routing.hops),
        ),
    )
    watch = choose(terminal.screen(), "text", show_thinking=True, markdown=markdown)
    feed(watch, Started(everywhere), Retrying(1, 0.1, HOSTILE), Noted(HOSTILE), ThinkingWritten(HOSTILE))
    time.sleep(0.15)
    for text in (HOSTILE, f"\n\n```{HOSTILE}\n{HOSTILE}\n```\n\n", f"| {HOSTILE} |\n|---|\n| {HOSTILE} |\n"):
        feed(watch, *(TextWritten(HOSTILE, text[at : at + pieces]) for at in range(0, len(text), pieces)))
    feed(watch, HandedOver(HOSTILE, HOSTILE, HOSTILE, in_text=True), Withdrawn(HOSTILE, HOSTILE))
    feed(watch, Finished(everywhere))
    rest = OWN_CODES.sub("", terminal.raw())
    assert not ACTIVE.search(rest)
    assert "[bold]x[/bold] [/]" in " ".join(rest.split())


def test_text_is_seen_at_once() -> None:
    terminal = Terminal()
    watch = choose(terminal.screen(color="never"), "text")
    feed(watch, Started(exchange()), TextWritten(FABLE, "First tok"))
    assert "First tok" in terminal.so_far("First tok")
    feed(watch, TextWritten(FABLE, "en"), Finished(exchange()))
    assert terminal.shown()[0] == "First token"


def test_what_came_a_moment_later_is_seen_without_more_coming() -> None:
    terminal = Terminal()
    watch = choose(terminal.screen(), "text")
    feed(watch, Started(exchange()), TextWritten(FABLE, "one "), TextWritten(FABLE, "two"))
    assert "one two" in terminal.so_far("one two")
    feed(watch, Finished(exchange()))
    assert terminal.shown()[0] == "one two"


def test_as_requested_ends_in_a_quiet_footer() -> None:
    terminal = Terminal()
    feed(choose(terminal.screen(), "text"), Started(exchange()), TextWritten(FABLE, "Hi."), Finished(exchange()))
    assert terminal.shown()[:3] == ["Hi.", "", "claude-fable-5 · 1,234 tokens in, 56 out · $0.0012 · 3.1 s"]


def test_quiet_has_no_spinner_and_no_footer_but_the_panel() -> None:
    terminal = Terminal()
    screen = terminal.screen(quiet=True)
    feed(choose(screen, "text"), Started(exchange()), TextWritten(FABLE, "Hi."), Finished(exchange()))
    assert [line for line in terminal.shown() if line] == ["Hi."]
    terminal = Terminal()
    screen = terminal.screen(quiet=True)
    feed(choose(screen, "text"), Started(exchange()), Finished(samples.FELL_BACK))
    assert "Another model answered" in " ".join(terminal.shown())


def test_the_spinner_is_gone_when_the_text_comes() -> None:
    terminal = Terminal()
    watch = choose(terminal.screen(), "text")
    feed(watch, Started(exchange()))
    assert FABLE in terminal.so_far(FABLE)
    feed(watch, Retrying(1, 3600, "rate limited"))
    assert "rate limited; retrying in" in terminal.so_far("rate limited; retrying in")
    feed(watch, TextWritten(FABLE, "Hi."), Finished(exchange()))
    assert terminal.shown()[0] == "Hi."


def test_withdrawn_text_is_marked() -> None:
    terminal = Terminal()
    watch = choose(terminal.screen(), "text")
    feed(watch, Started(exchange()), TextWritten(FABLE, "Half"), Withdrawn(FABLE, "Half"), Finished(samples.REFUSED))
    lines = [line for line in terminal.shown() if line]
    assert lines[0] == "Half"
    assert f"the text above is withdrawn: {FABLE} declined" in lines[1]
    assert "No model answered" in lines[3]


def test_thinking_is_labelled_in_words() -> None:
    terminal = Terminal()
    watch = choose(terminal.screen(), "text", show_thinking=True)
    feed(watch, Started(exchange()), ThinkingWritten("let me "), ThinkingWritten("see"))
    feed(watch, TextWritten(FABLE, "Hi."), Finished(exchange()))
    assert terminal.shown()[:4] == ["avow: thinking", "  let me see", "avow: end of thinking", "Hi."]


def test_hold_shows_the_whole_with_its_rule_or_nothing() -> None:
    accepted = samples.HANDED_OVER._replace(exit_code=ExitCode.OK)
    terminal = Terminal()
    watch = choose(terminal.screen(), "text", hold=True)
    feed(watch, *handed_over()[:-1], Finished(accepted))
    lines = [line for line in terminal.shown() if line]
    assert lines[0] == "First."
    assert "continues" in lines[1]
    assert lines[2] == "Then."
    terminal = Terminal()
    watch = choose(terminal.screen(), "text", hold=True)
    feed(watch, *handed_over()[:-1], Finished(samples.HANDED_OVER._replace(withheld=True)))
    text = " ".join(terminal.shown())
    assert "First" not in text
    assert "avow history show 12" in text


def test_extracted_text_is_shown_as_it_is_but_harmless() -> None:
    terminal = Terminal()
    watch = choose(terminal.screen(), "text", final_text=lambda _: "# no heading\n\x1b[2J**x**")
    feed(watch, Started(exchange()), TextWritten(FABLE, "ignored"), Finished(exchange()))
    assert terminal.shown()[:2] == ["# no heading", "␛[2J**x**"]


def test_stdout_is_a_terminal_and_stderr_is_not() -> None:
    terminal = Terminal()
    err = io.BytesIO()
    screen = Screen.for_process(terminal.stdout, err, {"TERM": "xterm"})
    feed(choose(screen, "text"), *handed_over())
    assert [line for line in terminal.shown() if "continues" in line]
    assert err.getvalue().decode() == (
        f"avow: fallback: requested {FABLE}, answered by {OPUS} ({FABLE} declined: cyber)\n"
    )


def test_markdown_into_a_pipe_has_neither_rule_nor_cursor_codes() -> None:
    out, err = io.BytesIO(), io.BytesIO()
    screen = Screen.for_process(out, err, {})
    feed(choose(screen, "text", markdown=True), *handed_over()[:1], TextWritten(FABLE, "# A\n\n- *b*\n"), OVER)
    feed(choose(screen, "text", markdown=True), TextWritten(FABLE, "**c**"), Finished(samples.HANDED_OVER))
    assert out.getvalue().decode() == "# A\n\n• b\nc\n"


def test_a_failure_needs_no_panel() -> None:
    terminal = Terminal()
    feed(choose(terminal.screen(color="never"), "text"), Started(exchange()), Finished(samples.FAILED))
    assert terminal.shown()[:2] == [
        "avow: error: the API is overloaded (529) (request req_1)",
        "avow: note: try again later",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_signal_leaves_the_terminal_as_it_was(number: int, home: Path) -> None:
    """The real program, waiting: the spinner's line is taken away, the cursor is never hidden, the tty is sane."""
    child = pexpect.spawn(
        sys.executable,
        ["-m", "avow", "--simulate", "silent", "Why?"],
        dimensions=(30, 80),
        env=sealed_environment(home),
        timeout=30,
        encoding="utf-8",
    )
    child.expect(r" [12] s")
    child.sendintr() if number == signal.SIGINT else child.kill(number)
    child.expect(pexpect.EOF)
    rest = str(child.before)
    child.close()
    assert child.signalstatus == number
    assert "\r\x1b[K" in rest
    after = rest.rpartition("\r\x1b[K")[2]
    assert "\x1b" not in after
    assert "\x1b[?" not in rest


def test_the_real_program_is_unharmed_by_a_hostile_answer(home: Path) -> None:
    child = pexpect.spawn(
        sys.executable,
        ["-m", "avow", "--simulate", "hostile", "Why?"],
        dimensions=(50, 100),
        env=sealed_environment(home),
        timeout=30,
    )
    child.expect(pexpect.EOF)
    raw = child.before.decode()
    child.close()
    assert child.exitstatus == 0
    rest = OWN_CODES.sub("", raw.replace("\r\n", "\n"))
    assert not ACTIVE.search(rest)
    assert "[bold]" in rest
    assert os.environ["HOME"] == str(home)
