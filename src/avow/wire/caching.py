"""Marks for the API's prompt cache: where they stand in a body, and the same body without them."""

from collections.abc import Mapping

from avow.wire.json_value import JsonObject

MARK = "cache_control"
LIFETIMES: Mapping[str, JsonObject] = {
    "5m": {"type": "ephemeral"},
    "1h": {"type": "ephemeral", "ttl": "1h"},
}
"""How long the API keeps what stands before a mark -> the mark. Five minutes are the default and are sent without
`ttl`, which some hosts do not know."""

_FILES = frozenset({"document", "image"})


def marked(body: JsonObject, lifetime: str, *, goes_on: bool) -> JsonObject:
    """A copy of `body` with marks of that `lifetime` (a key of `LIFETIMES`), at most three of the four that the API
    takes. The content of each message is a list of blocks.

    The API writes to the cache only at marks, so they stand after what later requests repeat: the system prompt; the
    user turn before the new one, where the request before this one wrote; of the new turn the files, else all of it.
    `goes_on`: the next request repeats all of the new turn, as in a conversation, so the mark stands at its end.
    """
    mark = LIFETIMES[lifetime]
    messages = [*body["messages"]]
    new = messages[-1]["content"]
    files = max((at for at, block in enumerate(new) if block["type"] in _FILES), default=None)
    places = [(len(messages) - 1, len(new) - 1 if goes_on or files is None else files)]
    before = next((at for at in range(len(messages) - 2, -1, -1) if messages[at]["role"] == "user"), None)
    if before is not None:
        places.append((before, len(messages[before]["content"]) - 1))
    for number, at in places:
        content = [*messages[number]["content"]]
        content[at] = {**content[at], MARK: mark}
        messages[number] = {**messages[number], "content": content}
    system = _marked_system(body.get("system"), mark)
    return {key: system if key == "system" else messages if key == "messages" else value for key, value in body.items()}


def has_marks(body: Mapping[str, object]) -> bool:
    """Whether a field of `body`, a block of its system prompt, a tool or a block of its messages has a mark."""
    return MARK in body or any(
        isinstance(part, dict) and MARK in part
        for key in ("system", "tools", "messages")
        for part in _parts(body.get(key))
    )


def unmarked(body: JsonObject) -> JsonObject:
    """The body without the marks that `marked` put there."""
    messages = [{**one, "content": [_bare(block) for block in one["content"]]} for one in body["messages"]]
    bare = {**body, "messages": messages}
    system = body.get("system")
    if isinstance(system, list):
        blocks = [_bare(block) for block in system]
        is_text = len(blocks) == 1 and set(blocks[0]) == {"type", "text"}
        bare["system"] = blocks[0]["text"] if is_text else blocks
    return bare


def _marked_system(system: object, mark: JsonObject) -> object:
    if isinstance(system, str) and system.strip():
        return [{"type": "text", "text": system, MARK: mark}]
    if isinstance(system, list) and system and isinstance(system[-1], dict):
        return [*system[:-1], {**system[-1], MARK: mark}]
    return system


def _parts(field: object) -> list[object]:
    """The blocks or messages in a list, and the blocks inside the messages."""
    found: list[object] = []
    for one in field if isinstance(field, list) else ():
        content = one.get("content") if isinstance(one, dict) else None
        found += [one, *(content if isinstance(content, list) else ())]
    return found


def _bare(block: JsonObject) -> JsonObject:
    return {key: value for key, value in block.items() if key != MARK} if MARK in block else block
