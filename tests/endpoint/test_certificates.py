"""The certificates that this machine trusts."""

import ssl
from pathlib import Path

import certifi
import pytest

from avow.endpoint.certificates import client_context
from avow.errors import ConfigError


@pytest.mark.parametrize("environ", [{}, {"SSL_CERT_FILE": certifi.where()}], ids=["built in", "a file"])
def test_a_server_must_prove_its_name(environ: dict[str, str]) -> None:
    context = client_context(environ)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.get_ca_certs() == ssl.create_default_context(cafile=certifi.where()).get_ca_certs()


def test_a_folder_of_certificates(tmp_path: Path) -> None:
    assert client_context({"SSL_CERT_DIR": str(tmp_path)}).get_ca_certs() == []


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["missing", "garbage"])
def test_a_file_that_cannot_be_used(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "bundle.pem"
    if content:
        path.write_text(content)
    with pytest.raises(ConfigError, match="certificate settings"):
        client_context({"SSL_CERT_FILE": str(path)})
