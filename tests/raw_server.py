"""A server on loopback that answers with exactly the bytes it is given, and breaks where it is told to."""

import atexit
import socket
import ssl
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Self

RESET, STALL = "reset", "stall"
Step = bytes | float | str | threading.Event
"""Bytes to send, seconds or an event to wait for, `RESET`, or `STALL` until the server closes. After the last one it
hangs up."""


def http(body: bytes, status: str = "200 OK", kind: str = "application/json", *headers: str) -> bytes:
    """A response with its length."""
    length = f"content-length: {len(body)}"
    lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", length, "connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def stream(body: bytes = b"", *headers: str, kind: str = "text/event-stream; charset=utf-8") -> bytes:
    """The head of a stream that ends when the connection does, and its first bytes."""
    lines = ["HTTP/1.1 200 OK", f"content-type: {kind}", "connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def again(times: int, *steps: Step) -> list[Step]:
    """The same steps over and over."""
    return list(steps) * times


@dataclass
class Asked:
    """A request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


class RawServer:
    """Plays one list of steps a connection, in order; the last repeats. `tls`: speaks TLS with this context;
    `reads_body`: takes in the whole request first."""

    def __init__(
        self, *answers: list[Step] | bytes, tls: ssl.SSLContext | None = None, reads_body: bool = True
    ) -> None:
        self._reads_body = reads_body
        self.answers = [[answer] if isinstance(answer, bytes) else answer for answer in answers]
        self.requests: list[Asked] = []
        self.tls = tls
        self._closing = threading.Event()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.accepting = threading.Thread(target=self._accept, daemon=True)
        self.accepting.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept; close alone does not
        for opened in (self._listener, *self._open):
            opened.close()

    def _accept(self) -> None:
        for number in range(10_000):
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(accepted)
            steps = self.answers[min(number, len(self.answers) - 1)]
            threading.Thread(target=self._serve, args=(accepted, steps), daemon=True).start()

    def _serve(self, connection: Any, steps: list[Step]) -> None:
        try:
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            self.requests.append(_read(connection, whole=self._reads_body))
            for step in steps:
                match step:
                    case bytes():
                        connection.sendall(step)
                    case float():
                        if self._closing.wait(step):
                            return
                    case threading.Event():
                        while not step.wait(0.02):
                            if self._closing.is_set():
                                return
                    case "reset":
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        break
                    case _:
                        self._closing.wait()
        except (OSError, ValueError):
            return
        finally:
            connection.close()


def _read(connection: Any, *, whole: bool) -> Asked:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise ValueError("the client left")
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)}
    while whole and len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return Asked(line, headers, body)


@cache
def _taken() -> socket.socket:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    atexit.register(taken.close)
    return taken


def unused_port() -> int:
    """A port on which nobody listens; it stays taken, so that no other test gets it meanwhile."""
    return int(_taken().getsockname()[1])
