"""A request to the Messages API as a frozen value: address, headers and body, without the credential."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from avow.values import NamedTuple
from avow.wire.json_value import JsonObject

CURRENT_VERSION = "2026-10-21"
OLD_VERSION = "2023-06-01"
"""The version sent to hosts other than the API's own, unless the user sets another: older gateways know only this
one."""

FALLBACK_BETA = "server-side-fallback-2026-07-01"
CREDIT_BETA = "fallback-credit-2026-07-01"
FAST_BETA = "fast-mode-2026-02-01"
OAUTH_BETA = "oauth-2025-04-20"

SUMMARIES: JsonObject = {"type": "adaptive", "display": "summarized"}
"""The `thinking` field that `--show-thinking` sends."""

COUNTED = ("system", "tools", "tool_choice", "thinking", "output_config", "cache_control", "speed")
"""The body fields that `count_tokens` takes in addition to model and messages."""

NOT_THEIRS = frozenset(
    {"anthropic-version", "content-type", "content-length", "transfer-encoding", "accept", "accept-encoding"}
    | {"x-api-key", "authorization"}
)
"""Headers that the user's own never replace: those of the protocol, and those that carry the credential."""

_PUBLIC = frozenset({"user-agent", "http-referer", "referer", "origin", "x-title"})
_NAMES_OF_SECRETS = ("auth", "key", "token", "secret", "cookie", "password")


class LargeBody(NamedTuple):
    """A body of `size` bytes that is too large for the memory: each call of `read` gives it from its beginning."""

    size: int
    read: Callable[[], Iterator[bytes]]


class Request:
    """One HTTP request; it never changes. `headers` are (name, value) pairs without the credential, which the transport
    adds; `hidden` are the lower-case names of those that the user gave, whose values are never shown. `body` is None
    for a GET; `content` are the bytes of `body`, encoded once, because they may be 32 MB. `pieces` are sent instead of
    both."""

    __slots__ = ("body", "content", "headers", "hidden", "method", "pieces", "url")

    def __init__(
        self,
        method: str,
        url: str,
        headers: tuple[tuple[str, str], ...],
        body: JsonObject | None = None,
        hidden: frozenset[str] = frozenset(),
        pieces: LargeBody | None = None,
    ) -> None:
        self.method: Final = method
        self.url: Final = url
        self.headers: Final = headers
        self.body: Final = body
        self.hidden: Final = hidden
        self.pieces: Final = pieces
        self.content: Final = b"" if body is None else encoded(body)

    def __repr__(self) -> str:
        return f"Request({self.method!r}, {self.url!r})"

    @property
    def streamed(self) -> bool:
        """Whether the answer shall come as server-sent events."""
        return bool(self.body and self.body.get("stream"))


class Endpoint(NamedTuple):
    """The address of the API and what every request to it carries. `headers` are the user's own (name, value) pairs,
    which no `repr` shows; `extra` are avow's own for this host, each unless the user gives a header of that name;
    `betas` are beta tokens that the credential needs."""

    base_url: str
    version: str = CURRENT_VERSION
    headers: tuple[tuple[str, str], ...] = ()
    user_agent: str = "avow"
    betas: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def doubled(self) -> str | None:
        """What the base URL should be, where it ends with the API's own path, which avow adds; None where it does
        not."""
        url = self.base_url.rstrip("/")
        return next((url.removesuffix(end) for end in ("/v1/messages", "/v1") if url.endswith(end)), None)

    def doubled_words(self, path: str) -> str | None:
        """A sentence about that for a request to `path`; None where the base URL is right."""
        if self.doubled is None:
            return None
        asked = f"{self.base_url.rstrip('/')}{path}"
        return f"the base URL ends in the API's own path, so {asked} is asked; did you mean {self.doubled}?"

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url!r}, {self.version!r})"

    def url(self, path: str) -> str:
        """`path` below the base URL."""
        return self.base_url.rstrip("/") + path

    def request(
        self,
        method: str,
        path: str,
        body: JsonObject | None = None,
        betas: Iterable[str] = (),
        pieces: LargeBody | None = None,
    ) -> Request:
        """A request to `path`. The user's own headers come last. They replace avow's, except `NOT_THEIRS`; all beta
        tokens go into one `anthropic-beta` header."""
        wanted = [*self.betas, *betas]
        own = []
        for name, value in self.headers:
            if name.lower() == "anthropic-beta":
                wanted += [token.strip() for token in value.split(",")]
            elif name.lower() not in NOT_THEIRS:
                own.append((name, value))
        streamed = bool(body and body.get("stream"))
        headers = [("anthropic-version", self.version)]
        if not any(name.lower() == "user-agent" for name, _value in own):
            headers.append(("user-agent", self.user_agent))
        headers.append(("accept", "text/event-stream" if streamed else "application/json"))
        if streamed:
            headers.append(("accept-encoding", "identity"))
        if body is not None or pieces is not None:
            headers.append(("content-type", "application/json"))
        if tokens := ",".join(dict.fromkeys(token for token in wanted if token)):
            headers.append(("anthropic-beta", tokens))
        hidden = frozenset(name.lower() for name, _value in own)
        headers += [(name, value) for name, value in self.extra if name.lower() not in hidden]
        return Request(method, self.url(path), (*headers, *own), body, hidden, pieces)

    def messages(self, body: JsonObject, *, credit: bool = False) -> Request:
        """`POST /v1/messages` with the beta tokens that `body` needs, and with `credit` that of fallback credits."""
        return self.request("POST", "/v1/messages", body, betas_for(body, credit=credit))

    def count_tokens(self, body: JsonObject) -> Request:
        """`POST /v1/messages/count_tokens` for the prompt of `body`; fields that it does not take are left out."""
        counted = {key: body[key] for key in ("model", "messages", *COUNTED) if key in body}
        return self.request("POST", "/v1/messages/count_tokens", counted, betas_for(counted))


def messages_body(
    model: str, messages: Iterable[JsonObject], params: Mapping[str, object], *, stream: bool
) -> JsonObject:
    """The body of `POST /v1/messages`."""
    body: JsonObject = {"model": model, **params, "messages": list(messages)}
    if stream:
        body["stream"] = True
    return body


def encoded(body: JsonObject) -> bytes:
    """The body as it is sent: JSON in UTF-8 without blanks; a lone surrogate becomes `?`."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def headers_in(lines: str) -> tuple[tuple[str, str], ...]:
    """The headers in a text, one `Name: value` a line, as (name, value) pairs; lines without a name and a colon are
    ignored."""
    pairs = (line.split(":", 1) for line in lines.splitlines() if ":" in line)
    return tuple((name.strip(), value.strip()) for name, value in pairs if name.strip())


def secret_values(headers: Iterable[tuple[str, str]], *, own: bool = True) -> Iterator[str]:
    """The values that are secrets among a request's headers, (name, value) pairs; one with a scheme (`Bearer KEY`) is
    given without it too.

    `own`: the user added these headers, and avow does not know what they mean. All their values are secrets, except a
    plain word and the headers that name the client. Else only headers with a name such as `x-api-key` hold secrets."""
    for name, value in headers:
        lowered = name.lower()
        named = any(part in lowered for part in _NAMES_OF_SECRETS)
        public = lowered in _PUBLIC or lowered.startswith("anthropic-") or value.isalpha()
        if named or (own and not public):
            yield value
            yield from value.split()[1:]  # without its scheme


def betas_for(body: JsonObject, *, credit: bool = False) -> list[str]:
    """The beta tokens that `body` needs: for `fallbacks` or a `fallback` block that is sent back, for fast mode, and
    with `credit` for fallback credits."""
    betas = []
    blocks = (
        block
        for message in body.get("messages", ())
        if isinstance(content := message.get("content"), list)
        for block in content
    )
    if "fallbacks" in body or any(block.get("type") == "fallback" for block in blocks):
        betas.append(FALLBACK_BETA)
    if credit:
        betas.append(CREDIT_BETA)
    if body.get("speed") == "fast" and body.get("model") in ("claude-opus-5", "claude-opus-4-8"):
        betas.append(FAST_BETA)
    return betas
