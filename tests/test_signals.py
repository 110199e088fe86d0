"""Signals and streams that go away: what has arrived is kept, and the process ends the way a shell expects."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.in_part import crossed, in_part
from tests.raw_server import STALL, RawServer, stream
from tests.running import AVOW, PATIENCE_S, Ran, environment, in_pty, row, rows, run, shell, start
from tests.streams import sse, words
from tests.streams import start as start_event

SLOW = "slow:0.1"
BEGINNING = b"A rebase lifts your commits off their old base"


def _wait_for_text(process: "subprocess.Popen[bytes]", size: int) -> bytes:
    """Read until `size` bytes of the answer have come."""
    assert process.stdout is not None
    got = b""
    end = time.monotonic() + PATIENCE_S
    while len(got) < size and time.monotonic() < end:
        got += os.read(process.stdout.fileno(), 4096)
    return got


def test_kill_9_in_mid_answer_leaves_a_pending_row_with_all_but_the_last_second(home: Path) -> None:
    with Simulator(SLOW) as simulator, start(home, "hi", base_url=simulator.base_url) as process:
        got = _wait_for_text(process, len(BEGINNING))
        _wait_for_row_text(home, len(got), 10)  # where nothing else runs: within a second
        process.kill()
        process.wait()
    kept = row(home)
    assert (kept["status"], kept["signal"]) == ("pending", None)
    assert kept["text"].encode().startswith(got[:10])
    assert len(kept["text"].encode()) >= len(got)


ENDINGS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize(
    ("number", "output"), crossed({number.name: number for number in ENDINGS}, {"text": "text", "json": "json"})
)
def test_a_signal_kills_the_process_after_what_arrived_is_kept(number: signal.Signals, output: str, home: Path) -> None:
    with (
        Simulator(SLOW) as simulator,
        start(home, "--output", output, "hi", base_url=simulator.base_url) as process,
    ):
        if output == "text":
            _wait_for_text(process, len(BEGINNING))
        else:
            _wait_for_row_text(home, len("A rebase lifts"))
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -number
    kept = row(home)
    assert (kept["status"], kept["signal"]) == ("interrupted", number)
    assert kept["exit_code"] == 128 + number
    assert kept["verdict"] == "unverified"
    assert kept["text"].encode().startswith(b"A rebase lifts")
    assert b"Traceback" not in err
    if output == "json":
        body = json.loads(out)
        assert (body["status"], body["error"]["type"]) == ("interrupted", "interrupted")


def _wait_for_row_text(home: Path, size: int, seconds: float = PATIENCE_S) -> None:
    """Wait until `size` bytes of the answer are kept."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        kept = rows(home)
        if kept and len((kept[0]["text"] or "").encode()) >= size:
            return
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no way to signal a thread from outside here")
def test_a_signal_that_does_not_wake_the_main_thread_is_heard_soon(home: Path) -> None:
    # As when it comes while the main thread is about to wait for bytes: that cannot be timed from here.
    tgkill = getattr(ctypes.CDLL(None), "tgkill", None)
    if tgkill is None:
        pytest.skip("this C library has no tgkill: a thread cannot be signalled from outside")
    begun = stream(sse(start_event(), *words(0, "Hello ")))
    with RawServer([begun, STALL]) as server, start(home, "hi", base_url=server.url) as process:
        _wait_for_text(process, len("Hello "))
        threads: set[int] = set()
        end = time.monotonic() + PATIENCE_S
        while not threads and time.monotonic() < end:
            threads = {int(path.name) for path in Path(f"/proc/{process.pid}/task").iterdir()} - {process.pid}
        assert tgkill(process.pid, threads.pop(), int(signal.SIGTERM)) == 0
        try:
            _out, err = process.communicate(timeout=30)  # the next byte never comes
        finally:
            process.kill()
    assert process.returncode == -signal.SIGTERM
    assert b"interrupted; to see what is kept" in err
    assert (row(home)["status"], row(home)["signal"]) == ("interrupted", signal.SIGTERM)


DROPPED_BY_PYTHON = """
import signal, sys, time, weakref
from avow.cli import main

class Module: pass

def leave(status):
    module = Module()
    watched = weakref.ref(module, lambda _: signal.raise_signal(signal.SIGTERM))
    del module
    time.sleep(20)

main(["--version"], leave=leave)
"""


def test_a_signal_inside_a_weak_references_callback_is_not_lost() -> None:
    done = subprocess.run([sys.executable, "-c", DROPPED_BY_PYTHON], capture_output=True, timeout=PATIENCE_S)
    assert done.returncode == -signal.SIGTERM
    assert done.stderr == b""


def test_a_signal_before_the_first_byte_is_kept_without_a_verdict(home: Path) -> None:
    with Simulator("silent") as simulator, start(home, "hi", base_url=simulator.base_url) as process:
        end = time.monotonic() + PATIENCE_S
        while not simulator.requests and time.monotonic() < end:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -signal.SIGINT
    assert (row(home)["status"], row(home)["verdict"]) == ("interrupted", None)
    words = b"avow: note: interrupted before an answer came; to see what is kept: avow history show 1\n"
    assert err == words


def test_ctrl_c_ends_a_loop_of_the_shell(home: Path) -> None:
    script = f"for i in 1 2 3; do {' '.join(AVOW)} hi; done; echo after"
    with Simulator(SLOW) as simulator:
        pty = in_pty(home, "-c", script, base_url=simulator.base_url, command=("bash",))
        pty.until("A rebase lifts")
        pty.send("\x03")
        pty.end()
    assert "after" not in pty.text
    assert [kept["status"] for kept in rows(home)] == ["interrupted"]
    assert "\x1b[?25l" not in pty.raw.decode(errors="replace") or not pty.screen.cursor.hidden


def first_line(home: Path, simulator: Simulator) -> Ran:
    """Ask, and leave after the first line."""
    script = "avow hi | head -1; echo ${PIPESTATUS[0]}"
    return shell(home, script, name="bash", base_url=simulator.base_url, AVOW_TEST_FRESH="1")


def test_a_reader_that_leaves_ends_it_silently_by_sigpipe(home: Path) -> None:
    with Simulator("long:20000") as simulator:
        ran = first_line(home, simulator)
    assert ran.out.splitlines()[-1] == b"141"
    assert ran.err == b""
    assert row(home)["status"] == "interrupted"
    assert row(home)["text"].startswith("word00 ")


def test_a_reroute_already_seen_is_told_when_the_reader_leaves(home: Path) -> None:
    # The first line of the answer comes from the second model alone.
    scenario = home / "rerouted.toml"
    text = "one\\n" * 20_000
    scenario.write_text(f'[[hops]]\ndeclines = true\n[[hops]]\ntext = "{text}"\n')
    with Simulator(scenario) as simulator:
        ran = first_line(home, simulator)
    assert ran.out == b"one\n141\n"
    assert ran.err.startswith(b"avow: fallback: requested claude-fable-5-2, answered by claude-opus-4-8 (")
    assert ran.err.count(b"\n") == 1
    assert (row(home)["verdict"], row(home)["signal"]) == ("fallback", signal.SIGPIPE)


def test_suspend_and_resume(home: Path) -> None:
    # Job control needs a shell: a process group without one cannot be stopped from its terminal.
    script = f"set -m; {' '.join(AVOW)} --raw hi; echo STOPPED $?; sleep 0.4; echo GOES ON; fg; echo ENDED $?"
    with Simulator(SLOW) as simulator:
        pty = in_pty(home, "-c", script, base_url=simulator.base_url, command=("bash",))
        pty.until("A rebase lifts")
        pty.send("\x1a")
        pty.until("STOPPED", "GOES ON", "ENDED")
        pty.end()
    stopped, resumed = pty.text.split("STOPPED")[1].split("GOES ON")
    assert stopped.split() == ["148"], "a suspended process writes nothing"
    assert "simulator for claude-fable-5-2" in " ".join(resumed.split())
    assert resumed.split()[-2:] == ["ENDED", "0"]
    assert (row(home)["status"], row(home)["verdict"]) == ("complete", "as_requested")


CLOSED = {
    "closed stdout": (">&-", 1, b"avow: error: stdout is closed"),
    "full stdout": (">/dev/full", 1, b"avow: error: stdout cannot be written: no space left on device"),
    "closed stderr": ("2>&-", 10, b""),
    "full stderr": ("2>/dev/full", 10, b""),
    "closed stdin": ("<&-", 10, b"avow: fallback: "),
}


@pytest.mark.parametrize(("redirection", "status", "words"), in_part(CLOSED, ("closed stdout", "full stderr")))
def test_a_stream_that_is_closed_or_full(redirection: str, status: int, words: bytes, home: Path) -> None:
    with Simulator("fallback") as simulator:
        ran = shell(home, f"avow hi {redirection}", base_url=simulator.base_url, AVOW_TEST_FRESH="1")
    assert (ran.status, b"Traceback" in ran.err) == (status, False), ran.err
    assert words in ran.err
    kept = row(home)
    assert (kept["verdict"], kept["served_model"]) == ("fallback", "claude-opus-4-8")
    if status == 1:
        assert b"avow: fallback: requested claude-fable-5-2, answered by claude-opus-4-8" in ran.err


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full"])
def test_the_version_fails_in_the_words_of_every_command(redirection: str, home: Path) -> None:
    ran = shell(home, f"avow --version {redirection}; avow history path {redirection}", AVOW_TEST_FRESH="1")
    half = len(ran.lines) // 2
    assert ran.status == 1
    assert ran.lines[:half] == ran.lines[half:] != []


def test_all_streams_closed(home: Path) -> None:
    with Simulator("fallback") as simulator:
        ran = shell(home, "avow hi <&- >&- 2>&-", base_url=simulator.base_url, AVOW_TEST_FRESH="1")
    assert (ran.status, ran.out, ran.err) == (1, b"", b"")
    assert row(home)["verdict"] == "fallback"


def test_what_the_parent_ignores_stays_ignored(home: Path) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with (
        Simulator("slow:0.01") as simulator,
        start(home, "hi", base_url=simulator.base_url, preexec_fn=ignore) as process,
    ):
        _wait_for_text(process, 10)
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0


def test_a_signal_while_stdin_is_awaited_sends_nothing(home: Path) -> None:
    with Simulator() as simulator:
        command, environ = [*AVOW, "hi"], environment(home, simulator.base_url)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, env=environ, **pipes) as process:  # type: ignore[call-overload]
            time.sleep(0.6)
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_S)
        assert process.returncode == -signal.SIGTERM
        assert simulator.requests == []


@pytest.mark.parametrize(
    "command",
    in_part({line: line for line in ("--version", "--help", "history list", "help exit-codes")}, ["history list"]),
)
def test_other_commands_die_by_sigpipe_too(command: str, home: Path) -> None:
    seed: Ran = run(home, "--simulate", "requested", "hi")
    assert seed.status == 0
    ran = shell(home, f"(sleep 0.5; avow {command}; echo $? >&2) | true", name="bash", AVOW_TEST_FRESH="1")
    assert ran.err.splitlines()[-1] == b"141"
    assert b"Traceback" not in ran.err
