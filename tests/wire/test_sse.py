"""Server-sent events, whole however they are cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avow.errors import NotAnAnswer
from avow.exit_codes import ExitCode
from avow.wire.sse import LIMIT, EventDecoder
from tests.examples import up_to
from tests.streams import chunked

SMALL = LIMIT // 256


def decoded(*chunks: bytes, limit: int = LIMIT) -> list[bytes]:
    decoder = EventDecoder(limit)
    return [data for chunk in chunks for data in decoder.feed(chunk)]


CASES = {
    "lf": (b"data: a\n\n", [b"a"]),
    "crlf": (b"data: a\r\n\r\n", [b"a"]),
    "lone cr": (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
    "mixed line ends": (b"data: a\r\n\ndata: b\n\r\n", [b"a", b"b"]),
    "event and data": (b"event: ping\ndata: a\n\n", [b"a"]),
    "no space after the colon": (b"data:a\n\n", [b"a"]),
    "one space is dropped, two leave one": (b"data:  a\n\n", [b" a"]),
    "several data lines": (b"data: a\ndata: b\n\n", [b"a\nb"]),
    "several data lines in crlf": (b"data: a\r\ndata: b\r\n\r\n", [b"a\nb"]),
    "an empty data line": (b"data: a\ndata\ndata:\n\n", [b"a\n\n"]),
    "comments, ids and retries": (b": hello\nid: 1\nretry: 9\ndata: a\n\n", [b"a"]),
    "an event without data is none": (b"event: x\n\n\n\ndata: a\n\n", [b"a"]),
    "byte order mark": (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
    "a second mark is text": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [b"b"]),
    "line and paragraph separators are text": (
        "data: a\u2028b\u2029c\x85d\x0b\x0c\n\n".encode(),
        ["a\u2028b\u2029c\x85d\x0b\x0c".encode()],
    ),
    "a field that begins like data": (b"database: a\n\n", []),
    "no blank line, no event": (b"data: a\n\ndata: b\n", [b"a"]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize("name", CASES)
def test_events(name: str) -> None:
    stream, events = CASES[name]
    assert decoded(stream) == events


@pytest.mark.parametrize("name", CASES)
def test_byte_by_byte(name: str) -> None:
    stream, events = CASES[name]
    assert decoded(*(stream[n : n + 1] for n in range(len(stream)))) == events


@settings(max_examples=up_to(500), deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b"data: ", b"data", b":", b"\n", b"\r", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"x", b"\xe2\x80\xa8", b" "]
        )
    ),
    st.lists(st.integers(0, 500)),
)
def test_cut_anywhere_it_is_the_same(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    assert decoded(*chunked(stream, cuts)) == decoded(stream)


def test_an_event_is_given_as_soon_as_its_lone_cr_came() -> None:
    decoder = EventDecoder()
    assert list(decoder.feed(b"data: a\r\r")) == [b"a"]
    assert list(decoder.feed(b"\ndata: b\n\n")) == [b"b"]


def test_an_event_of_the_most_bytes_is_read() -> None:
    size = LIMIT - len(b"data: ")
    (data,) = decoded(b"data: ", *(b"x" * (size // 16) for _ in range(16)), b"x" * (size % 16), b"\n\n")
    assert len(data) == size


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param([b"data: " + b"x" * SMALL + b"\n\n"], id="one line"),
        pytest.param([b"data: ", b"x" * SMALL], id="a line that never ends"),
        pytest.param([b"data: " + b"x" * (SMALL // 2) + b"\n"] * 3, id="many lines"),
        pytest.param([b"data:\n" * (SMALL // 16)] * 17, id="empty lines without end"),
    ],
)
def test_an_oversized_event_is_an_error(chunks: list[bytes]) -> None:
    with pytest.raises(NotAnAnswer, match=r"larger than 0\.0625 MiB") as caught:
        decoded(*chunks, limit=SMALL)
    assert caught.value.exit_code is ExitCode.UNAVAILABLE


@pytest.mark.parametrize("before", [b"", b"data: x\n\n", b": x\n", b"data\n\n"])
@pytest.mark.parametrize(
    "most",
    [
        pytest.param([b"data:" + b"x" * 15 + b"\n"], id="a line and its end"),
        pytest.param([b"data:" + b"x" * 7 + b"\n"] * 2, id="two lines"),
        pytest.param([b"data\n"] * 16, id="empty lines"),
        pytest.param([b":" * 8] * 2, id="a line without its end"),
    ],
)
def test_the_limit_is_exact(before: bytes, most: list[bytes]) -> None:
    decoder = EventDecoder(16)
    list(decoder.feed(before))
    for chunk in most:
        list(decoder.feed(chunk))
    with pytest.raises(NotAnAnswer):
        list(decoder.feed(most[0]))


def test_an_event_larger_than_16_mib_is_an_error() -> None:
    with pytest.raises(NotAnAnswer, match="larger than 16 MiB"):
        decoded(b"data: ", b"x" * LIMIT)


def test_a_long_event_in_small_chunks_takes_no_quadratic_time() -> None:
    (data,) = decoded(b"data: ", *([b"x" * 100] * 100_000), b"\n\n")
    assert len(data) == 10_000_000


@pytest.mark.parametrize(
    ("data", "left"),
    [
        (b"data: a\n\ndata: b\n", b"b"),
        (b"data: a\n\ndata: b", b"b"),
        (b"data: a\ndata:b", b"a\nb"),
        (b"data: a\n\n", b""),
        (b"data: a\n\nevent: b", b""),
    ],
)
def test_what_lacks_only_its_blank_line(data: bytes, left: bytes) -> None:
    decoder = EventDecoder()
    list(decoder.feed(data))
    assert decoder.unended() == left
