"""HTTP by hand: what a socket sends and what comes back."""

import contextlib
import json
import socket
from collections.abc import Callable

import pytest

from avow.simulator.server import Simulator
from tests.simulator.conftest import body

Start = Callable[..., Simulator]
PAYLOAD = json.dumps(body()).encode()
HEAD = b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: k\r\nanthropic-version: 2026-10-21\r\n"


def exchange(sim: Simulator, *pieces: bytes, until: bytes = b"") -> bytes:
    """Send the pieces one by one; read to the end, or to `until`."""
    with socket.create_connection(("127.0.0.1", sim.port), timeout=5) as raw:
        for piece in pieces:
            raw.sendall(piece)
        if not until:
            raw.shutdown(socket.SHUT_WR)
        arrived = b""
        while (not until or until not in arrived) and (piece := raw.recv(65536)):
            arrived += piece
        return arrived


def counted(payload: bytes = PAYLOAD, more: bytes = b"") -> bytes:
    return HEAD + more + b"Content-Length: %d\r\n\r\n%b" % (len(payload), payload)


def test_two_requests_on_one_connection(simulate: Start) -> None:
    assert exchange(simulate(), counted() * 2).count(b"HTTP/1.1 200 OK") == 2


def test_connection_close_is_honoured(simulate: Start) -> None:
    arrived = exchange(simulate(), counted(more=b"Connection: close\r\n") + counted())
    assert arrived.count(b"HTTP/1.1 200") == 1
    assert b"connection: close" in arrived


def test_a_request_in_single_bytes(simulate: Start) -> None:
    request = counted()
    assert b" 200 OK" in exchange(simulate(), *(request[at : at + 1] for at in range(len(request))))


def test_a_chunked_body(simulate: Start) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (PAYLOAD[:9], PAYLOAD[9:50], PAYLOAD[50:]))
    sim = simulate()
    assert b" 200 OK" in exchange(sim, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
    assert sim.requests[0].body == PAYLOAD


def test_expect_continue(simulate: Start) -> None:
    with socket.create_connection(("127.0.0.1", simulate().port), timeout=5) as raw:
        raw.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(PAYLOAD))
        assert raw.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.sendall(PAYLOAD)
        assert raw.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_an_old_client_gets_no_chunks(simulate: Start) -> None:
    payload = json.dumps(body(stream=True)).encode()
    arrived = exchange(simulate(), counted(payload).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert b"transfer-encoding" not in arrived
    assert arrived.endswith(b"}\n\n")


def test_a_new_client_gets_chunks(simulate: Start) -> None:
    payload = json.dumps(body(stream=True)).encode()
    assert exchange(simulate(), counted(payload)).endswith(b"}\n\n\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"GET\r\n\r\n",
        HEAD + b"no colon\r\n\r\n",
        HEAD + b"Content-Length: -5\r\n\r\n",
        HEAD + b"Content-Length: many\r\n\r\n",
        HEAD + b"Content-Length: 99999999999999\r\n\r\n",
        HEAD + b"Content-Length: 50\r\n\r\nshort",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"a: b\r\n" * 600 + b"\r\n",
        b"A" * 200_000,
    ],
    ids=["tls", "no target", "no colon", "negative", "no number", "huge", "short", "bad chunk", "many headers", "line"],
)
def test_what_is_not_http_ends_the_connection_quietly(
    raw: bytes, simulate: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    sim = simulate()
    with contextlib.suppress(OSError):  # a reset, where the server had not read it all
        assert b" 200 OK" not in exchange(sim, raw)
    assert b" 200 OK" in exchange(sim, counted())
    assert capfd.readouterr() == ("", "")


def test_small_writes_do_not_wait_for_an_acknowledgement(simulate: Start) -> None:
    sim = simulate("stalled")
    with socket.create_connection(("127.0.0.1", sim.port), timeout=5) as raw:
        raw.sendall(counted(json.dumps(body(stream=True)).encode()))
        assert raw.recv(100)
        (accepted,) = sim._connections
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
