"""An answer sent back as a turn of the conversation: which of its blocks may be sent.

The rules are the API's. Blocks are sent back as they came. Before the last `fallback` block only text and server tool
calls with their results may stand; nowhere an empty text, a tool call without its result, or thinking without its
signature.
"""

from collections.abc import Sequence

from avow.wire.json_value import JsonObject, text

_THINKING = frozenset({"thinking", "redacted_thinking"})
_NOT_BEFORE_HANDOVER = _THINKING | {"connector_text", "tool_use"}
_SERVER_CALLS = frozenset({"server_tool_use", "mcp_tool_use"})


def assistant_turn(
    content: Sequence[JsonObject],
    *,
    keep_thinking: bool = True,
    continued: bool = False,
) -> list[JsonObject] | None:
    """The blocks of `content` that may be sent back, unchanged and in order; None where nothing of an answer is left.

    `keep_thinking` is False where the conversation before this turn was changed: thinking is bound to it. `continued`:
    avow itself let another model continue the answer, so that none of its thinking stands where it was written.
    """
    last_handover = max((n for n, block in enumerate(content) if _kind(block) == "fallback"), default=-1)
    paired = _paired(content)
    kept = []
    for number, block in enumerate(content):
        kind = _kind(block)
        if number < last_handover and kind in _NOT_BEFORE_HANDOVER:
            continue
        if continued and kind in _NOT_BEFORE_HANDOVER:
            continue
        if kind in _THINKING and not (keep_thinking and _is_signed(block)):
            continue
        if kind == "tool_use":  # avow runs no tools, so that it has no result
            continue
        if (kind in _SERVER_CALLS or _is_result(block)) and number not in paired:
            continue
        if kind == "text" and not text(block.get("text")):
            continue
        if kind is not None:
            kept.append(block)
    return _ended(kept)


def has_handover(blocks: Sequence[JsonObject]) -> bool:
    """Whether there is a `fallback` block, which the API accepts only with the beta header of fallbacks."""
    return any(_kind(block) == "fallback" for block in blocks)


def _ended(blocks: list[JsonObject]) -> list[JsonObject] | None:
    """The blocks without those that may not be the last: blank text, thinking, a `fallback` block."""
    while blocks:
        last = blocks[-1]
        kind = _kind(last)
        blank = kind == "text" and not str(last["text"]).strip()
        if not blank and kind not in _THINKING and kind != "fallback":
            return blocks
        blocks = blocks[:-1]
    return None


def _paired(content: Sequence[JsonObject]) -> set[int]:
    """The indexes of the server tool calls that have their result after them, and of those results."""
    calls: dict[str | None, int] = {}
    paired = set()
    for number, block in enumerate(content):
        if _kind(block) in _SERVER_CALLS:
            calls[text(block.get("id"))] = number
        elif _is_result(block) and (call := calls.pop(text(block.get("tool_use_id")), None)) is not None:
            paired |= {call, number}
    return paired


def _kind(block: JsonObject) -> str | None:
    return text(block.get("type"))


def _is_result(block: JsonObject) -> bool:
    """Whether this is the result of a server tool: its type is the tool's name and `_tool_result`."""
    return (_kind(block) or "").endswith("_tool_result")


def _is_signed(block: JsonObject) -> bool:
    return text(block.get("signature" if _kind(block) == "thinking" else "data")) is not None
