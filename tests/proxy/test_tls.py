"""TLS over bytes: the handshake, both ways, and how it ends; against Python's own server side."""

import ssl
from contextlib import suppress

import pytest

from avow.proxy.tls import TlsLayer
from tests.proxy.authority import authority


class Peer:
    """The server's side, in memory."""

    def __init__(self) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.session = authority().server.wrap_bio(self.incoming, self.outgoing, server_side=True)

    def shake(self, data: bytes) -> bytes:
        self.incoming.write(data)
        with suppress(ssl.SSLWantReadError):
            self.session.do_handshake()
        return self.outgoing.read()


def opened() -> tuple[TlsLayer, Peer]:
    layer, peer = TlsLayer(authority().client(), "127.0.0.1"), Peer()
    answer = peer.shake(layer.start())
    assert layer.send(b"early") == b"", "nothing leaves before the handshake is done"
    plain, sent = layer.receive(answer)
    assert (plain, layer.is_open) == (b"", True)
    assert layer.receive(peer.shake(sent)) == (b"", b"")  # tickets for other sessions
    assert peer.session.read() == b"early"
    return layer, peer


def test_what_is_sent_arrives_both_ways() -> None:
    layer, peer = opened()
    big = bytes(range(256)) * 4096
    peer.incoming.write(layer.send(big))
    got = b""
    while len(got) < len(big):
        got += peer.session.read(99_999)
    assert got == big
    peer.session.write(big)
    data = peer.outgoing.read()
    pieces = [layer.receive(data[start : start + 999])[0] for start in range(0, len(data), 999)]
    assert b"".join(pieces) == big
    assert not layer.ended


def test_its_end_is_told_from_a_cut() -> None:
    layer, peer = opened()
    peer.session.write(b"last")
    with pytest.raises(ssl.SSLWantReadError):
        peer.session.unwrap()
    assert layer.receive(peer.outgoing.read())[0] == b"last"
    assert layer.ended
    peer.incoming.write(layer.close())
    peer.session.unwrap()


def test_who_cannot_prove_its_name() -> None:
    layer, peer = TlsLayer(authority().client(), "api.anthropic.com"), Peer()
    answer = peer.shake(layer.start())
    with pytest.raises(ssl.SSLCertVerificationError, match=r"not valid for 'api.anthropic.com'"):
        layer.receive(answer)
    assert not layer.is_open
