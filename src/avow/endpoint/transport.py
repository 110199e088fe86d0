"""HTTP: requests out, chunks of bytes in, the HTTP client's errors in avow's words."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from avow.endpoint.connecting import address, client, pool
from avow.endpoint.credential import Credential
from avow.endpoint.patience import Patience
from avow.errors import DEADLINE_PASSED, StreamEnded
from avow.values import NamedTuple
from avow.wire.request import Endpoint, Request, secret_values
from avow.wire.secret import Secrets

if TYPE_CHECKING:
    from ssl import SSLContext
    from weakref import WeakSet

    from avow.endpoint.watchdog import Watchdog
    from avow.wire.body import OpenResponse

CONNECT_S = 10.0
WRITE_S = 60.0
WATCHED_BYTES = 1_000_000
"""The progress of sending a larger body is reported, piece by piece."""
_PIECE = 64 * 1024


class Transport:
    """Sends requests with the credential (None: they need none), over one connection pool for the process.

    `watch_upload` is called while a body over `WATCHED_BYTES` is sent: with how many of its bytes the system took, and
    how many there are; with None once no more will be sent. `connections`: how many are kept open between requests.
    `context` verifies the server in place of the certificates that this machine trusts.
    """

    __slots__ = ("_context", "_pool", "_sockets", "connections", "credential", "watch_upload")

    def __init__(
        self,
        credential: Credential | None,
        watch_upload: Callable[[tuple[int, int] | None], None] | None = None,
        connections: int = 20,
        context: "SSLContext | None" = None,
    ) -> None:
        self.credential = credential
        self.watch_upload = watch_upload
        self.connections = connections
        self._context = context
        self._pool: Any = None
        self._sockets: WeakSet[Any] | None = None

    @contextmanager
    def send(self, request: Request, patience: Patience) -> Iterator["Response"]:
        """Send `request` and give its response, whatever its status.

        Raises ConnectionFailed and TimedOut before a response began, ConfigError for a proxy or certificate
        setting that cannot be used.
        """
        secrets = self._secrets(request)
        self._open(request.url)
        limits = {
            "connect": patience.within(CONNECT_S),
            "read": patience.within(patience.first_s),
            "write": patience.within(WRITE_S),
            "pool": patience.within(patience.first_s),
        }
        watchdog = self._watchdog(patience)
        try:
            try:
                response = self._sent(request, limits, watchdog)
            except Exception as error:
                from avow.endpoint.network_failures import translated

                told = translated(error, patience, secrets, begun=False)
                if told is None:
                    raise
                raise told from None
            try:
                limits["read"] = patience.within(patience.between_s)
                if watchdog is not None:
                    watchdog.attach(response.extensions.get("network_stream"))
                yield Response(response, patience, secrets)
            finally:
                response.close()
        finally:
            if watchdog is not None:
                watchdog.cancel()

    def share(self, base_url: str, connections: int) -> None:
        """Make it ready for requests of this many threads at once, and for `hang_up`. Raises ConfigError."""
        from weakref import WeakSet

        self.connections, self._sockets = connections, WeakSet()
        self.watch_upload = None
        self._open(base_url)

    def hang_up(self) -> None:
        """Break off whatever waits on a connection, in any thread; only after `share`."""
        import contextlib

        from avow.endpoint.watchdog import shut_down

        for _attempt in range(20):
            with contextlib.suppress(RuntimeError):  # a thread has just opened one
                for one in list(self._sockets or ()):
                    shut_down(one)
                return

    def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _open(self, url: str) -> None:
        if self._pool is None:
            self._pool = pool(client(), url, self.connections, self._context)

    def _watchdog(self, patience: Patience) -> "Watchdog | None":
        if patience.deadline is None and self._sockets is None:
            return None
        from avow.endpoint.watchdog import Watchdog

        return Watchdog(patience, self._sockets)

    def _sent(self, request: Request, limits: dict[str, float], watchdog: "Watchdog | None") -> Any:
        """The client's response; `limits` count while it is read, too."""
        httpcore, parts = client(), address(request.url)
        host, extensions = parts.netloc.rpartition("@")[2], {"timeout": limits}
        if watchdog is not None:
            watchdog.guard(extensions)
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        url = httpcore.URL(
            scheme=parts.scheme.encode(),
            host=(parts.hostname or "").encode(),
            port=parts.port,
            target=target.encode(),
        )
        with self._upload(request) as (content, size):
            headers = [("Host", host), *self._headers(request)]
            if size is not None:
                # Without its length the client would send it in chunks, which gateways refuse.
                headers.append(("Content-Length", str(size)))
            raw = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers]
            sent = httpcore.Request(request.method, url, headers=raw, content=content, extensions=extensions)
            return self._pool.handle_request(sent)

    @contextmanager
    def _upload(self, request: Request) -> Iterator[tuple[bytes | Iterator[bytes] | None, int | None]]:
        """The body as the client takes it, and its size."""
        watch, body = self.watch_upload, request.content or None
        if request.pieces is not None:
            yield request.pieces.read(), request.pieces.size
        elif body is None:
            yield None, None if request.method == "GET" else 0
        elif watch is None or len(body) <= WATCHED_BYTES:
            yield body, len(body)
        else:
            try:
                yield _pieces(body, watch), len(body)
            finally:
                watch(None)

    def _headers(self, request: Request) -> list[tuple[str, str]]:
        given = [*request.headers, *([self.credential.header()] if self.credential else [])]
        if any(name.lower() == "accept-encoding" for name, _value in given):
            return given
        return [("Accept-Encoding", "gzip, deflate"), *given]

    def _secrets(self, request: Request) -> Secrets:
        own = ((name, value) for name, value in request.headers if name.lower() in request.hidden)
        return Secrets((*([self.credential.secret] if self.credential else []), *secret_values(own)))


class Response:
    """What comes back, without the secrets that went out; `headers` are lower-case."""

    def __init__(self, response: Any, patience: Patience, secrets: Secrets) -> None:
        self._response = response
        self._patience = patience
        self._arrived = 0
        self.secrets = secrets
        self.status: int = response.status
        self.headers: dict[str, str] = {}
        for raw_name, raw_value in response.headers:
            name, value = _decoded(raw_name).lower(), secrets.text(_decoded(raw_value))
            self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value

    def chunks(self) -> Iterator[bytes]:
        """The body as it arrives."""
        try:
            for chunk in self.secrets.chunks(self._content()):
                yield chunk
                if self._patience.passed():
                    break
        except Exception as error:
            from avow.endpoint.network_failures import translated

            told = translated(error, self._patience, self.secrets, begun=True)
            if told is None:
                raise
            if isinstance(told, StreamEnded):
                # Of what is compressed, bytes may have come though nothing of it could be given on.
                told.not_retryable = told.not_retryable or self._arrived > 0
            raise told from None
        # Where the watchdog shut the connection down, the body may seem to have ended well.
        if self._patience.passed():
            from avow.endpoint.network_failures import stalled

            raise stalled(DEADLINE_PASSED)

    def read(self, limit: int = 64 * 1024 * 1024) -> bytes:
        """The body whole, at most `limit` bytes of it."""
        kept = bytearray()
        for chunk in self.chunks():
            kept += chunk
            if len(kept) > limit:
                break
        return self.secrets.data(bytes(kept[:limit]))

    def _content(self) -> Iterator[bytes]:
        encodings = self.headers.get("content-encoding")
        if encodings is None or encodings == "identity":
            return self._raw()
        from avow.endpoint.decompression import decompressed

        return decompressed(self._raw(), encodings)

    def _raw(self) -> Iterator[bytes]:
        for chunk in self._response.iter_stream():
            self._arrived += len(chunk)
            yield chunk


class Sender(Protocol):
    """Something that sends requests as `Transport` does."""

    def send(self, request: Request, patience: Patience) -> AbstractContextManager["OpenResponse"]:
        """Send `request` and give its response, whatever its status."""


class Api(NamedTuple):
    """The API, opened: how it is spoken to, what sends the requests, and how long it may stay silent. One serves many
    questions. `simulated`: it is the simulator; `paced` sends in the place of `transport`, as fast as a run may ask."""

    endpoint: Endpoint
    transport: Transport
    patience: Patience
    simulated: bool = False
    paced: Sender | None = None

    def send(self, request: Request, deadline: float | None = None) -> AbstractContextManager["OpenResponse"]:
        """Send `request`; all must be over at `deadline`, a moment of `time.monotonic`. Raises as `Transport.send`."""
        patience = self.patience if deadline is None else self.patience._replace(deadline=deadline)
        return (self.paced or self.transport).send(request, patience)


def _decoded(raw: bytes) -> str:
    """A header's bytes as text: UTF-8, else Latin-1, which has a letter for every byte."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _pieces(body: bytes, watch: Callable[[tuple[int, int] | None], None]) -> Iterator[bytes]:
    for start in range(0, len(body), _PIECE):
        watch((start, len(body)))
        yield body[start : start + _PIECE]
    watch(None)  # all of it is on its way; what is waited for now is the answer
