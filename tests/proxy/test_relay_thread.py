"""The relay in a thread of its own."""

import re

import pytest

from avow.proxy.address import Address
from avow.proxy.relay_thread import RelayThread
from tests.proxy.relaying import Silent, answer, ask, post
from tests.proxy.talk import End, Send, Server, Until, connect

NOWHERE = Address("127.0.0.1", 9, False)


def test_each_has_a_secret_and_a_port_of_its_own() -> None:
    one, other = RelayThread(NOWHERE, Silent), RelayThread(NOWHERE, Silent)
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/[0-9a-f]{32}", one.base_url)
    assert one.base_url.rpartition("/")[2] != other.base_url.rpartition("/")[2]
    assert one.port != other.port
    one.close()
    other.close()
    with pytest.raises(ConnectionRefusedError):
        connect(one.port)


def test_a_client_that_comes_before_the_start_is_not_turned_away() -> None:
    with Server([Until(b"{}"), Send(answer(b"!"))]) as server:
        relay = RelayThread(Address("127.0.0.1", server.port, False), Silent)
        early = connect(relay.port)
        relay.start()
        early.close()
        assert ask(relay, post(), Until(b"!"), End("fin")).data.endswith(b"!")
        relay.finish()
        relay.close()
