"""A client's bytes, cut at the seams of its requests, however they arrive."""

from collections.abc import Iterable

import pytest

from avow.proxy.framing import BadFraming
from avow.proxy.head import AccessRule, BadHead, Head, HeadRewrite
from avow.proxy.requests import RequestSplitter

GATE = AccessRule(b"5ec2e7", frozenset({b"127.0.0.1:9"}))
COUNTED = b"POST /5ec2e7/a HTTP/1.1\r\nHost: 127.0.0.1:9\r\nContent-Length: 3\r\n\r\nabc"
CHUNKED_HEAD = b"POST /5ec2e7/b HTTP/1.1\r\nHost: 127.0.0.1:9\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED = CHUNKED_HEAD + b"2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n"
UPGRADE = b"GET /5ec2e7/c HTTP/1.1\r\nHost: 127.0.0.1:9\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"


class Noted:
    """What was told, in short."""

    def __init__(self) -> None:
        self.sent = b""
        self.requests: list[str] = []

    def passed(self, data: bytes) -> None:
        self.sent += data

    def head(self, head: Head) -> None:
        self.requests.append(head.path.decode() + ":")

    def body(self, piece: bytes) -> None:
        self.requests[-1] += piece.decode()

    def request_over(self) -> None:
        self.requests[-1] += "."


def taken(pieces: Iterable[bytes]) -> tuple[Noted, RequestSplitter]:
    noted = Noted()
    incoming = RequestSplitter(GATE, HeadRewrite(b"far"), noted)
    for piece in pieces:
        incoming.take(piece)
    return noted, incoming


@pytest.mark.parametrize("size", [1, 7, 9999])
def test_requests_are_told_apart_wherever_the_bytes_are_cut(size: int) -> None:
    data = COUNTED + b"\r\n" + CHUNKED + COUNTED
    noted, incoming = taken(data[at : at + size] for at in range(0, len(data), size))
    assert noted.requests == ["/a:abc.", "/b:de.", "/a:abc."]
    assert noted.sent == data.replace(b"/5ec2e7", b"").replace(b"127.0.0.1:9", b"far")
    assert incoming.waits is False


@pytest.mark.parametrize(
    ("answer", "after"),
    [(b"HTTP/1.1 101 \r\n\r\n", b"\x00opaque"), (b"HTTP/1.1 200 OK\r\n\r\n", COUNTED)],
    ids=["agreed", "not"],
)
def test_what_follows_an_upgrade_waits_for_the_answer(answer: bytes, after: bytes) -> None:
    noted, incoming = taken([UPGRADE + after[:4], after[4:]])
    assert (incoming.waits, noted.requests) == (True, ["/c:."])
    assert incoming.answered(b"HTTP/1.1 103 Early Hints\r\n\r\n") is None
    assert (incoming.answered(answer), incoming.waits) == (after, False)
    incoming.take(after)
    assert noted.sent.endswith(after.replace(b"/5ec2e7", b"").replace(b"127.0.0.1:9", b"far"))
    assert noted.requests[1:] == ([] if after.startswith(b"\x00") else ["/a:abc."])


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (b"POST /else HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n", BadHead),
        (b"x" * 65_537, BadHead),
        (CHUNKED.replace(b"2;x", b"zz"), BadFraming),
    ],
    ids=["secret", "endless", "chunk"],
)
def test_what_came_before_bad_bytes_has_been_passed(bad: bytes, error: type[Exception]) -> None:
    noted = Noted()
    with pytest.raises(error):
        RequestSplitter(GATE, HeadRewrite(b"far"), noted).take(COUNTED + bad)
    assert noted.requests[0] == "/a:abc."
    assert noted.sent.startswith(b"POST /a HTTP/1.1\r\nHost: far\r\nContent-Length: 3\r\n\r\nabc")
