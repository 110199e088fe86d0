"""Run the real program in a process of its own, by pipes or in a pty, and look at all it leaves behind."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pexpect
import pyte

from tests import fork_client
from tests.canary import CANARY, assert_unprinted
from tests.conftest import sealed_environment
from tests.forked import FRESH, ForkedSpawn, Forking, may_fork, server

Json = dict[str, Any]
AVOW = (sys.executable, "-m", "avow")
PATIENCE_S = 60.0
_EDITS, _EDITS_NO_MORE = b"\x1b[?2004h", b"\x1b[?2004l"
"""What a line editor writes when it begins and ends to read: pastes are to be marked as such, and no more."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a process ended: `status` is negative where a signal killed it."""

    status: int
    out: bytes
    err: bytes
    home: Path
    seconds: float = 0.0

    def __post_init__(self) -> None:
        assert_unprinted(self.out, self.err)

    @property
    def json(self) -> Any:
        """stdout as one JSON value."""
        return json.loads(self.out)

    @property
    def events(self) -> list[Json]:
        """stdout as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def lines(self) -> list[str]:
        """The lines of stderr."""
        return self.err.decode().splitlines()

    @property
    def facts(self) -> list[str]:
        """The lines of stderr that `--quiet` must not silence."""
        return [line for line in self.lines if not line.startswith("avow: note: ")]


def environment(home: Path, base_url: str | None = None, **more: str) -> dict[str, str]:
    """The sealed environment; with `base_url` also that address, the canary as the key for it, and the fallback that
    the API's own host has unasked: what listens there plays the API. With `AVOW_FALLBACK=""` it is a gateway."""
    api = {"ANTHROPIC_BASE_URL": base_url or "", "ANTHROPIC_API_KEY": CANARY, "AVOW_FALLBACK": "default"}
    asked = {} if base_url is None else api
    return sealed_environment(home, **{**asked, **{name: more[name] for name in more if name != FRESH}})


def run(
    home: Path,
    *arguments: str,
    base_url: str | None = None,
    stdin: bytes | None = None,
    timeout: float = PATIENCE_S,
    **more: str,
) -> Ran:
    """Run avow to its end; stdin is closed at once (`/dev/null`) where nothing is given. The process is forked, unless
    `more` has something that Python itself reads as it starts, or `AVOW_TEST_FRESH`."""
    if may_fork(more):
        server()  # its own start is no part of a run
    begun = time.monotonic()
    with open(os.devnull, "rb") as nothing:  # for reading only: subprocess.DEVNULL can be written to
        reads = nothing if stdin is None else subprocess.PIPE
        process = start(home, *arguments, base_url=base_url, stdin=reads, env=more)
    with process:
        try:
            out, err = process.communicate(stdin, timeout)
        except BaseException:  # that of a test's own time limit included
            process.kill()
            raise
    return Ran(process.returncode, out, err, home, time.monotonic() - begun)


def shell(home: Path, script: str, *, base_url: str | None = None, name: str = "sh", **more: str) -> Ran:
    """Run a script in `sh` (or `bash`), in which `avow` is the program under test, forked as `run` says. Where signals
    or what a process inherits count, ask for a fresh one."""
    stub = home / "bin" / "avow"
    stub.parent.mkdir(parents=True, exist_ok=True)
    forked = f"-I -S {fork_client.__file__} {server().address}" if may_fork(more) else "-m avow"
    stub.write_text(f'#!/bin/sh\nexec "{sys.executable}" {forked} "$@"\n')
    stub.chmod(0o755)
    environ = environment(home, base_url, **more)
    environ["PATH"] = f"{stub.parent}{os.pathsep}{environ.get('PATH', os.defpath)}"
    done = subprocess.run(
        [name, "-c", script],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environ,
        cwd=home,
        timeout=PATIENCE_S,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr, home)


class Started(Forking):
    """A process under way; what it printed is searched for the key."""

    def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[Any, Any]:  # noqa: A002
        out, err = super().communicate(input, timeout)
        assert_unprinted(out or b"", err or b"")
        return out, err


def start(home: Path, *arguments: str, base_url: str | None = None, **more: Any) -> Started:
    """Start avow by pipes and give the process; `env` in `more` adds to the environment, the rest goes to Popen. It is
    forked as `run` says; not with what Popen alone can do."""
    environ: Mapping[str, str] = more.pop("env", {})
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    forks = may_fork(environ, tuple(more))
    return Started([*AVOW, *arguments], forks=forks, env=environment(home, base_url, **environ), **{**pipes, **more})


_MEASURE = """
import resource, subprocess, sys
ended = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, check=False)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, file=sys.stderr)
sys.exit(ended.returncode)
"""


def measured(
    home: Path, *arguments: str, base_url: str | None = None, timeout: float = PATIENCE_S
) -> tuple[bytes, int]:
    """Run avow, which must end with 0, on Linux: its stdout, and the bytes of memory that it took at most."""
    words = [sys.executable, "-c", _MEASURE, *AVOW, *arguments]
    done = subprocess.run(words, capture_output=True, env=environment(home, base_url), timeout=timeout, check=True)
    assert_unprinted(done.stdout, done.stderr)
    return done.stdout, int(done.stderr.splitlines()[-1])


def rows(home: Path) -> list[Json]:
    """The history's rows, oldest first, as SQLite alone reads them; JSON columns as values."""
    path = home / "data" / "history.db"
    if not path.exists():
        return []
    connection = sqlite3.connect(path, timeout=10)
    connection.row_factory = sqlite3.Row
    try:
        found = [dict(row) for row in connection.execute("SELECT * FROM exchange ORDER BY number")]
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return []  # another process is just creating it
    finally:
        connection.close()
    for row in found:
        for name in ("usage", "hops", "evidence", "params", "segments"):
            row[name] = json.loads(row[name]) if row[name] is not None else None
    return found


def row(home: Path) -> Json:
    """The only row of the history."""
    (one,) = rows(home)
    return one


@dataclass(slots=True)
class Pty:
    """avow in a pty, with what a terminal would show of it."""

    child: "pexpect.spawn[bytes]"
    columns: int
    lines: int
    raw: bytearray = field(default_factory=bytearray)
    _drawn: "tuple[pyte.HistoryScreen, pyte.ByteStream] | None" = None
    _drawn_bytes: int = 0
    _stood: str = ""
    _typed_at: int | None = None

    def until(self, *wanted: str, timeout: float = PATIENCE_S) -> None:
        """Read until each of these texts has come since something was last typed: one that stood there then must come
        once more. Raises AssertionError with the screen where it does not."""
        stood = {text: self._stood.count(text) for text in wanted}
        end = time.monotonic() + timeout

        def missing() -> str:
            seen = self.text
            left = [text for text in wanted if seen.count(text) <= stood[text]]
            return ", ".join(f"{text!r}{' once more' if stood[text] else ''}" for text in left)

        while missing():
            if not self.read(0.1) and not self.child.isalive():
                while self.read(0.1):
                    pass
                assert not missing(), f"ended without {missing()}:\n{self.text}"
                return
            assert time.monotonic() < end, f"waited for {missing()}, saw:\n{self.text}"

    def settle(self, *wanted: str) -> None:
        """Read until each of these texts has come, and the line editor reads."""
        self.until(*wanted)
        self.wait(lambda: self.raw.rfind(_EDITS) > self.raw.rfind(_EDITS_NO_MORE))

    def enter(self, text: str, *wanted: str) -> None:
        """Type it, which ends a line, and read until each of these texts has come and the editor reads the next one."""
        before = self.raw.count(_EDITS)
        self.send(text)
        self.wait(lambda: self.raw.count(_EDITS) > before)
        self.settle(*wanted)

    def wait(self, come: Callable[[], bool], timeout: float = PATIENCE_S) -> None:
        """Read until that has come. Raises AssertionError with the screen where it does not, and where
        it is so already although nothing was read since something was typed."""
        end = time.monotonic() + timeout
        assert not (len(self.raw) == self._typed_at and come()), f"it was so before that was typed; saw:\n{self.text}"
        while not come():
            self.read(0.1)
            assert time.monotonic() < end, f"it does not come; saw:\n{self.text}"

    def read(self, timeout: float) -> bool:
        """Take in what comes within `timeout` seconds; whether anything came."""
        try:
            self.raw += self.child.read_nonblocking(65536, timeout)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return False
        return True

    def send(self, text: str) -> None:
        """Type it."""
        self._stood, self._typed_at = self.text, len(self.raw)
        self.child.send(text.encode())

    def end(self, timeout: float = PATIENCE_S) -> int:
        """Read to the end; the exit status, negative where a signal killed the process."""
        end = time.monotonic() + timeout
        while self.child.isalive():
            self.read(0.1)
            assert time.monotonic() < end, f"does not end; saw:\n{self.text}"
        while self.read(0.05):
            pass
        self.child.ptyproc.delayafterclose = 0.0  # the process has ended: nothing is to be waited for
        self.child.close()
        assert_unprinted(bytes(self.raw))
        killed = self.child.signalstatus
        return -int(killed) if killed is not None else int(self.child.exitstatus or 0)

    @property
    def screen(self) -> "pyte.HistoryScreen":
        """The terminal as the bytes left it: one, that is drawn on with what has come since it was last looked at."""
        if self._drawn is None:
            screen = pyte.HistoryScreen(self.columns, self.lines, history=100_000, ratio=0.5)
            self._drawn = screen, pyte.ByteStream(screen)
        screen, stream = self._drawn
        stream.feed(bytes(self.raw[self._drawn_bytes :]))
        self._drawn_bytes = len(self.raw)
        return screen

    @property
    def text(self) -> str:
        """All lines that stand on the terminal, those scrolled away included."""
        screen = self.screen
        scrolled = ["".join(line[x].data for x in range(self.columns)) for line in screen.history.top]
        return "\n".join(line.rstrip() for line in (*scrolled, *screen.display)).rstrip()


def in_pty(
    home: Path,
    *arguments: str,
    base_url: str | None = None,
    size: tuple[int, int] = (40, 100),
    command: Sequence[str] = AVOW,
    **more: str,
) -> Pty:
    """Start avow (or another `command`) in a pty of `size` (lines, columns); avow is forked as `run` says."""
    forks = command is AVOW and may_fork(more)
    child: pexpect.spawn[bytes] = (ForkedSpawn if forks else pexpect.spawn)(
        command[0],
        [*command[1:], *arguments],
        env=environment(home, base_url, **more),
        dimensions=size,
        timeout=PATIENCE_S,
    )
    child.delaybeforesend = None
    return Pty(child, size[1], size[0])
