"""What the relay does not pass on: whatever is not its client's, and heads that two servers could read in two ways."""

import pytest

from tests.proxy.relaying import (
    answer,
    ask,
    get,
    post,
    serving,
)
from tests.proxy.talk import End, Send, Server, Until, Wait

HOSTILE = {
    "without the secret": b"POST /v1/messages HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n",
    "with another secret": b"POST /0123456789abcdef0123456789abcdef/v1/messages HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "with more than the secret": b"POST BASEx/v1/messages HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "the secret percent-encoded": b"POST /%BASE/v1/messages HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "a foreign Host": b"POST BASE/v1/messages HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "a Host on another port": b"POST BASE/v1/messages HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n",
    "no Host": b"POST BASE/v1/messages HTTP/1.1\r\n\r\n",
    "two Hosts": b"POST BASE/v1/messages HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n",
    "an Origin": b"POST BASE/v1/messages HTTP/1.1\r\nHost: HOST\r\nOrigin: null\r\n\r\n",
    "a preflight": b"OPTIONS BASE/v1/messages HTTP/1.1\r\nHost: HOST\r\nOrigin: https://evil.example\r\n\r\n",
    "absolute form": b"GET http://HOST BASE/v1 HTTP/1.1\r\nHost: HOST\r\n\r\n".replace(b" BASE", b"BASE"),
    "CONNECT": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "two lengths": b"POST BASE/ HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\nContent-Length: 30\r\n\r\n",
    "one length twice": b"POST BASE/ HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": b"POST BASE/ HTTP/1.1\r\nHost: HOST\r\nContent-Length: +2\r\n\r\n{}",
    "a length and chunks": b"POST BASE/ HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "another transfer coding": b"POST BASE/ HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "a coding in disguise": b"POST BASE/ HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: \x0bchunked\r\n\r\n",
    "two codings": b"POST BASE/ HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n",
    "chunks in HTTP/1.0": b"POST BASE/ HTTP/1.0\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"POST BASE/ HTTP/1.1\r\nHost: HOST\r\nContent-Length : 5\r\n\r\n12345",
    "a folded line": b"POST BASE/ HTTP/1.1\r\nHost: HOST\r\nX-A: b\r\n c: d\r\n\r\n",
    "a bare LF": b"POST BASE/ HTTP/1.1\r\nHost: HOST\nX-A: b\r\n\r\n",
    "a bare CR": b"POST BASE/ HTTP/1.1\r\nHost: HOST\rX-A: b\r\n\r\n",
    "a NUL": b"POST BASE/ HTTP/1.1\r\nHost: HOST\r\nX-A: \x00\r\n\r\n",
    "a space in the path": b"POST BASE/ / HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "HTTP/2 without TLS": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no HTTP at all": b"\x16\x03\x01\x02\x00\r\n\r\n",
    "a head over 64 KiB": b"POST BASE/ HTTP/1.1\r\nHost: HOST\r\n" + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
    "a head that does not end": b"POST BASE/ HTTP/1.1\r\nHost: HOST\r\n" + b"X: " + b"a" * 140_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_the_client_s_is_refused_and_opens_nothing(name: str) -> None:
    with Server([End("hear")]) as server, serving(server.url) as relay:
        client = ask(relay, HOSTILE[name], End("hear"))
        assert relay.relay.refused == 1
    assert client.data.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert client.end == "fin"
    assert server.accepted == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_nor_is_it_let_through_behind_a_request_that_is(name: str) -> None:
    """It is the connection's end: an answer of the relay's own would land among the upstream's."""
    with Server([Until(b"{}"), Send(answer(b"first")), End("hear")]) as server, serving(server.url) as relay:
        ask(relay, post(), Until(b"first"), Send(HOSTILE[name]), End("hear"))
        server.join()
        assert relay.relay.refused == 1
    assert server.saw[0].data.endswith(b"\r\n\r\n{}")


@pytest.mark.parametrize(
    "chunks", [b"zz\r\n", b"-1\r\n", b"0x1\r\na\r\n", b"1\na\r\n", b"1\r\nab\r\n", b"1" * 99_999], ids=repr
)
def test_a_body_whose_end_cannot_be_told_ends_the_connection(chunks: bytes) -> None:
    request = post(b"", "Transfer-Encoding: chunked", length=False)
    with Server([End("hear")]) as server, serving(server.url) as relay:
        client = ask(relay, request, Wait(0.05), Send(chunks + get("/smuggled")), End("hear"))
        server.join()
    assert client.end == "rst"
    assert b"smuggled" not in server.saw[0].data


def test_codings_that_nothing_here_undoes_are_not_asked_for_where_an_answer_is_read() -> None:
    codings = frozenset({b"br", b"zstd"})
    asked = "accept-encoding:  gzip,deflate, BR;q=1 , zstd"
    for request, wanted in ((post(b"{}", asked), b"gzip,deflate"), (get("/v1/models", "GET", asked), b"zstd")):
        with Server([Until(b"\r\n\r\n"), Send(answer(b"!"))]) as server:
            with serving(server.url, without_codings=codings) as relay:
                ask(relay, request, Until(b"!"), End("fin"))
            server.join()
        (line,) = [it for it in bytes(server.saw[0].data).split(b"\r\n") if it.lower().startswith(b"accept-encoding")]
        assert line.endswith(wanted)
        assert line.startswith(b"accept-encoding:  gzip,")
