"""Faults of the machine: signals, suspension, a clock that is set, closed streams, a full disk, a read-only home."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.faults.from_outside import BEGUN
from tests.faults.shapes import Came, Fault, Form, arguments, stdin_of
from tests.raw_server import RawServer, Step, http, stream
from tests.running import AVOW, PATIENCE_S, Ran, environment, start
from tests.streams import answer, block, end, message, sse, text

MORE = sse(*block(1, {"type": "text", "text": ""}, {"type": "text_delta", "text": "there"}))
SHOWN = b"Think of a rebase "
WHOLE = http(json.dumps(message(text("Hello there"))).encode())
NO_MOUNT = 99
"""How the shell ends where nothing can be mounted."""


class UnderWay:
    """A process that is in the midst of an answer: `Hello ` was printed, or (whole) the request was sent. `go_on` lets
    the server finish."""

    def __init__(self, process: "subprocess.Popen[bytes]", home: Path, go_on: threading.Event) -> None:
        self.process, self.home, self.go_on = process, home, go_on
        self.printed = b""
        self.begun = time.monotonic()

    def end(self) -> Ran:
        """How it ended."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        took = time.monotonic() - self.begun
        return Ran(self.process.returncode, self.printed + (out or b""), err or b"", self.home, took)


@contextmanager
def under_way(form: Form, home: Path, *more: str, environ: dict[str, str] | None = None) -> Iterator[UnderWay]:
    """avow in the midst of an answer; a chat's second turn is answered at once."""
    go_on = threading.Event()
    steps: list[Step] = [go_on, WHOLE] if form == "whole" else [BEGUN, go_on, MORE, 0.2, sse(*end())]
    questions = stdin_of(form)
    stdin = subprocess.DEVNULL if questions is None else subprocess.PIPE
    words = arguments(form, "--retries", "0", *more)
    with (
        RawServer(steps, stream(sse(*answer("Well again")))) as server,
        start(home, *words, base_url=server.url, stdin=stdin, env=environ or {}) as process,
    ):
        try:
            running = UnderWay(process, home, go_on)
            if process.stdin is not None:
                process.stdin.write(questions or b"")
                process.stdin.close()
                process.stdin = None
            _await_answer(running, server, form)
            yield running
        finally:
            if process.poll() is None:
                process.kill()


def _await_answer(running: UnderWay, server: RawServer, form: Form) -> None:
    assert running.process.stdout is not None
    until = time.monotonic() + PATIENCE_S
    while form == "whole" and not server.requests and running.process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    while form != "whole" and b"Hello " not in running.printed and time.monotonic() < until:
        piece = os.read(running.process.stdout.fileno(), 4096)
        running.printed += piece
        if not piece:
            return


# -- how each is met ------------------------------------------------------------------------------------------


def signalled(number: signal.Signals, form: Form, home: Path) -> Ran:
    """A signal in mid-answer."""
    with under_way(form, home) as running:
        running.process.send_signal(number)
        return running.end()


def deserted(form: Form, home: Path) -> Ran:
    """Whoever reads stdout leaves in mid-answer."""
    with under_way(form, home) as running:
        assert running.process.stdout is not None
        running.process.stdout.close()
        running.process.stdout = None
        running.go_on.set()
        return running.end()


def suspended(form: Form, home: Path) -> Ran:
    """Suspended for longer than the API may stay silent, while the rest of the answer arrives."""
    with under_way(form, home, "--timeout", "1") as running:
        running.process.send_signal(signal.SIGSTOP)
        running.go_on.set()
        time.sleep(1.2)
        running.process.send_signal(signal.SIGCONT)
        return running.end()


def jumped(seconds: int, form: Form, home: Path) -> Ran:
    """The machine's clock is set in mid-answer."""
    with under_way(form, home, "--timeout", "20", "--deadline", "40", environ=clock(home)) as running:
        set_clock(home, seconds)
        time.sleep(0.3)
        running.go_on.set()
        return running.end()


def clock(home: Path) -> dict[str, str]:
    """The environment in which `set_clock` sets the clock; skips by name where no C compiler is there to make it."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not Path("/proc").exists():
        pytest.skip("no C compiler for Linux here: the clock is not set")
    home.mkdir(parents=True, exist_ok=True)
    library, source = home / "clock.so", Path(__file__).parent / "clock.c"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    made = subprocess.run(command, capture_output=True)
    if made.returncode != 0:
        pytest.skip("the C compiler here makes no library: the clock is not set")
    return {"LD_PRELOAD": str(library), "CLOCK_JUMP": str(home / "jump")}


def set_clock(home: Path, seconds: int) -> None:
    """The time of day is `seconds` later (or earlier) than it is, for processes with this home."""
    (home / "jump.new").write_text(str(seconds))
    (home / "jump.new").replace(home / "jump")


def redirected(redirection: str, form: Form, home: Path) -> Ran:
    """With a stream closed or full from the beginning; the answer is another model's, so there is something to say."""
    return _in_shell(f'exec "$@" {redirection}', form, home, ())


def mounted(mount: str, form: Form, home: Path) -> Ran:
    """In a mount namespace of its own; skips by name where there is none."""
    (home / "data").mkdir(parents=True, exist_ok=True)
    script = f'{{ {mount}; }} >/dev/null 2>&1 || exit {NO_MOUNT}; exec "$@"'
    ran = _in_shell(script, form, home, ("unshare", "--user", "--map-root-user", "--mount"))
    if ran.status == NO_MOUNT or b"unshare" in ran.err:
        pytest.skip("nothing can be mounted here: the full disk and the read-only home are not tried")
    return ran


def _in_shell(script: str, form: Form, home: Path, before: tuple[str, ...]) -> Ran:
    if before and shutil.which(before[0]) is None:
        pytest.skip(f"no {before[0]} here: the full disk and the read-only home are not tried")
    with Simulator(["fallback", "requested"]) as simulator:
        begun = time.monotonic()
        done = subprocess.run(
            [*before, "sh", "-c", script, "sh", *AVOW, *arguments(form)],
            input=stdin_of(form) or b"",
            capture_output=True,
            env=environment(home, simulator.base_url),
            timeout=PATIENCE_S,
            check=False,
        )
    return Ran(done.returncode, done.stdout, done.stderr, home, time.monotonic() - begun)


FULL = 'mount -t tmpfs -o size=64k tmpfs "$AVOW_DATA_DIR" && head -c 60000 /dev/zero > "$AVOW_DATA_DIR/filler"'
READ_ONLY = 'mount -t tmpfs -o ro tmpfs "$HOME"'


# -- what must come of it -------------------------------------------------------------------------------------


def alike(came: Came, whole: Came | None = None, chat: Came | None = None) -> dict[Form, Came]:
    return {"streamed": came, "whole": whole or came, "chat": chat or came}


def stopped(number: signal.Signals) -> dict[Form, Came]:
    """It dies by the signal, what arrived is kept, and a chat asks no more."""
    kept = "; to see what is kept: avow history show 1"
    begun = Came(-number, "interrupted", "unverified", "interrupted", f"avow: note: interrupted{kept}", b"Hello ")
    words = f"avow: note: interrupted before an answer came{kept}"
    return alike(begun, Came(-number, "interrupted", None, "interrupted", words))


WELL = Came(0, "complete", "as_requested", None, "", b"Hello there\n")
WELL_CHAT = Came(0, "complete", "as_requested", None, "avow: note: answered by", b"Hello there\n", "complete")
REROUTED = Came(10, "complete", "fallback", None, "avow: fallback: requested ", SHOWN)
SILENT = Came(10, "complete", "fallback", None, "", SHOWN)
UNKEPT = Came(10, None, None, None, "avow: note: history not written: ", SHOWN)


def unshown(words: str) -> dict[Form, Came]:
    """An answer that cannot be printed is not waited for, unless it has come whole; a chat ends as it began."""
    stopped = Came(1, "incomplete", "fallback", "interrupted", words)
    return alike(stopped, Came(1, "complete", "fallback", None, words), replace(stopped, then="incomplete"))


FAULTS = [
    Fault("SIGINT", partial(signalled, signal.SIGINT), stopped(signal.SIGINT)),
    Fault("SIGTERM", partial(signalled, signal.SIGTERM), stopped(signal.SIGTERM)),
    Fault("SIGHUP", partial(signalled, signal.SIGHUP), stopped(signal.SIGHUP)),
    Fault(
        "SIGPIPE: the reader leaves",
        deserted,
        alike(
            Came(-signal.SIGPIPE, "interrupted", "unverified", "interrupted"),
            Came(-signal.SIGPIPE, "interrupted", "as_requested", "interrupted"),
        ),
    ),
    Fault("suspended and resumed", suspended, alike(WELL, WELL, WELL_CHAT)),
    Fault("clock set forward by 5 hours", partial(jumped, 18_000), alike(WELL, WELL, WELL_CHAT)),
    Fault("clock set back by 5 hours", partial(jumped, -18_000), alike(WELL, WELL, WELL_CHAT)),
    Fault(
        "stdin closed",
        partial(redirected, "<&-"),
        alike(REROUTED, None, Came(2, None, None, None, "avow: error: stdin is closed")),
    ),
    Fault("stdout closed", partial(redirected, ">&-"), unshown("avow: error: stdout is closed")),
    Fault("stdout full", partial(redirected, ">/dev/full"), unshown("avow: error: stdout cannot be written: no space")),
    Fault("stderr closed", partial(redirected, "2>&-"), alike(SILENT, None, replace(SILENT, then="complete"))),
    Fault("stderr full", partial(redirected, "2>/dev/full"), alike(SILENT, None, replace(SILENT, then="complete"))),
    Fault("disk full", partial(mounted, FULL), alike(UNKEPT)),
    Fault("home read-only", partial(mounted, READ_ONLY), alike(UNKEPT)),
]
