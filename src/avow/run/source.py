"""Where the prompts come from: a file that is read twice, or a copy of what was piped in."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from avow.errors import UnreadableFile, UsageError

_PIECE = 1 << 20
_IN_MEMORY = 8 << 20


class Source:
    """A file of prompts. `name` is what errors call it, `known_as` what the history knows it by, `folder` the place
    that the paths in it begin from."""

    def __init__(self, path: str, stdin: BinaryIO | None) -> None:
        self.name = "stdin" if path == "-" else path
        self.folder = Path() if path == "-" else Path(path).expanduser().parent
        self.known_as = "-" if path == "-" else str(Path(path).expanduser().absolute())
        self._path = Path(path).expanduser()
        self._copy: BinaryIO | None = None
        if path == "-":
            if stdin is None:
                raise UsageError("stdin is closed", hint="avow run FILE")
            self._copy = _copied(stdin)
        elif self._path.is_fifo():
            with self._opened() as pipe:
                self._copy = _copied(pipe)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The bytes from their beginning. Raises UnreadableFile."""
        if self._copy is not None:
            self._copy.seek(0)
            yield self._copy
        else:
            with self._opened() as stream:
                yield stream

    def close(self) -> None:
        """Let go of the copy."""
        if self._copy is not None:
            self._copy.close()

    def _opened(self) -> BinaryIO:
        try:
            if self._path.is_dir():
                raise UnreadableFile(f"{self.name}: it is a folder", hint="avow run FILE")
            return self._path.open("rb")
        except OSError as error:
            raise UnreadableFile(f"{self.name}: {(error.strerror or str(error)).lower()}") from None


def _copied(stream: BinaryIO) -> BinaryIO:
    copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    while data := stream.read(_PIECE):
        copy.write(data)
    return copy  # type: ignore[return-value]
