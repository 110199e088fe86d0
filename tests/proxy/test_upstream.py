"""The way to the upstream: through a proxy, in clear or in TLS, and what is said where there is no way."""

import ssl
import threading
from contextlib import suppress
from socket import SHUT_RDWR, create_connection, socket
from typing import Any

import pytest

from avow.proxy.address import Address, OutboundProxy
from avow.proxy.observer import ConnectionEnd
from avow.proxy.relay_thread import RelayThread
from tests.proxy.authority import authority
from tests.proxy.relaying import Silent, answer, ask, post
from tests.proxy.talk import End, Send, Server, Until
from tests.raw_server import RawServer


class ConnectProxy:
    """A proxy that opens a way to where it is told, whatever the name; `asked` are the heads of its requests."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[bytes] = []
        self._port = port
        self._tls = tls
        self.listener = socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self.listener.accept()[0],), daemon=True).start()

    def _serve(self, client: Any) -> None:
        with suppress(OSError):
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(1)
            self.asked.append(head)
            upstream = create_connection(("127.0.0.1", self._port))
            client.sendall(b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n")
            threading.Thread(target=_pump, args=(upstream, client), daemon=True).start()
            _pump(client, upstream)


def _pump(source: Any, target: Any) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):  # not closed: a thread may still be sending to that descriptor, and a new socket gets it
        socket.shutdown(target, SHUT_RDWR)


@pytest.mark.parametrize("secure", [False, True], ids=["in clear", "over TLS"])
def test_a_proxy_gets_a_connect_and_nothing_of_what_passes(secure: bool) -> None:
    with Server([Until(b"{}"), Send(answer(b"!"))], authority().server) as server:
        proxy = ConnectProxy(server.port, authority().server if secure else None)
        address = Address("localhost", 443, True, "", OutboundProxy("127.0.0.1", proxy.port, secure, b"Basic eA=="))
        with RelayThread(address, Silent, context=authority().client()) as relay:
            for _ in range(2):
                assert ask(relay, post(), Until(b"!"), End("fin")).data.endswith(b"!")
        server.join()
        proxy.listener.close()
    wanted = b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\nProxy-Authorization: Basic eA==\r\n\r\n"
    assert proxy.asked == [wanted] * 2
    assert b"\r\nHost: localhost\r\n" in server.saw[0].data


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "the proxy does not let this through: HTTP 407"),
        (b"HTTP/1.1 200 OK\r\n", "the proxy cannot be reached"),
        (b"garbage\r\n\r\n", "the proxy does not let this through"),
    ],
)
def test_a_proxy_that_does_not_let_it_through(reply: bytes, words: str) -> None:
    observer = Silent()
    with RawServer(reply) as proxy:
        address = Address("api.example.invalid", 443, True, "", OutboundProxy("127.0.0.1", proxy.port, False))
        with RelayThread(address, lambda: observer, context=authority().client()) as relay:
            client = ask(relay, post(), End("hear"))
    assert (bytes(client.data), client.end) == (b"", "rst")
    ((how, said),) = observer.endings
    assert how is ConnectionEnd.UNREACHABLE
    assert said.startswith(words)


def test_an_upstream_that_does_not_speak_tls() -> None:
    observer = Silent()
    with Server([Send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), End("hear")]) as server:
        address = Address("127.0.0.1", server.port, True)
        with RelayThread(address, lambda: observer, context=authority().client()) as relay:
            assert ask(relay, post(), End("hear")).end == "rst"
    assert observer.endings == [(ConnectionEnd.UNREACHABLE, "TLS with the upstream: WRONG_VERSION_NUMBER")]


def test_a_name_that_nobody_knows() -> None:
    observer = Silent()
    address = Address("api.example.invalid", 443, True)
    with RelayThread(address, lambda: observer, context=authority().client()) as relay:
        assert ask(relay, post(), End("hear")).end == "rst"
    ((how, said),) = observer.endings
    assert how is ConnectionEnd.UNREACHABLE
    assert said == said.lower() != ""
