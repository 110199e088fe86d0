"""What bytes that are not a response seem to be, in words."""

import codecs
from collections.abc import Mapping

from avow.prompt.file_kinds import seems_to_be
from avow.wire.json_value import parse

_LONGEST = 60
_FOREIGN_STREAMS = (
    (b'"chat.completion.chunk"', "a stream of the Chat Completions API"),
    (b'"response.created"', "a stream of the Responses API"),
    (b"data: [DONE]", "a stream of another API"),
)


def seeming(data: bytes, value: Mapping[str, object] | None = None) -> str:
    """`value` is the object that the bytes hold, where they hold one."""
    start = data.lstrip()
    if not start:
        return "empty"
    if value is not None:
        return _of_object(value)
    if start[:1] == b"<":
        return "a page of HTML or XML"
    if start[:1] == b"{":
        return "JSON that breaks off, or is damaged"
    if start[:1] == b"[":
        return "a JSON array" if _is_json(start) else "a damaged JSON array"
    if start[:5] == b"HTTP/":
        return "HTTP headers that break off"
    if not _is_text(start):
        return seems_to_be(data)[0]
    if _is_json(start):
        return "a JSON value that is not an object"
    return f"text: {start[:_LONGEST].decode('utf-8', 'replace').splitlines()[0]!r}"


def foreign_stream(start: bytes) -> str | None:
    """Whose stream of events it is that begins so, where it is not the Messages API's."""
    return next((words for mark, words in _FOREIGN_STREAMS if mark in start), None)


def _of_object(value: Mapping[str, object]) -> str:
    if "messages" in value:
        return "a request, not a response"
    if "choices" in value:
        return "an answer of the Chat Completions API"
    if str(value.get("schema", "")).startswith("avow."):
        return "an object that avow itself printed"
    if value.get("type") == "message_batch":
        return "the state of a batch, not its results"
    if isinstance(value.get("data"), list):
        return "a list"
    return f"a JSON object with the keys {', '.join(list(value)[:5])}" if value else "an empty JSON object"


def _is_text(data: bytes) -> bool:
    try:
        # It may be cut in the middle of a character.
        return "\0" not in codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False


def _is_json(data: bytes) -> bool:
    try:
        parse(data)
    except ValueError:
        return False
    return True
