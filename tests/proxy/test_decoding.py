"""Codings of a copy: undone piece by piece, and never without bounds."""

import gzip
import importlib
import sys
import time
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import pytest

from avow.proxy.decoding import LIMIT, PIECE, CannotDecode, Decoding, unknown_codings

TEXT = b"".join(b'event: content_block_delta\ndata: {"n": %d}\n\n' % number for number in range(2000))


def deflated(data: bytes, bits: int = -15) -> bytes:
    made = zlib.compressobj(wbits=bits)
    return made.compress(data) + made.flush()


def zstd() -> Any:
    return importlib.import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")


MAKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "identity": ("", lambda data: data),
    "gzip": ("gzip", lambda data: gzip.compress(data)),
    "x-gzip": ("X-GZip", lambda data: gzip.compress(data)),
    "gzip in two members": ("gzip", lambda data: gzip.compress(data[:99]) + gzip.compress(data[99:])),
    "gzip, unnamed": ("", lambda data: gzip.compress(data)),
    "deflate": ("deflate", lambda data: zlib.compress(data)),
    "deflate, bare": ("deflate", lambda data: deflated(data)),
    "br": ("br", lambda data: brotli.compress(data)),
    "zstd": ("zstd", lambda data: zstd().compress(data)),
    "zstd in two frames": ("zstd", lambda data: zstd().compress(data[:99]) + zstd().compress(data[99:])),
    "zstd, unnamed": ("", lambda data: zstd().compress(data)),
    "two of them": ("gzip, deflate", lambda data: zlib.compress(gzip.compress(data))),
}


@pytest.mark.parametrize(
    ("name", "size"),
    [(name, size) for name in MAKERS for size in (1, 100, 1 << 20) if MAKERS[name][0] or size > 1],
)
def test_what_was_encoded(name: str, size: int) -> None:
    """Where the coding is unnamed, its first bytes come together."""
    coding, make = MAKERS[name]
    data = make(TEXT)
    decoding = Decoding(coding)
    pieces = [piece for start in range(0, len(data), size) for piece in decoding.feed(data[start : start + size])]
    assert b"".join(pieces) == TEXT


@pytest.mark.parametrize("name", ["gzip", "zstd", "br"])
def test_all_comes_out_of_the_last_few_bytes(name: str) -> None:
    """Decoders hold back what goes beyond a limit; nothing comes after it that would bring it out."""
    data = bytes(5 * PIECE)
    assert b"".join(Decoding(name).feed(MAKERS[name][1](data))) == data


@pytest.mark.parametrize("name", ["gzip", "zstd", "br"])
def test_each_event_comes_out_as_it_is_flushed(name: str) -> None:
    """Servers write one long frame and flush it at each event."""
    if name == "gzip":
        made = zlib.compressobj(wbits=31)
        parts = [made.compress(b"data: %d\n\n" % n) + made.flush(zlib.Z_SYNC_FLUSH) for n in range(3)]
    elif name == "zstd":
        module = zstd()
        packed = module.ZstdCompressor()
        parts = [packed.compress(b"data: %d\n\n" % n, module.ZstdCompressor.FLUSH_BLOCK) for n in range(3)]
    else:
        squeezed = brotli.Compressor()
        parts = [squeezed.process(b"data: %d\n\n" % n) + squeezed.flush() for n in range(3)]
    decoding = Decoding(name)
    assert [b"".join(decoding.feed(part)) for part in parts] == [b"data: 0\n\n", b"data: 1\n\n", b"data: 2\n\n"]


@pytest.mark.parametrize("name", ["gzip", "zstd", "br"])
def test_a_bomb_is_given_up_in_time_and_in_bounds(name: str) -> None:
    zeros = bytes(LIMIT + PIECE)
    if name == "gzip":
        bomb = gzip.compress(zeros, 1)
    else:
        bomb = zstd().compress(zeros) if name == "zstd" else brotli.compress(zeros, quality=3)
    before = time.process_time()
    sizes: list[int] = []
    with pytest.raises(CannotDecode, match="larger than 64 MiB"):
        sizes.extend(len(piece) for piece in Decoding(name).feed(bomb))
    assert max(sizes) <= PIECE
    assert time.process_time() - before < 5


def test_a_frame_that_asks_for_too_much_memory() -> None:
    module = zstd()
    options = {module.CompressionParameter.window_log: 27}
    packed = module.ZstdCompressor(options=options)
    with pytest.raises(CannotDecode):
        list(Decoding("zstd").feed(packed.compress(b"a" * 999, module.ZstdCompressor.FLUSH_BLOCK)))


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", b"no gzip"),
        ("deflate", b"\xff\xff"),
        ("zstd", b"no zstd"),
        ("compress", b"x"),
        ("gzip, nonsense", b"x"),
    ],
)
def test_what_cannot_be_decoded(coding: str, data: bytes) -> None:
    with pytest.raises(CannotDecode):
        list(Decoding(coding).feed(data))


def test_the_codings_to_leave_out_are_those_without_a_decoder() -> None:
    for name in unknown_codings():
        with pytest.raises(CannotDecode, match="avow cannot decode"):
            list(Decoding(name.decode()).feed(b"x"))
    assert unknown_codings() <= {b"br", b"zstd"}
