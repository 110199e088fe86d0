"""Faults met in a real terminal, in every form: it is left as it was found, and no key is on it."""

import signal
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import CANARY
from tests.faults.from_outside import BEGUN, FAULTS
from tests.faults.from_within import MORE, WHOLE
from tests.faults.shapes import FORMS, Fault, Form, arguments, each_in_a_form
from tests.in_part import crossed, in_part
from tests.raw_server import RawServer, Step, stream
from tests.running import AVOW, PATIENCE_S, Pty, in_pty, row, rows
from tests.streams import answer, end, sse

SEEN = ("connection refused", "reset in mid", "stall in mid", "error in mid", "a web page", "429")
OUTSIDE = [fault for fault in FAULTS if fault.name.startswith(SEEN) and not fault.name.endswith("an answer")]
PROMPT = "claude-fable-5-2>"


def leave(pty: Pty) -> int:
    """The exit status; the terminal must be as a shell expects it."""
    until = time.monotonic() + PATIENCE_S
    while pty.child.isalive() and time.monotonic() < until:
        pty.read(0.02)
    local = termios.tcgetattr(pty.child.child_fd)
    status = pty.end()
    flags, out = local[3], local[1]
    assert flags & termios.ECHO, "what is typed is not shown"
    assert flags & termios.ICANON, "lines are not edited by the terminal"
    assert flags & termios.ISIG, "Ctrl-C does nothing"
    assert out & termios.OPOST, "a newline does not go back to the left"
    screen, shown = pty.screen, bytes(pty.raw)
    assert not screen.cursor.hidden
    assert screen.cursor.attrs.fg == "default"
    assert not screen.cursor.attrs.bold
    assert shown.rfind(b"\x1b[?2004h") <= shown.rfind(b"\x1b[?2004l"), "pastes stay bracketed"
    assert shown.rfind(b"\x1b[?1049h") <= shown.rfind(b"\x1b[?1049l"), "the other screen stays"
    assert CANARY.encode() not in shown
    assert b"Traceback" not in shown
    return status


ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


@contextmanager
def answering(form: Form, home: Path, *more: str) -> Iterator[tuple[Pty, threading.Event]]:
    """avow in a terminal, in the midst of an answer (whole: the request was sent)."""
    go_on = threading.Event()
    steps: list[Step] = [go_on, WHOLE] if form == "whole" else [BEGUN, go_on, MORE, 0.2, sse(*end())]
    with RawServer(steps, stream(sse(*answer("Well again")))) as server:
        pty = in_pty(home, *arguments(form, "--retries", "0", *more), base_url=server.url)
        if form == "chat":
            ask(pty, "hi")
        if form == "whole":
            until = time.monotonic() + PATIENCE_S
            while not server.requests and time.monotonic() < until:
                pty.read(0.05)
        else:
            pty.until("Hello")
        yield pty, go_on


def ask(pty: Pty, question: str) -> None:
    """Type a question once the line editor is reading."""
    pty.settle(PROMPT)
    pty.send(f"{question}\r")


@pytest.mark.parametrize(("fault", "form"), each_in_a_form(OUTSIDE))
def test_a_fault_leaves_the_terminal_as_it_was(fault: Fault, form: Form, home: Path) -> None:
    opened, more = fault.met.args  # type: ignore[attr-defined]
    came = fault.came[form]
    with opened(form, home) as (url, _environ):
        pty = in_pty(home, *arguments(form, "--retries", "0", *more), base_url=url)
        if form == "chat":
            ask(pty, "hi")
            pty.until("incomplete" if came.status == "incomplete" else "error")
            pty.settle()
            pty.enter("and more\r")
            pty.send("\x04")
        status = leave(pty)
    assert status == (0 if form == "chat" else came.exit_code), pty.text
    kept = rows(home)
    assert (kept[0]["status"], kept[0]["error_type"]) == (came.status, came.error)
    if form == "chat":
        assert kept[1]["status"] == came.then


@pytest.mark.parametrize(
    ("number", "form"),
    in_part(
        {f"{number.name}-{form}": (number, form) for number in ENDING for form in FORMS},
        ("SIGTERM-streamed", "SIGHUP-chat", "SIGINT-whole", "SIGINT-chat"),
    ),
)
def test_a_signal_in_mid_answer_leaves_the_terminal_as_it_was(number: signal.Signals, form: Form, home: Path) -> None:
    with answering(form, home) as (pty, _go_on):
        pty.child.kill(number)
        if form == "chat" and number is signal.SIGINT:  # a person's Ctrl-C stops the answer, not the chat
            pty.settle("interrupted; to see what is kept")
            pty.send("\x04")
            assert leave(pty) == 0, pty.text
        else:
            assert leave(pty) == -number, pty.text
    kept = row(home)
    assert (kept["status"], kept["error_type"], kept["signal"]) == ("interrupted", "interrupted", number)


@pytest.mark.parametrize("number", in_part({"SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP}, ("SIGTERM",)))
def test_a_signal_while_a_question_is_typed_leaves_the_terminal_as_it_was(number: signal.Signals, home: Path) -> None:
    with RawServer(b"") as server:
        pty = in_pty(home, "chat", base_url=server.url)
        pty.settle(PROMPT)
        pty.send("half a quest")
        pty.until("half a quest")
        pty.child.kill(number)
        assert leave(pty) == -number, pty.text
        assert server.requests == []


@pytest.mark.parametrize("form", in_part({form: form for form in FORMS}, ("streamed",)))
def test_a_terminal_that_goes_away_ends_it(form: Form, home: Path) -> None:
    with answering(form, home) as (pty, _go_on):
        pty.child.close(force=False)
        until = time.monotonic() + PATIENCE_S
        while row(home)["status"] == "pending" and time.monotonic() < until:
            time.sleep(0.1)
    assert (row(home)["status"], row(home)["signal"]) == ("interrupted", signal.SIGHUP)


@pytest.mark.parametrize("form", in_part({form: form for form in FORMS}, ("streamed",)))
def test_suspended_and_resumed_from_the_terminal(form: Form, home: Path) -> None:
    # Job control needs a shell: a process group without one cannot be stopped from its terminal.
    go_on = threading.Event()
    steps: list[Step] = [go_on, WHOLE] if form == "whole" else [BEGUN, go_on, MORE, sse(*end())]
    command = " ".join((*AVOW, *arguments(form)))
    leaving = "exit" if form != "chat" else "true"
    script = f"set -m; {command}; echo STOPPED $?; sleep 0.3; echo GOES ON; fg; echo ENDED $?; {leaving}"
    with RawServer(steps, stream(sse(*answer("Well again")))) as server:
        pty = in_pty(home, "-c", script, base_url=server.url, command=("bash",))
        if form == "chat":
            ask(pty, "hi")
        until = time.monotonic() + PATIENCE_S
        while not server.requests and time.monotonic() < until:
            pty.read(0.05)
        if form != "whole":
            pty.until("Hello")
        pty.read(0.3)
        pty.send("\x1a")
        pty.until("STOPPED 148")
        go_on.set()
        pty.until("GOES ON", "there")
        if form == "chat":
            ask(pty, "and more")
            pty.settle("Well again")
            pty.send("\x04")
        pty.until("ENDED 0")
        assert leave(pty) == 0
    assert {kept["status"] for kept in rows(home)} == {"complete"}
    assert len(rows(home)) == (2 if form == "chat" else 1)


@pytest.mark.parametrize(
    ("redirection", "status", "form"),
    crossed({"out": (">&-", 1), "err": ("2>&-", 0), "in": ("<&-", 0)}, {form: form for form in ("streamed", "whole")}),
)
def test_a_closed_stream_leaves_the_terminal_as_it_was(redirection: str, status: int, form: Form, home: Path) -> None:
    with RawServer(stream(sse(*answer("Hello there"))) if form == "streamed" else WHOLE) as server:
        command = " ".join((*AVOW, *arguments(form)))
        pty = in_pty(home, "-c", f"{command} {redirection}", base_url=server.url, command=("sh",))
        assert leave(pty) == status, pty.text
    assert ("Hello there" in pty.text) is (status == 0)
    assert row(home)["verdict"] == "as_requested"


@pytest.mark.parametrize(
    ("redirection", "words"),
    in_part({"out": (">&-", "stdout is closed"), "err": ("2>&-", "Hello there")}, ("out",)),
)
def test_a_chat_with_a_closed_stream_goes_on_to_its_end(redirection: str, words: str, home: Path) -> None:
    with RawServer(stream(sse(*answer("Hello there")))) as server:
        pty = in_pty(home, "-c", f"{' '.join(AVOW)} chat {redirection}", base_url=server.url, command=("sh",))
        ask(pty, "hi")
        pty.settle(words)
        pty.send("\x04")
        assert leave(pty) == 0, pty.text
    assert row(home)["verdict"] == "as_requested"


def test_a_chat_with_a_closed_stdin_says_so(home: Path) -> None:
    pty = in_pty(home, "-c", f"{' '.join(AVOW)} chat <&-", base_url="http://127.0.0.1:9", command=("sh",))
    assert leave(pty) == 2
    assert "stdin is closed, so nothing can be typed" in pty.text
