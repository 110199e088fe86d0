"""A credential as a value: the secret, how it is sent, where it came from, and what it may go to."""

from urllib.parse import urlsplit

from avow.errors import CredentialsError, UsageError
from avow.values import NamedTuple

LONGEST_KEY = 16 * 1024
_BAD_ADDRESS = "https://HOST, or http:// to a loopback address"


class Credential(NamedTuple):
    """`style` is `x-api-key` or `bearer`; `source` names where it was found; `host` is the one it belongs to,
    None where it may go to any base URL. No `repr` shows the secret."""

    secret: str
    style: str = "x-api-key"
    source: str = ""
    host: str | None = None

    def __repr__(self) -> str:
        return f"Credential(style={self.style!r}, source={self.source!r}, host={self.host!r})"

    def header(self) -> tuple[str, str]:
        """The one header that carries it."""
        if self.style == "bearer":
            return "authorization", f"Bearer {self.secret}"
        return "x-api-key", self.secret

    def styled(self, style: str | None) -> "Credential":
        """The same, sent the way the user asked for."""
        return self._replace(style=style) if style else self

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
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_destination(base_url: str) -> str:
    """The host (`HOST` or `HOST:PORT`) that a key for `base_url` belongs to.

    Raises UsageError for what no key may be sent to: cleartext to anything but loopback, other schemes, an address
    with a user name, password, query or fragment in it. The address itself is never repeated.
    """
    problem = None
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        problem = "is not a valid address"
    else:
        if not base_url.isascii() or not base_url.isprintable() or " " in base_url or "\\" in base_url:
            problem = "holds characters that are not allowed in an address"
        elif parts.scheme not in ("http", "https") or not host:
            problem = "is not an http(s) address"
        elif "@" in parts.netloc:
            problem = "holds a user name or password"
        elif "?" in base_url or "#" in base_url:
            problem = "holds a query or a fragment"
        elif parts.scheme == "http" and not is_loopback(host):
            problem = f"would send the key in cleartext to {host}"
    if problem or not host:
        raise UsageError(f"the base URL {problem}", hint=f"it must be {_BAD_ADDRESS}")
    if port is None or port == (443 if parts.scheme == "https" else 80):
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def checked(text: str, source: str) -> str:
    """The key in `text`, without the space around it. Raises CredentialsError, which does not repeat it."""
    secret = text.strip()
    problem = None
    if not secret:
        problem = "is empty"
    elif len(secret) > LONGEST_KEY:
        problem = f"is longer than {LONGEST_KEY} characters"
    elif any(letter.isspace() for letter in secret):
        problem = "holds spaces or line breaks"
    elif not secret.isascii() or not secret.isprintable():
        problem = "holds characters that no key has"
    if problem:
        raise CredentialsError(f"{source}: the API key {problem}", hint="copy it again: the whole key and nothing else")
    return secret


def last_four(secret: str) -> str | None:
    """The last characters of a key long enough for them to give nothing away."""
    return secret[-4:] if len(secret) >= 16 else None


def simulated() -> Credential:
    """The key that goes to the simulator: it never gets the user's own."""
    return Credential("sk-ant-simulated", "x-api-key", "the simulator")
