"""A request's head: what is rewritten, and nothing else. What is refused stands in `test_relay_refusals`."""

import time

import pytest

from avow.proxy.head import AccessRule, BadHead, HeadRewrite, parse, rewritten

GATE = AccessRule(b"5ec2e7", frozenset({b"127.0.0.1:9", b"localhost:9"}))
TARGET = HeadRewrite(b"api.anthropic.com")


def through(raw: bytes, target: HeadRewrite = TARGET) -> bytes:
    return rewritten(parse(raw, GATE), target)


@pytest.mark.parametrize(
    ("path", "prefix", "wanted"),
    [
        (b"/5ec2e7/v1/messages?beta=true", b"", b"/v1/messages?beta=true"),
        (b"/5ec2e7/v1/messages", b"/gate/way", b"/gate/way/v1/messages"),
        (b"/5ec2e7", b"", b"/"),
        (b"/5ec2e7", b"/gate", b"/gate"),
        (b"/5ec2e7?a", b"", b"/?a"),
        (b"/5ec2e7//x/../5ec2e7", b"", b"//x/../5ec2e7"),
    ],
)
def test_the_secret_is_taken_off_the_path(path: bytes, prefix: bytes, wanted: bytes) -> None:
    raw = b"POST " + path + b" HTTP/1.1\r\nHost: localhost:9\r\n\r\n"
    assert through(raw, TARGET._replace(prefix=prefix)).split(b"\r\n")[0] == b"POST " + wanted + b" HTTP/1.1"


def test_all_else_keeps_its_bytes() -> None:
    raw = b"\r\nPOST /5ec2e7/a HTTP/1.0\r\nhOsT:\t127.0.0.1:9 \r\nX: 127.0.0.1:9\r\nX-5ec2e7: \xff\r\nY:\r\n\r\n"
    wanted = b"\r\nPOST /a HTTP/1.0\r\nhOsT:\tapi.anthropic.com \r\nX: 127.0.0.1:9\r\nX-5ec2e7: \xff\r\nY:\r\n\r\n"
    assert through(raw) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (b"gzip, deflate, br, zstd", b"gzip, deflate"),
        (b"br;q=1.0, gzip;q=0.8", b"gzip;q=0.8"),
        (b"ZSTD", b""),
        (b"gzip", b"gzip"),
        (b"", b""),
        (b"brotli, *", b"brotli, *"),
    ],
)
def test_codings_are_taken_out_by_their_names(value: bytes, wanted: bytes) -> None:
    raw = b"POST /5ec2e7/v1/messages HTTP/1.1\r\nHost: localhost:9\r\nAccept-Encoding: %b\r\n\r\n"
    target = TARGET._replace(without_codings=frozenset({b"br", b"zstd"}))
    assert through(raw % value, target).split(b"\r\n")[2] == b"Accept-Encoding: " + wanted


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        (b"POST /5ec2e7/v1/messages", True),
        (b"POST /5ec2e7/v1/messages?beta=true", True),
        (b"POST /5ec2e7/anthropic/v1/messages", True),
        (b"GET /5ec2e7/v1/messages", False),
        (b"POST /5ec2e7/v1/messages/count_tokens", False),
        (b"POST /5ec2e7/v1/messages/batches", False),
        (b"HEAD /5ec2e7", False),
    ],
)
def test_which_requests_ask_a_model(line: bytes, asks: bool) -> None:
    assert parse(line + b" HTTP/1.1\r\nHost: localhost:9\r\n\r\n", GATE).asks_for_message is asks


def test_a_head_of_the_longest_kind_takes_no_time() -> None:
    """No expression here goes back and forth over a long line."""
    blank = b"a" + b" " * 60_000
    for line in (b"X: " + blank + b"b", b"X" * 60_000 + b" ", b"Host: localhost:9" + b"\t" * 60_000):
        raw = b"GET /5ec2e7/ HTTP/1.1\r\n" + line + b"\r\n\r\n"
        before = time.process_time()
        with pytest.raises(BadHead):
            parse(raw + b"", GATE._replace(hosts=frozenset()))
        assert time.process_time() - before < 0.5
