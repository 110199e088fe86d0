"""The relay: what each side sees of the other is, byte for byte and end for end, what it would see without."""

import gzip
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import pytest

from tests.in_part import crossed
from tests.proxy.authority import authority
from tests.proxy.relaying import (
    LAST,
    STREAM,
    answer,
    chunk,
    get,
    post,
    serving,
)
from tests.proxy.talk import End, Saw, Send, Server, Step, Take, Until, Wait, connect, play


@dataclass(frozen=True)
class Case:
    """What the client does and what the server does. In the client's bytes HOST and BASE stand for where it is sent."""

    client: Sequence[Step]
    server: Sequence[Step]

    def client_steps(self, host: str, base: str) -> list[Step]:
        def filled(data: bytes) -> bytes:
            return data.replace(b"HOST", host.encode()).replace(b"BASE", base.encode())

        return [Send(filled(it.data), it.size) if isinstance(it, Send) else it for it in self.client]


ALL = Until(LAST)
EXPECTS = post(b"", "Expect: 100-continue", "Content-Length: 5", length=False)
GZIPPED = answer(gzip.compress(b"{}", mtime=0), "200 OK", "content-encoding: gzip")
BIG = bytes(range(256)) * 4096 * 32  # 32 MiB


def simple(server: Sequence[Step], until: Step, request: bytes = post()) -> Case:
    """One request, one answer on a connection that stays open until the client closes it."""
    return Case([Send(request), until, End("fin")], [Until(b"\r\n\r\n"), *server, End("hear")])


CASES = {
    "an answer with its length": simple([Send(answer(b'{"a":1}'))], Until(b"}")),
    "an answer in one-byte writes": simple([Send(STREAM + chunk(b"event: x\n\n") + LAST, 1)], ALL),
    "a request in one-byte writes": Case(
        [Send(post(b'{"a": 1}'), 1), Until(b"}"), End("fin")], [Until(b'{"a": 1}'), Send(answer(b"{}")), End("hear")]
    ),
    "a chunked request": Case(
        [
            Send(post(b"", "Transfer-Encoding: chunked", length=False)),
            Send(chunk(b'{"a":') + chunk(b'"b"}', b";x=y") + b"0\r\nX-Sum: 1\r\n\r\n", 3),
            Until(b"}"),
            End("fin"),
        ],
        [Until(b"X-Sum: 1\r\n\r\n"), Send(answer(b"{}")), End("hear")],
    ),
    "chunk extensions and trailers": simple(
        [Send(STREAM + chunk(b"data: 1\n\n", b';a="b";c') + b"0\r\nX-Trailer: yes\r\nx-other:\r\n\r\n")],
        Until(b"x-other:\r\n\r\n"),
    ),
    "three requests pipelined": Case(
        [Send(post(b"1") + get() + post(b"3")), Until(b"third"), End("fin")],
        [
            Until(b"\r\n\r\n3"),
            Send(answer(b"first") + answer(b"second")),
            Wait(0.02),
            Send(answer(b"third")),
            End("hear"),
        ],
    ),
    "100-continue": Case(
        [
            Send(EXPECTS),
            Until(b"100 Continue\r\n\r\n"),
            Send(b"12345"),
            Until(b"}"),
            End("fin"),
        ],
        [
            Until(b"\r\n\r\n"),
            Send(b"HTTP/1.1 100 Continue\r\n\r\n"),
            Until(b"12345"),
            Send(answer(b"{}")),
            End("hear"),
        ],
    ),
    "100-continue refused": Case(
        [Send(EXPECTS), Until(b"}"), End("fin")],
        [Until(b"\r\n\r\n"), Send(answer(b"{}", "417 Expectation Failed")), End("hear")],
    ),
    "103 early hints": simple(
        [Send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), Wait(0.02), Send(answer(b"{}"))], Until(b"}")
    ),
    "an answer to HEAD": simple([Send(answer(b"")[:-2] + b"\r\n")], Until(b"\r\n\r\n"), get(method="HEAD")),
    "an answer to HEAD with a body": simple([Send(answer(b"body"))], Until(b"body"), get(method="HEAD")),
    "HEAD of the base itself": simple([Send(answer(b""))], Until(b"\r\n\r\n"), get("", "HEAD")),
    "a query right after the base": simple([Send(answer(b"{}"))], Until(b"}"), get("?beta=true")),
    "OPTIONS": simple(
        [Send(b"HTTP/1.1 204 No Content\r\nAllow: POST\r\n\r\n")], Until(b"\r\n\r\n"), get("/", "OPTIONS")
    ),
    "204, then another": Case(
        [Send(get()), Until(b"\r\n\r\n"), Send(get("/2")), Until(b"}"), End("fin")],
        [
            Until(b"\r\n\r\n"),
            Send(b"HTTP/1.1 204 No Content\r\n\r\n"),
            Until(b"\r\n\r\n", 2),
            Send(answer(b"{}")),
            End("hear"),
        ],
    ),
    "304 with a length": simple([Send(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n")], Until(b"\r\n\r\n")),
    "101 and another protocol": Case(
        [
            Send(get("/ws", "GET", "Connection: Upgrade", "Upgrade: websocket")),
            Until(b"\r\n\r\n"),
            Send(b"\x81\x05hello POST / HTTP/1.1\r\n\r\n\x00"),
            Until(b"\x81\x03bye"),
            End("fin"),
        ],
        [
            Until(b"\r\n\r\n"),
            Send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
            Until(b"\x00"),
            Send(b"\x81\x03bye"),
            End("hear"),
        ],
    ),
    "101 and another protocol that does not wait for it": Case(
        [Send(get("/ws", "GET", "Connection: Upgrade", "Upgrade: x") + b"early\x00"), Until(b"bye"), End("fin")],
        [
            Until(b"\r\n\r\n"),
            Send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
            Until(b"early\x00"),
            Send(b"bye"),
            End("hear"),
        ],
    ),
    "an upgrade that is declined, then another request": Case(
        [
            Send(get("/ws", "GET", "Connection: Upgrade", "Upgrade: h2c")),
            Until(b"{}"),
            Send(get("/2")),
            Until(b"{2}"),
            End("fin"),
        ],
        [
            Until(b"\r\n\r\n"),
            Send(b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer(b"{}")),
            Until(b"\r\n\r\n", 2),
            Send(answer(b"{2}")),
            End("hear"),
        ],
    ),
    "HTTP/1.0 from the server": Case(
        [Send(post()), End("hear")],
        [Until(b"{}"), Send(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold"), End("fin")],
    ),
    "HTTP/1.0 from the client": Case(
        [Send(get().replace(b"1.1", b"1.0")), End("hear")],
        [Until(b"\r\n\r\n"), Send(b"HTTP/1.0 200 OK\r\n\r\nold"), End("fin")],
    ),
    "a body that ends with the connection": Case(
        [Send(post()), End("hear")],
        [Until(b"{}"), Send(b"HTTP/1.1 200 OK\r\n\r\ndata: 1\n\n"), Wait(0.02), Send(b"data: 2\n\n"), End("fin")],
    ),
    "a body that is shorter than it said": Case(
        [Send(post()), End("hear")], [Until(b"{}"), Send(answer(b"x" * 99)[:-9]), End("fin")]
    ),
    "413 before the body is sent": Case(
        [Send(post(b"x" * 500_000)[:2000]), Until(b"large"), Send(b"x" * 10_000), End("fin")],
        [Until(b"\r\n\r\n"), Send(answer(b"too large", "413 Content Too Large")), End("hear")],
    ),
    "a reset in mid-stream": Case(
        [Send(post()), End("hear")], [Until(b"{}"), Send(STREAM + chunk(b"data: 1\n\n")), Wait(0.05), End("rst")]
    ),
    "a reset before an answer": Case([Send(post()), End("hear")], [Until(b"{}"), End("rst")]),
    "the end before an answer": Case([Send(post()), End("hear")], [Until(b"{}"), End("fin")]),
    "the server ends its side and reads on": Case(
        [Send(post()[:-1]), Until(b"early"), Send(b"}"), End("fin")],
        [Until(b"{"), Send(answer(b"early")), End("half"), End("hear")],
    ),
    "an idle connection that the server ends": Case(
        [Send(post()), Until(b"{}"), End("hear")], [Until(b"{}"), Send(answer(b"{}")), Wait(0.05), End("fin")]
    ),
    "garbage": Case(
        [Send(post()), End("hear")], [Until(b"{}"), Send(b"\x00\xff\r\n\r\nSSH-2.0-no\r\n" * 99), End("fin")]
    ),
    "header names and values as odd as they come": simple(
        [
            Send(
                b"HTTP/1.1 200 Yes\r\nX-a:b\r\nX-A: \xe9\r\nx_b : c\r\n folded\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"
                b"content-length: 2\r\n\r\n{}"
            )
        ],
        Until(b"{}"),
        post(b"{}", "X-Weird:~!@#", "x-weird:  two  spaces ", "X-High: \xe9", "Cookie:", "ACCEPT-encoding:gzip ,br"),
    ),
    "gzip": simple([Send(GZIPPED)], Take(len(GZIPPED))),
    "an empty line between requests": Case(
        [Send(post() + b"\r\n\r\n" + get()), Until(b"2"), End("fin")],
        [Until(b"/v1/models"), Until(b"\r\n\r\n", 3), Send(answer(b"1") + answer(b"2")), End("hear")],
    ),
    "32 MiB each way": Case(
        [Send(post(BIG)), Until(b"\r\n\r\n"), Take(len(BIG) + 70), End("fin")],
        [Until(b"\r\n\r\n"), Take(len(BIG)), Send(answer(BIG)), End("hear")],
    ),
}


def talk(case: Case, port: int, base: str, tls: ssl.SSLContext | None) -> Saw:
    return play(connect(port, tls), case.client_steps(f"127.0.0.1:{port}", base))


@cache
def direct(name: str, secure: bool) -> tuple[Saw, Saw]:
    """What client and server see without a relay."""
    case = CASES[name]
    with Server(case.server, authority().server if secure else None) as server:
        client = talk(case, server.port, "/gate", authority().client() if secure else None)
        server.join()
    return client, _named(server.saw[0], server.port)


def through(name: str, secure: bool) -> tuple[Saw, Saw]:
    """What they see with one between them; the upstream has a path of its own."""
    case = CASES[name]
    with Server(case.server, authority().server if secure else None) as server, serving(f"{server.url}/gate/") as relay:
        client = talk(case, relay.port, relay.base_url.removeprefix(f"http://127.0.0.1:{relay.port}"), None)
        server.join()
    return client, _named(server.saw[0], server.port)


def _named(saw: Saw, port: int) -> Saw:
    return Saw(saw.data.replace(b"127.0.0.1:%d" % port, b"HOST"), saw.end)


IN_CLEAR_ONLY = {"the server ends its side and reads on"}
"""Python's own TLS cannot end one side alone."""
RUNS = [
    *crossed({name: name for name in CASES if name not in IN_CLEAR_ONLY}, {"in clear": False, "over TLS": True}),
    *(pytest.param(name, False, id=f"{name}-in clear") for name in IN_CLEAR_ONLY),
]


@pytest.mark.parametrize(("name", "secure"), RUNS)
def test_both_sides_see_what_they_would_see_without_it(name: str, secure: bool) -> None:
    wanted_client, wanted_server = direct(name, secure)
    client, server = through(name, secure)
    assert bytes(server.data) == bytes(wanted_server.data)
    assert bytes(client.data) == bytes(wanted_client.data)
    assert (client.end, server.end) == (wanted_client.end, wanted_server.end)
