"""Who writes where, and what happens when that cannot be."""

import io
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from avow.errors import FileError, ReaderGone
from avow.terminal.facts import Facts
from avow.terminal.screen import Screen
from tests.terminal.samples import Terminal


def piped() -> tuple[Screen, io.BytesIO, io.BytesIO]:
    out, err = io.BytesIO(), io.BytesIO()
    return Screen(out, err, Facts(), Facts()), out, err


def test_streams_are_kept_apart_and_utf_8() -> None:
    screen, out, err = piped()
    screen.out("größe ")
    screen.line("→")
    screen.err("x\n")
    screen.err_line("y")
    assert out.getvalue() == "größe →\n".encode()
    assert err.getvalue() == b"x\ny\n"


def test_text_that_cannot_be_encoded_is_mended() -> None:
    screen, out, _err = piped()
    screen.out("a\ud83d\ude00b\ud83d")
    assert out.getvalue() == "a😀b\ufffd".encode()


def test_a_text_stream_will_do() -> None:
    out = io.StringIO()
    Screen(out, None, Facts(), Facts()).out("x\ud83d")
    assert out.getvalue() == "x\ufffd"


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_whatever_encoding_python_was_told(encoding: str) -> None:
    code = (
        "import sys, os; from avow.terminal.screen import Screen\n"
        "Screen.for_process(sys.stdout.buffer, sys.stderr.buffer, os.environ).out('→ 日本')"
    )
    environ = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, check=True)
    assert done.stdout.decode() == "→ 日本"


def test_notes_are_silenced_by_quiet_and_nothing_else_is() -> None:
    screen, _out, err = piped()
    screen.note("one")
    screen.configure(quiet=True, verbose=True)
    screen.note("two")
    screen.warn("four")
    screen.error("five", hint="six", request_id="req_1")
    assert err.getvalue().decode() == "avow: note: one\navow: note: four\navow: error: five (request req_1)\n"


def test_an_error_is_one_line_with_what_to_do_below() -> None:
    screen, out, err = piped()
    screen.error("bad\nnews\x1b[2J", hint="do\x07this")
    assert err.getvalue().decode() == "avow: error: bad news␛[2J\navow: note: do␇this\n"
    assert out.getvalue() == b""


def test_a_reader_that_has_left() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "wb", buffering=0) as stdout:
        screen = Screen(stdout, None, Facts(), Facts())
        with pytest.raises(ReaderGone):
            screen.out("x")


def test_a_full_disk() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    with full.open("wb") as stdout, pytest.raises(FileError, match="no space left"):
        Screen(stdout, None, Facts(), Facts()).out("x")


def test_a_closed_stdout_is_said() -> None:
    with pytest.raises(FileError, match="stdout is closed"):
        Screen(None, None, Facts(), Facts()).out("x")
    closed = io.BytesIO()
    closed.close()
    with pytest.raises(FileError, match="closed"):
        Screen(closed, None, Facts(), Facts()).out("x")


def test_a_broken_stderr_is_nobodys_concern() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    closed = io.BytesIO()
    closed.close()
    with os.fdopen(theirs, "wb", buffering=0) as broken:
        streams: list[BinaryIO | None] = [None, closed, broken]
        for stderr in streams:
            screen = Screen(io.BytesIO(), stderr, Facts(), Facts())
            screen.note("x")
            screen.error("y", hint="z")


def test_a_full_pipe_that_does_not_block_is_waited_for() -> None:
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    text = "x" * 1_000_000
    taken = bytearray()

    def read() -> None:
        while data := os.read(ours, 65536):
            taken.extend(data)

    reader = threading.Thread(target=read)
    with os.fdopen(theirs, "wb") as stdout:
        screen = Screen(stdout, None, Facts(), Facts())
        reader.start()
        screen.out(text)
    reader.join(30)
    os.close(ours)
    assert taken.decode() == text


def test_the_status_line_goes_before_anything_else_is_written() -> None:
    terminal = Terminal()
    screen = terminal.screen()
    screen.status("waiting 1 s")
    screen.status("waiting 2 s")
    screen.note("something")
    screen.status("waiting 3 s")
    screen.out("the answer")
    screen.status("not drawn into an open line")
    screen.out(" goes on\n")
    screen.status("last")
    screen.clear()
    assert terminal.shown()[:4] == ["avow: note: something", "the answer goes on", "", ""]
    assert "not drawn" not in terminal.raw()
    assert "waiting 2 s" in terminal.raw()


def test_a_line_under_way_is_ended_first() -> None:
    terminal = Terminal()
    screen = terminal.screen()
    screen.out("half a line")
    screen.note("a note")
    screen.fresh_line()
    screen.out("more")
    screen.fresh_line()
    screen.fresh_line()
    screen.out("end\n")
    assert terminal.shown()[:4] == ["half a line", "avow: note: a note", "more", "end"]


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_no_cursor_codes_on_a_terminal_without_a_cursor(term: str) -> None:
    terminal = Terminal()
    screen = terminal.screen(environ={"TERM": term})
    screen.status("waiting")
    screen.out("x\n")
    screen.error("y")
    assert terminal.raw() == "x\navow: error: y\n"


def test_a_preview_is_replaced_and_goes_before_anything_else() -> None:
    terminal = Terminal()
    screen = terminal.screen()
    screen.out("written\n")
    screen.preview(["one", "two"])
    screen.preview(["one", "three", "four"])
    screen.note("a note")
    screen.preview(["five"])
    screen.out("rest\n")
    assert terminal.shown()[:4] == ["written", "avow: note: a note", "rest", ""]


def test_colour_only_where_it_may_be() -> None:
    terminal = Terminal()
    terminal.screen(environ={"NO_COLOR": "1"}).error("x")
    assert terminal.raw() == "avow: error: x\n"
    terminal = Terminal()
    terminal.screen().error("x")
    assert terminal.raw() == "\x1b[1;31mavow: error:\x1b[0m x\n"


def test_many_threads_write_whole_lines() -> None:
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "wb") as stderr:
        screen = Screen(None, stderr, Facts(), Facts())
        threads = [
            threading.Thread(target=lambda: [screen.note("x" * 50) for _ in range(20)])  # type: ignore[func-returns-value]
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with os.fdopen(ours, "rb") as reader:
        assert set(reader.read().splitlines()) == {b"avow: note: " + b"x" * 50}


def test_a_pipe_needs_no_rich() -> None:
    code = (
        "import sys, io\n"
        "from avow.terminal.screen import Screen\n"
        "screen = Screen.for_process(sys.stdout.buffer, sys.stderr.buffer, {})\n"
        "from tests.terminal.samples import FELL_BACK\n"
        "from avow.exchange.exchange import *\n"
        "before = set(sys.modules)\n"
        "from avow.terminal.watchers import choose\n"
        "watch = choose(screen, 'text')\n"
        "watch(Started(FELL_BACK)); watch(TextWritten('m', 'x')); watch(Finished(FELL_BACK))\n"
        "print(any(m.split('.')[0] in ('rich', 'markdown_it', 'pygments') for m in sys.modules if m not in before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "x\nFalse\n"
    assert done.stderr.startswith("avow: fallback: ")


def test_what_is_being_sent_stands_on_the_status_line_and_goes() -> None:
    terminal = Terminal()
    screen = terminal.screen()
    screen.sending((0, 12_400_000))
    screen.sending((60_000, 12_400_000))  # too soon to draw again
    assert screen.upload == "sending 0.1 of 12.4 MB"
    screen.sending(None)
    screen.out("answer\n")
    assert terminal.shown()[0] == "answer"
    assert terminal.raw().count("sending") == 1
    assert screen.upload == ""


def test_whoever_draws_the_status_line_is_left_to_draw_it() -> None:
    terminal = Terminal()
    screen = terminal.screen()
    screen.is_waiting = True
    screen.sending((0, 2_000_000))
    assert screen.upload == "sending 0.0 of 2.0 MB"
    screen.sending(None)
    assert (terminal.raw(), screen.upload) == ("", "")


@pytest.mark.parametrize(
    ("settings", "environ", "expected"),
    [
        pytest.param({"plain": True}, {}, "sending 0.0 of 2.0 MB\n", id="plain"),
        pytest.param({}, {"TERM": "dumb"}, "sending 0.0 of 2.0 MB\n", id="dumb"),
        pytest.param({"quiet": True}, {}, "", id="quiet"),
    ],
)
def test_what_is_being_sent_without_a_cursor(settings: dict[str, bool], environ: dict[str, str], expected: str) -> None:
    terminal = Terminal()
    screen = terminal.screen(environ=environ, **settings)
    for sent in (0, 1_000_000):
        screen.sending((sent, 2_000_000))
    screen.sending(None)
    assert terminal.raw() == expected


def test_what_is_being_sent_is_nobodys_concern_on_a_pipe() -> None:
    screen, out, err = piped()
    screen.sending((0, 2_000_000))
    screen.sending(None)
    assert (out.getvalue(), err.getvalue(), screen.upload) == (b"", b"", "")


def test_a_note_leaves_a_preview_on_the_screen() -> None:
    terminal = Terminal()
    screen = terminal.screen()
    screen.preview(["one", "two"])
    screen.note("words")
    assert terminal.shown()[:3] == ["avow: note: words", "one", "two"]
