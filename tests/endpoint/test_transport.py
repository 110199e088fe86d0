"""HTTP: what leaves, what comes back, and every way it can break, on a real server with real sockets and TLS."""

import gzip
import json
import os
import socket
import ssl
import threading
import time
import traceback
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from avow.endpoint.credential import Credential, is_loopback
from avow.endpoint.patience import Patience
from avow.endpoint.transport import Transport
from avow.errors import AvowError, ConfigError, ConnectionFailed, Stalled, StreamEnded, TimedOut
from avow.exit_codes import ExitCode
from avow.simulator.server import Simulator
from avow.wire.request import Endpoint, Request
from tests.conftest import CANARY
from tests.in_part import crossed
from tests.raw_server import RESET, STALL, RawServer, http, stream, unused_port

BODY = {"model": "m", "messages": [], "stream": True}


def request(url: str, *headers: tuple[str, str], stream: bool = True) -> Request:
    body = BODY if stream else {"model": "m", "messages": []}
    return Endpoint(url, headers=headers).request("POST", "/v1/messages", body)


@pytest.fixture
def transport() -> Iterator[Transport]:
    opened = Transport(Credential(CANARY))
    yield opened
    opened.close()


def fetch(transport: Transport, asked: Request, patience: Patience | None = None) -> tuple[int, bytes]:
    with transport.send(asked, patience or Patience(3, 3)) as response:
        return response.status, response.read()


def everything_about(error: BaseException) -> str:
    """All that a report of this error could show."""
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(error.args)
    return shown + (f"{error.message} {error.hint}" if isinstance(error, AvowError) else "")


def test_a_response_and_what_was_sent(transport: Transport) -> None:
    with RawServer(http(b"hello", "404 Not Found", "text/plain", "X-Odd: Yes")) as server:
        with transport.send(request(server.url, ("x-team", "blue")), Patience()) as response:
            assert response.status == 404
            assert response.headers["x-odd"] == "Yes"
            assert b"".join(response.chunks()) == b"hello"
        (asked,) = server.requests
    assert asked.line == "POST /v1/messages HTTP/1.1"
    assert json.loads(asked.body) == BODY
    assert asked.headers["x-api-key"] == CANARY
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["x-team"] == "blue"
    assert asked.headers["host"] == f"127.0.0.1:{server.port}"


def test_exactly_one_credential_leaves() -> None:
    own = (("X-Api-Key", "other"), ("Authorization", "Bearer other"))
    with RawServer(http(b"{}")) as server:
        bearer = Transport(Credential(CANARY, style="bearer"))
        fetch(bearer, request(server.url, *own))
        bearer.close()
        (with_key,) = server.requests
    assert with_key.headers["authorization"] == f"Bearer {CANARY}"
    assert "x-api-key" not in with_key.headers


def test_text_leaves_as_utf8_and_half_an_emoji_does_no_harm(transport: Transport) -> None:
    with RawServer(http(b"{}")) as server:
        fetch(transport, Request("POST", server.url, (), {"a": "é🙂", "b": "\ud83d"}))
        (asked,) = server.requests
    assert json.loads(asked.body) == {"a": "é🙂", "b": "?"}


@pytest.mark.parametrize(
    ("encoding", "squeeze"), [("gzip", gzip.compress), ("deflate", zlib.compress)], ids=["gzip", "deflate"]
)
def test_a_compressed_answer_is_read(transport: Transport, encoding: str, squeeze: Any) -> None:
    with RawServer(http(squeeze(b"hello" * 999), "200 OK", "text/plain", f"content-encoding: {encoding}")) as server:
        assert fetch(transport, request(server.url, stream=False)) == (200, b"hello" * 999)


def test_what_is_called_compressed_and_is_not(transport: Transport) -> None:
    lie = http(b"hello", "200 OK", "text/plain", "content-encoding: gzip")
    with RawServer(lie) as server, pytest.raises(StreamEnded, match="decompressed"):
        fetch(transport, request(server.url))


def test_reading_stops_at_its_limit(transport: Transport) -> None:
    with RawServer(http(b"x" * 1_000_000)) as server, transport.send(request(server.url), Patience()) as response:
        assert response.read(1000) == b"x" * 1000


def test_chunks_come_as_they_arrive(transport: Transport) -> None:
    go_on = threading.Event()
    slow = RawServer([stream(b"one"), go_on, b"two"])
    with slow as server, transport.send(request(server.url), Patience(3, 3)) as response:
        chunks = response.chunks()
        assert next(chunks) == b"one"
        go_on.set()
        assert b"".join(chunks) == b"two"


# -- large bodies, whose leaving is watched


BIG = {"model": "m", "text": "0123456789 grüße " * 200_000}


def test_what_is_watched_leaves_as_what_is_not() -> None:
    seen: list[tuple[int, int] | None] = []
    with RawServer(http(b"{}")) as server:
        for watch in (None, seen.append):
            transport = Transport(Credential(CANARY), watch)
            fetch(transport, Request("POST", server.url, (("x-a", "b"),), BIG))
            transport.close()
        plain, watched = server.requests
    assert watched == plain
    assert list(watched.headers.items()) == list(plain.headers.items()), "the order too"
    assert watched.headers["content-length"] == str(len(watched.body))
    assert "transfer-encoding" not in watched.headers
    steps = [step for step in seen if step is not None]
    assert steps[0] == (0, len(plain.body))
    assert steps == sorted(steps)
    assert steps[-1][0] < len(plain.body)
    assert {total for _sent, total in steps} == {len(plain.body)}
    assert seen[-1] is None


@pytest.mark.parametrize(("size", "is_watched"), [(1_000_000, False), (1_000_001, True)], ids=["1 MB", "a byte more"])
def test_only_what_is_over_a_megabyte_is_watched(size: int, is_watched: bool) -> None:
    seen: list[tuple[int, int] | None] = []
    transport = Transport(Credential(CANARY), seen.append)
    with RawServer(http(b"{}")) as server:
        fetch(transport, Request("POST", server.url, (), {"a": "x" * (size - 8)}))
        (asked,) = server.requests
    transport.close()
    assert len(asked.body) == size
    assert bool(seen) is is_watched


def test_a_body_is_sent_anew_over_the_same_connection() -> None:
    transport = Transport(Credential(CANARY), lambda _progress: None)
    body = {
        **BODY,
        "max_tokens": 9,
        "model": "claude-fable-5-2",
        "messages": [{"role": "user", "content": BIG["text"]}],
    }
    with Simulator() as api:
        for _ in range(2):
            assert fetch(transport, Endpoint(api.base_url).request("POST", "/v1/messages", body))[0] == 200
        first, second = api.requests
    transport.close()
    assert first.body == second.body
    assert json.loads(first.body) == body


@pytest.mark.parametrize(
    ("steps", "error"),
    [
        pytest.param([http(b"no", "413 Request Entity Too Large")], None, id="answered early"),
        pytest.param([RESET], ConnectionFailed, id="reset"),
    ],
)
def test_a_server_that_does_not_wait_for_the_end(steps: list[Any], error: type[AvowError] | None) -> None:
    seen: list[tuple[int, int] | None] = []
    transport = Transport(Credential(CANARY), seen.append)
    with RawServer(steps, reads_body=False) as server:
        asked = Request("POST", server.url, (), {"a": "x" * 30_000_000})
        if error is None:
            assert fetch(transport, asked) == (413, b"no")
        else:
            with pytest.raises(error):
                fetch(transport, asked)
    transport.close()
    assert seen[-1] is None


def test_an_upload_that_is_stuck_ends_at_the_deadline() -> None:
    seen: list[tuple[int, int] | None] = []
    transport = Transport(Credential(CANARY), seen.append)
    with RawServer([STALL], reads_body=False) as server:
        before = time.monotonic()
        with pytest.raises(TimedOut, match="deadline"):
            fetch(
                transport,
                Request("POST", server.url, (), {"a": "x" * 30_000_000}),
                Patience(9, 9, time.monotonic() + 0.5),
            )
        assert 0.3 < time.monotonic() - before < 8
    transport.close()
    assert seen[-1] is None


# -- what breaks before a response: nothing was answered, exit status 6


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        pytest.param([], "without sending a response", id="closed"),
        pytest.param([RESET], "reset", id="reset"),
        pytest.param([b"SSH-2.0-OpenSSH_9\r\n\r\n"], "connection failed", id="another protocol"),
        pytest.param([b"HTTP/1.1 200 OK\r\ncontent-"], "connection failed", id="cut in the headers"),
    ],
)
def test_a_connection_that_fails_before_a_response(transport: Transport, steps: list[Any], words: str) -> None:
    with RawServer(steps) as server, pytest.raises(ConnectionFailed, match=words) as caught:
        fetch(transport, request(server.url))
    assert (caught.value.exit_code, caught.value.sent) == (ExitCode.UNREACHABLE, True)
    assert caught.value.failure.type == "connection"


def test_nobody_listens(transport: Transport) -> None:
    with pytest.raises(ConnectionFailed, match="refused") as caught:
        fetch(transport, request(f"http://127.0.0.1:{unused_port()}"))
    assert not caught.value.sent


def test_a_name_that_does_not_exist(transport: Transport) -> None:
    with pytest.raises(ConnectionFailed, match="DNS") as caught:
        fetch(transport, request("http://no-such-host.invalid"))
    assert not caught.value.sent


def test_silence_before_a_response(transport: Transport) -> None:
    before = time.monotonic()
    with RawServer([STALL]) as server, pytest.raises(TimedOut, match=r"nothing came for 0\.2 seconds") as caught:
        fetch(transport, request(server.url), Patience(0.2, 9))
    assert time.monotonic() - before < 8
    assert (caught.value.exit_code, caught.value.sent) == (ExitCode.UNREACHABLE, True)


# -- what breaks after a response began: exit status 7


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([http(b"x" * 99)[:-50]], id="closed"),
        pytest.param([stream(b"x"), 0.1, RESET], id="reset"),
        pytest.param([stream(b"5\r\nhel", "transfer-encoding: chunked")], id="cut in a chunk"),
    ],
)
def test_a_connection_that_breaks_later(transport: Transport, steps: list[Any]) -> None:
    with RawServer(steps) as server, pytest.raises(StreamEnded, match="connection broke") as caught:
        fetch(transport, request(server.url))
    assert caught.value.exit_code is ExitCode.INCOMPLETE


def test_silence_after_it_began(transport: Transport) -> None:
    with RawServer([stream(b"x"), STALL]) as server, pytest.raises(Stalled, match=r"nothing came for 0\.2 seconds"):
        fetch(transport, request(server.url), Patience(9, 0.2))


@pytest.mark.parametrize(
    ("steps", "kind", "seconds", "secure"),
    crossed(
        {
            "before a response": ([STALL], TimedOut, 0.4),
            "in the headers": ([b"HTTP/1.1 200 OK\r\n", *([b"x-a: b\r\n", 0.05] * 400)], TimedOut, 0.4),
            "in silence": ([stream(b"x"), STALL], Stalled, 1.0),
            "while bytes keep coming": ([stream(b"x"), *([b"x", 0.05] * 400)], Stalled, 1.0),
        },
        {"cleartext": False, "TLS": True},
    ),
)
def test_the_deadline_bounds_it_all(
    steps: list[Any], kind: type[AvowError], seconds: float, secure: bool, tls: tuple[ssl.SSLContext, Path]
) -> None:
    context, bundle = tls
    os.environ["SSL_CERT_FILE"] = str(bundle)
    transport = Transport(Credential(CANARY))
    with RawServer(steps, tls=context if secure else None) as server:
        before = time.monotonic()
        with pytest.raises(kind, match="deadline"):
            fetch(transport, request(server.url), Patience(9, 9, time.monotonic() + seconds))
        assert seconds - 0.1 < time.monotonic() - before < 8
    transport.close()


def test_a_second_request_on_the_same_connection_has_its_deadline_too(transport: Transport) -> None:
    with Simulator(["requested", "stalled"]) as api:
        for deadline in (60.0, 1.0):
            asked = Endpoint(api.base_url).request(
                "POST",
                "/v1/messages",
                {**BODY, "max_tokens": 9, "model": "claude-fable-5-2", "messages": [{"role": "user", "content": "hi"}]},
            )
            before = time.monotonic()
            try:
                fetch(transport, asked, Patience(9, 9, time.monotonic() + deadline))
            except Stalled:
                assert deadline == 1
            assert time.monotonic() - before < 8


# -- TLS


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context for 127.0.0.1, and the file of the authority that vouches for it."""
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "avow tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    public, private = folder / "public.pem", folder / "private.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


def test_a_certificate_nobody_vouches_for(transport: Transport, tls: tuple[ssl.SSLContext, Path]) -> None:
    with (
        RawServer(http(b"{}"), tls=tls[0]) as server,
        pytest.raises(ConnectionFailed, match=r"TLS: .*self-signed") as caught,
    ):
        fetch(transport, request(server.url))
    assert "SSL_CERT_FILE" in (caught.value.hint or "")
    assert server.requests == []


def test_a_certificate_that_the_environment_vouches_for(transport: Transport, tls: tuple[ssl.SSLContext, Path]) -> None:
    os.environ["SSL_CERT_FILE"] = str(tls[1])
    with RawServer(http(b"hi"), tls=tls[0]) as server:
        assert fetch(transport, request(server.url)) == (200, b"hi")


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["missing", "garbage"])
def test_a_certificate_file_that_cannot_be_used(transport: Transport, tmp_path: Path, content: str | None) -> None:
    bundle = tmp_path / "bundle.pem"
    if content:
        bundle.write_text(content)
    os.environ["SSL_CERT_FILE"] = str(bundle)
    with pytest.raises(ConfigError, match="certificate settings") as caught:
        fetch(transport, request("https://127.0.0.1:1"))
    assert "SSL_CERT_FILE" in (caught.value.hint or "")


# -- proxies and redirects


@pytest.mark.parametrize("secure", [False, True], ids=["cleartext", "TLS"])
@pytest.mark.parametrize("name", ["http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_loopback_never_goes_through_a_proxy(name: str, secure: bool, tls: tuple[ssl.SSLContext, Path]) -> None:
    os.environ["SSL_CERT_FILE"] = str(tls[1])
    with RawServer(http(b"proxy")) as proxy, RawServer(http(b"direct"), tls=tls[0] if secure else None) as server:
        os.environ[name] = proxy.url
        transport = Transport(Credential(CANARY))
        assert fetch(transport, request(server.url)) == (200, b"direct")
        transport.close()
        assert proxy.requests == []


def test_other_hosts_go_through_the_proxy_and_the_key_not_to_it(transport: Transport) -> None:
    with RawServer(http(b"", "407 Proxy Authentication Required")) as proxy:
        os.environ["HTTPS_PROXY"] = proxy.url
        with pytest.raises(ConnectionFailed, match="407"):
            fetch(transport, request("https://api.example.invalid"))
        (asked,) = proxy.requests
    assert asked.line == "CONNECT api.example.invalid:443 HTTP/1.1"
    assert CANARY not in str(asked.headers)


@pytest.mark.parametrize("value", ["ftp://proxy.example", "http://[bad", "socks5://127.0.0.1:1"])
def test_a_proxy_that_cannot_be_used(transport: Transport, value: str) -> None:
    os.environ["HTTPS_PROXY"] = value
    with pytest.raises((ConfigError, ConnectionFailed)) as caught:
        fetch(transport, request("https://api.example.invalid"))
    assert caught.value.hint


def test_a_redirect_is_not_followed(transport: Transport) -> None:
    with RawServer(http(b"elsewhere")) as other:
        with RawServer(http(b"", "307 Temporary Redirect", "text/plain", f"location: {other.url}/")) as server:
            assert fetch(transport, request(server.url)) == (307, b"")
        assert other.requests == []


# -- the key


@pytest.mark.parametrize(
    "secret",
    [f"{CANARY}\n", f"{CANARY}\r\nx-evil: 1", f"{CANARY}é", f"{CANARY}\u2026", f"{CANARY}\0", f" {CANARY}"],
    ids=["a line's end", "a header's end", "latin", "beyond latin", "NUL", "a blank before it"],
)
def test_a_key_that_is_no_header_is_not_shown(secret: str) -> None:
    transport = Transport(Credential(secret))
    with RawServer(http(b"{}")) as server:
        with pytest.raises(ConfigError) as caught:
            fetch(transport, request(server.url))
        assert server.requests == []
    assert CANARY not in everything_about(caught.value) + repr(transport)
    transport.close()


@pytest.mark.parametrize(
    "steps", [[], [RESET], [STALL], [stream(b"x"), RESET]], ids=["closed", "reset", "silent", "cut"]
)
def test_no_error_shows_the_key(transport: Transport, steps: list[Any]) -> None:
    with RawServer(steps) as server, pytest.raises(AvowError) as caught:
        fetch(transport, request(server.url), Patience(0.3, 0.3))
    assert CANARY not in everything_about(caught.value)


@pytest.mark.parametrize(
    "url",
    ["ftp://127.0.0.1", "127.0.0.1:80", "http://", "http://[::1", "https://exa mple.org", "http://127.0.0.1:notaport"],
)
def test_an_address_that_is_none(transport: Transport, url: str) -> None:
    with pytest.raises(AvowError) as caught:
        fetch(transport, request(url))
    assert caught.value.exit_code in (ExitCode.USAGE, ExitCode.UNREACHABLE)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("127.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("128.0.0.1", False),
        ("10.0.0.1", False),
        ("", False),
        (None, False),
        ("127.0.0.²", False),
    ],
)
def test_what_is_loopback(host: str | None, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def has_ipv6() -> bool:
    """Whether this machine has the address; containers often have not."""
    with suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_ipv6_loopback(transport: Transport) -> None:
    with Simulator("requested", host="::1") as api:
        status, _body = fetch(transport, Endpoint(api.base_url).request("GET", "/v1/models"))
    assert status == 200


def test_patience_is_bounded_by_the_deadline() -> None:
    assert Patience().left() is None
    assert not Patience().passed()
    assert Patience().within(7) == 7
    late = Patience(deadline=time.monotonic() - 1)
    assert late.passed()
    assert 0 < late.within(7) < 0.01
    soon = Patience(deadline=time.monotonic() + 5)
    assert 4 < soon.within(7) <= 5
    assert soon.within(1) == 1
