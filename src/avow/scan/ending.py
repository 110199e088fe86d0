"""Reads the lines of a file from its end."""

import os
from collections.abc import Iterator
from typing import BinaryIO

from avow.scan.lines import LIMIT

_STEP = 64 * 1024


def lines_from_end(file: BinaryIO, *, step: int = _STEP, limit: int = LIMIT) -> Iterator[bytes]:
    """The whole lines of a file, the last first, without their line ends. A line longer than `limit` is skipped, and so
    is a last line that is still being written."""
    place = file.seek(0, os.SEEK_END)
    pieces: list[bytes] = []  # of the line whose beginning is not read yet, the last first
    size = 0
    is_whole = False  # whether that line has its end
    while place:
        begin = max(0, place - step)
        file.seek(begin)
        data = file.read(place - begin)
        place = begin
        first, *rest = data.split(b"\n")
        if not rest:
            pieces.append(first)
            size += len(first)
            if size > limit:  # drop what is held, keep that it is too long
                pieces = [b""]
            continue
        pieces.append(rest.pop())
        size += len(pieces[-1])
        if is_whole and 0 < size <= limit:
            yield b"".join(reversed(pieces))
        is_whole = True
        yield from (line for line in reversed(rest) if 0 < len(line) <= limit)
        pieces, size = [first], len(first)
    if is_whole and 0 < size <= limit:
        yield b"".join(reversed(pieces))
