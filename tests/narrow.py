"""A slow line to a server on loopback: what the client sends is let through at so many bytes a second."""

import socket
import threading
import time
from types import TracebackType
from typing import Self

_PIECE = 32 * 1024


class Narrow:
    """Forwards connections to `port`; answers come back at full speed. `taken` is how many bytes came through."""

    def __init__(self, port: int, bytes_a_second: float) -> None:
        self._target = port
        self._rate = bytes_a_second
        self.taken = 0
        self._open: list[socket.socket] = []
        self._listener = socket.socket()
        # A small window, so that the sender's system cannot swallow a whole body at once.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _PIECE)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(8)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for opened in (self._listener, *self._open):
            opened.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._open += [near, far]
            threading.Thread(target=self._forward, args=(near, far, self._rate), daemon=True).start()
            threading.Thread(target=self._forward, args=(far, near, None), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, rate: float | None) -> None:
        try:
            while piece := source.recv(_PIECE):
                if rate is not None:
                    self.taken += len(piece)
                    time.sleep(len(piece) / rate)
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return
