"""The relay: for each connection of a client one to the upstream, and every byte between them unchanged.

Only the head of a request is rewritten (`head.rewritten`). Responses are not parsed: an observer gets a copy, and its
errors change nothing. There are no time limits here, no retries and no pool: those are the client's and the server's
own.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable

from avow.proxy.address import Address
from avow.proxy.connection import ClientConnection, RelayContext
from avow.proxy.head import AccessRule, HeadRewrite
from avow.proxy.observer import Holder, Observer
from avow.proxy.sockets import ADDRESS

_POLL_S = 0.01


class Relay:
    """Accepts the connections of clients."""

    def __init__(
        self,
        address: Address,
        secret: str,
        watch: Callable[[], Observer],
        *,
        context: ssl.SSLContext | None = None,
        fault: Callable[[Exception], None] = lambda _error: None,
        without_codings: frozenset[bytes] = frozenset(),
        hold: Callable[[Observer, Callable[[bytes], None]], Holder] | None = None,
    ) -> None:
        """See `RelayContext`. Until `serve` nobody's host is known, and nothing may pass."""
        gate = AccessRule(secret.encode(), ())
        target = HeadRewrite(address.host_header, address.prefix.encode(), without_codings)
        self._shared = RelayContext(address, gate, target, watch, fault, context, hold)
        self._server: asyncio.Server | None = None

    @property
    def refused(self) -> int:
        """How many requests were not passed on."""
        return self._shared.refused

    async def serve(self, listener: socket.socket) -> None:
        """Begin to take connections from `listener`."""
        port = listener.getsockname()[1]
        hosts = frozenset(f"{name}:{port}".encode() for name in (ADDRESS, "localhost"))
        self._shared.gate = self._shared.gate._replace(hosts=hosts)
        listener.setblocking(False)
        self._server = await asyncio.get_running_loop().create_server(
            lambda: ClientConnection(self._shared), sock=listener
        )

    async def finish(self) -> None:
        """Take no more connections, wait for the answers that are due, and end the rest."""
        if self._server is not None:
            self._server.close()
        while True:
            for client in list(self._shared.clients):
                if not client.busy:
                    client.close()
            if not any(client.busy for client in self._shared.clients):
                return
            await asyncio.sleep(_POLL_S)

    def stop(self) -> None:
        """End everything at once."""
        if self._server is not None:
            self._server.close()
        for client in list(self._shared.clients):
            client.close()
