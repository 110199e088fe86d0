"""The report of `--report`: opened before anything is sent, written when all is over."""

import contextlib
import errno
import json
import os
import stat
import time
from typing import TextIO

from avow.errors import UsageError
from avow.files.reading import PipeWait
from avow.wire.json_value import JsonObject

_POLL_S = 0.02


class Report:
    """Where the JSON object of an exchange is written to."""

    def __init__(self, target: str, stream: TextIO) -> None:
        self._target = target
        self._stream = stream

    @classmethod
    def open(cls, target: str, wait: PipeWait) -> "Report":
        """The report at a path, which is emptied, or on a descriptor (`fd:3`). A named pipe is waited for until
        somebody reads it. Raises UsageError where it cannot be written."""
        try:
            descriptor = _on_descriptor(target[3:]) if target.startswith("fd:") else _at_path(target, wait)
        except (OSError, ValueError, OverflowError) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            raise UsageError(f"--report {target}: it cannot be written: {reason}", hint="name another file") from None
        return cls(target, os.fdopen(descriptor, "w", encoding="utf-8"))

    def write(self, body: JsonObject) -> str | None:
        """Write the object and close the report; words for what went wrong, or None."""
        try:
            with self._stream:
                json.dump(body, self._stream)  # piece by piece: a long answer stands in it twice
                self._stream.write("\n")
                self._stream.flush()
                if self._is_gone():
                    return f"--report {self._target}: the file was deleted before it was written"
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or "it is closed").lower()
            return f"--report {self._target}: it cannot be written: {reason}"
        return None

    def _is_gone(self) -> bool:
        """Whether what was written has no name any more, so that nobody can read it. A descriptor is its owner's."""
        found = os.fstat(self._stream.fileno())
        return not self._target.startswith("fd:") and stat.S_ISREG(found.st_mode) and found.st_nlink == 0


def _on_descriptor(number: str) -> int:
    if not number.isdecimal():
        raise ValueError("fd: stands before the number of a descriptor")
    descriptor = os.dup(int(number))
    with contextlib.suppress(ImportError):  # Windows has no fcntl
        import fcntl

        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            os.close(descriptor)
            raise ValueError("that descriptor is open for reading only")
    return descriptor


def _at_path(target: str, wait: PipeWait) -> int:
    path = os.path.expanduser(target) if target.startswith("~") and not os.path.lexists(target) else target  # noqa: PTH111
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NONBLOCK", 0)
    begun = time.monotonic()
    told = False
    while True:
        try:
            descriptor = os.open(path, flags, 0o600)
            break
        except OSError as error:
            if error.errno != errno.ENXIO or not stat.S_ISFIFO(os.stat(path).st_mode):  # noqa: PTH116
                raise
        now = time.monotonic()
        if wait.until is not None and now >= wait.until:
            raise ValueError("no program read this pipe before the deadline")
        if not told and now - begun >= wait.silence:
            told = True
            wait.notice(f"waiting for a reader of --report {target}")
        time.sleep(_POLL_S)
    if hasattr(os, "set_blocking"):
        os.set_blocking(descriptor, True)
    return descriptor
