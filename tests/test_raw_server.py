"""A server of the tests that was closed is gone."""

import socket

import pytest

from tests.raw_server import RawServer


def test_a_closed_server_takes_no_connection_and_leaves_no_thread() -> None:
    with RawServer(b"HTTP/1.1 200 OK\r\n\r\n") as server:
        pass
    server.accepting.join(10)
    assert not server.accepting.is_alive()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
