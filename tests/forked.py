"""Processes of the fork server, with the faces that tests know: `subprocess.Popen` and `pexpect.spawn`."""

import fcntl
import os
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pexpect
import ptyprocess

from tests.conftest import sealed_environment
from tests.fork_server import Child, ForkServer

_READ_AT_START = ("PYTHON", "LANG", "LC_", "LD_")
_KNOWN = {"stdin", "stdout", "stderr", "cwd", "bufsize", "pass_fds", "start_new_session"}


FRESH = "AVOW_TEST_FRESH"
"""In what is added to the environment: start Python for this process; in that of the tests: for every process."""
ALL_FRESH = not hasattr(os, "fork") or FRESH in os.environ


def may_fork(environ: Mapping[str, str], ways: Sequence[str] = ()) -> bool:
    """Whether a process with this added to its environment, started in these `ways` (keywords of Popen), may be forked:
    not where Python itself reads a variable as it starts."""
    read = any(name.startswith(_READ_AT_START) and not name.startswith("PYTHON_KEYRING") for name in environ)
    return not (ALL_FRESH or read or FRESH in environ or set(ways) - _KNOWN)


@cache
def server() -> ForkServer:
    """The fork server of this process."""
    with TemporaryDirectory() as nowhere:
        return ForkServer(sealed_environment(Path(nowhere)))


class Forking(subprocess.Popen[bytes]):
    """Popen as ever, but where it `forks`, the fork server starts the process: the words after `-m avow` count, and the
    status comes from the server. What is overridden has the same name and meaning in Python 3.11 to 3.13."""

    def __init__(self, words: Sequence[str], *, forks: bool, **more: Any) -> None:
        self._child: Child | None = None
        self._forks = forks
        super().__init__(words, **more)

    def _execute_child(self, *handed: Any) -> None:
        if not self._forks:
            super()._execute_child(*handed)  # type: ignore[misc]
            return
        words, pass_fds, cwd, environ, in_session = handed[0], handed[4], handed[5], handed[6], handed[21]
        ends = handed[10:16]
        streams = {n: n if end == -1 else end for n, end in enumerate((ends[0], ends[3], ends[5]))}
        streams |= {number: number for number in pass_fds}
        folder = os.fspath(cwd or Path.cwd())
        self._child = server().fork(words[3:], environ, folder, streams, in_session=in_session)
        self.pid = self._child.pid
        self._child_created = True
        self._close_pipe_fds(*ends)  # type: ignore[attr-defined]

    def _internal_poll(self, *handed: Any, **more: Any) -> int | None:
        if self._child is None:
            return super()._internal_poll(*handed, **more)  # type: ignore[misc, no-any-return]
        return self._ended(0)

    def _wait(self, timeout: float | None) -> int:
        if self._child is None:
            return super()._wait(timeout)  # type: ignore[misc, no-any-return]
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and self._child is not None:
            status = self._child.status(timeout)
            self.returncode = None if status is None else os.waitstatus_to_exitcode(status)
        return self.returncode


class _ForkedPty(ptyprocess.PtyProcess):  # type: ignore[misc]
    """As ptyprocess has it, of a process that is not our child."""

    child: Child

    def isalive(self) -> bool:
        return self._look(0) is None

    def wait(self) -> int | None:
        self._look(None)
        return self.exitstatus

    def _look(self, timeout: float | None) -> int | None:
        status = self.child.status(timeout)
        if status is not None:
            self.status = status
            self.terminated = True
            self.exitstatus = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
            self.signalstatus = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        return status


class ForkedSpawn(pexpect.spawn):  # type: ignore[misc]
    """`pexpect.spawn` of `python -m avow`, by the fork server."""

    def _spawnpty(self, words: Sequence[str], *, env: Mapping[str, str], dimensions: tuple[int, int], **_: Any) -> Any:
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *dimensions, 0, 0))
        try:
            child = server().fork(words[3:], env, str(Path.cwd()), dict.fromkeys(range(3), theirs), on_terminal=True)
        finally:
            os.close(theirs)
        pty = _ForkedPty(child.pid, ours)
        pty.child = child
        return pty
