"""The relay's own port, and when a connection is read."""

import asyncio

import pytest

from avow.proxy.sockets import ReadControl, listen
from tests.proxy.talk import connect


def test_a_port_is_taken_once_and_on_this_machine_alone() -> None:
    first = listen()
    address, port = first.getsockname()
    assert address == "127.0.0.1"
    connect(port).close()
    with pytest.raises(OSError, match="in use"):
        listen(port)
    first.close()
    listen(port).close()


class Read(asyncio.Transport):
    """Knows whether it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.is_read = True

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        assert self.is_read
        self.is_read = False

    def resume_reading(self) -> None:
        assert not self.is_read
        self.is_read = True


def test_a_connection_is_read_once_no_reason_is_left_against_it() -> None:
    reading, transport = ReadControl(), Read()
    reading.transport = transport
    reading.pause("upstream")
    reading.pause("opening")
    reading.resume("upstream")
    reading.resume("upgrade")
    assert not transport.is_read
    reading.resume("opening")
    reading.resume("opening")
    assert transport.is_read
