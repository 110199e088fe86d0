"""The certificates that this machine trusts, as the HTTP client chooses them."""

import os
import ssl
from collections.abc import Mapping

from avow.errors import ConfigError


def client_context(environ: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """What verifies a server: `SSL_CERT_FILE`, else `SSL_CERT_DIR`, else the certificates that come with the HTTP
    client (as httpx has it). Raises ConfigError where they cannot be used."""
    try:
        if file := environ.get("SSL_CERT_FILE"):
            context = ssl.create_default_context(cafile=file)
        elif folder := environ.get("SSL_CERT_DIR"):
            context = ssl.create_default_context(capath=folder)
        else:
            import certifi

            context = ssl.create_default_context(cafile=certifi.where())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"the certificate settings cannot be used: {error}", hint="check SSL_CERT_FILE and SSL_CERT_DIR"
        ) from None
    context.set_alpn_protocols(["http/1.1"])
    return context
