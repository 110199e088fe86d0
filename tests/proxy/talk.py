"""One conversation over a socket, told as steps on both sides, and what each side saw of it."""

import contextlib
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

LONGEST_S = 30.0


@dataclass(frozen=True)
class Send:
    """Send these bytes; `size` > 0: in pieces of so many, each in a packet of its own."""

    data: bytes
    size: int = 0


@dataclass(frozen=True)
class Until:
    """Read until these bytes have come, counted from the beginning of all that came, `times` of them."""

    data: bytes
    times: int = 1


@dataclass(frozen=True)
class Take:
    """Read until so many bytes have come in all."""

    size: int


@dataclass(frozen=True)
class Wait:
    """Let time pass, or wait until something is so."""

    seconds: float | Callable[[], bool]


@dataclass(frozen=True)
class End:
    """End the connection: `fin` closes it, `half` ends the own side and reads on, `rst` resets it, `hear` reads until
    the other side ends it, `cut` closes without what TLS says at an end."""

    how: str


Step = Send | Until | Take | Wait | End


@dataclass
class Saw:
    """What one side saw: the bytes, and how the other side ended (`fin`, `rst`, or `open` where it was not waited
    for)."""

    data: bytearray = field(default_factory=bytearray)
    end: str = "open"


def play(opened: Any, steps: Sequence[Step]) -> Saw:
    """Play `steps` on a connected socket, which is closed after them."""
    saw = Saw()
    opened.settimeout(LONGEST_S)
    with contextlib.suppress(OSError):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        for step in steps:
            match step:
                case Send(data, 0):
                    opened.sendall(data)
                case Send(data, size):
                    for start in range(0, len(data), size):
                        opened.sendall(data[start : start + size])
                        time.sleep(0.0005)
                case Until(data, times):
                    while saw.data.count(data) < times and _read(opened, saw):
                        pass
                case Take(size):
                    while len(saw.data) < size and _read(opened, saw):
                        pass
                case Wait(float() as seconds):
                    time.sleep(seconds)
                case Wait(is_so):
                    assert callable(is_so)
                    until = time.monotonic() + LONGEST_S
                    while not is_so() and time.monotonic() < until:
                        time.sleep(0.005)
                case End("half"):
                    opened.shutdown(socket.SHUT_WR)
                case End("rst"):
                    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    break
                case End("fin"):
                    if isinstance(opened, ssl.SSLSocket):
                        with contextlib.suppress(OSError):
                            opened.settimeout(0.2)
                            opened = opened.unwrap()
                    break
                case End("cut"):
                    break
                case _:
                    while _read(opened, saw):
                        pass
    except (BrokenPipeError, ConnectionResetError):
        saw.end = "rst"
    finally:
        opened.close()
    return saw


def _read(opened: Any, saw: Saw) -> bool:
    try:
        piece = opened.recv(256 * 1024)
    except (ConnectionResetError, ssl.SSLEOFError):
        saw.end = "rst"
        return False
    saw.data += piece
    if not piece:
        saw.end = "fin"
    return bool(piece)


class Server:
    """Plays `steps` on each connection it gets, with TLS where a context is given; `saw` has one entry a connection,
    in the order of their ends."""

    def __init__(self, steps: Sequence[Step], tls: ssl.SSLContext | None = None) -> None:
        self._steps = steps
        self._tls = tls
        self.saw: list[Saw] = []
        self.accepted = 0
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def join(self) -> None:
        """Wait for the connections to end."""
        with self._starting:  # one that was appended has started
            threads = list(self._threads)
        for thread in threads:
            thread.join(LONGEST_S)

    def _accept(self) -> None:
        while True:
            try:
                opened, _ = self._listener.accept()
            except OSError:
                return
            with self._starting:
                self.accepted += 1
                thread = threading.Thread(target=self._serve, args=(opened,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, opened: socket.socket) -> None:
        try:
            wrapped = (
                opened
                if self._tls is None
                else self._tls.wrap_socket(opened, server_side=True, suppress_ragged_eofs=False)
            )
        except OSError:
            opened.close()
            return
        self.saw.append(play(wrapped, self._steps))


def connect(port: int, tls: ssl.SSLContext | None = None) -> Any:
    """A client's connection to a port of this machine."""
    opened = socket.create_connection(("127.0.0.1", port), timeout=LONGEST_S)
    return opened if tls is None else tls.wrap_socket(opened, server_hostname="127.0.0.1", suppress_ragged_eofs=False)


def readable(opened: socket.socket, seconds: float) -> bool:
    """Whether something comes within that time."""
    return bool(select.select([opened], [], [], seconds)[0])
