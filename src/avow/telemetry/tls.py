"""The certificates for a collector, where the variables of OpenTelemetry name files with them."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from avow.errors import ConfigError, system_words
from avow.paths import expanded
from avow.telemetry.target import Named, Target

if TYPE_CHECKING:
    from ssl import SSLContext


def tls_context(target: Target, environ: Mapping[str, str] = os.environ) -> "SSLContext | None":
    """What verifies the collector, and what avow shows it; None where no variable names a file, or the address is not
    https. Raises ConfigError, which names the variable at fault."""
    if not target.url.lower().startswith("https:") or not (target.trusted or target.own or target.key):
        return None
    from avow.endpoint.certificates import client_context

    if target.trusted is not None:
        environ = {"SSL_CERT_FILE": _readable(target.trusted)}
    try:
        context = client_context(environ)
    except ConfigError:
        if target.trusted is None:
            raise
        raise ConfigError(f"{target.trusted.variable}: the file holds no certificate") from None
    if target.own is not None:
        _show(context, target.own, target.key)
    elif target.key is not None:
        raise ConfigError(
            f"{target.key.variable} names a key, and no variable its certificate",
            hint="name it in OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
        )
    return context


def _show(context: "SSLContext", own: Named, key: Named | None) -> None:
    """Let the context show a certificate of avow's own; its key is in the same file where no other is named."""
    file, key_file = _readable(own), _readable(key) if key else None
    try:
        context.load_cert_chain(file, key_file, password=lambda: b"")  # else a locked key asks on the terminal
    except (OSError, ValueError):
        named = own.variable if key is None else f"{own.variable} and {key.variable}"
        raise ConfigError(f"{named}: not a certificate with its key, or the key has a password") from None


def _readable(named: Named) -> str:
    path = expanded(named.value)
    try:
        if not path.is_file():
            path.stat()
            raise ConfigError(f"{named.variable}: {path} is not a file")
        with path.open("rb"):
            return str(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{named.variable}: {path} cannot be opened: {system_words(error)}") from None
