"""The relay: one connection of a client, one to the upstream, and every byte between them as it came.

Only the head of a request is touched (`head.rewritten`). Responses are not even parsed: a copy goes to an observer,
which may fail as it likes. There are no time limits here, no retries, no pool: those are the client's and the
server's own.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable

from avow.proxy import head as heads
from avow.proxy.address import Address
from avow.proxy.framing import BadFraming, Body, Chunked, Counted
from avow.proxy.head import BadHead, Gate, Target
from avow.proxy.observer import Ending, Holder, Observer
from avow.proxy.sockets import ADDRESS, BUFFER, reset
from avow.proxy.upgrade import UpgradeWatch
from avow.proxy.upstream import Upstream, UpstreamFailed

_REFUSAL = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_LINGER_S = 1.0
_POLL_S = 0.01


class Relay:
    """Everything the connections share. `watch` makes the observer of a new connection; `fault` hears what an observer
    raised, which touches nothing else. `refused` counts requests that were not passed on."""

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
        """`hold` makes what stands in the way of a connection, from its observer and what writes to the client."""
        self.hold = hold
        self.address = address
        self.context = context
        self.watch = watch
        self.fault = fault
        self.refused = 0
        self.gate = Gate(secret.encode(), ())
        self.target = Target(address.host_header, address.prefix.encode(), without_codings)
        self.clients: set[Client] = set()
        self._server: asyncio.Server | None = None

    async def serve(self, listener: socket.socket) -> None:
        """Begin to take connections from `listener`."""
        port = listener.getsockname()[1]
        hosts = frozenset(f"{name}:{port}".encode() for name in (ADDRESS, "localhost"))
        self.gate = self.gate._replace(hosts=hosts)
        listener.setblocking(False)
        self._server = await asyncio.get_running_loop().create_server(lambda: Client(self), sock=listener)

    async def finish(self) -> None:
        """Take no more connections, wait for the answers that are due, and end the rest."""
        if self._server is not None:
            self._server.close()
        while True:
            for client in list(self.clients):
                if not client.busy:
                    client.close()
            if not any(client.busy for client in self.clients):
                return
            await asyncio.sleep(_POLL_S)

    def stop(self) -> None:
        """End everything at once."""
        if self._server is not None:
            self._server.close()
        for client in list(self.clients):
            client.close()


class Client(asyncio.Protocol):
    """One connection of a client, and what it is connected to."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._transport: asyncio.Transport | None = None
        self._upstream: Upstream | None = None
        self._opening: asyncio.Task[None] | None = None
        self._unsent: list[bytes] = []  # for an upstream that is not open yet
        self._held = b""  # of a head that is not whole, or what waits for an upgrade
        self._body: Body | None = None
        self._upgrade: UpgradeWatch | None = None
        self._opaque = False
        self._over = False
        self._pauses: set[str] = set()
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
        """End both sides, without a reset."""
        self._end(Ending.CLIENT_LEFT)
        if self._transport is not None:
            self._transport.close()

    # -- the client's side ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(BUFFER)
        self._transport = transport
        self._relay.clients.add(self)

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        if self._opaque:
            self._send(data)
            return
        try:
            self._take(self._held + data if self._held else data)
        except BadHead:
            self._refuse()
        except BadFraming:
            self._relay.refused += 1
            self._break()

    def eof_received(self) -> bool:
        # One that only ends its side cannot be told from one that is gone: either way no answer is paid for any more.
        self._end(Ending.CLIENT_LEFT)
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._end(Ending.CLIENT_LEFT, with_reset=error is not None)
        self._relay.clients.discard(self)

    def pause_writing(self) -> None:
        if self._upstream is not None:
            self._upstream.read(False)

    def resume_writing(self) -> None:
        if self._upstream is not None:
            self._upstream.read(True)

    # -- requests ---------------------------------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        """Pass on all of `data` that may be passed on now, and hold the rest."""
        self._held = b""
        place = 0
        while place < len(data):
            if self._body is not None:
                place = self._take_body(self._body, data, place)
            elif self._upgrade is not None:
                self._held = data[place:]
                self._pause("upgrade")
                return
            else:
                end = data.find(b"\r\n\r\n", place + heads.blank_lines(data[place : place + 64])) + 4
                if end < 4 or end - place > heads.LIMIT:
                    if len(data) - place > heads.LIMIT:
                        raise BadHead("a head without end")
                    self._held = data[place:]
                    return
                self._take_head(data[place:end])
                place = end

    def _take_head(self, raw: bytes) -> None:
        head = heads.parse(raw, self._relay.gate)
        self._send(heads.rewritten(head, self._relay.target))
        self._body = Chunked() if head.length is None else Counted(head.length)
        if head.upgrades:
            self._upgrade = UpgradeWatch()
        if self._holder is not None:
            self._holder.request(head)
        self._tell(lambda observer: observer.request(head))
        if self._body.over:
            self._request_over()

    def _take_body(self, body: Body, data: bytes, place: int) -> int:
        payload: list[bytes] = []
        end = body.feed(data, place, payload)
        self._send(data[place:end] if place or end < len(data) else data)
        for piece in payload:
            self._tell(lambda observer, piece=piece: observer.request_body(piece))  # type: ignore[misc]
        if body.over:
            self._request_over()
        return end

    def _request_over(self) -> None:
        self._body = None
        self._tell(lambda observer: observer.request_over())

    def _refuse(self) -> None:
        """Answer what does not come from the client, or not as it should; the upstream hears nothing of it."""
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
        if self._upgrade is not None:
            self._settle_upgrade(self._upgrade, data)

    def upstream_ended(self) -> None:
        if self._transport is not None and not self._over:
            self._tell(lambda observer: observer.ended(Ending.CLOSED, ""))
            self._when_decided(self._end_client)

    def upstream_lost(self) -> None:
        self._end(Ending.RESET)
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
        if full:
            self._pause("upstream")
        else:
            self._resume("upstream")

    def _send(self, data: bytes) -> None:
        if self._upstream is None:
            self._upstream = Upstream(self._relay.address, self._relay.context, self)
            self._opening = asyncio.get_running_loop().create_task(self._open(self._upstream))
        if self._opening is not None:
            self._unsent.append(data)
            # Below that it is read on, so that a client that leaves is seen to leave.
            if sum(map(len, self._unsent)) > BUFFER:
                self._pause("opening")
        else:
            self._upstream.write(data)

    async def _open(self, upstream: Upstream) -> None:
        try:
            await upstream.open()
        except UpstreamFailed as error:
            self._opening = None
            self._end(Ending.UNREACHABLE, str(error))
            self._reset_when_drained()
            return
        self._opening = None
        unsent, self._unsent = self._unsent, []
        for data in unsent:
            upstream.write(data)
        self._resume("opening")

    def _settle_upgrade(self, upgrade: UpgradeWatch, data: bytes) -> None:
        """Whether what follows is another protocol, once the upstream has said so."""
        upgraded = upgrade.feed(data)
        if upgraded is None:
            return
        self._upgrade = None
        self._opaque = upgraded
        held, self._held = self._held, b""
        if held:
            self.data_received(held)
        self._resume("upgrade")

    # -- ends -------------------------------------------------------------------------------------------------

    def _end(self, how: Ending, words: str = "", *, with_reset: bool = False) -> None:
        """No more passes in either direction."""
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
        self._end(Ending.CLIENT_LEFT, with_reset=True)
        if self._transport is not None:
            reset(self._transport)

    def _reset_when_drained(self) -> None:
        """Reset the client, once it has all that had arrived before."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(_POLL_S, self._reset_when_drained)
        else:
            reset(transport)

    def _pause(self, why: str) -> None:
        if self._transport is not None and not self._pauses and not self._transport.is_closing():
            self._transport.pause_reading()
        self._pauses.add(why)

    def _resume(self, why: str) -> None:
        if why in self._pauses:
            self._pauses.discard(why)
            if self._transport is not None and not self._pauses and not self._transport.is_closing():
                self._transport.resume_reading()

    def _tell(self, say: Callable[[Observer], None]) -> None:
        if self._observer is not None:
            try:
                say(self._observer)
            except Exception as error:
                self._faulty(error)

    def _faulty(self, error: Exception) -> None:
        self._observer = None
        self._relay.fault(error)
