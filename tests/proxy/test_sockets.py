"""The relay's own port."""

import pytest

from avow.proxy.sockets import listen
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
