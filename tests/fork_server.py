"""A process with every import behind it, which forks one that runs avow whenever a test asks it to.

What a test sees is a process of its own, with descriptors, terminal, environment and exit status; only the start of
Python and the imports (nine tenths of a short run) are not paid again. Who cares about these asks for a `fresh` one.
"""

import fcntl
import gc
import importlib
import marshal
import os
import pkgutil
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

ROOT = Path(__file__).parents[1]
_NUMBER = struct.Struct("!q")
_MOST = 64
_HIGH = 200
_LIBRARIES = (
    *("ctypes", "encodings.ascii", "encodings.idna", "encodings.utf_8_sig", "httpcore", "resource", "rich.console"),
    *("rich.table", "sqlite3", "subprocess", "tomli_w", "tomllib"),
)
_OF_TYPER = "typer._click.decorators"
"""What typer imports when it reads the first line; another version may have it elsewhere."""
_OF_KEYRING = ("secretstorage", "importlib_metadata", "jaraco.context", "jaraco.functools")
"""What keyring imports, where that is installed. Not keyring: it looks for its backend in the environment while it is
imported."""
_WITH = {"--schema": "jsonschema"}
"""What a word brings in that few runs need."""


class Child:
    """A process that the fork server started; the server reaps it, and tells its status here."""

    def __init__(self, pid: int, told: int) -> None:
        self.pid = pid
        self._told = told
        self._status: int | None = None

    def status(self, timeout: float | None) -> int | None:
        """How it ended, as os.waitpid says it; None where it has not within `timeout` seconds (None: wait for it)."""
        if self._status is None:
            if not select.select([self._told], [], [], timeout)[0]:
                return None
            found = os.read(self._told, _NUMBER.size)
            self._status = _NUMBER.unpack(found)[0] if found else signal.SIGKILL  # the server is gone
            os.close(self._told)
        return self._status


class ForkServer:
    """The end that tests hold. At `address` the server forks for whoever comes: see `fork_client`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._channel, theirs = socket.socketpair()
        self._one = threading.Lock()
        self._folder = TemporaryDirectory()
        self.address = str(Path(self._folder.name) / "socket")
        with theirs, socket.socket(socket.AF_UNIX) as door:
            door.bind(self.address)
            door.listen()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.fork_server", str(theirs.fileno()), str(door.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd=ROOT,
                env=environ,
                pass_fds=(theirs.fileno(), door.fileno()),
            )
        if not self._channel.recv(1):
            raise self._gone()

    def _gone(self) -> RuntimeError:
        return RuntimeError(f"the fork server ended: {self.process.communicate()[1].decode()}")

    def fork(
        self,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        folder: str,
        descriptors: Mapping[int, int],
        *,
        in_session: bool = False,
        on_terminal: bool = False,
    ) -> Child:
        """Start avow with `descriptors` (its numbers for ours), in a session of its own and, if wanted, with its stdin
        as the terminal of that session."""
        numbers, ours = list(descriptors), list(descriptors.values())
        session = [in_session or on_terminal, on_terminal]
        request = marshal.dumps((numbers, session, list(arguments), dict(environ), folder))
        told, telling = os.pipe()
        try:
            with self._one:
                socket.send_fds(self._channel, [_NUMBER.pack(len(request))], [telling, *ours])
                self._channel.sendall(request)
            os.close(telling)
            found = os.read(told, _NUMBER.size)
        except OSError as error:
            raise self._gone() from error
        if not found:
            raise self._gone()
        return Child(_NUMBER.unpack(found)[0], told)


def _read(channel: socket.socket, size: int) -> bytes:
    """So many bytes, fewer where the other end has gone."""
    found = b""
    while len(found) < size and (piece := channel.recv(size - len(found))):
        found += piece
    return found


# -- the process itself ---------------------------------------------------------------------------------------


def serve(channel: socket.socket, door: socket.socket) -> None:
    """Say that all is ready; then fork for each request, tell its id and later its status, until nobody asks more."""
    channel.sendall(b"!")
    telling: dict[int, int] = {}
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    while True:
        ready = select.select([channel.fileno(), door.fileno(), ended], [], [])[0]
        if ended in ready:
            os.read(ended, 4096)
            _tell_ended(telling)
        if door.fileno() in ready:
            visitor = door.accept()[0]
            head, descriptors, _flags, _address = socket.recv_fds(visitor, _NUMBER.size, _MOST)
            request = marshal.loads(_read(visitor, _NUMBER.unpack(head)[0]))
            _start(telling, visitor.detach(), descriptors, request)
        if channel.fileno() not in ready:
            continue
        head, descriptors, _flags, _address = socket.recv_fds(channel, _NUMBER.size, _MOST)
        if not head:
            return
        request = marshal.loads(_read(channel, _NUMBER.unpack(head)[0]))
        _start(telling, descriptors[0], descriptors[1:], request)


def _start(telling: dict[int, int], told: int, descriptors: Sequence[int], request: Sequence[Any]) -> None:
    for word in _WITH.keys() & set(request[2]):
        importlib.import_module(_WITH[word])
    child = os.fork()
    if child == 0:
        _become(descriptors, *request)
    for descriptor in descriptors:
        os.close(descriptor)
    telling[child] = told
    with suppress(BrokenPipeError):
        os.write(told, _NUMBER.pack(child))


def _tell_ended(telling: dict[int, int]) -> None:
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            descriptor = telling.pop(found[0])
            with suppress(BrokenPipeError):
                os.write(descriptor, _NUMBER.pack(found[1]))
            os.close(descriptor)


def _become(
    descriptors: Sequence[int],
    numbers: Sequence[int],
    session: tuple[bool, bool],
    arguments: Sequence[str],
    environ: Mapping[str, str],
    folder: str,
) -> NoReturn:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _take(descriptors, numbers)
    in_session, on_terminal = session
    if in_session:
        os.setsid()
    if on_terminal:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    sys.argv = ["avow", *arguments]
    sys.path[0] = folder
    _open_streams()
    status: Any = 1
    try:
        from avow.__main__ import main

        status = main()
    except SystemExit as leaving:
        status = leaving.code
    except KeyboardInterrupt:  # before avow heard signals: as Python ends
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(int(status or 0))


def _take(descriptors: Sequence[int], numbers: Iterable[int]) -> None:
    """Have these descriptors under these numbers, and no others."""
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, _HIGH) for descriptor in descriptors]
    os.closerange(3, _HIGH)
    for descriptor, number in zip(moved, numbers, strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)


def _open_streams() -> None:
    """Python's own streams, which are buffered by line where they are a terminal."""
    encoding, errors = sys.stdout.encoding, sys.stdout.errors
    for name, number, mode, lines, wrong in (
        ("stdin", 0, "r", -1, errors),
        ("stdout", 1, "w", -1, errors),
        ("stderr", 2, "w", 1, "backslashreplace"),
    ):
        stream = open(number, mode, lines, encoding=encoding, errors=wrong, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def main() -> None:
    """Import all of avow and what it needs, then serve on the sockets whose descriptors are the arguments."""
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # as in conftest
    import avow

    for found in pkgutil.walk_packages(avow.__path__, "avow."):
        if found.name != "avow.__main__":
            importlib.import_module(found.name)
    for name in _LIBRARIES:
        importlib.import_module(name)
    for name in (_OF_TYPER, *_OF_KEYRING):
        with suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # not to be copied because the collector looked at it
    serve(*(socket.socket(fileno=int(number)) for number in sys.argv[1:]))


if __name__ == "__main__":
    main()
