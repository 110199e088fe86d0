"""Checks of messages and content blocks: shapes, media, and earlier answers that are sent back."""

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any

from avow.simulator.models import PlayedModel
from avow.simulator.script import Json
from avow.simulator.valid_request import blocks_of, prefix_of, read_signature

_IMAGE_LIMIT = 10 * 1024 * 1024
_ONCE = frozenset(("type", "cache_control"))
# Block -> the fields it may have beside `type` and `cache_control`, where that is known in full.
_KEYS: dict[str, frozenset[str] | None] = {
    "text": frozenset(("text", "citations")),
    "image": frozenset(("source", "transformations")),
    "document": frozenset(("source", "title", "context", "citations")),
    "search_result": None,
    "container_upload": None,
    "tool_result": frozenset(("tool_use_id", "content", "is_error")),
    "tool_use": frozenset(("id", "name", "input", "caller", "toolset_name")),
    "server_tool_use": frozenset(("id", "name", "input", "caller")),
    "thinking": frozenset(("thinking", "signature")),
    "redacted_thinking": frozenset(("data",)),
    "fallback": frozenset(("from", "to", "trigger")),
    "compaction": None,
    "connector_text": None,
    "mcp_tool_use": None,
    "mcp_tool_result": None,
    "mcp_tool_listing": None,
    "advisor_tool_result": None,
    "web_search_tool_result": None,
    "web_fetch_tool_result": None,
    "code_execution_tool_result": None,
    "bash_code_execution_tool_result": None,
    "text_editor_code_execution_tool_result": None,
    "tool_search_tool_result": None,
}
_OF_USERS = frozenset(("text", "image", "document", "search_result", "container_upload", "tool_result"))
_OF_ASSISTANTS = frozenset(_KEYS) - {"image", "search_result", "container_upload", "tool_result"}
_DROPPED_BEFORE_HANDOVER = ("thinking", "redacted_thinking", "connector_text", "tool_use")


def system_complaints(system: object) -> Iterator[str]:
    """What is wrong with the `system` field."""
    if system is None or isinstance(system, str):
        return
    if not isinstance(system, list):
        yield "system: Input should be a valid string or list"
        return
    for number, block in enumerate(system):
        where = f"system.{number}"
        if not isinstance(block, dict) or block.get("type") != "text":
            yield f"{where}.type: Input should be 'text'"
        else:
            yield from _block(block, where, frozenset(("text",)))


def message_complaints(messages: object, version: str, *, sets_effort: bool) -> Iterator[str]:
    """What is wrong with the shape of `messages`. `sets_effort`: messages with the role `system` may have
    `output_config`."""
    if not isinstance(messages, list):
        yield "messages: Input should be a valid list"
        return
    if not messages:
        yield "messages: at least one message is required"
    if len(messages) > 100_000:
        yield "messages: List should have at most 100000 items after validation"
    for number, message in enumerate(messages):
        own = isinstance(message, dict) and sets_effort and message.get("role") == "system"
        last = number == len(messages) - 1
        yield from _message(message, f"messages.{number}", version, last=last, sets_effort=own)
    if messages[0]["role"] != "user":
        yield 'messages: first message must use the "user" role'
    yield from _tool_results(messages)


def replay_complaints(
    body: Json, model: PlayedModel | None, knows_block: Callable[[Json], bool], *, may_echo: bool
) -> Iterator[str]:
    """What is wrong with earlier answers that are sent back: `fallback` blocks, blocks before them, thinking.
    `may_echo`: the beta of fallbacks allows `fallback` blocks; `knows_block` says whether this server made one."""
    messages: list[Json] = body["messages"]
    for number, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        content = blocks_of(message)
        seams = [at for at, block in enumerate(content) if block["type"] == "fallback"]
        for at in seams:
            if not may_echo or not knows_block(content[at]):
                yield _unknown_tag(f"messages.{number}.content.{at}", "fallback", _OF_ASSISTANTS - {"fallback"})
        paired = {block.get("tool_use_id") for block in content}
        for at, block in enumerate(content[: seams[-1]] if seams else ()):
            where = f"messages.{number}.content.{at}"
            if block["type"] in _DROPPED_BEFORE_HANDOVER:
                yield f"{where}: `{block['type']}` blocks before the last `fallback` block must be left out"
            if block["type"] == "server_tool_use" and block.get("id") not in paired:
                yield f"{where}: `server_tool_use` before a `fallback` block needs its result"
        for at, block in enumerate(content):
            if block["type"] == "thinking":
                yield from _binding(body, model, number, at, block)


def _binding(body: Json, model: PlayedModel | None, number: int, at: int, block: Json) -> Iterator[str]:
    """What is wrong with a block of thinking: it is bound to the conversation before it. That of another model is
    ignored without an error."""
    where = f"messages.{number}.content.{at}"
    bound = read_signature(block.get("signature"))
    if bound is None:
        yield f"{where}: Invalid `signature` in `thinking` block"
        return
    writer, prefix = bound
    drops = ((body.get("thinking") or {}).get("block_binding") or {}).get("prefix_mismatch_behavior") == "drop_block"
    if writer != body["model"] or drops or model is None or not model.binds_thinking:
        return
    if prefix != prefix_of(body, body["messages"][:number]):
        yield (
            f"{where}: Invalid `signature` in `thinking` block. The block is bound to a different conversation. "
            'Remove the block, or set `prefix_mismatch_behavior: "drop_block"`.'
        )


def _message(message: object, where: str, version: str, *, last: bool, sets_effort: bool) -> Iterator[str]:
    if not isinstance(message, dict):
        yield f"{where}: Input should be an object"
        return
    role = message.get("role")
    if role not in ("user", "assistant", "system"):
        yield f"{where}.role: Input should be 'user', 'assistant' or 'system'"
    effort = {"output_config"} & set(message) if sets_effort else set()
    for name in sorted(set(message) - {"role", "content"} - effort):
        yield f"{where}.{name}: Extra inputs are not permitted"
    content = message.get("content")
    if not isinstance(content, str | list):
        yield f"{where}.content: Input should be a valid string or list"
    if not content and not effort and not (last and role == "assistant"):
        yield f"{where}: all messages must have non-empty content except for the optional final assistant message"
    if isinstance(content, str):
        if content and not content.strip():
            yield f"{where}: text content blocks must contain non-whitespace text"
        return
    allowed = {"user": _OF_USERS, "assistant": _OF_ASSISTANTS}.get(str(role), frozenset(("text",)))
    for number, block in enumerate(content or []):
        yield from _block(block, f"{where}.content.{number}", allowed)
        if role == "assistant" and block["type"] == "document" and version == "2026-10-21":
            yield f"{where}.content.{number}: `document` blocks are not supported in assistant messages"
        if role == "user" and block["type"] == "text" and block.get("citations") and version == "2026-10-21":
            yield f"{where}.content.{number}.text.citations: must be empty in user messages"


def _block(block: object, where: str, allowed: frozenset[str]) -> Iterator[str]:
    if not isinstance(block, dict):
        yield f"{where}: Input should be an object"
        return
    kind = block.get("type")
    if not isinstance(kind, str) or kind not in allowed:
        yield _unknown_tag(where, str(kind), allowed)
    known = _KEYS.get(str(kind))
    if known is not None:
        for name in sorted(set(block) - known - _ONCE):
            yield f"{where}.{kind}.{name}: Extra inputs are not permitted"
    if kind == "text":
        yield from _text(block.get("text"), where)
    elif kind == "image":
        yield from _image(block.get("source"), f"{where}.image.source")
    elif kind == "document":
        yield from _document(block.get("source"), f"{where}.document.source")
    elif kind in ("tool_use", "server_tool_use") and not isinstance(block.get("input"), dict):
        yield f"{where}.{kind}.input: Input should be an object"
    elif kind == "thinking" and not isinstance(block.get("signature"), str):
        yield f"{where}.thinking.signature: Field required"
    elif kind == "tool_result" and isinstance(block.get("content"), list):
        inner = frozenset(("text", "image", "document", "search_result", "tool_reference"))
        for number, part in enumerate(block["content"]):
            yield from _block(part, f"{where}.tool_result.content.{number}", inner)


def _text(text: object, where: str) -> Iterator[str]:
    if not isinstance(text, str):
        yield f"{where}.text.text: Input should be a valid string"
    elif not text:
        yield f"{where}: text content blocks must be non-empty"
    elif not text.strip():
        yield f"{where}: text content blocks must contain non-whitespace text"


def _image(source: Any, where: str) -> Iterator[str]:
    kind = source.get("type") if isinstance(source, dict) else None
    if kind in ("url", "file"):
        yield from _reference(source, where)
        return
    if kind != "base64":
        yield f"{where}: Input tag should be one of 'base64', 'url', 'file'"
        return
    declared, data = source.get("media_type"), source.get("data")
    if declared not in ("image/jpeg", "image/png", "image/gif", "image/webp"):
        yield f"{where}.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
    if isinstance(data, str) and len(data) > _IMAGE_LIMIT:
        yield f"{where}.base64: image exceeds 10 MB maximum: {len(data)} bytes > {_IMAGE_LIMIT} bytes"
    head = _decoded(data)
    if head is None:
        yield f"{where}.base64.data: invalid base64 data"
    elif _kind_of(head) is None:
        yield f"{where}.base64.data: Could not process image"
    elif _kind_of(head) != declared:
        seen = _kind_of(head)
        yield f"{where}.base64.media_type: the image was specified as {declared}, but it appears to be {seen}"


def _document(source: Any, where: str) -> Iterator[str]:
    kind = source.get("type") if isinstance(source, dict) else None
    if kind in ("url", "file"):
        yield from _reference(source, where)
    elif kind == "text":
        if source.get("media_type") != "text/plain":
            yield f"{where}.text.media_type: Input should be 'text/plain'"
        yield from _text(source.get("data"), where)
    elif kind == "base64":
        if source.get("media_type") != "application/pdf":
            yield f"{where}.base64.media_type: Input should be 'application/pdf'"
        head = _decoded(source.get("data"))
        if head is None:
            yield f"{where}.base64.data: invalid base64 data"
        elif b"%PDF-" not in head[:1024]:
            yield f"{where}.base64.data: The PDF specified was not valid."
    elif kind == "content":
        if not isinstance(source.get("content"), str | list):
            yield f"{where}.content.content: Input should be a valid string or list"
    else:
        yield f"{where}: Input tag should be one of 'base64', 'text', 'content', 'url', 'file'"


def _reference(source: Json, where: str) -> Iterator[str]:
    if source["type"] == "url" and not str(source.get("url", "")).startswith(("https://", "http://")):
        yield f"{where}.url.url: Only HTTP and HTTPS URLs are supported"
    if source["type"] == "file" and not str(source.get("file_id", "")).startswith("file_"):
        yield f"{where}.file.file_id: Field required"


def _decoded(data: object) -> bytes | None:
    if not isinstance(data, str) or not data:
        return None
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None


def _kind_of(image: bytes) -> str | None:
    if image.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if image.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if image[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    return "image/webp" if image[:4] == b"RIFF" and image[8:12] == b"WEBP" else None


def _tool_results(messages: list[Json]) -> Iterator[str]:
    """What is wrong where the results of client tool calls are not in the next user message."""
    waiting: set[object] = set()
    for number, message in enumerate(messages):
        content = blocks_of(message)
        given = {block.get("tool_use_id") for block in content if block["type"] == "tool_result"}
        if missing := waiting - given:
            names = ", ".join(sorted(map(str, missing)))
            yield f"messages.{number}: `tool_use` ids without `tool_result` blocks immediately after: {names}"
        if message["role"] == "user" and (unasked := given - waiting):
            names = ", ".join(sorted(map(str, unasked)))
            yield f"messages.{number}: unexpected `tool_use_id` found in `tool_result` blocks: {names}"
        is_call = message["role"] == "assistant"
        waiting = {block.get("id") for block in content if is_call and block["type"] == "tool_use"}


def _unknown_tag(where: str, kind: str, allowed: frozenset[str]) -> str:
    expected = ", ".join(f"'{name}'" for name in sorted(allowed))
    return f"{where}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {expected}"
