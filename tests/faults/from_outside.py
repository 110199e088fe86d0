"""Faults of the network and of the server, each played by a real server on loopback as the question calls for."""

import datetime
import json
import ssl
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from avow.simulator.server import Simulator
from tests.faults.shapes import Came, Fault, Form, arguments, stdin_of
from tests.raw_server import RESET, STALL, RawServer, Step, http, stream, unused_port
from tests.running import Ran, run
from tests.streams import answer, block, message, sse, start, text, words

MEBI = 1024 * 1024
Opened = Callable[[Form, Path], AbstractContextManager[tuple[str, dict[str, str]]]]
"""Opens what answers; gives its address, and what the environment needs for it."""


def ask(opened: Opened, more: tuple[str, ...], form: Form, home: Path) -> Ran:
    """Ask into the fault."""
    with opened(form, home) as (url, environ):
        command = arguments(form, "--retries", "0", *more)
        return run(home, *command, base_url=url, stdin=stdin_of(form), timeout=60, **environ)


def raw(steps: list[Step], whole: list[Step] | None = None) -> Opened:
    """Exactly these bytes, or those of `whole` where the answer is not streamed; a chat's second turn is answered."""

    @contextmanager
    def opened(form: Form, _home: Path) -> Iterator[tuple[str, dict[str, str]]]:
        played = whole if whole is not None and form == "whole" else steps
        with RawServer(played, stream(sse(*answer("Well again")))) as server:
            yield server.url, {}

    return opened


@contextmanager
def bombed(form: Form, home: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """200 MB of blanks in a few bytes: one megabyte is packed, which stands there again and again."""
    kind = "application/json" if form == "whole" else _EVENT_STREAM
    packing = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    begun = packing.compress(b" " if form == "whole" else b": ") + packing.flush(zlib.Z_FULL_FLUSH)
    blanks = packing.compress(b" " * MEBI) + packing.flush(zlib.Z_FULL_FLUSH)
    body = begun + 200 * blanks
    with raw([http(body, "200 OK", kind, "content-encoding: gzip")])(form, home) as given:
        yield given


def simulated(scenario: str) -> Opened:
    """A scenario of the simulator; a chat's second turn is answered."""

    @contextmanager
    def opened(_form: Form, _home: Path) -> Iterator[tuple[str, dict[str, str]]]:
        with Simulator([scenario, "requested"]) as simulator:
            yield simulator.base_url, {}

    return opened


def nowhere(url: Callable[[], str]) -> Opened:
    """Nobody listens there."""

    @contextmanager
    def opened(_form: Form, _home: Path) -> Iterator[tuple[str, dict[str, str]]]:
        yield url(), {}

    return opened


def tls(name: str, *, trusted: bool) -> Opened:
    """A server with a certificate for `name`, whose root the client trusts or does not."""

    @contextmanager
    def opened(_form: Form, home: Path) -> Iterator[tuple[str, dict[str, str]]]:
        certificate = make_certificate(home, name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with RawServer(http(b"{}"), tls=context) as server:
            yield server.url, {"SSL_CERT_FILE": str(certificate)} if trusted else {}

    return opened


def make_certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate for the host `name` with its key, in one PEM file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


# -- what is sent ---------------------------------------------------------------------------------------------

_STREAM = sse(*answer("Hello ", "there, ", "you"))
BEGUN = stream(sse(start(), *words(0, "Hello ")))
_HALF = stream(_STREAM[: len(_STREAM) * 6 // 10])
_ERROR = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
_PORTAL = b"<!DOCTYPE html><title>Sign in</title><h1>Guest network</h1>"
_NOISE = b"\x00\xff\x13garbage"
_WHOLE = json.dumps(message(text("Hello there, you"))).encode()
HALF_WHOLE = http(_WHOLE)[:-30]
_EVENT_STREAM = "text/event-stream; charset=utf-8"


def _endless(head: bytes, piece: bytes) -> list[Step]:
    return [head, *((0.05, piece) * 200)]


# -- what must come of it -------------------------------------------------------------------------------------


def alike(came: Came, whole: Came | None = None, *, recovers: bool = True) -> dict[Form, Came]:
    """The same in every form, or another where the answer is not streamed. In a chat the next turn is answered, or
    (`recovers` false) fails as the first did; what it printed is then not looked at."""
    then = "complete" if recovers else came.status
    chat = Came(came.exit_code, came.status, came.verdict, came.error, came.words, came.shown, then)
    return {"streamed": came, "whole": whole or came, "chat": chat}


UNREACHED = Came(6, "failed", None, "connection", "avow: error: the API cannot be reached")
NONSENSE = Came(5, "failed", None, "not_an_answer", "is not a Messages API response")
BROKEN = Came(7, "incomplete", "unverified", "stream_ended", "avow: incomplete: the stream ended before", b"Hello ")
BROKEN_WHOLE = replace(BROKEN, shown=b"")
STALLED = Came(7, "incomplete", "unverified", "stalled", "avow: incomplete: the stream stalled", b"Hello ")
STALLED_WHOLE = replace(STALLED, shown=b"")
LATE = replace(STALLED, words="avow: incomplete: the deadline passed before the answer ended")
LATE_WHOLE = Came(6, "failed", None, "stalled", "avow: error: the deadline passed before the answer ended")


def fault(name: str, opened: Opened, came: dict[Form, Came], *more: str) -> Fault:
    return Fault(name, partial(ask, opened, more), came)


FAULTS = [
    fault(
        "connection refused",
        nowhere(lambda: f"http://127.0.0.1:{unused_port()}"),
        alike(UNREACHED, recovers=False),
    ),
    fault("name not found", nowhere(lambda: "https://no-such-host.invalid"), alike(UNREACHED, recovers=False)),
    fault("TLS: wrong name", tls("elsewhere.example", trusted=True), alike(UNREACHED, recovers=False)),
    fault("TLS: untrusted root", tls("127.0.0.1.example", trusted=False), alike(UNREACHED, recovers=False)),
    fault("closed before a response", raw([0.0]), alike(UNREACHED)),
    fault("reset at byte 0", raw([RESET]), alike(UNREACHED)),
    fault("reset in the headers", raw([b"HTTP/1.1 200 OK\r\ncontent-ty", 0.1, RESET]), alike(UNREACHED)),
    fault("reset in mid-answer", raw([_HALF, 0.2, RESET], [HALF_WHOLE, 0.2, RESET]), alike(BROKEN, BROKEN_WHOLE)),
    fault("closed in mid-answer", raw([_HALF], [HALF_WHOLE]), alike(BROKEN, BROKEN_WHOLE)),
    fault(
        "stall before a response",
        raw([STALL]),
        alike(Came(6, "failed", None, "timeout", "avow: error: the API did not answer")),
        *("--timeout", "0.5"),
    ),
    fault(
        "stall in mid-answer",
        raw([BEGUN, STALL], [HALF_WHOLE, STALL]),
        alike(STALLED, STALLED_WHOLE),
        *("--timeout", "0.5"),
    ),
    fault(
        "error in mid-answer (whole: in its place)",
        raw([stream(sse(start(), *words(0, "Hello "), _ERROR))], [http(json.dumps(_ERROR).encode())]),
        alike(
            Came(7, "incomplete", "unverified", "overloaded_error", "Overloaded", b"Hello "),
            Came(5, "failed", None, "overloaded_error", "the API is overloaded"),
        ),
    ),
    fault("bytes that are no HTTP", raw([(_NOISE + b"\r\n\r\n") * 20]), alike(UNREACHED)),
    fault("garbage as body", raw([http(_NOISE, kind=_EVENT_STREAM)], [http(_NOISE)]), alike(NONSENSE)),
    fault("a web page", raw([http(_PORTAL, kind="text/html")]), alike(NONSENSE)),
    fault(
        "a web page called an answer",
        raw([http(_PORTAL, kind=_EVENT_STREAM)], [http(_PORTAL)]),
        alike(NONSENSE),
    ),
    fault(
        "an empty body",
        raw([http(b"", kind=_EVENT_STREAM)], [http(b"")]),
        alike(Came(6, "failed", None, "stream_ended", "avow: error: the stream ended before"), NONSENSE),
    ),
    fault(
        "a redirect",
        raw([http(b"", "302 Found", "text/html", "location: https://elsewhere.example/")]),
        alike(NONSENSE),
    ),
    fault(
        "gzip bomb of 200 MB",
        bombed,
        alike(replace(NONSENSE, words="16 MiB"), NONSENSE),
    ),
    fault(
        "100 MB in one event (whole: in one body)",
        raw(
            [BEGUN, b"data: ", *([b"x" * MEBI] * 100)],
            [http(b"x")[:-1].replace(b"content-length: 1", b"x: y"), b'{"type": "', *([b"x" * MEBI] * 100)],
        ),
        alike(Came(7, "incomplete", "unverified", "not_an_answer", "16 MiB", b"Hello "), NONSENSE),
    ),
    fault(
        "no end, with a deadline",
        raw(
            _endless(BEGUN, sse(*block(1, text("")))),
            _endless(http(b"x")[:-1].replace(b"content-length: 1", b"x: y") + b"{", b" "),
        ),
        alike(LATE, LATE_WHOLE),
        *("--deadline", "1"),
    ),
    fault(
        "429 that asks to wait an hour",
        simulated("retry_hour"),
        alike(Came(5, "failed", None, "rate_limit_error", "60 minutes")),
        *("--retries", "2"),
    ),
    Fault(
        "stream that ends without its last events",
        partial(ask, raw([stream(sse(*answer("Hello ", "you")[:-2]))]), ()),
        {form: came for form, came in alike(BROKEN).items() if form != "whole"},
        without={"whole": "a whole answer has no last events"},
    ),
]
