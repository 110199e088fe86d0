"""One connection of a client and its connection to the upstream: every byte passes between them unchanged.

Only the head of a request is rewritten (`head.rewritten`). Responses are not parsed here: an observer gets a copy,
after the bytes have been passed on, and its errors change nothing.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from avow.proxy.address import Address
from avow.proxy.framing import BadFraming
from avow.proxy.head import AccessRule, BadHead, Head, HeadRewrite
from avow.proxy.observer import ConnectionEnd, Holder, Observer
from avow.proxy.requests import RequestSplitter
from avow.proxy.sockets import BUFFER, BufferedConnection, ReadControl, ReceiveBuffer, reset
from avow.proxy.upstream import Upstream, UpstreamFailed

_REFUSAL = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_LINGER_S = 1.0
_POLL_S = 0.01


@dataclass(slots=True)
class RelayContext:
    """What all connections of a relay share. `watch` makes the observer of a new connection; `fault` is called with
    what an observer raised; `hold` makes the holder of a connection from its observer and from the function that writes
    to the client. `refused` counts requests that were not passed on."""

    address: Address
    gate: AccessRule
    target: HeadRewrite
    watch: Callable[[], Observer]
    fault: Callable[[Exception], None]
    context: ssl.SSLContext | None = None
    hold: Callable[[Observer, Callable[[bytes], None]], Holder] | None = None
    memory: ReceiveBuffer = field(default_factory=ReceiveBuffer)
    clients: "set[ClientConnection]" = field(default_factory=set)
    refused: int = 0


class ClientConnection(BufferedConnection):
    """One connection of a client, and its connection to the upstream."""

    def __init__(self, relay: RelayContext) -> None:
        super().__init__(relay.memory)
        self._relay = relay
        self._transport: asyncio.Transport | None = None
        self._upstream: Upstream | None = None
        self._opening: asyncio.Task[None] | None = None
        self._unsent: list[bytes] = []  # for an upstream that is not open yet
        self._batch: list[bytes] = []  # what is passed on together
        self._news: list[Callable[[Observer], None]] = []
        self._incoming = RequestSplitter(relay.gate, relay.target, self)
        self._over = False
        self._reading = ReadControl()
        self._observer: Observer | None = None
        self._holder: Holder | None = None
        try:
            self._observer = relay.watch()
            if relay.hold is not None:
                self._holder = relay.hold(self._observer, self._write)
        except Exception as error:
            relay.fault(error)

    @property
    def busy(self) -> bool:
        """Whether a request or its answer is under way."""
        try:
            return not self._over and self._observer is not None and self._observer.busy
        except Exception as error:
            self._faulty(error)
            return False

    def close(self) -> None:
        """End both sides without a reset."""
        self._end(ConnectionEnd.CLIENT_LEFT)
        if self._transport is not None:
            self._transport.close()

    # -- the client's side ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(BUFFER)
        self._transport = self._reading.transport = transport
        self._relay.clients.add(self)

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        try:
            try:
                self._incoming.take(data)
            finally:
                self._pass_on()
        except BadHead:
            self._refuse()
        except BadFraming:
            self._relay.refused += 1
            self._break()
        else:
            if self._incoming.waits:
                self._reading.pause("upgrade")

    def eof_received(self) -> bool:
        # One that only ends its side cannot be told from one that is gone: either way no answer is paid for any more.
        self._end(ConnectionEnd.CLIENT_LEFT)
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._end(ConnectionEnd.CLIENT_LEFT, with_reset=error is not None)
        self._relay.clients.discard(self)

    def pause_writing(self) -> None:
        if self._upstream is not None:
            self._upstream.read(False)

    def resume_writing(self) -> None:
        if self._upstream is not None:
            self._upstream.read(True)

    # -- requests ---------------------------------------------------------------------------------------------

    def passed(self, data: bytes) -> None:
        self._batch.append(data)

    def head(self, head: Head) -> None:
        if self._holder is not None:
            self._holder.request(head)
        self._news.append(lambda observer: observer.request(head))

    def body(self, piece: bytes) -> None:
        self._news.append(lambda observer: observer.request_body(piece))

    def request_over(self) -> None:
        self._news.append(lambda observer: observer.request_over())

    def _pass_on(self) -> None:
        """Send the bytes that arrived in one piece as one piece, and only then call the observer."""
        if self._batch:
            data = self._batch[0] if len(self._batch) == 1 else b"".join(self._batch)
            self._batch.clear()
            self._send(data)
        news, self._news = self._news, []
        for say in news:
            self._tell(say)

    def _send(self, data: bytes) -> None:
        if self._upstream is None:
            self._upstream = Upstream(self._relay.address, self._relay.context, self, self._relay.memory)
            self._opening = asyncio.get_running_loop().create_task(self._open(self._upstream))
        if self._opening is not None:
            self._unsent.append(data)
            # Below that it is read on, so that a client that leaves is seen to leave.
            if sum(map(len, self._unsent)) > BUFFER:
                self._reading.pause("opening")
        else:
            self._upstream.write(data)

    def _refuse(self) -> None:
        """Answer a request that is not the client's, or is not valid; nothing of it reaches the upstream."""
        self._relay.refused += 1
        if self._upstream is not None or self._transport is None:
            self._break()  # an answer of ours would land among the upstream's
            return
        self._over = True
        self._transport.write(_REFUSAL)
        with contextlib.suppress(OSError, NotImplementedError):
            self._transport.write_eof()
        # Closed at once, what the client still sends would be answered by a reset before it has read the answer.
        asyncio.get_running_loop().call_later(_LINGER_S, self._transport.close)

    # -- the upstream's side ----------------------------------------------------------------------------------

    def arrived(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or self._over:
            return
        if self._holder is None:
            transport.write(data)
        if self._observer is not None:
            try:
                self._observer.response(data)
            except Exception as error:
                self._faulty(error)
        if self._holder is not None:
            self._holder.response(data)
        held = self._incoming.answered(data)
        if held is not None:
            if held:
                self.data_received(held)
            self._reading.resume("upgrade")

    def upstream_ended(self) -> None:
        if self._transport is not None and not self._over:
            self._tell(lambda observer: observer.ended(ConnectionEnd.CLOSED, ""))
            self._when_decided(self._end_client)

    def upstream_lost(self) -> None:
        self._end(ConnectionEnd.RESET)
        self._when_decided(self._reset_when_drained)

    def _when_decided(self, done: Callable[[], None]) -> None:
        if self._holder is None:
            done()
        else:
            self._holder.ended(done)

    def _end_client(self) -> None:
        if self._transport is not None:
            with contextlib.suppress(OSError, NotImplementedError):
                self._transport.write_eof()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def upstream_full(self, full: bool) -> None:
        (self._reading.pause if full else self._reading.resume)("upstream")

    async def _open(self, upstream: Upstream) -> None:
        try:
            await upstream.open()
        except UpstreamFailed as error:
            self._opening = None
            self._end(ConnectionEnd.UNREACHABLE, str(error))
            self._reset_when_drained()
            return
        self._opening = None
        unsent, self._unsent = self._unsent, []
        for data in unsent:
            upstream.write(data)
        self._reading.resume("opening")

    # -- ends -------------------------------------------------------------------------------------------------

    def _end(self, how: ConnectionEnd, words: str = "", *, with_reset: bool = False) -> None:
        """Let nothing pass any more, in either direction."""
        if self._over:
            return
        self._over = True
        self._unsent = []
        self._tell(lambda observer: observer.ended(how, words))
        if self._opening is not None:
            self._opening.cancel()
        if self._upstream is not None:
            if with_reset:
                self._upstream.reset()
            else:
                self._upstream.close()

    def _break(self) -> None:
        self._end(ConnectionEnd.CLIENT_LEFT, with_reset=True)
        if self._transport is not None:
            reset(self._transport)

    def _reset_when_drained(self) -> None:
        """Reset the client once it has all bytes that arrived before."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(_POLL_S, self._reset_when_drained)
        else:
            reset(transport)

    def _tell(self, say: Callable[[Observer], None]) -> None:
        if self._observer is not None:
            try:
                say(self._observer)
            except Exception as error:
                self._faulty(error)

    def _faulty(self, error: Exception) -> None:
        self._observer = None
        self._relay.fault(error)
