"""The report of `--report`: opened before anything is sent, written when all is over."""

import contextlib
import json
import os
import stat
from typing import TextIO

from avow.errors import system_words
from avow.files.opening import open_to_write, unwritable
from avow.files.reading import PipeWait
from avow.wire.json_value import JsonObject


class Report:
    """Where the JSON object of an exchange is written to."""

    def __init__(self, target: str, stream: TextIO) -> None:
        self._target = target
        self._stream = stream

    @classmethod
    def open(cls, target: str, wait: PipeWait) -> "Report":
        """The report at a path, which is emptied, or on a descriptor (`fd:3`). A named pipe is waited for until
        somebody reads it. Raises UsageError where it cannot be written."""
        place = f"--report {target}"
        if target.startswith("fd:"):
            try:
                descriptor = _on_descriptor(target[3:])
            except (OSError, ValueError, OverflowError) as error:
                raise unwritable(place, error) from None
        else:
            descriptor = open_to_write(target, place, wait, is_private=True)
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
            reason = system_words(error) if isinstance(error, OSError) else "it is closed"
            return f"--report {self._target}: it cannot be written: {reason}"
        return None

    def _is_gone(self) -> bool:
        """Whether what was written has no name any more, so that nobody can read it. A descriptor is its owner's."""
        found = os.fstat(self._stream.fileno())
        return not self._target.startswith("fd:") and stat.S_ISREG(found.st_mode) and found.st_nlink == 0


def _on_descriptor(number: str) -> int:
    if not number.isdecimal():
        raise ValueError("fd: needs the number of a descriptor")
    descriptor = os.dup(int(number))
    with contextlib.suppress(ImportError):  # Windows has no fcntl
        import fcntl

        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            os.close(descriptor)
            raise ValueError("that descriptor is open for reading only")
    return descriptor
