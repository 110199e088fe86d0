"""Clients and servers around a relay: requests and answers as bytes, and a relay to send them through."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from avow.proxy.address import find
from avow.proxy.head import Head
from avow.proxy.observer import ConnectionEnd
from avow.proxy.relay_thread import RelayThread
from tests.proxy.authority import authority
from tests.proxy.talk import Saw, Send, Step, connect, play

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Odd:   spaced \r\ntransfer-encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"


class Silent:
    """An observer that only remembers how it was told to end."""

    busy = False

    def __init__(self) -> None:
        self.endings: list[tuple[ConnectionEnd, str]] = []

    def request(self, head: Head) -> None: ...

    def request_body(self, piece: bytes) -> None: ...

    def request_over(self) -> None: ...

    def response(self, data: bytes) -> None: ...

    def ended(self, how: ConnectionEnd, words: str) -> None:
        self.endings.append((how, words))


def serving(url: str, observer: object = None, **more: object) -> RelayThread:
    """A relay to `url`, trusting the tests' authority."""
    address = find(url, {})
    context = authority().client() if address.secure else None
    watch = (lambda: observer) if observer is not None else Silent
    return RelayThread(address, watch, context=context, **more)  # type: ignore[arg-type]


def post(body: bytes = b"{}", *fields: str, path: str = "/v1/messages", length: bool = True) -> bytes:
    lines = [f"POST BASE{path} HTTP/1.1", "Host: HOST", "X-Api-Key: k", *fields]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def get(path: str = "/v1/models", method: str = "GET", *fields: str) -> bytes:
    return "\r\n".join([f"{method} BASE{path} HTTP/1.1", "Host: HOST", *fields, "", ""]).encode()


def answer(body: bytes, status: str = "200 OK", *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "content-type: application/json", *fields, f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    return b"%x%b\r\n%b\r\n" % (len(data), extension, data)


def filled(request: bytes, relay: RelayThread) -> bytes:
    host, _, base = relay.base_url.removeprefix("http://").partition("/")
    return request.replace(b"BASE", f"/{base}".encode()).replace(b"HOST", host.encode())


def ask(relay: RelayThread, request: bytes, *steps: Step) -> Saw:
    """Send a request, which may say HOST and BASE, through the relay, and go on with `steps`."""
    more = [Send(filled(step.data, relay)) if isinstance(step, Send) else step for step in steps]
    return play(connect(relay.port), [Send(filled(request, relay)), *more])


def resident() -> int:
    """The bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 if sys.platform == "linux" else 0


def in_threads(count: int, work: Callable[[], Saw]) -> list[Saw]:
    """Do `work` so many times at once."""
    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(work) for _ in range(count)]]
