"""A request to `/v1/messages` as the simulator sees it: the parsed body, the betas, and who may answer."""

import base64
import json
import zlib
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

SERVER_FALLBACK = "server-side-fallback-"
CREDIT = "fallback-credit-"

_DEFAULT_CHAIN = ("claude-opus-4-8", "claude-opus-5", "claude-sonnet-5")
# What may differ between a refused request and the one that redeems its credit.
_CHANGEABLE = frozenset(
    ("model", "max_tokens", "stop_sequences", "temperature", "top_p", "top_k", "stream", "metadata",
     "service_tier", "fallback_credit_token", "fallbacks")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ValidRequest:
    """One request that passed validation. `number` counts the server's requests from 0; `session` differs from server
    to server."""

    body: Json
    betas: frozenset[str]
    number: int = 0
    session: int = 0

    @property
    def model(self) -> str:
        """The requested model, as sent."""
        return str(self.body["model"])

    @property
    def stream(self) -> bool:
        """Whether server-sent events were asked for."""
        return bool(self.body.get("stream"))

    @property
    def messages(self) -> list[Json]:
        """The messages, with a partial answer that is to be continued."""
        found: list[Json] = self.body["messages"]
        return found

    @property
    def continuation(self) -> list[Json] | None:
        """The blocks of the last message if it is the assistant's, a partial answer to be continued; else `None`."""
        last = self.messages[-1]
        return blocks_of(last) if last["role"] == "assistant" else None

    def has_beta(self, prefix: str) -> bool:
        """Whether a beta header of that family was sent."""
        return any(beta.startswith(prefix) for beta in self.betas)

    @property
    def may_hand_over(self) -> bool:
        """Whether the request lets the API choose another model."""
        return bool(self.body.get("fallbacks"))

    @property
    def chain(self) -> tuple[str, ...]:
        """The requested model, then the models that may answer in its place; without a list in the request the API's
        own choice."""
        named = self.body.get("fallbacks")
        if isinstance(named, list) and named:
            return (self.model, *(str(entry["model"]) for entry in named))
        return (self.model, *(name for name in _DEFAULT_CHAIN if name != self.model))

    @property
    def conversation(self) -> int:
        """A number that all requests of a conversation share, made from system prompt and first message."""
        system = self.body.get("system") or []
        blocks = [{"type": "text", "text": system}] if isinstance(system, str) else system
        return fingerprint([_unmarked(blocks), _unmarked(blocks_of(self.messages[0]))])

    @property
    def fixed_part(self) -> int:
        """A number for everything that a retry with a credit token may not change."""
        kept = {key: value for key, value in self.body.items() if key not in _CHANGEABLE}
        if self.continuation is not None:
            kept["messages"] = self.messages[:-1]
        return fingerprint(kept)

    @property
    def question(self) -> str:
        """The text of the last user message."""
        for message in reversed(self.messages):
            if message["role"] == "user":
                return "\n".join(str(block["text"]) for block in blocks_of(message) if block.get("type") == "text")
        return ""

    @property
    def prompt_tokens(self) -> int:
        """The number of tokens of the prompt for `usage`: a quarter of the characters of its JSON, at least 9."""
        system = self.body.get("system")
        bare = [{**one, "content": _unmarked(one["content"], "cache_control")} for one in self.messages]
        return max(9, len(json.dumps([bare, _unmarked(system, "cache_control")])) // 4)

    def signature(self, model: str) -> str:
        """The signature of a thinking block that `model` writes in answer to this conversation."""
        upto = self.messages if self.continuation is None else self.messages[:-1]
        return sign(model, prefix_of(self.body, upto))


def blocks_of(message: Json) -> list[Json]:
    """The content of a message as blocks."""
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def fingerprint(value: object) -> int:
    """A number that is equal for equal JSON values, in this process and in any other."""
    return zlib.crc32(json.dumps(value, sort_keys=True).encode())


def prefix_of(body: Json, messages: list[Json]) -> int:
    """A number for the conversation before a thinking block, made from system prompt, tools and messages."""
    bare = [[message["role"], _unmarked(blocks_of(message))] for message in messages]
    system = body.get("system")
    if isinstance(system, str):
        system = [{"type": "text", "text": system}]
    return fingerprint([_unmarked(system or []), body.get("tools") or [], bare])


def sign(model: str, prefix: int) -> str:
    """A signature (base64) that holds the model and the prefix."""
    return base64.b64encode(f"simulator/{prefix:08x}/{model}".encode()).decode()


def read_signature(signature: object) -> tuple[str, int] | None:
    """Model and prefix of a signature made by `sign`, else `None`."""
    try:
        mark, prefix, model = base64.b64decode(str(signature), validate=True).decode().split("/", 2)
        return (model, int(prefix, 16)) if mark == "simulator" else None
    except ValueError:
        return None


def _unmarked(content: Any, *fields: str) -> Any:
    """Blocks without these fields (default: `cache_control` and `citations`); a text is returned unchanged."""
    if not isinstance(content, list):
        return content
    gone = fields or ("cache_control", "citations")
    return [{key: value for key, value in block.items() if key not in gone} for block in content]
