"""Where spans are sent and whose they are: from the standard variables of OpenTelemetry, then from the config."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from avow.errors import ConfigError
from avow.settings.entries import is_header_name
from avow.settings.levels import Settings

DEFAULT_ENDPOINT = "http://localhost:4318"
TIMEOUT_S = 10.0
_PATH = "v1/traces"
_PREFIX = "OTEL_EXPORTER_OTLP_"
_PAIRS = "write NAME=VALUE,NAME=VALUE; values are ASCII, percent-encoded"
_OWN = frozenset(
    {"content-type", "content-length", "content-encoding", "transfer-encoding", "accept-encoding"}
    | {"host", "connection", "expect", "te", "trailer", "upgrade"}
)
"""Headers that a request has from avow, or that say how it is read."""


class Named(NamedTuple):
    """A value, with the name of the variable that it is from."""

    variable: str
    value: str


class Target(NamedTuple):
    """Where spans are sent. `headers` are the user's own and appear in no message; `resource` says whose spans they
    are; `is_protobuf`: send protobuf, not JSON; `is_gzip`: compressed. `trusted` is the file with the certificates that
    the receiver must have one of, `own` the file with the certificate to show it, `key` that with its key."""

    url: str
    headers: tuple[tuple[str, str], ...]
    timeout_s: float
    resource: Mapping[str, object]
    is_protobuf: bool = False
    is_gzip: bool = False
    trusted: Named | None = None
    own: Named | None = None
    key: Named | None = None


def target_of(environ: Mapping[str, str], settings: Settings, version: str) -> Target:
    """The target, by the specification's "OTLP Exporter Configuration". Raises ConfigError, which names the variable at
    fault."""
    protocol = _either(environ, "protocol")
    if protocol and protocol.value not in ("http/json", "http/protobuf"):
        is_grpc = protocol.value == "grpc"
        raise ConfigError(
            f"{protocol.variable} is grpc, which avow does not support"
            if is_grpc
            else f"{protocol.variable} is not a known protocol",
            hint="write http/json or http/protobuf, and name the HTTP port (4318)",
        )
    compression = _either(environ, "compression")
    if compression and compression.value not in ("gzip", "none"):
        raise ConfigError(f"{compression.variable} is not a known compression", hint="write gzip or none")
    return Target(
        _url(environ, settings),
        _headers(environ, settings),
        _timeout(environ),
        resource_of(environ, version),
        is_protobuf=bool(protocol and protocol.value == "http/protobuf"),
        is_gzip=bool(compression and compression.value == "gzip"),
        trusted=_either(environ, "certificate"),
        own=_either(environ, "client_certificate"),
        key=_either(environ, "client_key"),
    )


def resource_of(environ: Mapping[str, str], version: str) -> dict[str, object]:
    """The attributes of `OTEL_RESOURCE_ATTRIBUTES`. `OTEL_SERVICE_NAME` outranks its `service.name`; without both that
    is `avow`."""
    given = _pairs(environ.get("OTEL_RESOURCE_ATTRIBUTES", ""), "OTEL_RESOURCE_ATTRIBUTES")
    service = environ.get("OTEL_SERVICE_NAME") or given.get("service.name") or "avow"
    return {"service.version": version, **given, "service.name": service}


def _headers(environ: Mapping[str, str], settings: Settings) -> tuple[tuple[str, str], ...]:
    """The user's headers, each once, whichever case its name is written in."""
    found: dict[str, tuple[str, str]] = {}
    for key, value in settings.table("telemetry.headers").items():
        found[str(key).lower()] = str(key), str(value)
        _check_header(str(key), str(value), "telemetry.headers")
    for variable in (f"{_PREFIX}HEADERS", f"{_PREFIX}TRACES_HEADERS"):
        for key, value in _pairs(environ.get(variable, ""), variable).items():
            found[key.lower()] = key, value
            _check_header(key, value, variable)
    return tuple(found.values())


def _check_header(name: str, value: str, origin: str) -> None:
    """Raise ConfigError for a header that cannot be sent. The value may be a secret: no message repeats it, nor the
    name, which it may stand in the place of."""
    if not is_header_name(name) or not value.isascii():
        raise ConfigError(f"{origin} holds what HTTP does not allow in a header", hint=_PAIRS)
    if name.lower() in _OWN:
        raise ConfigError(f"{origin} names {name.lower()}, which avow sets itself", hint="leave it out")


def _url(environ: Mapping[str, str], settings: Settings) -> str:
    own, common = _PREFIX + "TRACES_ENDPOINT", _PREFIX + "ENDPOINT"
    if environ.get(own):
        return _checked(environ[own], own)
    if environ.get(common):
        origin, base = common, environ[common]
    else:
        origin, base = "telemetry.endpoint", settings.text("telemetry.endpoint") or DEFAULT_ENDPOINT
    parts = urlsplit(_checked(base, origin))
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{_PATH}", fragment=""))


def _checked(url: str, origin: str) -> str:
    try:
        parts = urlsplit(url.strip())
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        is_right = is_right and parts.port != 0 and url.strip().isascii() and url.strip().isprintable()
        is_right = is_right and " " not in url.strip()
    except ValueError:
        is_right = False
    if not is_right:
        raise ConfigError(
            f"{origin} is not an address that spans can go to",
            hint="write http://HOST:4318 or https://HOST, without a user name",
        )
    return url.strip()


def _either(environ: Mapping[str, str], key: str) -> Named | None:
    """The value for traces, else the one for all signals."""
    names = (f"{_PREFIX}TRACES_{key.upper()}", _PREFIX + key.upper())
    return next((Named(name, environ[name].strip()) for name in names if environ.get(name, "").strip()), None)


def _timeout(environ: Mapping[str, str]) -> float:
    found = _either(environ, "timeout")
    if found is None:
        return TIMEOUT_S
    if not re.fullmatch("[0-9]{1,18}", found.value) or int(found.value) == 0:
        raise ConfigError(f"{found.variable} must be a whole number of milliseconds above 0")
    return min(int(found.value) / 1000, 3600.0)


def _pairs(text: str, variable: str) -> dict[str, str]:
    """`k=v,k2=v2`, percent-encoded. The error repeats nothing of it, because it may be a secret."""
    found = {}
    for part in text.split(","):
        if not part.strip():
            continue
        key, sign, value = part.partition("=")
        key, value = unquote(key.strip()), unquote(value.strip())
        if not sign or not key or not f"{key}{value}".isprintable():
            raise ConfigError(f"{variable} must be KEY=VALUE,KEY=VALUE with percent-encoded values")
        found[key] = value
    return found
