"""One connection to the upstream: through a proxy if there is one, with TLS if the address says so."""

import asyncio
import os
import re
import ssl
from typing import Protocol

from avow.proxy.address import Address, OutboundProxy
from avow.proxy.sockets import BUFFER, BufferedConnection, ReceiveBuffer, reset
from avow.proxy.tls import TlsLayer

_LONGEST_REPLY = 64 * 1024
_OPENED = re.compile(rb"HTTP/1\.[01] 2[0-9]{2}[ \r\n]")


class UpstreamFailed(Exception):
    """The upstream cannot be reached; the words say why, for readers who know networks."""


class Downstream(Protocol):
    """Receives what the upstream sends."""

    def arrived(self, data: bytes) -> None:
        """Bytes arrived."""

    def upstream_ended(self) -> None:
        """The upstream has ended its side properly; it may still read."""

    def upstream_lost(self) -> None:
        """The connection is gone: it was reset, or cut inside TLS."""

    def upstream_full(self, full: bool) -> None:
        """Whether the upstream reads more slowly than bytes are written."""


class Upstream(BufferedConnection):
    """A connection that is opened once; `write` may be called from then on."""

    def __init__(
        self, address: Address, context: ssl.SSLContext | None, downstream: Downstream, memory: ReceiveBuffer
    ) -> None:
        super().__init__(memory)
        self._address = address
        self._context = context
        self._downstream = downstream
        self._transport: asyncio.Transport | None = None
        self._layers: list[TlsLayer] = []
        self._waiting: asyncio.Future[None] | None = None  # for a handshake, or for the proxy's reply
        self._is_shaking = False
        self._reply = b""
        self._is_open = False
        self._ended = False
        self._closed = False

    async def open(self) -> None:
        """Connect. Raises UpstreamFailed."""
        proxy, address = self._address.proxy, self._address
        host, port = (proxy.host, proxy.port) if proxy else (address.host, address.port)
        where = "the proxy" if proxy else "the upstream"
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, host, port, happy_eyeballs_delay=0.25)
            if proxy:
                await self._through(proxy)
            if address.secure:
                where = "the upstream"
                await self._secure(address.host)
        except ssl.SSLError as error:
            raise UpstreamFailed(f"TLS with {where}: {getattr(error, 'verify_message', '') or error.reason}") from None
        except OSError as error:
            raise UpstreamFailed(f"the proxy cannot be reached: {_words(error)}" if proxy else _words(error)) from None
        if self._closed:
            raise UpstreamFailed("the client left")
        self._is_open = True

    async def _through(self, proxy: OutboundProxy) -> None:
        if proxy.secure:
            await self._secure(proxy.host)
        await self._await(proxy.request(self._address.host, self._address.port))
        if not _OPENED.match(self._reply):
            status = self._reply[9:12].decode("latin-1")
            raise UpstreamFailed(f"the proxy does not let this through: HTTP {status}")

    async def _secure(self, host: str) -> None:
        layer = TlsLayer(self._context or ssl.create_default_context(), host)
        before = list(self._layers)
        self._layers.append(layer)
        self._is_shaking = True
        await self._await(layer.start(), before)
        self._is_shaking = False

    async def _await(self, request: bytes, layers: list[TlsLayer] | None = None) -> None:
        if self._closed or self._transport is None:
            raise ConnectionResetError("the connection was closed")
        self._waiting = asyncio.get_running_loop().create_future()
        self._send(request, self._layers if layers is None else layers)
        try:
            await self._waiting
        finally:
            self._waiting = None

    # -- what the relay asks for ------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send bytes; those that cannot be sent any more are dropped."""
        if self._transport is not None and not self._transport.is_closing():
            self._send(data, self._layers)

    def read(self, wanted: bool) -> None:
        """Continue reading, or pause."""
        if self._transport is not None and not self._transport.is_closing():
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def close(self) -> None:
        """End the connection at once without a reset; unsent bytes are dropped."""
        self._closed = True
        if self._transport is not None:
            if self._is_open and not self._ended:
                for index in reversed(range(len(self._layers))):
                    self._transport.write(self._wrapped(self._layers[index].close(), self._layers[:index]))
            self._transport.abort()

    def reset(self) -> None:
        """End the connection as a peer does that has gone."""
        self._closed = True
        if self._transport is not None:
            reset(self._transport)

    # -- what asyncio tells -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(BUFFER)
        self._transport = transport
        if self._closed:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        if not self._layers and self._is_open:
            self._downstream.arrived(data)
            return
        try:
            data = self._unwrapped(data)
        except ssl.SSLError as error:
            self._fail(error)
            return
        if self._waiting is not None:
            self._take_reply(data)
        elif data:
            self._downstream.arrived(data)
        if self._layers and self._layers[-1].ended and not self._ended:
            self._ended = True
            self._downstream.upstream_ended()

    def eof_received(self) -> bool:
        if self._waiting is not None:
            self._fail(ConnectionResetError("the connection ended before it was open"))
        elif not self._ended:
            self._ended = True
            if self._layers:  # cut off: TLS says when it ends
                self._downstream.upstream_lost()
            else:
                self._downstream.upstream_ended()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is not None:
            self._fail(error or ConnectionResetError("the connection was closed"))
        elif not self._closed:
            self._closed = True
            self._downstream.upstream_lost()

    def pause_writing(self) -> None:
        self._downstream.upstream_full(True)

    def resume_writing(self) -> None:
        self._downstream.upstream_full(False)

    # -- layers -----------------------------------------------------------------------------------------------

    def _unwrapped(self, data: bytes) -> bytes:
        for index, layer in enumerate(self._layers):
            data, answer = layer.receive(data)
            if answer:
                self._send(answer, self._layers[:index])
        return data

    def _wrapped(self, data: bytes, layers: list[TlsLayer]) -> bytes:
        for layer in reversed(layers):
            data = layer.send(data)
        return data

    def _send(self, data: bytes, layers: list[TlsLayer]) -> None:
        assert self._transport is not None
        try:
            data = self._wrapped(data, layers) if layers else data
        except ssl.SSLError as error:
            self._fail(error)
            return
        if data:
            self._transport.write(data)

    def _take_reply(self, data: bytes) -> None:
        """Continue to open the connection, once the handshake is done or the proxy's reply is whole."""
        waiting = self._waiting
        assert waiting is not None
        self._reply += data
        if self._is_shaking:
            done = self._layers[-1].is_open
        else:
            done = b"\r\n\r\n" in self._reply or len(self._reply) > _LONGEST_REPLY
        if done and not waiting.done():
            waiting.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self._waiting is not None:
            if not self._waiting.done():
                self._waiting.set_exception(error)
        elif not self._closed:
            self._closed = True
            self._downstream.upstream_lost()
        if self._transport is not None:
            self._transport.abort()


def _words(error: OSError) -> str:
    # asyncio's own words name the address; the resolver's numbers are negative.
    known = os.strerror(error.errno) if error.errno and error.errno > 0 else None
    return (known or error.strerror or str(error)).lower()
