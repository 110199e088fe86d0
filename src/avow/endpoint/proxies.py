"""Which proxy a request goes through, by the variables of the environment, as curl reads them."""

import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from avow.errors import ConfigError

_SCHEMES = ("http", "https", "socks5", "socks5h")


class Proxy(NamedTuple):
    """The address of a proxy, and the variable that names it."""

    variable: str
    url: str


def of_the_system(host: str) -> Mapping[str, str]:
    """The proxies of the system's own settings by scheme, where it has such settings (macOS, Windows) and does not
    exempt `host` from them."""
    platform: str = sys.platform  # mypy takes only one of them to exist
    if platform not in ("darwin", "win32"):
        return {}
    from urllib.request import getproxies, proxy_bypass

    return {} if proxy_bypass(host) else getproxies()


def proxy_for(
    url: str, environ: Mapping[str, str], system: Callable[[str], Mapping[str, str]] = of_the_system
) -> Proxy | None:
    """The proxy for a request to `url`: `https_proxy` (or `http_proxy`), else `all_proxy`, in small letters first; None
    where none is named, or `no_proxy` names the host. What does not matter to this request is not looked at.
    Without any such variable the settings of the `system` count.

    Raises ConfigError, without the value, which may hold a password, where it is not the address of a proxy.
    """
    parts = urlsplit(url)
    names = (f"{parts.scheme}_proxy", f"{parts.scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    variable = next((name for name in names if environ.get(name, "").strip()), None)
    host, exempt = parts.hostname or "", environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if _is_direct(host, exempt):
        return None
    if variable is not None:
        value = environ[variable].strip()
    else:
        variable = "the proxy in the system's settings"
        value = system(host).get(parts.scheme, "").strip()
        if not value:
            return None
    named = variable if variable in environ else "HTTPS_PROXY"
    value = value if "://" in value else f"http://{value}"
    try:
        proxy = urlsplit(value)
        is_address = bool(proxy.hostname) and (proxy.port is None or proxy.port > 0)
    except ValueError:
        is_address = False
    if not is_address or not value.isprintable() or " " in value:
        raise ConfigError(f"{variable} is not the address of a proxy", hint=f"write {named}=http://HOST:PORT")
    if proxy.scheme not in _SCHEMES:
        raise ConfigError(
            f"{variable}: avow does not support proxies of the kind {proxy.scheme[:20]}://",
            hint=f"use one of {', '.join(_SCHEMES)}, or name the host in NO_PROXY",
        )
    return Proxy(variable, value)


def _is_direct(host: str, entries: str) -> bool:
    """Whether `no_proxy` names this host: by its name, a domain above it, its address, or a network."""
    host = host.rstrip(".").lower()
    return any(_names(entry.strip().lower(), host) for entry in entries.replace(",", " ").split())


def _names(entry: str, host: str) -> bool:
    if entry == "*":
        return True
    entry = entry.rpartition("://")[2]
    if entry.startswith("["):
        address, _bracket, rest = entry[1:].partition("]")
        entry = address + rest[rest.find("/") :] if "/" in rest else address
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    if "/" in entry or ":" in entry:
        from ipaddress import ip_address, ip_network

        try:
            return ip_address(host) in ip_network(entry, strict=False)
        except ValueError:
            pass
    name = entry.strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))
