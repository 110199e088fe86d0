"""Where requests leave through: the HTTP client's pool of connections, with proxy and certificates."""

import sys
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import SplitResult, unquote, urlsplit

from avow.endpoint.credential import is_loopback
from avow.errors import ConfigError

if TYPE_CHECKING:
    from ssl import SSLContext

    from avow.endpoint.proxies import Proxy

MOST_CONNECTIONS = 100
KEPT_S = 5.0
"""How long a connection that nothing uses is kept open."""
_ABSENT = ("anyio", "trio")
"""What the client would load for event loops, which avow has none of."""
_ASYNC = "httpcore._async"
"""The client's own half for them, one class for each of the other half: 2 ms."""
_UNUSED = ("certifi", "inspect", "traceback")
"""What the client and its own imports load, and have no use for until something fails: 15 ms."""


class _WhenUsed(ModuleType):
    """Takes a module's place while the client is loaded; that module is loaded when something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


class _Classes(ModuleType):
    """Takes a module's place while the client is loaded: any class is in it, and is empty."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def client() -> Any:
    """The HTTP client: httpcore, the part of httpx that sends. All of httpx takes as long again to load."""
    if "httpcore" not in sys.modules:
        _load_client()
    import httpcore

    return httpcore


def _load_client() -> None:
    known: dict[str, Any] = sys.modules
    late = {name: _WhenUsed(name) for name in _UNUSED}
    others = {**late, **dict.fromkeys(_ABSENT), _ASYNC: _Classes(_ASYNC)}
    others = {name: module for name, module in others.items() if name not in known}
    # What `dataclasses` asks `inspect` for, for the few that the client defines.
    meanwhile = {"get_annotations": _annotations, "signature": _no_signature}
    vars(late["inspect"]).update(meanwhile)
    known.update(others)
    try:
        import httpcore  # noqa: F401
    finally:
        for name, module in others.items():
            if name in known and known[name] is module:
                del known[name]
        for name in meanwhile:
            del vars(late["inspect"])[name]


def _annotations(defined: type) -> dict[str, Any]:
    """As `inspect.get_annotations`, for a class."""
    return dict(vars(defined).get("__annotations__", {}))


def _no_signature(defined: type, **_how: object) -> NoReturn:
    """As `inspect.signature` of a class that has none: its documentation goes without one."""
    raise ValueError(defined)


@lru_cache(4)  # a question asks twice, for its connection and for its request
def address(url: str) -> SplitResult:
    """The parts of an address that a request can be sent to. Raises ConfigError where it is not such an address."""
    try:
        parts = urlsplit(url)
        is_right = bool(parts.hostname) and url.isascii() and url.isprintable() and " " not in url
        is_right = is_right and (parts.port is None or parts.port > 0)
    except ValueError:
        is_right = False
    else:
        if parts.scheme not in ("http", "https"):
            raise ConfigError("the base URL must begin with https:// (or http:// on this machine)")
    if not is_right:
        raise ConfigError("the base URL is not a valid address")
    return parts


def pool(httpcore: Any, url: str, connections: int, context: "SSLContext | None" = None) -> Any:
    """A pool for requests to `url`, which keeps `connections` open between requests; `context` verifies the server in
    place of the certificates that this machine trusts.

    Raises ConfigError for a proxy or certificates that cannot be used.
    """
    parts = address(url)
    # A loopback address never goes through a proxy, and cleartext needs no certificates (20 ms).
    proxy = None if is_loopback(parts.hostname) else _proxy(url)
    if parts.scheme == "https" and context is None:
        from avow.endpoint.certificates import client_context

        context = client_context()
    limits = {
        "ssl_context": context,
        "max_connections": MOST_CONNECTIONS,
        "max_keepalive_connections": connections,
        "keepalive_expiry": KEPT_S,
    }
    if proxy is None:
        return httpcore.ConnectionPool(**limits)
    where = urlsplit(proxy.url)
    kind = httpcore.SOCKSProxy if where.scheme.startswith("socks") else httpcore.HTTPProxy
    if kind is httpcore.SOCKSProxy:
        _need_socks(proxy)
    try:
        host = (where.hostname or "").encode("idna")
    except UnicodeError:
        raise ConfigError(
            f"{proxy.variable} is not the address of a proxy", hint=f"write {proxy.variable}=http://HOST:PORT"
        ) from None
    through = httpcore.URL(scheme=where.scheme.encode(), host=host, port=where.port, target=b"/")
    return kind(proxy_url=through, proxy_auth=_account(where), **limits)


def _proxy(url: str) -> "Proxy | None":
    import os

    from avow.endpoint.proxies import proxy_for

    return proxy_for(url, os.environ)


def _account(where: SplitResult) -> tuple[bytes, bytes] | None:
    """The user's name and password at a proxy, where its address has them."""
    if not where.username and not where.password:
        return None
    return unquote(where.username or "").encode(), unquote(where.password or "").encode()


def _need_socks(proxy: "Proxy") -> None:
    try:
        __import__("socksio")  # no dependency of avow's
    except ImportError:
        raise ConfigError(
            f"{proxy.variable}: a SOCKS proxy needs the package socksio",
            hint="install it beside avow (httpcore[socks]), or name an http:// proxy",
        ) from None
