"""Undoes the codings of a response's copy that avow knows, piece by piece and within limits."""

import importlib
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

PIECE = 256 * 1024
LIMIT = 64 * 1024 * 1024
"""The most bytes of one answer that are decoded; what is larger passes all the same, unread."""

_WINDOW_LOG = 23
"""What zstd as a content coding may ask for (RFC 9659); a frame that wants more memory is not decoded."""
_WRAPPED = 15


class CannotDecode(ValueError):
    """The copy has an unknown coding, is damaged, or is too large."""


class Decoder(Protocol):
    """Undoes one coding."""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The decoded bytes of `data`, in pieces of bounded size. Raises CannotDecode, or the library's own errors."""


def unknown_codings() -> frozenset[bytes]:
    """The codings that clients ask for and that cannot be undone here."""
    return frozenset(name for name, find in ((b"br", _brotli), (b"zstd", _zstd)) if find() is None)


class Decoding:
    """Undoes the `Content-Encoding` of a response; where there is none, the first bytes decide."""

    def __init__(self, content_encoding: str) -> None:
        names = [name.strip().lower() for name in content_encoding.split(",")]
        self._names = [name for name in names if name not in ("", "identity")]
        self._decoders: list[Decoder] | None = None
        self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The decoded bytes of `data`. Raises CannotDecode."""
        if self._decoders is None:
            names = self._names or [name for start, name in _MAGIC if data.startswith(start)]
            self._decoders = [_decoder(name) for name in reversed(names)]
        if not self._decoders:
            yield data
            return
        try:
            for piece in _through(self._decoders, data):
                self._size += len(piece)
                if self._size > LIMIT:
                    raise CannotDecode(f"the answer is larger than {LIMIT // 1024 // 1024} MiB")
                yield piece
        except CannotDecode:
            raise
        except Exception:  # each library has errors of its own
            raise CannotDecode("the answer cannot be decompressed") from None


_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))


def _through(decoders: list[Decoder], data: bytes) -> Iterator[bytes]:
    first, *rest = decoders
    for piece in first.pieces(data):
        if rest:
            yield from _through(rest, piece)
        elif piece:
            yield piece


def _decoder(name: str) -> Decoder:
    match name:
        case "gzip" | "x-gzip":
            return _Zlib(31)
        case "deflate":
            return _Zlib(_WRAPPED)
        case "br" if (brotli := _brotli()) is not None:
            return _Brotli(brotli.Decompressor())
        case "zstd":
            if (zstd := _zstd()) is not None:
                return zstd
    raise CannotDecode(f"avow cannot decode {name[:20]!r}")


class _Zlib:
    """gzip and deflate; some servers send `deflate` without its wrapper."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._inner = zlib.decompressobj(bits)
        self._first = b""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        if self._bits == _WRAPPED and len(self._first) < 2:
            self._first = data = self._first + data
            if len(data) < 2:
                return
            if data[0] & 15 != 8 or (data[0] << 8 | data[1]) % 31:  # no header of zlib's (RFC 1950)
                self._bits, self._inner = -_WRAPPED, zlib.decompressobj(-_WRAPPED)
        while data:
            yield self._inner.decompress(data, PIECE)
            data = self._inner.unconsumed_tail
            if self._inner.eof:
                data = self._inner.unused_data
                self._inner = zlib.decompressobj(self._bits)


class _Brotli:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def pieces(self, data: bytes) -> Iterator[bytes]:
        # It says that it takes more before all of its window has come out, and gives out up to twice the limit.
        while piece := self._inner.process(data, output_buffer_limit=PIECE // 2):
            yield piece
            data = b""


class _Zstd:
    """`compression.zstd` of Python 3.14, or its backport."""

    def __init__(self, module: Any) -> None:
        self._make: Callable[[], Any] = lambda: module.ZstdDecompressor(
            options={module.DecompressionParameter.window_log_max: _WINDOW_LOG}
        )
        self._inner = self._make()

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while True:
            yield self._inner.decompress(data, PIECE)
            data = b""
            if self._inner.eof:
                data = self._inner.unused_data
                self._inner = self._make()
                if not data:
                    return
            elif self._inner.needs_input:
                return


def _brotli() -> Any:
    module = _module("brotli")
    # Before 1.2 a few bytes could make it give out gigabytes.
    return module if hasattr(getattr(module, "Decompressor", None), "can_accept_more_data") else None


def _zstd() -> Decoder | None:
    for name in ("compression.zstd", "backports.zstd"):
        if (module := _module(name)) is not None:
            return _Zstd(module)
    return None


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
