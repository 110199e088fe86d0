"""HTTP/1.1 for the simulator: reads requests from a socket, and writes responses, broken as the scenario says."""

import select
import socket
import struct
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from avow.simulator.form import Step

_LINE = 64 * 1024
_DRAINED = 512 * 1024 * 1024
_PHRASES = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden",
            404: "Not Found", 413: "Request Entity Too Large", 429: "Too Many Requests",
            500: "Internal Server Error", 529: "Overloaded"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it was received. `too_large`: the body was over the limit, and `body` is empty."""

    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes
    too_large: bool = False

    @property
    def path(self) -> str:
        """The path without its query, percent-decoded."""
        from urllib.parse import unquote

        path = self.target.partition("?")[0]
        return unquote(path) if "%" in path else path

    def query(self) -> dict[str, list[str]]:
        """The query's values by name."""
        from urllib.parse import parse_qs

        return parse_qs(self.target.partition("?")[2], keep_blank_values=True)

    def named_headers(self) -> dict[str, str]:
        """Headers by lower-case name, repeated ones joined by commas."""
        named: dict[str, str] = {}
        for name, value in self.headers:
            key = name.lower()
            named[key] = f"{named[key]}, {value}" if key in named else value
        return named


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A response: a whole `body` after `pause` seconds, or `steps` to play. `length` is the `content-length` that is
    sent with steps; without it they are chunked."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    steps: Iterable[Step] | None = None
    length: int | None = None
    pause: float = 0.0


class Connection:
    """One accepted connection; every pause ends once `closing` is set."""

    def __init__(self, accepted: socket.socket, closing: threading.Event) -> None:
        # A small write must not wait for the acknowledgement of the one before.
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = accepted
        self._file = accepted.makefile("rb")
        self._closing = closing

    def close(self) -> None:
        """Close the connection; may be called twice."""
        self._file.close()
        self._socket.close()

    def read(self, limit: int, others: Mapping[str, int] = MappingProxyType({})) -> RawRequest | None:
        """The next request, or `None` when the client has closed. Its body may have `limit` bytes, or as many as
        `others` has for its path. Raises `ValueError` for what is not HTTP."""
        line = self._file.readline(_LINE)
        while line in (b"\r\n", b"\n"):
            line = self._file.readline(_LINE)
        if not line:
            return None
        method, target, version = line.decode("latin-1").split()
        limit = others.get(target.partition("?")[0], limit)
        headers: list[tuple[str, str]] = []
        while (line := self._file.readline(_LINE)) not in (b"\r\n", b"\n"):
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon or len(headers) > 500:
                raise ValueError("not a header")
            headers.append((name.strip(), value.strip()))
        named = {name.lower(): value for name, value in headers}
        if named.get("expect", "").lower() == "100-continue":
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in named.get("transfer-encoding", "").lower():
            pieces, too_large = self._chunks(limit)
        else:
            pieces, too_large = self._counted(int(named.get("content-length", "0")), limit)
        return RawRequest(method, target, version, headers, b"".join(pieces), too_large)

    def _counted(self, length: int, limit: int) -> tuple[list[bytes], bool]:
        if not 0 <= length <= _DRAINED:
            raise ValueError("a length that is too large")
        if length <= limit:
            body = self._file.read(length)
            if len(body) < length:
                raise ValueError("the body ended early")
            return [body], False
        # Read it all the same: a client that is still sending would see a reset instead of the answer.
        while length > 0 and (piece := self._file.read(min(length, 1 << 20))):
            length -= len(piece)
        return [], True

    def _chunks(self, limit: int) -> tuple[list[bytes], bool]:
        pieces: list[bytes] = []
        total = 0
        while size := int(self._file.readline(_LINE).partition(b";")[0], 16):
            if size > _DRAINED:
                raise ValueError("a chunk that is too large")
            piece = self._file.read(size)
            self._file.readline(_LINE)
            total += len(piece)
            pieces = [*pieces, piece] if total <= limit and not pieces else pieces + [piece] * (total <= limit)
        while self._file.readline(_LINE) not in (b"\r\n", b"\n", b""):
            pass
        return ([], True) if total > limit else (pieces, False)

    def write(self, reply: HttpReply, wire: RawRequest) -> bool:
        """Send a response; True where another request may follow on this connection."""
        last = "close" in dict(wire.named_headers()).get("connection", "").lower() or wire.version == "HTTP/1.0"
        head = [f"HTTP/1.1 {reply.status} {_PHRASES.get(reply.status, 'Status')}"]
        head.append(time.strftime("date: %a, %d %b %Y %H:%M:%S GMT", time.gmtime()))
        head += [f"{name}: {value}" for name, value in reply.headers]
        if last:
            head.append("connection: close")
        if reply.steps is None:
            if reply.pause and not self._pause(reply.pause):
                return False
            head.append(f"content-length: {len(reply.body)}")
            self._socket.sendall("\r\n".join([*head, "", ""]).encode("latin-1", "replace") + reply.body)
            return not last
        chunked = reply.length is None and wire.version != "HTTP/1.0"
        if reply.length is not None:
            head.append(f"content-length: {reply.length}")
        elif chunked:
            head.append("transfer-encoding: chunked")
        return self._play("\r\n".join([*head, "", ""]).encode("latin-1", "replace"), reply.steps, chunked) and not last

    def _play(self, head: bytes, steps: Iterable[Step], chunked: bool) -> bool:
        for step in steps:
            if isinstance(step, bytes):
                framed = b"%x\r\n%b\r\n" % (len(step), step) if chunked else step
                self._socket.sendall(head + framed)
                head = b""
            elif isinstance(step, float):
                if not self._pause(step):
                    return False
            elif step == "cut":
                break
            else:
                self._break(step)
                return False
        self._socket.sendall(head + (b"0\r\n\r\n" if chunked else b""))
        return chunked

    def _pause(self, seconds: float) -> bool:
        """Wait; False at once when the client leaves or the server closes."""
        while seconds > 0:
            if self._closing.wait(min(seconds, 0.25)) or self._left():
                return False
            seconds -= 0.25
        return True

    def _break(self, how: str) -> None:
        if how == "stall":
            while not self._closing.wait(0.1) and not self._left():
                pass
        elif how == "reset":
            # Let what was sent arrive first; then linger 0 turns close into RST.
            self._closing.wait(0.05)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _left(self) -> bool:
        """Whether the client has closed its side."""
        try:
            readable, _, _ = select.select([self._socket], [], [], 0)
            return bool(readable) and not self._socket.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True
