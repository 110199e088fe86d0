"""A credential as a value: the secret, how it is sent, and where it came from."""

from dataclasses import dataclass, field, replace

STYLES = ("x-api-key", "bearer")


@dataclass(frozen=True, slots=True)
class Credential:
    """`style` is `x-api-key` or `bearer`; `source` names where it was found; `host` is the one it belongs to,
    None where it may go to any base URL."""

    secret: str = field(repr=False)
    style: str = "x-api-key"
    source: str = ""
    host: str | None = None

    def header(self) -> tuple[str, str]:
        """The one header that carries it."""
        if self.style == "bearer":
            return "authorization", f"Bearer {self.secret}"
        return "x-api-key", self.secret

    def styled(self, style: str | None) -> "Credential":
        """The same, sent the way the user asked for."""
        return replace(self, style=style) if style else self

    @property
    def is_api_key(self) -> bool:
        """Whether it looks like an API key (and not like a token of another kind)."""
        return self.secret.startswith("sk-ant-api")


def is_loopback(host: str | None) -> bool:
    """Whether `host`, as in an address without brackets, is this machine itself: cleartext is allowed there, and
    no proxy stands between."""
    if host is None:
        return False
    if host == "localhost":
        return True
    if host in ("127.0.0.1", "::1"):
        return True
    import ipaddress  # deferred: start-up

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
