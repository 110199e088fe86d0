"""The lines of a file, each of bounded length, so that no file can fill memory."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from avow.scan.records import SkipCounts

LIMIT = 5 * 1024 * 1024
"""Bytes of the longest line that is read. Parsing one takes up to twelve times as much: text with one emoji in it
takes four bytes a character, in the line and again in its strings."""


def lines(
    file: BinaryIO, counts: SkipCounts, on_bytes: Callable[[int], None] | None = None, *, limit: int = LIMIT
) -> Iterator[tuple[int, bytes | None]]:
    """Number (from 1) and bytes of each line that is not blank; None for a line that is too long, which is counted.

    `on_bytes` is called with the number of bytes each time some were read.
    """
    number = 0
    while line := file.readline(limit + 1):
        number += 1
        if on_bytes:
            on_bytes(len(line))
        if len(line) > limit and not line.endswith(b"\n"):
            counts.oversized_lines += 1
            while line and not line.endswith(b"\n"):
                line = file.readline(limit + 1)
                if on_bytes:
                    on_bytes(len(line))
            yield number, None
        elif not line.isspace():
            yield number, line
