"""The line editor of `avow chat`, typed at through a pipe of prompt_toolkit's own."""

import asyncio
import io
import os
import signal
import stat
import threading
import time
from collections.abc import Sequence
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from avow.errors import Interrupted
from avow.terminal.line_editor import LineEditor, LineReader
from tests.terminal.samples import Terminal

COMMANDS = ("/model", "/file", "/retry", "/quit")
MODELS = ("claude-opus-5-5", "claude-fable-5-2")
ENTER, ALT_ENTER, CTRL_C, CTRL_D, CTRL_R, TAB, UP = "\r", "\x1b\r", "\x03", "\x04", "\x12", "\t", "\x1b[A"


PAUSE = "\0"
"""Stands in keys for the moment a person takes: completion and loading of the history run beside the typing."""
ROUNDS = 20


def take_a_moment(editor: LineEditor) -> None:
    """Wait until the editor's loop has gone round some times, so that it has done all that it could: however slow the
    machine is, that is long enough. A loop that ends with its line goes round no more, and the next one counts."""

    async def go_round() -> None:
        for _ in range(ROUNDS):
            await asyncio.sleep(0.001)

    app = editor._session.app
    until = time.monotonic() + 20
    gone = False
    while not gone and time.monotonic() < until:
        time.sleep(0.001)
        if app.is_running and app.loop is not None:
            rounds = go_round()
            try:
                asyncio.run_coroutine_threadsafe(rounds, app.loop).result(2)
                gone = True
            except RuntimeError:  # the loop is closed
                rounds.close()
            except (CancelledError, TimeoutError):
                continue


def typed(keys: str, *, history: Path | None = None, reads: int = 1) -> list[str | None]:
    """What the editor gives for these keys, read `reads` times."""
    with create_pipe_input() as pipe:
        editor = LineEditor(COMMANDS, MODELS, history_file=history, given_input=pipe, given_output=DummyOutput())

        def type_them() -> None:
            first, *others = keys.split(PAUSE)
            pipe.send_text(first)
            for part in others:
                take_a_moment(editor)
                pipe.send_text(part)

        person = threading.Thread(target=type_them)
        person.start()
        try:
            return [editor.read("> ") for _ in range(reads)]
        finally:
            person.join()


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        pytest.param(f"hello{ENTER}", ["hello"], id="enter sends"),
        pytest.param(ENTER, [""], id="nothing typed"),
        pytest.param(f"one{ALT_ENTER}two{ENTER}", ["one\ntwo"], id="alt-enter begins a new line"),
        pytest.param(f"\x1b[200~one\ntwo\r\n  three\x1b[201~{ENTER}", ["one\ntwo\n  three"], id="a paste keeps lines"),
        pytest.param(f"away{CTRL_C}kept{ENTER}", ["kept"], id="ctrl-c throws away"),
        pytest.param(f"one{ENTER}{CTRL_D}", ["one", None], id="ctrl-d ends"),
        pytest.param(f"first{ENTER}{PAUSE}{UP}{PAUSE}{ENTER}", ["first", "first"], id="up brings the last one back"),
        pytest.param(f"grüße 🙂{ENTER}", ["grüße 🙂"], id="more than ascii"),
    ],
)
def test_what_keys_do(keys: str, expected: Sequence[str | None]) -> None:
    assert typed(keys, reads=len(expected)) == list(expected)


def test_ctrl_r_finds_what_was_typed_before() -> None:
    keys = f"the blue one{ENTER}the red one{ENTER}{PAUSE}{CTRL_R}blue{PAUSE}{ENTER}{PAUSE}{ENTER}"
    assert typed(keys, reads=3)[2] == "the blue one"


@pytest.mark.parametrize(
    ("begun", "completed"),
    [
        ("/mo", "/model"),
        ("/model claude-o", "/model claude-opus-5-5"),
        ("/retry claude-f", "/retry claude-fable-5-2"),
        ("/quit claude-o", "/quit claude-o"),
        ("mo", "mo"),
        ("see /mo", "see /mo"),
        (f"one{ALT_ENTER}/mo", "one\n/mo"),
    ],
    ids=["command", "model", "model to retry", "no model there", "no slash", "in the middle", "on a second line"],
)
def test_tab_completes(begun: str, completed: str) -> None:
    assert typed(f"{begun}{TAB}{PAUSE}{ENTER}") == [completed]


def test_tab_completes_file_names_after_file(tmp_path: Path) -> None:
    (tmp_path / "a note.txt").write_text("x")
    assert typed(f"/file {tmp_path}/a{TAB}{PAUSE}{ENTER}") == [f"/file {tmp_path}/a note.txt"]


def test_what_is_typed_is_kept_for_its_owner_alone_and_found_next_time(tmp_path: Path) -> None:
    path = tmp_path / "data" / "chat_history"
    before = os.umask(0)
    try:
        assert typed(f"one{ALT_ENTER}two{ENTER}", history=path) == ["one\ntwo"]
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert typed(f"{PAUSE}{CTRL_R}two{PAUSE}{ENTER}{PAUSE}{ENTER}", history=path) == ["one\ntwo"]


def test_a_file_that_was_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "chat_history"
    path.write_text("")
    path.chmod(0o644)
    typed(f"one{ENTER}", history=path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_a_file_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    typed(f"secret{ENTER}")
    assert list(tmp_path.iterdir()) == []
    assert typed(f"{PAUSE}{UP}{PAUSE}{ENTER}") == [""]


@pytest.mark.parametrize("spoilt", ["a folder", "below a file"])
def test_a_file_that_cannot_be_written_keeps_nothing_and_stops_nobody(tmp_path: Path, spoilt: str) -> None:
    path = tmp_path / "chat_history"
    if spoilt == "a folder":
        path.mkdir()
    else:
        path.write_text("")
        path = path / "deeper"
    assert typed(f"one{ENTER}{PAUSE}{UP}{PAUSE}{ENTER}", history=path, reads=2) == ["one", "one"]


def test_where_the_cursor_cannot_be_moved_the_terminal_edits_the_line() -> None:
    terminal = Terminal()
    screen = terminal.screen(environ={"TERM": "dumb"})
    reader = LineReader(io.BytesIO("grüße\r\n\n\xff".encode("latin-1").replace(b"\xfc", "ü".encode())), screen)
    assert [reader.read("> ") for _ in range(4)] == ["grü\ufffde", "", "\ufffd", None]
    screen.fresh_line()
    assert terminal.raw() == "> > > \n> \n", "the typed ends of lines are the terminal's own"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_in_the_midst_of_drawing_ends_the_reading(number: signal.Signals) -> None:
    def stop(heard: int, _frame: object) -> None:
        raise Interrupted(heard)

    before = signal.signal(number, stop)
    try:
        with create_pipe_input() as pipe:
            editor = LineEditor(COMMANDS, given_input=pipe, given_output=DummyOutput())
            drawings = editor._session.app.after_render
            drawings += lambda _app: signal.raise_signal(number) if not drawn.is_set() else None
            drawn = threading.Event()
            drawings += lambda _app: drawn.set()
            # Where the signal is swallowed, this is what is read instead of it.
            person = threading.Timer(3, pipe.send_text, ["too late\r"])
            person.start()
            with pytest.raises(Interrupted) as caught:
                editor.read("> ")
            person.cancel()
        assert caught.value.signal_number == number
        assert signal.getsignal(number) is signal.SIG_DFL, "a second one ends the process at once"
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("code", ["\x1b[31m", "\x1b[1;31m", "\x1b[<0;1M", "\x1b[0;1;1M", "\x1b[<0;1;1m"])
def test_a_colour_or_a_click_among_what_is_typed_is_left_out(code: str) -> None:
    """prompt_toolkit takes both for clicks, and ends in a traceback where one lacks a place."""
    assert typed(f"a{code}b{ENTER}") == ["ab"]


def test_after_a_line_the_programs_own_handlers_are_back() -> None:
    def stop(_heard: int, _frame: object) -> None: ...

    before = signal.signal(signal.SIGTERM, stop)
    try:
        assert typed(f"hello{ENTER}") == ["hello"]
        assert signal.getsignal(signal.SIGTERM) is stop
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="a pty is needed")
@pytest.mark.parametrize(
    ("ahead", "later", "expected"),
    [
        (CTRL_D, "", [None]),
        (f"one\n{CTRL_D}", "", ["one", None]),
        (f"one{CTRL_D}", ENTER, ["one"]),
        ("one\n", f"\0two{ENTER}", ["one", "two"]),
    ],
    ids=["alone", "after a line", "in a line", "ctrl-space is none"],
)
def test_ctrl_d_counts_that_was_typed_before_the_editor_reads(
    ahead: str, later: str, expected: Sequence[str | None]
) -> None:
    from prompt_toolkit.input.vt100 import Vt100Input

    person, terminal = os.openpty()
    with os.fdopen(terminal) as stdin, os.fdopen(person, "wb", buffering=0) as hand:
        editor = LineEditor(COMMANDS, MODELS, given_input=Vt100Input(stdin), given_output=DummyOutput())
        hand.write(ahead.encode())

        def type_later() -> None:
            take_a_moment(editor)
            hand.write(later.encode())

        typing = threading.Thread(target=type_later)
        if later:
            typing.start()
        assert [editor.read("> ") for _ in expected] == list(expected)
        if later:
            typing.join()
