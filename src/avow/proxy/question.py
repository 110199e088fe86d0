"""Reads from a request's body what was asked: the model, the conversation, and what identifies its session."""

import hashlib
import json
from collections.abc import Mapping
from typing import NamedTuple

from avow.wire.json_value import JsonObject, items, obj, parse, path, text

_CLAUDE_CODE = "claude-cli/"
_DIGEST_BYTES = 12


class ClientQuestion(NamedTuple):
    """A request, as far as it matters for the question who answers it.

    `client` is its `User-Agent`; `session` is the id that the client gives, None where it gives none. `last` are
    digests of the blocks of the turn in which the user last spoke, `before` is the digest of all turns before it: what
    clients add after that turn (an answer that broke off, a notice) does not change the question. `prefixes` are
    digests of every beginning of the conversation, the whole included. Cache marks and notices of a client are in none
    of them. `digest` is that of all that was asked, whether streamed or not. `turn` counts the user's turns from 1.
    `titles`: it looks like a title or another request beside the conversation. `fallbacks` are the models that it lets
    the API ask, None where it names none.
    """

    model: str | None
    client: str | None = None
    session: str | None = None
    before: bytes = b""
    last: tuple[bytes, ...] = ()
    prefixes: tuple[bytes, ...] = ()
    digest: bytes = b""
    turn: int = 1
    has_tools: bool = False
    titles: bool = False
    fallbacks: tuple[str, ...] | None = None
    prompt: str | None = None
    body: JsonObject | None = None


def read(body: bytes | None, headers: Mapping[str, str]) -> ClientQuestion:
    """The question in a request's `body`, without a model where the body cannot be read. `headers` are lower-case."""
    client = headers.get("user-agent")
    session = headers.get("x-claude-code-session-id")
    try:
        value = parse(body) if body is not None else None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        return ClientQuestion(None, client, session)
    request: JsonObject = value
    messages = items(request.get("messages"))
    turns = [_turn(message) for message in messages]
    prefixes = _prefixes(turns)
    spoken = [place for place, message in enumerate(messages) if _is_spoken(message)]
    last = spoken[-1] if spoken else len(turns) - 1
    return ClientQuestion(
        model=text(request.get("model")),
        client=client,
        session=session or _session_in(request),
        before=prefixes[last - 1] if last > 0 else b"",
        last=turns[last] if turns else (),
        prefixes=tuple(prefixes),
        digest=_digest({key: part for key, part in request.items() if key != "stream"}),
        turn=max(len(spoken), 1),
        has_tools=bool(items(request.get("tools"))),
        titles=_is_title(request, client, headers),
        fallbacks=_fallbacks(request),
        prompt=_prompt(request),
        body=request,
    )


def _session_in(request: JsonObject) -> str | None:
    """The session's id that Claude Code writes, as JSON, into `metadata.user_id`."""
    user = text(path(request, "metadata", "user_id"))
    if user is None or not user.startswith("{"):
        return None
    try:
        return text(obj(parse(user.encode())).get("session_id"))
    except ValueError:
        return None


def _is_title(request: JsonObject, client: str | None, headers: Mapping[str, str]) -> bool:
    kind = headers.get("x-claude-code-request-class")
    if kind is not None:
        return kind != "main"
    asks_for_form = path(request, "output_config", "format") is not None
    return (client or "").startswith(_CLAUDE_CODE) and not items(request.get("tools")) and asks_for_form


def _fallbacks(request: JsonObject) -> tuple[str, ...] | None:
    listed = request.get("fallbacks")
    if isinstance(listed, str):
        return (listed,)
    if not isinstance(listed, list):
        return None
    return tuple(model for entry in items(listed) if (model := text(entry.get("model"))))


def _turn(message: JsonObject) -> tuple[bytes, ...]:
    role = message.get("role")
    return tuple(
        _digest([role, {key: part for key, part in block.items() if key != "cache_control"}])
        for block in _blocks(message)
        if not _is_notice(block)
    )


def _is_spoken(message: JsonObject) -> bool:
    """Whether the user said something in it: the results of tools, and what clients add, do not count."""
    said = (b for b in _blocks(message) if b.get("type") != "tool_result" and not _is_notice(b))
    return message.get("role") == "user" and any(said)


def _blocks(message: JsonObject) -> list[JsonObject]:
    content = message.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else items(content)


def _is_notice(block: JsonObject) -> bool:
    """Whether Claude Code, and not its user, wrote it."""
    return (text(block.get("text")) or "").startswith("<system-reminder>")


def _prefixes(turns: list[tuple[bytes, ...]]) -> list[bytes]:
    prefixes: list[bytes] = []
    before = b""
    for turn in turns:
        before = hashlib.sha256(before + b"".join(turn)).digest()[:_DIGEST_BYTES]
        prefixes.append(before)
    return prefixes


def _digest(value: object) -> bytes:
    data = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(data).digest()[:_DIGEST_BYTES]


def _prompt(request: JsonObject) -> str | None:
    """The text of the last user turn; None where it has none."""
    users = [message for message in items(request.get("messages")) if message.get("role") == "user"]
    if not users:
        return None
    content = users[-1].get("content")
    if isinstance(content, str):
        return content
    return "\n\n".join(piece for block in items(content) if (piece := text(block.get("text")))) or None
