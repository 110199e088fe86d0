"""Bodies that a server compressed, in pieces of any size."""

import gzip
import zlib

import pytest

from avow.endpoint.decompression import NotCompressed, decompressed

TEXT = b"The capital of France is Paris. " * 99
BARE = zlib.compressobj(wbits=-zlib.MAX_WBITS)

SQUEEZED = {
    "gzip": (gzip.compress(TEXT), "gzip"),
    "gzip by its old name": (gzip.compress(TEXT), "x-gzip"),
    "deflate": (zlib.compress(TEXT), "Deflate"),
    "deflate without its head": (BARE.compress(TEXT) + BARE.flush(), "deflate"),
    "one after the other": (gzip.compress(zlib.compress(TEXT)), "deflate, gzip"),
    "in words not known": (TEXT, "zebra"),
}


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("case", SQUEEZED)
def test_it_is_read_as_it_arrives(case: str, size: int) -> None:
    data, encodings = SQUEEZED[case]
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    assert b"".join(decompressed(pieces, encodings)) == TEXT


def test_something_is_given_before_all_has_come() -> None:
    squeezing = zlib.compressobj()
    first = squeezing.compress(b"one") + squeezing.flush(zlib.Z_SYNC_FLUSH)
    assert next(decompressed(iter([first]), "deflate")) == b"one"


@pytest.mark.parametrize("encodings", ["gzip", "deflate"])
def test_what_is_not_compressed_is_told(encodings: str) -> None:
    with pytest.raises(NotCompressed):
        list(decompressed([b"hello, hello"], encodings))
