"""What the HTTP client says went wrong, in avow's words; loaded only where something did."""

from typing import TYPE_CHECKING, Any

from avow.endpoint.connecting import client
from avow.endpoint.decompression import NotCompressed
from avow.errors import (
    DEADLINE_PASSED,
    AvowError,
    ConfigError,
    ConnectionFailed,
    Failure,
    Stalled,
    StreamEnded,
    TimedOut,
)
from avow.exit_codes import ExitCode
from avow.wire.secret import Secrets

if TYPE_CHECKING:
    from avow.endpoint.patience import Patience

NOT_REACHED = "the API cannot be reached: "
_LEFT = ("Server disconnected", "peer closed connection")
"""How the client says that a connection ended; its other complaints are about bytes of an answer that came."""


def translated(error: Exception, patience: "Patience", secrets: Secrets, *, begun: bool) -> AvowError | None:
    """An exception of the client's as ours, None where it is not one; `begun`: a response had begun. No text of theirs
    that may hold a header is passed on."""
    httpcore: Any = client()
    match error:
        case httpcore.ConnectTimeout():
            return _unreachable("timeout", "no connection within the time limit", sent=False)
        case httpcore.ConnectError():
            return _unreachable("connection", _connect_words(error), sent=False)
        case httpcore.TimeoutException():
            return _silence(patience, begun=begun)
        case httpcore.LocalProtocolError() | UnicodeEncodeError():
            # Both quote the illegal value, a key perhaps, one of them in an attribute.
            return ConfigError("a header holds characters that HTTP does not allow")
        case httpcore.NetworkError() | httpcore.ProtocolError() | httpcore.ProxyError():
            if patience.passed():
                return _silence(patience, begun=begun)
            is_odd = isinstance(error, httpcore.RemoteProtocolError)
            is_answered = is_odd and not any(left in str(error) for left in _LEFT)
            return _broken(secrets.text(_words(error)), begun=begun, is_answered=is_answered)
        case NotCompressed():
            failure = Failure("stream_ended", None, "the response cannot be decompressed")
            return StreamEnded(failure, ExitCode.INCOMPLETE, not_retryable=True)
        case _:
            return None


def stalled(words: str) -> Stalled:
    """The error of an answer that stopped in the middle."""
    return Stalled(Failure("stalled", None, words), ExitCode.INCOMPLETE)


def _broken(words: str, *, begun: bool, is_answered: bool) -> AvowError:
    """A connection that broke; `words` may quote a line of the response."""
    if begun:
        failure = Failure("stream_ended", None, f"the connection broke ({words})")
        return StreamEnded(failure, ExitCode.INCOMPLETE, not_retryable=is_answered)
    return _unreachable("connection", f"the connection failed ({words})", sent=True, is_answered=is_answered)


def _words(error: Exception) -> str:
    words = str(error).strip().rstrip(".")
    if words.startswith("[Errno "):  # the system's own words
        words = words.partition("] ")[2].lower()
    return words or type(error).__name__


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


def _silence(patience: "Patience", *, begun: bool) -> TimedOut | Stalled:
    passed = patience.passed()
    if begun:
        if passed:
            return stalled(DEADLINE_PASSED)
        return stalled(f"the stream stalled: nothing came for {patience.between_s:g} seconds")
    words = "the deadline passed" if passed else f"nothing came for {patience.first_s:g} seconds"
    return TimedOut(
        Failure("timeout", None, f"the API did not answer: {words}"),
        ExitCode.UNREACHABLE,
        hint="--timeout and --deadline set how long avow waits",
    )
