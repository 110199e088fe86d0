"""An answer sent back as a turn of the conversation: which of its blocks, and in which form.

The rules are the API's: an answer goes back as it came; before its last `fallback` block only text and server tool
calls with their results do; nothing empty, nothing unanswered, no thinking without a signature.
"""

from collections.abc import Collection, Sequence

from avow.wire.json_value import JsonObject, text

_THINKING = frozenset({"thinking", "redacted_thinking"})
_NOT_BEFORE_HANDOVER = _THINKING | {"connector_text", "tool_use"}
_SERVER_CALLS = frozenset({"server_tool_use", "mcp_tool_use"})


def assistant_turn(
    content: Sequence[JsonObject],
    unfinished: Collection[int] = (),
    *,
    keep_thinking: bool = True,
    continued: bool = False,
) -> list[JsonObject] | None:
    """The blocks of `content` that may be sent back, unchanged and in order; None where no answer is left.

    `unfinished`: indexes of blocks that never stopped. `keep_thinking` is False where something before this turn
    is not what it was. `continued`: avow itself had another model go on in mid-answer, so that no thinking in it
    stands where it was written.
    """
    last_handover = max((n for n, block in enumerate(content) if _kind(block) == "fallback"), default=-1)
    paired = _paired(content, unfinished)
    kept = []
    for number, block in enumerate(content):
        kind = _kind(block)
        if number < last_handover and kind in _NOT_BEFORE_HANDOVER:
            continue
        if continued and kind in _NOT_BEFORE_HANDOVER:
            continue
        if kind in _THINKING and not (keep_thinking and number not in unfinished and _is_signed(block)):
            continue
        if kind == "tool_use":  # a tool of ours, which nobody has run
            continue
        if (kind in _SERVER_CALLS or _is_result(block)) and number not in paired:
            continue
        if kind == "text" and not text(block.get("text")):
            continue
        if kind is not None:
            kept.append(block)
    return _ended(kept)


def has_handover(blocks: Sequence[JsonObject]) -> bool:
    """Whether there is a `fallback` block, which the API takes only with the beta header of fallbacks."""
    return any(_kind(block) == "fallback" for block in blocks)


def _ended(blocks: list[JsonObject]) -> list[JsonObject] | None:
    """Without what may not stand last: blank text, thinking, a handover to nobody."""
    while blocks:
        last = blocks[-1]
        kind = _kind(last)
        blank = kind == "text" and not str(last["text"]).strip()
        if not blank and kind not in _THINKING and kind != "fallback":
            return blocks
        blocks = blocks[:-1]
    return None


def _paired(content: Sequence[JsonObject], unfinished: Collection[int]) -> set[int]:
    """Where the server tool calls stand that have their result after them, and where those results do."""
    calls: dict[str | None, int] = {}
    paired = set()
    for number, block in enumerate(content):
        if _kind(block) in _SERVER_CALLS and number not in unfinished:
            calls[text(block.get("id"))] = number
        elif _is_result(block) and (call := calls.pop(text(block.get("tool_use_id")), None)) is not None:
            paired |= {call, number}
    return paired


def _kind(block: JsonObject) -> str | None:
    return text(block.get("type"))


def _is_result(block: JsonObject) -> bool:
    """Whether this is what a server tool gave: those are named after the tool."""
    return (_kind(block) or "").endswith("_tool_result")


def _is_signed(block: JsonObject) -> bool:
    return text(block.get("signature" if _kind(block) == "thinking" else "data")) is not None
