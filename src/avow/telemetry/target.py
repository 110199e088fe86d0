"""Where spans are sent and whose they are: from the standard variables of OpenTelemetry, then from the config."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from avow.errors import ConfigError
from avow.settings.levels import Settings

DEFAULT_ENDPOINT = "http://localhost:4318"
TIMEOUT_S = 10.0
_PATH = "v1/traces"
_PREFIX = "OTEL_EXPORTER_OTLP_"


class Target(NamedTuple):
    """Where spans are sent. `headers` are the user's own and appear in no message; `resource` says whose spans they
    are; `is_protobuf`: send protobuf, not JSON."""

    url: str
    headers: tuple[tuple[str, str], ...]
    timeout_s: float
    resource: Mapping[str, object]
    is_protobuf: bool = False


def target_of(environ: Mapping[str, str], settings: Settings, version: str) -> Target:
    """The target, by the specification's "OTLP Exporter Configuration". Raises ConfigError, which names the variable at
    fault."""
    protocol = _either(environ, "protocol")
    if protocol and protocol[1] not in ("http/json", "http/protobuf"):
        is_grpc = protocol[1] == "grpc"
        raise ConfigError(
            f"{protocol[0]} is grpc, which avow does not support"
            if is_grpc
            else f"{protocol[0]} is not a known protocol",
            hint="write http/json or http/protobuf, and name the HTTP port (4318)",
        )
    headers = {str(key): str(value) for key, value in settings.table("telemetry.headers").items()}
    for key in ("HEADERS", "TRACES_HEADERS"):
        headers |= _pairs(environ.get(_PREFIX + key, ""), _PREFIX + key)
    return Target(
        _url(environ, settings),
        tuple(headers.items()),
        _timeout(environ),
        resource_of(environ, version),
        is_protobuf=bool(protocol and protocol[1] == "http/protobuf"),
    )


def resource_of(environ: Mapping[str, str], version: str) -> dict[str, object]:
    """The attributes of `OTEL_RESOURCE_ATTRIBUTES`. `OTEL_SERVICE_NAME` outranks its `service.name`; without both that
    is `avow`."""
    given = _pairs(environ.get("OTEL_RESOURCE_ATTRIBUTES", ""), "OTEL_RESOURCE_ATTRIBUTES")
    service = environ.get("OTEL_SERVICE_NAME") or given.get("service.name") or "avow"
    return {"service.version": version, **given, "service.name": service}


def _url(environ: Mapping[str, str], settings: Settings) -> str:
    own, common = _PREFIX + "TRACES_ENDPOINT", _PREFIX + "ENDPOINT"
    if environ.get(own):
        return _checked(environ[own], own)
    if environ.get(common):
        origin, base = common, environ[common]
    else:
        origin, base = "telemetry.endpoint", settings.text("telemetry.endpoint") or DEFAULT_ENDPOINT
    return f"{_checked(base, origin).rstrip('/')}/{_PATH}"


def _checked(url: str, origin: str) -> str:
    try:
        parts = urlsplit(url.strip())
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        is_right = is_right and parts.port != 0 and url.strip().isascii() and url.strip().isprintable()
    except ValueError:
        is_right = False
    if not is_right:
        raise ConfigError(
            f"{origin} is not an address that spans can go to",
            hint="write http://HOST:4318 or https://HOST, without a user name",
        )
    return url.strip()


def _either(environ: Mapping[str, str], key: str) -> tuple[str, str] | None:
    """The value for traces, else the one for all signals, with the variable's name."""
    names = (f"{_PREFIX}TRACES_{key.upper()}", _PREFIX + key.upper())
    return next(((name, environ[name].strip()) for name in names if environ.get(name, "").strip()), None)


def _timeout(environ: Mapping[str, str]) -> float:
    found = _either(environ, "timeout")
    if found is None:
        return TIMEOUT_S
    if not found[1].isascii() or not found[1].isdigit() or int(found[1]) == 0:
        raise ConfigError(f"{found[0]} must be a whole number of milliseconds above 0")
    return min(int(found[1]) / 1000, 3600.0)


def _pairs(text: str, variable: str) -> dict[str, str]:
    """`k=v,k2=v2` with percent-encoded values. The error repeats no value, because it may be a secret."""
    found = {}
    for part in text.split(","):
        if not part.strip():
            continue
        key, sign, value = part.partition("=")
        key, value = key.strip(), unquote(value.strip())
        if not sign or not key or not value.isprintable():
            raise ConfigError(f"{variable} must be KEY=VALUE,KEY=VALUE with percent-encoded values")
        found[key] = value
    return found
