"""Certificates that the variables of OpenTelemetry name: the collector's, and avow's own."""

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from avow.errors import AvowError, ConfigError
from avow.history.store import History
from avow.settings.levels import Config, Section, resolve
from avow.telemetry.pushing import PushOutcome
from avow.telemetry.sending import failure, outgoing, push_to
from avow.telemetry.target import Target, target_of
from avow.telemetry.tls import tls_context
from tests.faults.from_outside import make_certificate
from tests.history.making import answered, kept
from tests.telemetry.collector import Collector

E = "OTEL_EXPORTER_OTLP_"


def target(**environ: str | Path) -> Target:
    """A target at an https address; `environ` without the variables' prefix."""
    said = {E + name: str(value) for name, value in environ.items()}
    settings = resolve(
        flags={}, template={}, conversation={}, environ={}, config=Config(section=Section({})), profile=None
    )
    return target_of({E + "ENDPOINT": "https://localhost:1", **said}, settings, "1")


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    """A certificate for localhost with its key, in one file."""
    return make_certificate(tmp_path, "localhost")


def server(pem: Path, *, asks: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    if asks:
        context.load_verify_locations(pem)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def pushed(at: Target, file: Path) -> tuple[PushOutcome, AvowError | None]:
    with History.open(file) as history, push_to(at, history) as push:
        push.sleep = lambda _seconds: None
        ended = push.push(outgoing(history))
        return ended, None if ended is PushOutcome.SENT else failure(ended, push.last)


def test_a_collector_with_a_certificate_of_its_own(pem: Path, tmp_path: Path) -> None:
    (one,) = kept(tmp_path / "history.db", answered())
    with Collector(tls=server(pem)) as collector:
        ended, error = pushed(target(ENDPOINT=collector.url), tmp_path / "history.db")
        assert ended is PushOutcome.UNREACHED
        assert error is not None
        assert "TLS: certificate verify failed" in error.message
        ended, error = pushed(target(ENDPOINT=collector.url, CERTIFICATE=pem), tmp_path / "history.db")
        assert (ended, error) == (PushOutcome.SENT, None)
    assert collector.ids == [one.id]


def test_a_collector_that_asks_who_pushes(pem: Path, tmp_path: Path) -> None:
    (one,) = kept(tmp_path / "history.db", answered())
    with Collector(tls=server(pem, asks=True)) as collector:
        at: dict[str, str | Path] = {"ENDPOINT": collector.url, "CERTIFICATE": pem}
        ended, _error = pushed(target(**at), tmp_path / "history.db")
        assert (ended, collector.ids) == (PushOutcome.UNREACHED, [])
        own: dict[str, str | Path] = {"CLIENT_CERTIFICATE": pem}
        for more in (own, {**own, "CLIENT_KEY": pem}):
            ended, error = pushed(target(**at, **more), tmp_path / "history.db")
            assert (ended, error) == (PushOutcome.SENT, None)
    assert collector.ids == [one.id]


def test_none_where_none_is_named(pem: Path) -> None:
    assert tls_context(target()) is None
    assert tls_context(target(ENDPOINT="http://localhost:1", CERTIFICATE=pem)) is None


def test_what_the_machine_trusts_counts_where_no_other_is_named(pem: Path, tmp_path: Path) -> None:
    context = tls_context(target(CLIENT_CERTIFICATE=pem), {"SSL_CERT_DIR": str(tmp_path)})
    assert context is not None
    assert context.get_ca_certs() == []
    with pytest.raises(ConfigError, match="certificate settings cannot be used"):
        tls_context(target(CLIENT_CERTIFICATE=pem), {"SSL_CERT_FILE": str(tmp_path / "none")})


def test_files_that_cannot_be_used(pem: Path, tmp_path: Path) -> None:
    junk, locked = tmp_path / "junk", tmp_path / "locked"
    junk.write_text("junk")
    locked.write_bytes(_locked(pem))
    wrong: list[tuple[dict[str, str | Path], str]] = [
        ({"CERTIFICATE": tmp_path / "none"}, f"{E}CERTIFICATE: .*none cannot be opened: no such file"),
        ({"TRACES_CERTIFICATE": tmp_path}, f"{E}TRACES_CERTIFICATE: .* is not a file"),
        ({"CERTIFICATE": junk}, f"{E}CERTIFICATE: the file holds no certificate"),
        ({"CLIENT_CERTIFICATE": junk}, f"{E}CLIENT_CERTIFICATE: not a certificate with its key"),
        ({"CLIENT_CERTIFICATE": pem, "CLIENT_KEY": junk}, f"{E}CLIENT_CERTIFICATE and {E}CLIENT_KEY: not a cert"),
        ({"CLIENT_CERTIFICATE": pem, "CLIENT_KEY": locked}, "the key has a password"),
        ({"CLIENT_KEY": pem}, f"{E}CLIENT_KEY names a key, and no variable its certificate"),
    ]
    for environ, words in wrong:
        with pytest.raises(ConfigError, match=words):
            tls_context(target(**environ))


def _locked(pem: Path) -> bytes:
    key = serialization.load_pem_private_key(pem.read_bytes(), None)
    lock = serialization.BestAvailableEncryption(b"words")
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
