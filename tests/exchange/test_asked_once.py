"""What was answered, however oddly, is not asked again: it may have been paid for."""

import gzip
from pathlib import Path

import pytest

from tests.in_part import crossed
from tests.raw_server import RESET, RawServer, Step, http, stream
from tests.running import row, run

_SSE = "text/event-stream"
_CUT_GZIP = gzip.compress(b"event: message_start\ndata: {}\n\n" * 99)[:30]
ANSWERED: dict[str, list[Step] | bytes] = {
    "no-gzip": http(b"what is this", "200 OK", _SSE, "content-encoding: gzip"),
    "no-gzip-json": http(b'{"type": "message"}', "200 OK", "application/json", "content-encoding: br, gzip"),
    "cut-gzip": [stream(_CUT_GZIP, "content-encoding: gzip"), RESET],
    "comments": http(b": ping\n\n" * 9, "200 OK", _SSE),
    "comments-cut": [stream(b": ping\n\n"), RESET],
    "pings": http(b'event: ping\ndata: {"type": "ping"}\n\n' * 9, "200 OK", _SSE),
    "blank": http(b"\n" * 99, "200 OK", _SSE),
    "byte-order-mark": http(b"\xef\xbb\xbf", "200 OK", _SSE),
    "html": http(b"<html>hello</html>", "200 OK", "text/html"),
    "empty": http(b"", "200 OK", "application/json"),
    "no-content": b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n",
    "switching": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n\0\0\0",
    "two-lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 9\r\n\r\n{}",
    "odd-length": b"HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n{}",
    "odd-coding": b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n{}",
    "odd-chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: "
    + _SSE.encode()
    + b"\r\n\r\nxyz\r\n",
    "no-http": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "odd-header": b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n{}",
    "redirect": b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n",
    "cut-json": [stream(b'{"type": "mess', kind="application/json"), RESET],
    "short": b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\ncontent-type: application/json\r\n\r\n{",
}
"""Responses in which something came."""


@pytest.mark.parametrize(("answer", "way"), crossed(ANSWERED, {"streamed": ((),), "whole": (("--no-stream",),)}))
def test_what_was_answered_is_asked_once(tmp_path: Path, answer: list[Step] | bytes, way: tuple[str, ...]) -> None:
    with RawServer(answer) as server:
        ran = run(tmp_path, *way, "hello", base_url=server.url)
        assert len(server.requests) == 1, ran.err
    assert ran.status in (5, 6, 7), ran.err
    assert ran.out == b""
    assert row(tmp_path)["retries"] == 0
    assert row(tmp_path)["status"] in ("failed", "incomplete")


NOTHING_CAME: dict[str, list[Step] | bytes] = {
    "closed": b"",
    "reset": [RESET],
    "overloaded-event": http(
        b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}\n\n',
        "200 OK",
        _SSE,
        "retry-after-ms: 1",
    ),
}


@pytest.mark.parametrize("answer", NOTHING_CAME.values(), ids=NOTHING_CAME)
def test_where_nothing_came_it_is_asked_again(tmp_path: Path, answer: list[Step] | bytes) -> None:
    with RawServer(answer) as server:
        ran = run(tmp_path, "--retries", "1", "hello", base_url=server.url)
        assert len(server.requests) == 2, ran.err


@pytest.mark.parametrize(("arguments", "times"), [((), 2), (("--no-stream",), 1)], ids=["streamed", "whole"])
def test_a_head_alone_is_safe_to_ask_again_in_a_stream_only(
    tmp_path: Path, arguments: tuple[str, ...], times: int
) -> None:
    """A stream begins before the model does; what is sent whole was written before its head."""
    with RawServer([stream(), RESET]) as server:
        ran = run(tmp_path, "--retries", "1", *arguments, "hello", base_url=server.url)
        assert len(server.requests) == times, ran.err
    assert ran.status == 6
