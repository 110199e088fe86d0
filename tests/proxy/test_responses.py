"""Responses on one connection: heads, payload and ends, however the bytes are cut."""

import pytest

from avow.proxy.framing import BadFraming
from avow.proxy.responses import BadResponse, ResponseBody, ResponseHead, ResponseSplitter

OVER = ResponseBody.OVER


def split(data: bytes, *methods: bytes, size: int = 999_999) -> list[object]:
    """What is told of `data`, with neighbouring pieces of payload joined."""
    splitter = ResponseSplitter()
    for method in methods or (b"POST",):
        splitter.expect(method)
    told: list[object] = []
    for start in range(0, len(data), size):
        for event in splitter.feed(data[start : start + size]):
            if isinstance(event, bytes) and told and isinstance(told[-1], bytes):
                told[-1] += event
            else:
                told.append(event)
    return told


@pytest.mark.parametrize("size", [1, 5, 999_999])
def test_answers_one_after_the_other(size: int) -> None:
    data = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a:2\r\nSet-Cookie: secret\r\nTransfer-Encoding: Chunked\r\n\r\n3;x\r\nabc\r\n"
        b"0\r\nT: 1\r\n\r\n"
        b"HTTP/1.1 204\r\n\r\n"
        b"HTTP/1.0 404 Not Found\nContent-Length: 2\n\n{}"
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        b"HTTP/1.1 200 OK\r\n\r\nrest HTTP/1.1"
    )
    assert split(data, b"POST", b"GET", b"GET", b"HEAD", b"GET", b"GET", size=size) == [
        ResponseBody.INTERIM,
        ResponseBody.INTERIM,
        ResponseHead(200, {"x-a": "1, 2", "transfer-encoding": "Chunked"}),
        b"abc",
        OVER,
        ResponseHead(204, {}),
        OVER,
        ResponseHead(404, {"content-length": "2"}),
        b"{}",
        OVER,
        ResponseHead(200, {"content-length": "5"}),
        OVER,
        ResponseHead(200, {"content-length": "0"}),
        OVER,
        ResponseHead(200, {}),
        b"rest HTTP/1.1",
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02",
        b"SSH-2.0-x\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnope\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000,
    ],
    ids=lambda data: repr(data[:40]),
)
@pytest.mark.parametrize("size", [1000, 999_999])
def test_what_cannot_be_read(data: bytes, size: int) -> None:
    with pytest.raises((BadResponse, BadFraming)):
        split(data, size=size)
