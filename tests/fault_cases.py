"""The faults that avow must survive, and what each must come to in each form: `test_faults` and `fault_table`."""

import datetime
import gzip
import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from avow.simulator.server import Simulator
from tests.raw_server import RESET, STALL, RawServer, Step, http, stream, unused_port
from tests.streams import answer, block, end, message, sse, start, text, words

FORMS = ("streamed", "whole")
MEBI = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Came:
    """What a fault must come to: exit status, status and verdict of the row, `error.type`, a word of the message."""

    exit_code: int
    status: str
    verdict: str | None
    error: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class FaultCase:
    """One fault: `at` opens what answers and gives its address; `came` says what comes of it, by form."""

    name: str
    at: Callable[[Path], Iterator[tuple[str, dict[str, str]]]]
    came: dict[str, Came]
    arguments: tuple[str, ...] = ()


UNREACHED = Came(6, "failed", None, "connection", "cannot be reached")
NONSENSE = Came(5, "failed", None, "not_an_answer", "no answer of the API")
BROKEN = Came(7, "incomplete", "unverified", "stream_ended", "before the answer")
BROKEN_WHOLE = Came(6, "failed", None, "stream_ended")


def both(came: Came) -> dict[str, Came]:
    return dict.fromkeys(FORMS, came)


def _raw(*steps: Step, whole: tuple[Step, ...] | None = None) -> Callable[[Path], Iterator[tuple[str, dict[str, str]]]]:
    del whole

    def opened(_home: Path) -> Iterator[tuple[str, dict[str, str]]]:
        with RawServer(list(steps)) as server:
            yield server.url, {}

    return opened


def _simulated(scenario: str) -> Callable[[Path], Iterator[tuple[str, dict[str, str]]]]:
    def opened(_home: Path) -> Iterator[tuple[str, dict[str, str]]]:
        with Simulator(scenario) as simulator:
            yield simulator.base_url, {}

    return opened


def _nowhere(url: Callable[[], str]) -> Callable[[Path], Iterator[tuple[str, dict[str, str]]]]:
    def opened(_home: Path) -> Iterator[tuple[str, dict[str, str]]]:
        yield url(), {}

    return opened


def _tls(name: str, *, trusted: bool) -> Callable[[Path], Iterator[tuple[str, dict[str, str]]]]:
    """A server with a certificate for `name`, whose root the client trusts or does not."""

    def opened(home: Path) -> Iterator[tuple[str, dict[str, str]]]:
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


_STREAM = sse(*answer("Hello ", "there, ", "you"))
_HALF = stream(_STREAM[: len(_STREAM) * 6 // 10])
_BEGUN = stream(sse(start(), *words(0, "Hello ")))
_ERROR = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
_HUGE = sse(start(), *block(0, {"type": "text", "text": ""}))[:-2]
_PORTAL = b"<!DOCTYPE html><title>Sign in</title><h1>Guest network</h1>"
_BOMB = gzip.compress(b" " * (200 * MEBI), 9)
_WHOLE = json.dumps(message(text("Hello"))).encode()
_HALF_WHOLE = http(_WHOLE)[:-30]
_ENDLESS: tuple[Step, ...] = (_BEGUN, *((0.05, sse(*block(1, text("")))) * 200))

CASES = [
    FaultCase("connection refused", _nowhere(lambda: f"http://127.0.0.1:{unused_port()}"), both(UNREACHED)),
    FaultCase("name not found", _nowhere(lambda: "https://no-such-host.invalid"), both(UNREACHED)),
    FaultCase("TLS: wrong name", _tls("elsewhere.example", trusted=True), both(UNREACHED)),
    FaultCase("TLS: untrusted root", _tls("127.0.0.1.example", trusted=False), both(UNREACHED)),
    FaultCase("closed before a response", _raw(0.0), both(UNREACHED)),
    FaultCase("reset at byte 0", _raw(RESET), both(UNREACHED)),
    FaultCase("reset in the headers", _raw(b"HTTP/1.1 200 OK\r\ncontent-ty", 0.1, RESET), both(UNREACHED)),
    FaultCase("reset in mid-answer", _raw(_HALF, 0.2, RESET), both(BROKEN)),
    FaultCase("whole answer cut short", _raw(_HALF_WHOLE), both(BROKEN_WHOLE)),
    FaultCase("stall before a response", _raw(STALL), both(Came(6, "failed", None, "timeout")), ("--timeout", "0.5")),
    FaultCase(
        "stall in mid-answer",
        _raw(_BEGUN, STALL),
        both(Came(7, "incomplete", "unverified", "stalled")),
        ("--timeout", "0.5"),
    ),
    FaultCase(
        "error event in mid-answer",
        _raw(stream(sse(start(), *words(0, "Hello "), _ERROR))),
        both(Came(7, "incomplete", "unverified", "overloaded_error", "Overloaded")),
    ),
    FaultCase("bytes that are no HTTP", _raw(b"\x00\xff\x13garbage\r\n\r\n" * 20), both(UNREACHED)),
    FaultCase("garbage as body", _raw(http(b"\x00\xff\x13garbage", kind="text/event-stream")), both(NONSENSE)),
    FaultCase("a web page", _raw(http(_PORTAL, kind="text/html")), both(NONSENSE)),
    FaultCase("a web page called JSON", _raw(http(_PORTAL)), both(NONSENSE)),
    FaultCase("an empty body", _raw(http(b"")), both(NONSENSE)),
    FaultCase(
        "a redirect", _raw(http(b"", "302 Found", "text/html", "location: https://elsewhere.example/")), both(NONSENSE)
    ),
    FaultCase(
        "gzip bomb of 200 MB",
        _raw(http(_BOMB, "200 OK", "application/json", "content-encoding: gzip")),
        both(NONSENSE),
    ),
    FaultCase(
        "an event of 100 MB",
        _raw(stream(sse(start(), *words(0, "Hello "))), b"data: ", *([b"x" * MEBI] * 100)),
        both(Came(7, "incomplete", "unverified", "not_an_answer", "16 MiB")),
    ),
    FaultCase(
        "endless stream with a deadline",
        _raw(*_ENDLESS),
        both(Came(7, "incomplete", "unverified", "stalled")),
        ("--deadline", "1"),
    ),
    FaultCase(
        "429 that asks to wait an hour",
        _simulated("retry_hour"),
        both(Came(5, "failed", None, "rate_limit_error")),
        ("--retries", "2"),
    ),
    FaultCase("stream without an end", _raw(stream(_STREAM[: -len(sse(*end())) or None])), both(BROKEN)),
]


@contextmanager
def opened(case: FaultCase, home: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The address to ask, and what the environment needs for it."""
    yield from case.at(home)
