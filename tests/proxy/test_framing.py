"""Framing: where a body ends, however its bytes are cut, and as h11 reads it."""

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avow.proxy.framing import LONGEST_LINE, LONGEST_TRAILERS, BadFraming, Body, Chunked, FixedLength, UntilClose


def fed(body: Body, data: bytes, size: int) -> tuple[bytes, int]:
    """The payload, and how many bytes belong to the body, fed in pieces of `size`."""
    payload: list[bytes] = []
    used = 0
    for start in range(0, len(data), size):
        if body.over:
            break
        piece = data[start : start + size]
        used += body.feed(piece, 0, payload)
    return b"".join(payload), used


@pytest.mark.parametrize("size", [1, 2, 3, 7, 999])
def test_the_end_is_found_however_the_bytes_are_cut(size: int) -> None:
    chunked = b"5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n"
    assert fed(Chunked(), chunked + b"GET ", size) == (b"hello!", len(chunked))
    assert fed(FixedLength(5), b"helloGET ", size) == (b"hello", 5)
    assert fed(UntilClose(), b"hello", size) == (b"hello", 5)


def test_a_body_that_begins_in_mid_bytes() -> None:
    payload: list[bytes] = []
    body: Body
    for body, data in ((FixedLength(2), b"HEADabGET"), (Chunked(), b"HEAD2\r\nab\r\n0\r\n\r\nGET")):
        payload.clear()
        assert data[body.feed(data, 4, payload) :] == b"GET"
        assert b"".join(payload) == b"ab"
    for body in (FixedLength(9), UntilClose()):
        payload.clear()
        assert body.feed(b"HEADab", 4, payload) == 6
        assert payload == [b"ab"]


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.integers(1, 40), st.binary(max_size=9))
def test_chunks_are_read_as_h11_reads_them(pieces: list[bytes], size: int, after: bytes) -> None:
    data = b"".join(b"%X\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    theirs = h11.Connection(h11.CLIENT)
    theirs.send(h11.Request(method="GET", target="/", headers=[("host", "a")]))
    theirs.send(h11.EndOfMessage())
    theirs.receive_data(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + data)
    read = b""
    while not isinstance(event := theirs.next_event(), h11.EndOfMessage):
        read += event.data if isinstance(event, h11.Data) else b""
    assert fed(Chunked(), data + after, size) == (read, len(data))


_SIZELESS, _UNENDED = "a chunk without its size", "a line between chunks does not end in CRLF"
_TOO_LONG, _OVERLONG = "a line between chunks is too long", "a chunk longer than its size"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        *((line, _SIZELESS) for line in (b"g\r\n", b"\r\n", b"-1\r\n", b"+1\r\n", b"0x1\r\n", b"1_0\r\n", b" 1\r\n")),
        (b"1" * 16 + b"\r\n", _SIZELESS),
        (b"1\n", _UNENDED),
        (b"0x\n", _UNENDED),
        (b"1\r\nab\r\n0", _OVERLONG),
        (b"1;" + b"a" * 20_000, f"{_TOO_LONG}|{_SIZELESS}"),
        (b"0\r\n" + b"a: b\r\n" * 20_000, "trailers that do not end"),
    ],
    ids=lambda value: repr(value[:12]),
)
@pytest.mark.parametrize("size", [1, 65536])
def test_what_does_not_say_where_it_ends(data: bytes, words: str, size: int) -> None:
    with pytest.raises(BadFraming, match=rf"^({words})\Z"):
        fed(Chunked(), data + b"\r\n\r\n", size)


def test_lines_and_trailers_have_a_longest() -> None:
    """What just fits passes, in one piece or in two; one byte more does not."""
    longest, trailers = b"1;" + b"a" * (LONGEST_LINE - 2), b"a:" + b"b" * (LONGEST_LINE - 2) + b"\r\n"
    whole = longest + b"\r\nx\r\n0\r\n" + trailers * (LONGEST_TRAILERS // LONGEST_LINE)
    for size in (LONGEST_LINE, len(whole) + 2):
        assert fed(Chunked(), whole + b"\r\n", size) == (b"x", len(whole) + 2)
    for data in (longest + b"a", longest + b"a\r\n", whole + b"c\r\n"):
        with pytest.raises(BadFraming):
            Chunked().feed(data, 0, [])
