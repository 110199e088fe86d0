"""Where the prompts come from: a file, which is read twice, or a copy of stdin."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from avow.background import Latch, later
from avow.errors import UsageError
from avow.files.opening import open_to_read
from avow.files.reading import PipeWait, unreadable
from avow.paths import expanded

SILENCE_S = 3.0
_PIECE = 1 << 20
_IN_MEMORY = 8 << 20


class PromptSource:
    """A file of prompts. `name` is its name in errors, `known_as` its name in the history, `folder` the folder that
    relative paths in it begin at; `notice` is called if stdin stays silent."""

    def __init__(self, path: str, stdin: BinaryIO | None, notice: Callable[[str], None] = lambda _text: None) -> None:
        self.name = "stdin" if path == "-" else path
        self._path, self._notice = expanded(path), notice
        self.folder = Path() if path == "-" else self._path.parent
        self.known_as = "-" if path == "-" else str(self._path.absolute())
        self._copy: BinaryIO | None = None
        if path == "-":
            if stdin is None:
                raise UsageError("stdin is closed", hint="avow run FILE")
            told = later(SILENCE_S, lambda: notice("waiting for prompts on stdin; `avow run FILE` reads a file"))
            self._copy = _copied(stdin, told)
        elif self._path.is_fifo():
            with self._opened() as pipe:
                self._copy = _copied(pipe, Latch())

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Read the bytes from their beginning. Raises UnreadableFile."""
        if self._copy is not None:
            self._copy.seek(0)
            yield self._copy
        else:
            with self._opened() as stream:
                yield stream

    def close(self) -> None:
        """Release the copy."""
        if self._copy is not None:
            self._copy.close()

    def _opened(self) -> BinaryIO:
        return open_to_read(str(self._path), self.name, PipeWait(notice=self._notice))


def check_there(path: str) -> None:
    """Raise UnreadableFile if no file of prompts has this name."""
    if path != "-" and not os.path.lexists(expanded(path)):
        raise unreadable(path, FileNotFoundError())


def _copied(stream: BinaryIO, told: Latch) -> BinaryIO:
    """A copy of all that `stream` holds; `told` is set once something arrived."""
    copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    read = getattr(stream, "read1", stream.read)  # which does not wait for a whole piece
    while data := read(_PIECE):
        told.set()
        copy.write(data)
    told.set()
    return copy  # type: ignore[return-value]
