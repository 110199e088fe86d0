"""What bytes that are not a response seem to be, in words."""

from collections.abc import Mapping

from avow.wire.json_value import parse

_LONGEST = 60


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
    return f"text: {start[:_LONGEST].decode('utf-8', 'replace').splitlines()[0]!r}"


def _of_object(value: Mapping[str, object]) -> str:
    if "messages" in value:
        return "a request, and no response"
    if "choices" in value:
        return "an answer of the Chat Completions API"
    if str(value.get("schema", "")).startswith("avow."):
        return "an object that avow itself printed"
    if value.get("type") == "message_batch":
        return "the state of a batch, and not its results"
    if isinstance(value.get("data"), list):
        return "a list"
    return f"a JSON object with the keys {', '.join(list(value)[:5])}" if value else "an empty JSON object"


def _is_json(data: bytes) -> bool:
    try:
        parse(data)
    except ValueError:
        return False
    return True
