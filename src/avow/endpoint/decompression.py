"""A compressed body is read as it arrives. What is loaded only where a server compresses."""

import zlib
from collections.abc import Iterable, Iterator

KNOWN = ("gzip", "deflate")
"""What avow asks for, in the words of HTTP."""

_GZIP = zlib.MAX_WBITS | 16


class NotCompressed(Exception):
    """The bytes are not what their `content-encoding` says."""


def decompressed(chunks: Iterable[bytes], encodings: str) -> Iterator[bytes]:
    """The body of which `chunks` are what `content-encoding` says; what is not known stays as it is. Raises
    NotCompressed."""
    for name in reversed([name.strip().lower() for name in encodings.split(",")]):
        if name in KNOWN or name == "x-gzip":
            chunks = _inflated(chunks, is_gzip=name != "deflate")
    yield from chunks


def _inflated(chunks: Iterable[bytes], *, is_gzip: bool) -> Iterator[bytes]:
    reading = zlib.decompressobj(_GZIP if is_gzip else zlib.MAX_WBITS)
    head = b""
    try:
        for chunk in chunks:
            is_at_head = len(head) < 2
            head = head + chunk if is_at_head else head
            try:
                data = reading.decompress(chunk)
            except zlib.error:
                if is_gzip or not is_at_head:
                    raise
                reading = zlib.decompressobj(-zlib.MAX_WBITS)  # some servers leave the two bytes at its head out
                data = reading.decompress(head)
            if data:
                yield data
        if rest := reading.flush():
            yield rest
    except zlib.error as error:
        raise NotCompressed from error
