"""How the relay's connections end, what holds them back, and what nothing may touch: leaving, resets, slow readers."""

import ssl
import threading
import time

import pytest

from avow.proxy.address import find
from avow.proxy.head import Head
from avow.proxy.observer import ConnectionEnd
from avow.proxy.relay_thread import RelayThread
from tests.proxy.authority import authority
from tests.proxy.relaying import (
    LAST,
    STREAM,
    Silent,
    answer,
    ask,
    chunk,
    filled,
    in_threads,
    post,
    resident,
    serving,
)
from tests.proxy.talk import End, Send, Server, Step, Until, Wait, connect
from tests.raw_server import unused_port


def test_tls_that_is_cut_off_is_no_end() -> None:
    """A body that ends with the connection would look whole."""
    steps: list[Step] = [Until(b"{}"), Send(b"HTTP/1.1 200 OK\r\n\r\ndata: 1\n\n"), End("cut")]
    with Server(steps, authority().server) as server, serving(server.url) as relay:
        client = ask(relay, post(), End("hear"))
    assert (bytes(client.data[-9:]), client.end) == (b"data: 1\n\n", "rst")


def test_a_client_that_leaves_ends_its_answer_at_once() -> None:
    endless: list[Step] = [Until(b"{}"), Send(STREAM + chunk(b"data: 1\n\n")), End("hear")]
    for how, heard in (("fin", "fin"), ("half", "fin"), ("rst", "rst")):
        with Server(endless) as server, serving(server.url) as relay:
            ask(relay, post(), Until(b"data: 1\n\n"), End(how), End("hear"))
            server.join()  # the answer has no end of its own
        assert server.saw[0].end == heard


def test_a_client_that_leaves_while_the_upstream_is_being_reached() -> None:
    """The upstream takes the connection and says nothing of TLS; nobody waits for it."""
    observer = Silent()
    with Server([End("hear")]) as server, serving(server.url.replace("http:", "https:"), observer) as relay:
        ask(relay, post(), Wait(lambda: server.accepted == 1), End("fin"))
        server.join()
        assert server.saw[0].end == "fin"
    assert [how for how, _words in observer.endings] == [ConnectionEnd.CLIENT_LEFT]


def test_an_upstream_that_cannot_be_reached_resets_the_client() -> None:
    observer = Silent()
    with serving(f"http://127.0.0.1:{unused_port()}", observer) as relay:
        client = ask(relay, post(), End("hear"))
    assert (bytes(client.data), client.end) == (b"", "rst")
    assert observer.endings == [(ConnectionEnd.UNREACHABLE, "connection refused")]


def test_a_certificate_that_nobody_vouches_for_gets_no_request() -> None:
    observer = Silent()
    with Server([Until(b"{}")], authority().server) as server:
        relay = RelayThread(find(server.url, {}), lambda: observer, context=ssl.create_default_context())
        with relay:
            client = ask(relay, post(), End("hear"))
    assert client.end == "rst"
    ((how, words),) = observer.endings
    assert how is ConnectionEnd.UNREACHABLE
    assert words.startswith("TLS with the upstream: unable to get local issuer certificate")
    assert server.saw == []


def test_a_slow_reader_holds_the_upstream_back_and_nobody_else() -> None:
    """What waits for one who does not read is bounded by the sockets' own buffers."""
    total = 64 * 1024 * 1024
    sending: list[Step] = [
        Until(b"{}"),
        Send(b"HTTP/1.1 200 OK\r\n\r\n"),
        *[Send(b"x" * 1024 * 1024)] * (total >> 20),
        End("fin"),
    ]
    with Server(sending) as server, serving(server.url) as relay:
        slow = connect(relay.port)
        slow.sendall(filled(post(), relay))
        before = resident()
        time.sleep(0.3)
        assert resident() - before < 16 * 1024 * 1024
        slow.close()
        server.join()


def test_a_client_that_sends_its_head_slowly_holds_nobody_up() -> None:
    with Server([Until(b"{}"), Send(answer(b"!")), End("hear")]) as server, serving(server.url) as relay:
        dawdlers = [connect(relay.port) for _ in range(32)]
        for dawdler in dawdlers:
            dawdler.sendall(b"POST /")
        assert ask(relay, post(), Until(b"!"), End("fin")).data.endswith(b"!")
        assert server.accepted == 1
        for dawdler in dawdlers:
            dawdler.close()


def test_64_streams_at_once() -> None:
    steps: list[Step] = [Until(b"{}"), Send(STREAM)]
    for number in range(20):
        steps += [Send(chunk(b"data: %d\n\n" % number)), Wait(0.005)]
    steps += [Send(LAST), End("hear")]
    with Server(steps) as server, serving(server.url) as relay:
        saws = in_threads(64, lambda: ask(relay, post(), Until(LAST), End("fin")))
        server.join()
    assert server.accepted == 64
    assert len({bytes(saw.data) for saw in saws}) == 1


def test_an_observer_that_fails_touches_nothing() -> None:
    class Failing(Silent):
        def response(self, data: bytes) -> None:
            raise ZeroDivisionError

    faults: list[Exception] = []
    with Server([Until(b"{}"), Send(answer(b"one"), 1), Until(b"{}", 2), Send(answer(b"two"))]) as server:
        with serving(server.url, Failing(), fault=faults.append) as relay:
            client = ask(relay, post(), Until(b"one"), Send(post()), Until(b"two"), End("fin"))
        server.join()
    assert bytes(client.data) == answer(b"one") + answer(b"two")
    assert [type(fault) for fault in faults] == [ZeroDivisionError]


def test_neither_does_one_that_cannot_be_made() -> None:
    def watch() -> Silent:
        raise ZeroDivisionError

    with (
        Server([Until(b"{}"), Send(answer(b"1")), End("hear")]) as server,
        RelayThread(find(server.url, {}), watch) as relay,
    ):
        assert ask(relay, post(), Until(b"\r\n\r\n1"), End("fin")).data.endswith(b"1")


def test_finishing_waits_for_answers_that_are_due_and_ends_the_rest() -> None:
    class Busy(Silent):
        def request(self, head: Head) -> None:
            self.busy = True

        def response(self, data: bytes) -> None:
            self.busy = b"end" not in data

    go_on = threading.Event()
    steps: list[Step] = [
        Until(b"{}"),
        Send(STREAM + chunk(b"data: 1\n\n")),
        Wait(go_on.is_set),
        Send(chunk(b"end") + LAST),
        End("hear"),
    ]
    with Server(steps) as server, RelayThread(find(server.url, {}), Busy) as relay:
        idle, under_way = connect(relay.port), connect(relay.port)
        under_way.sendall(filled(post(), relay))
        assert under_way.recv(999)
        threading.Timer(0.2, go_on.set).start()
        relay.finish()  # the idle connection has no end of its own
        assert go_on.is_set()
        assert b"end" in under_way.recv(999)
        assert (idle.recv(1), under_way.recv(1)) == (b"", b"")
        with pytest.raises(ConnectionRefusedError):
            connect(relay.port)
