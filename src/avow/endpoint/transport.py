"""HTTP: the only file that imports the HTTP client; requests out, chunks of bytes in, errors translated."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from avow.background import later
from avow.endpoint.credential import Credential, is_loopback
from avow.errors import OUT_OF_FILES, ConfigError, ConnectionFailed, Failure, Stalled, StreamEnded, TimedOut
from avow.exit_codes import ExitCode
from avow.values import NamedTuple
from avow.wire.request import Request
from avow.wire.secret import Secrets, secret_values

if TYPE_CHECKING:
    from weakref import WeakSet

    import httpx

    from avow.endpoint.proxies import Proxy

NOT_REACHED = "the API cannot be reached: "
FIRST_S = 600.0
BETWEEN_S = 120.0
"""How long the API may stay silent before an answer begins, and in the midst of one, where no setting says so."""

CONNECT_S = 10.0
WRITE_S = 60.0
WATCHED_BYTES = 1_000_000
"""The leaving of a body larger than this is told of, piece by piece."""
_PIECE = 64 * 1024
_LEFT = ("Server disconnected", "peer closed connection")
"""How the client says that a connection ended; its other complaints are about bytes of an answer that came."""


class Patience(NamedTuple):
    """How long the API may stay silent, in seconds: before the first byte, and between bytes; `deadline` is the
    moment (of `time.monotonic`) at which the whole exchange must be over."""

    first_s: float = FIRST_S
    between_s: float = BETWEEN_S
    deadline: float | None = None

    def left(self) -> float | None:
        """Seconds until the deadline, at least a little."""
        return None if self.deadline is None else max(self.deadline - time.monotonic(), 0.001)

    def passed(self) -> bool:
        """Whether the deadline is over."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def within(self, seconds: float) -> float:
        """`seconds`, or what is left before the deadline."""
        left = self.left()
        return seconds if left is None else min(seconds, left)


class Transport:
    """Sends requests with the credential (None: they need none), over one connection pool for the process.

    `watch_upload` hears of a body over `WATCHED_BYTES` while it leaves: how many of its bytes the system took, and
    how many there are; None once no more will leave. `connections`: how many are kept open between requests.
    """

    __slots__ = ("_client", "_sockets", "connections", "credential", "watch_upload")

    def __init__(
        self,
        credential: Credential | None,
        watch_upload: Callable[[tuple[int, int] | None], None] | None = None,
        connections: int = 20,
    ) -> None:
        self.credential = credential
        self.watch_upload = watch_upload
        self.connections = connections
        self._client: Any = None
        self._sockets: WeakSet[Any] | None = None

    @contextmanager
    def send(self, request: Request, patience: Patience) -> Iterator["Response"]:
        """Send `request` and give its response, whatever its status.

        Raises ConnectionFailed and TimedOut before a response began, ConfigError for a proxy or certificate
        setting that cannot be used.
        """
        httpx = _import_httpx()
        client = self._open(httpx, request.url)
        first = patience.within(patience.first_s)
        timeout = httpx.Timeout(first, connect=patience.within(CONNECT_S), write=patience.within(WRITE_S))
        watchdog = _Watchdog(patience, self._sockets)
        secrets = self._secrets(request)
        try:
            with (
                _translated(httpx, patience, secrets, begun=False),
                self._upload(request) as (content, length),
            ):
                headers = [*self._headers(request), *length]
                sent = client.build_request(
                    request.method, request.url, headers=headers, content=content, timeout=timeout
                )
                watchdog.guard(sent)
                response = client.send(sent, stream=True)
            try:
                sent.extensions["timeout"]["read"] = patience.within(patience.between_s)
                watchdog.attach(response.extensions.get("network_stream"))
                yield Response(response, httpx, patience, secrets)
            finally:
                response.close()
        finally:
            watchdog.cancel()

    def share(self, base_url: str, connections: int) -> None:
        """Make it ready for requests of this many threads at once, and for `hang_up`. Raises ConfigError."""
        from weakref import WeakSet

        self.connections, self._sockets = connections, WeakSet()
        self.watch_upload = None
        self._open(_import_httpx(), base_url)

    def hang_up(self) -> None:
        """Break off whatever waits on a connection, in any thread; only after `share`."""
        for _attempt in range(20):
            with contextlib.suppress(RuntimeError):  # a thread has just opened one
                for one in list(self._sockets or ()):
                    _shut_down(one)
                return

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _open(self, httpx: Any, url: str) -> "httpx.Client":
        if self._client is None:
            try:
                parts = urlsplit(url)
            except ValueError:
                raise ConfigError("the base URL is not a valid address") from None
            # A loopback address never goes through a proxy, and cleartext needs no certificates (20 ms).
            proxy = None if is_loopback(parts.hostname) else _proxy(url)
            try:
                transport = httpx.HTTPTransport(
                    verify=parts.scheme != "http",
                    limits=httpx.Limits(max_connections=100, max_keepalive_connections=self.connections),
                    proxy=proxy.url if proxy else None,
                )
                self._client = httpx.Client(transport=transport, trust_env=False, follow_redirects=False)
            except ImportError:
                raise ConfigError(
                    f"{proxy.variable if proxy else 'ALL_PROXY'}: a SOCKS proxy needs the package socksio",
                    hint="install it beside avow (httpx[socks]), or name an http:// proxy",
                ) from None
            except httpx.InvalidURL:
                variable = proxy.variable if proxy else "ALL_PROXY"
                raise ConfigError(
                    f"{variable} is not the address of a proxy", hint=f"write {variable}=http://HOST:PORT"
                ) from None
            except (OSError, ValueError) as error:
                if isinstance(error, OSError) and error.errno in OUT_OF_FILES:
                    raise
                raise ConfigError(
                    f"the certificate settings cannot be used: {error}", hint="check SSL_CERT_FILE and SSL_CERT_DIR"
                ) from None
        return self._client  # type: ignore[no-any-return]

    @contextmanager
    def _upload(self, request: Request) -> Iterator[tuple[bytes | Iterator[bytes] | None, list[tuple[str, str]]]]:
        """The body as the client takes it, and the header that must go with it."""
        watch, body = self.watch_upload, request.content or None
        if request.pieces is not None:
            yield request.pieces.read(), [("Content-Length", str(request.pieces.size))]
            return
        if watch is None or body is None or len(body) <= WATCHED_BYTES:
            yield body, []
            return
        try:
            # Without its length the client would send it in chunks, which gateways refuse.
            yield _pieces(body, watch), [("Content-Length", str(len(body)))]
        finally:
            watch(None)

    def _headers(self, request: Request) -> list[tuple[str, str]]:
        return [*request.headers, *([self.credential.header()] if self.credential else [])]

    def _secrets(self, request: Request) -> Secrets:
        own = ((name, value) for name, value in request.headers if name.lower() in request.hidden)
        return Secrets((*([self.credential.secret] if self.credential else []), *secret_values(own)))


class Response:
    """What comes back, without the secrets that went out; `headers` are lower-case."""

    def __init__(self, response: "httpx.Response", httpx: Any, patience: Patience, secrets: Secrets) -> None:
        self._response = response
        self._httpx = httpx
        self._patience = patience
        self.secrets = secrets
        self.status: int = response.status_code
        self.headers: dict[str, str] = {name.lower(): secrets.text(value) for name, value in response.headers.items()}

    def chunks(self) -> Iterator[bytes]:
        """The body as it arrives."""
        try:
            with _translated(self._httpx, self._patience, self.secrets, begun=True):
                for chunk in self.secrets.chunks(self._response.iter_bytes()):
                    yield chunk
                    if self._patience.passed():
                        break
        except StreamEnded as error:
            # Of what is compressed, bytes may have come though nothing of it could be given on.
            error.not_retryable = error.not_retryable or self._response.num_bytes_downloaded > 0
            raise
        # Where the watchdog shut the connection down, the body may seem to have ended well.
        if self._patience.passed():
            raise _stalled("the deadline passed before the answer was whole")

    def read(self, limit: int = 64 * 1024 * 1024) -> bytes:
        """The body whole, at most `limit` bytes of it."""
        kept = bytearray()
        for chunk in self.chunks():
            kept += chunk
            if len(kept) > limit:
                break
        return self.secrets.data(bytes(kept[:limit]))


def _pieces(body: bytes, watch: Callable[[tuple[int, int] | None], None]) -> Iterator[bytes]:
    for start in range(0, len(body), _PIECE):
        watch((start, len(body)))
        yield body[start : start + _PIECE]
    watch(None)  # all of it is on its way; what is waited for now is the answer


def _import_httpx() -> Any:
    """httpx without its command line: where `click` is installed its import costs 50 ms more."""
    if "httpx" not in sys.modules:
        sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    import httpx

    return httpx


def _proxy(url: str) -> "Proxy | None":
    import os

    from avow.endpoint.proxies import proxy_for

    return proxy_for(url, os.environ)


class _Watchdog:
    """Ends an exchange at its deadline, whatever it waits for: the client's own limits start again with each byte.
    Without a deadline it does nothing."""

    def __init__(self, patience: Patience, sockets: "WeakSet[Any] | None" = None) -> None:
        self._patience = patience
        self._sockets = sockets
        self._request: httpx.Request | None = None
        self._socket: Any = None
        self._over = False
        left = patience.left()
        self._timer = None if left is None else later(left + 0.001, self._end)

    def guard(self, request: "httpx.Request") -> None:
        """Watch the request's connection from its beginning on."""
        if self._timer is not None or self._sockets is not None:
            self._request = request
            request.extensions["trace"] = self._hear

    def attach(self, stream: Any) -> None:
        """Watch this connection."""
        if stream is not None and (self._timer is not None or self._sockets is not None):
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
        elif self._timer is not None and event.endswith(".started") and self._request is not None:
            limits = self._request.extensions["timeout"]
            limits.update({phase: self._patience.within(most) for phase, most in limits.items()})

    def _end(self) -> None:
        self._over = True
        if self._socket is not None:
            _shut_down(self._socket)


def _shut_down(connection: Any) -> None:
    import socket

    with contextlib.suppress(OSError):
        # Not the TLS socket's own `shutdown`: it would pull the session away under a read.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


@contextmanager
def _translated(httpx: Any, patience: Patience, secrets: Secrets, *, begun: bool) -> Iterator[None]:
    """The client's exceptions as ours; `begun`: a response had begun. No text of theirs that may hold a header
    is passed on."""
    try:
        yield
    except httpx.ConnectTimeout:
        raise _unreachable("timeout", "no connection within the time limit", sent=False) from None
    except httpx.ConnectError as error:
        raise _unreachable("connection", _connect_words(error), sent=False) from None
    except httpx.TimeoutException:
        raise _silence(patience, begun=begun) from None
    except httpx.UnsupportedProtocol:
        raise ConfigError("the base URL must begin with https:// (or http:// on this machine)") from None
    except httpx.LocalProtocolError:
        # Its words quote the illegal value, a key perhaps.
        raise ConfigError("a header holds characters that HTTP does not allow") from None
    except httpx.TransportError as error:
        if patience.passed():
            raise _silence(patience, begun=begun) from None
        is_answered = isinstance(error, httpx.RemoteProtocolError) and not any(left in str(error) for left in _LEFT)
        words = secrets.text(_words(error))  # they may quote a line of the response
        if begun:
            failure = Failure("stream_ended", None, f"the connection broke ({words})")
            raise StreamEnded(failure, ExitCode.INCOMPLETE, not_retryable=is_answered) from None
        words = f"the connection failed ({words})"
        raise _unreachable("connection", words, sent=True, is_answered=is_answered) from None
    except httpx.DecodingError:
        failure = Failure("stream_ended", None, "the response cannot be decompressed")
        raise StreamEnded(failure, ExitCode.INCOMPLETE, not_retryable=True) from None
    except httpx.InvalidURL:
        raise ConfigError("the base URL is not a valid address") from None
    except UnicodeEncodeError:
        # So does this one, in an attribute.
        raise ConfigError("a header holds characters that HTTP does not allow") from None


def _words(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__


def _connect_words(error: Exception) -> str:
    words = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in words:
        reason = words.split("CERTIFICATE_VERIFY_FAILED] ")[-1].split(" (_ssl")[0]
        return f"TLS: {reason}"
    if any(part in words for part in ("Name or service", "nodename", "name resolution", "getaddrinfo")):
        return "DNS: the host's name cannot be resolved"
    return _words(error)


def _unreachable(kind: str, words: str, *, sent: bool, is_answered: bool = False) -> ConnectionFailed | TimedOut:
    hint = "check the network, the base URL and the proxy settings (`avow doctor`)"
    if words.startswith("TLS"):
        hint = "where a proxy inspects TLS, name its root certificate in SSL_CERT_FILE"
    kinds = {"timeout": TimedOut, "connection": ConnectionFailed}
    failure = Failure(kind, None, f"{NOT_REACHED}{words}")
    not_retryable = is_answered or words.startswith("TLS")  # a certificate does not become valid by asking again
    return kinds[kind](failure, ExitCode.UNREACHABLE, hint=hint, sent=sent, not_retryable=not_retryable)  # type: ignore[return-value]


def _silence(patience: Patience, *, begun: bool) -> TimedOut | Stalled:
    passed = patience.passed()
    if begun:
        if passed:
            return _stalled("the deadline passed before the answer was whole")
        return _stalled(f"nothing came for {patience.between_s:g} seconds")
    words = "the deadline passed" if passed else f"nothing came for {patience.first_s:g} seconds"
    return TimedOut(
        Failure("timeout", None, f"the API did not answer: {words}"),
        ExitCode.UNREACHABLE,
        hint="--timeout and --deadline set how long avow waits",
    )


def _stalled(words: str) -> Stalled:
    return Stalled(Failure("stalled", None, f"the stream stalled: {words}"), ExitCode.INCOMPLETE)
