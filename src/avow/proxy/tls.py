"""TLS over bytes: plaintext in and out of a connection. A proper end is told apart from a connection that was cut."""

import contextlib
import ssl

_PIECE = 64 * 1024


class TlsLayer:
    """One TLS client session over a connection that something else reads and writes.

    asyncio's own layer does not tell a close_notify from a cut connection, and drops what it has not sent.
    """

    __slots__ = ("_incoming", "_outgoing", "_session", "_waiting", "ended", "is_open")

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._waiting = bytearray()  # plaintext that the session did not take yet
        self.is_open = False
        self.ended = False

    def start(self) -> bytes:
        """Begin the handshake; the bytes to send. Raises ssl.SSLError."""
        return self._step()

    def receive(self, data: bytes) -> tuple[bytes, bytes]:
        """Read what arrived; its plaintext, and the bytes to send in reply. Sets `is_open` once the handshake is done,
        and `ended` when the other side has closed its own. Raises ssl.SSLError."""
        self._incoming.write(data)
        sent = b"" if self.is_open else self._step()
        plain: list[bytes] = []
        while self.is_open and not self.ended:
            try:
                piece = self._session.read(_PIECE)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                piece = b""
            if piece:
                plain.append(piece)
            else:
                self.ended = True
        return b"".join(plain), sent + self.send(b"")

    def send(self, data: bytes) -> bytes:
        """The bytes to send for this plaintext. Raises ssl.SSLError."""
        self._waiting += data
        while self.is_open and self._waiting:
            try:
                taken = self._session.write(self._waiting)
            except ssl.SSLWantReadError:
                break
            del self._waiting[:taken]
        return self._outgoing.read()

    def close(self) -> bytes:
        """The bytes to send in order to say that no more will come."""
        with contextlib.suppress(ssl.SSLError):  # the other side's own end has not come, and is not waited for
            self._session.unwrap()
        return self._outgoing.read()

    def _step(self) -> bytes:
        with contextlib.suppress(ssl.SSLWantReadError):
            self._session.do_handshake()
            self.is_open = True
        return self._outgoing.read()
