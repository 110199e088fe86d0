"""Where requests go: the address of the upstream, and the proxy that the environment names for it."""

from base64 import b64encode
from collections.abc import Mapping
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from avow.endpoint import proxies
from avow.endpoint.proxies import proxy_for
from avow.errors import ConfigError

_PORTS = {"http": 80, "https": 443}


class BadAddress(ValueError):
    """An address that cannot be used; the words say why, without the address, because it may hold a password."""


class OutboundProxy(NamedTuple):
    """A proxy that is asked to CONNECT. `credentials` is the value of its authorization header."""

    host: str
    port: int
    secure: bool
    credentials: bytes | None = None

    def request(self, host: str, port: int) -> bytes:
        """The CONNECT request for `host`."""
        name = f"{_bracketed(host)}:{port}".encode()
        lines = [b"CONNECT " + name + b" HTTP/1.1", b"Host: " + name]
        if self.credentials is not None:
            lines.append(b"Proxy-Authorization: " + self.credentials)
        return b"\r\n".join([*lines, b"", b""])


class Address(NamedTuple):
    """An upstream. `prefix` is the path of its base URL without a slash at the end; `proxy` is None where there is
    none."""

    host: str
    port: int
    secure: bool
    prefix: str = ""
    proxy: OutboundProxy | None = None

    @property
    def host_header(self) -> bytes:
        """Its name in `Host`: with the port only where that is not the scheme's own."""
        usual = _PORTS["https" if self.secure else "http"]
        shown = _bracketed(self.host)
        return (shown if self.port == usual else f"{shown}:{self.port}").encode()


def find(url: str, environ: Mapping[str, str]) -> Address:
    """The address that `url` names, with the proxy that `environ` names for it.

    Raises BadAddress for cleartext to a host that is not this machine, ConfigError for a proxy that cannot be used.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadAddress("it is not a valid address") from None
    if port == 0:
        raise BadAddress("nothing can listen on port 0")
    if parts.scheme not in _PORTS or not host:
        raise BadAddress("it must begin with https:// (or http:// on this machine)")
    if parts.query or parts.fragment or parts.username is not None:
        raise BadAddress("it must be a plain address, without a query or a password")
    secure = parts.scheme == "https"
    if not secure and not is_loopback(host):
        raise BadAddress("http:// sends the key in clear; use https://")
    try:
        host, prefix = _ascii(host), parts.path.rstrip("/").encode("ascii").decode()
    except UnicodeError:
        raise BadAddress("it holds characters that an address cannot have") from None
    chosen = None if is_loopback(host) else proxy_for(url, environ)
    return Address(host, port or _PORTS[parts.scheme], secure, prefix, _proxy(chosen) if chosen else None)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost" or host.lower().endswith(".localhost")


def _proxy(chosen: proxies.Proxy) -> OutboundProxy:
    parts = urlsplit(chosen.url)
    host = parts.hostname or ""
    if parts.scheme not in _PORTS:
        raise ConfigError(
            f"{chosen.variable}: `avow proxy` does not support proxies of the kind {parts.scheme}://",
            hint="use an http or https proxy, or name the host in NO_PROXY",
        )
    credentials = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        credentials = b"Basic " + b64encode(pair.encode())
    try:
        host = _ascii(host)
    except UnicodeError:
        raise ConfigError(f"{chosen.variable} holds characters that an address cannot have") from None
    return OutboundProxy(host, parts.port or _PORTS[parts.scheme], parts.scheme == "https", credentials)


def _ascii(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
