"""The deadline of a whole exchange, and breaking it off: the HTTP client's own limits start again with each byte."""

import contextlib
import socket
from typing import TYPE_CHECKING, Any

from avow.background import later

if TYPE_CHECKING:
    from weakref import WeakSet

    from avow.endpoint.patience import Patience


class Watchdog:
    """Ends an exchange at its deadline, whatever it waits for, and adds its connection to `sockets`."""

    def __init__(self, patience: "Patience", sockets: "WeakSet[Any] | None" = None) -> None:
        self._patience = patience
        self._sockets = sockets
        self._limits: dict[str, float] = {}
        self._socket: Any = None
        self._over = False
        left = patience.left()
        self._timer = None if left is None else later(left + 0.001, self._end)

    def guard(self, extensions: dict[str, Any]) -> None:
        """Watch the connection of the request with these extensions from its beginning on."""
        self._limits = extensions["timeout"]
        extensions["trace"] = self._hear

    def attach(self, stream: Any) -> None:
        """Watch this connection."""
        if stream is not None:
            self._socket = stream.get_extra_info("socket")
            if self._sockets is not None and self._socket is not None:
                self._sockets.add(self._socket)
            if self._over:
                self._end()

    def cancel(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.set()

    def _hear(self, event: str, facts: dict[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self.attach(facts.get("return_value"))
        elif self._timer is not None and event.endswith(".started"):
            self._limits.update({phase: self._patience.within(most) for phase, most in self._limits.items()})

    def _end(self) -> None:
        self._over = True
        if self._socket is not None:
            shut_down(self._socket)


def shut_down(connection: Any) -> None:
    """Break off whatever waits on a connection, in any thread."""
    with contextlib.suppress(OSError):
        # Not the TLS socket's own `shutdown`: it would pull the session away under a read.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
