"""A process with every import behind it, which forks one that runs avow whenever a test asks it to.

What a test sees is a process of its own, with pipes, environment and exit status; only the start of Python and the
imports (five sixths of a short run) are not paid again. Who cares about these starts avow by `tests.running.start`.
"""

import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parents[1]
_NUMBER = struct.Struct("!q")
_LIBRARIES = ("httpcore", "httpx", "rich.console", "rich.table", "sqlite3", "subprocess", "tomli_w", "tomllib")
# Not keyring: it looks for its backend in the environment while it is imported.


class ForkServer:
    """The end that tests hold; one run at a time."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._channel, theirs = socket.socketpair()
        self._one = threading.Lock()
        self._pipes = ThreadPoolExecutor(3)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())],
                stdin=subprocess.PIPE,  # three pipes, as those of a run
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=ROOT,
                env=environ,
                pass_fds=(theirs.fileno(),),
            )

    def run(
        self, arguments: Sequence[str], environ: Mapping[str, str], stdin: bytes | None, timeout: float
    ) -> tuple[int, bytes, bytes]:
        """Run avow to its end: status (negative where a signal killed it), stdout and stderr; stdin is `/dev/null`
        where it is None. Raises subprocess.TimeoutExpired as subprocess.run does."""
        request = json.dumps((arguments, dict(environ), str(Path.cwd()))).encode("utf-8", "surrogatepass")
        with self._one:
            (out, printed), (err, noted), (told, telling) = os.pipe(), os.pipe(), os.pipe()
            if stdin is None:
                given = os.open(os.devnull, os.O_RDONLY)
            else:
                given, feeding = os.pipe()
                self._pipes.submit(_feed, feeding, stdin)
            read = self._pipes.submit(_drain, out), self._pipes.submit(_drain, err)
            theirs = (given, printed, noted, telling)
            socket.send_fds(self._channel, [_NUMBER.pack(len(request))], theirs)
            for descriptor in theirs:
                os.close(descriptor)
            self._channel.sendall(request)
            with open(told, "rb", buffering=0) as numbers:
                child = self._number(numbers, None)
                try:
                    status = self._number(numbers, timeout)
                except BaseException as error:  # that of a test's own time limit included
                    os.kill(child, signal.SIGKILL)
                    if isinstance(error, TimeoutError):
                        raise subprocess.TimeoutExpired(list(arguments), timeout) from None
                    raise
            return status, read[0].result(timeout), read[1].result(timeout)

    def _number(self, numbers: FileIO, timeout: float | None) -> int:
        if not select.select([numbers], [], [], timeout)[0]:
            raise TimeoutError
        found = numbers.read(_NUMBER.size) or b""
        if len(found) < _NUMBER.size:
            raise RuntimeError(f"the fork server ended: {self.process.communicate()[1].decode()}")
        return int(_NUMBER.unpack(found)[0])


def _feed(descriptor: int, data: bytes) -> None:
    with suppress(BrokenPipeError), open(descriptor, "wb", buffering=0) as pipe:
        while data:
            data = data[pipe.write(data) :]


def _drain(descriptor: int) -> bytes:
    with open(descriptor, "rb") as pipe:
        return pipe.read()


def _read(channel: socket.socket, size: int) -> bytes:
    """So many bytes, fewer where the other end has gone."""
    found = b""
    while len(found) < size and (piece := channel.recv(size - len(found))):
        found += piece
    return found


# -- the process itself ---------------------------------------------------------------------------------------


def serve(channel: socket.socket) -> None:
    """Fork for each request, tell its id and then its status, until nobody asks any more."""
    while True:
        head, descriptors, _flags, _address = socket.recv_fds(channel, _NUMBER.size, 4)
        if not head:
            return
        request = json.loads(_read(channel, _NUMBER.unpack(head)[0]).decode("utf-8", "surrogatepass"))
        *streams, telling = descriptors
        child = os.fork()
        if child == 0:
            channel.close()
            os.close(telling)
            _become(streams, *request)
        for descriptor in streams:
            os.close(descriptor)
        with open(telling, "wb", buffering=0) as numbers, suppress(BrokenPipeError):
            numbers.write(_NUMBER.pack(child))
            _child, status = os.waitpid(child, 0)
            numbers.write(_NUMBER.pack(os.waitstatus_to_exitcode(status)))


def _become(descriptors: Sequence[int], arguments: Sequence[str], environ: Mapping[str, str], folder: str) -> NoReturn:
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    sys.argv = ["avow", *arguments]
    sys.path[0] = folder
    status: Any = 1
    try:
        from avow.__main__ import main

        status = main()
    except SystemExit as leaving:
        status = leaving.code
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(int(status or 0))


def main() -> None:
    """Import all of avow and what it needs, then serve on the socket whose descriptor is the only argument."""
    import avow

    for found in pkgutil.walk_packages(avow.__path__, "avow."):
        if found.name != "avow.__main__":
            importlib.import_module(found.name)
    for name in _LIBRARIES:
        importlib.import_module(name)
    gc.freeze()  # not to be copied because the collector looked at it
    serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
