"""Puts lines that come in any order into the file's order, in bounded memory: lines that wait long wait on the disk."""

import tempfile
from collections.abc import Iterator

IN_MEMORY = 8 << 20
AHEAD = 10_000
"""So many positions may be done before the one that all wait for."""


class OrderedOutput:
    """Lines by position, counted from 0. `next` is the position that is due."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self.next = 0
        self._waiting: dict[int, str | tuple[int, int]] = {}
        self._bytes, self._most = 0, in_memory
        self._on_disk = 0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (it lives as long as the run)

    def may_begin(self, position: int) -> bool:
        """Whether `position` is near enough to the position that is due."""
        return position < self.next + AHEAD

    def put(self, position: int, line: str) -> Iterator[str]:
        """Add the line at `position`; the lines that are due now."""
        self._keep(position, line)
        while self.next in self._waiting:
            yield self._take(self.next)
            self.next += 1

    def close(self) -> Iterator[str]:
        """The lines that still wait, in order: the lines before them will not come."""
        for position in sorted(self._waiting):
            yield self._take(position)
        self._file.close()

    def _keep(self, position: int, line: str) -> None:
        if position == self.next or self._bytes + len(line) <= self._most:
            self._bytes += len(line)
            self._waiting[position] = line
        else:
            data = line.encode("utf-8", "surrogatepass")
            place = self._file.seek(0, 2)
            self._file.write(data)
            self._waiting[position] = place, len(data)
            self._on_disk += 1

    def _take(self, position: int) -> str:
        kept = self._waiting.pop(position)
        if isinstance(kept, str):
            self._bytes -= len(kept)
            return kept
        self._file.seek(kept[0])
        line = self._file.read(kept[1]).decode("utf-8", "surrogatepass")
        self._on_disk -= 1
        if not self._on_disk:
            self._file.truncate(0)
        return line
