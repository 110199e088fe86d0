"""The content blocks of an answer, each with the deltas in which a stream sends it."""

import json
import re
from dataclasses import dataclass, replace

from avow.simulator.script import Json


@dataclass(frozen=True, slots=True)
class Block:
    """One content block: the object of its `content_block_start`, its deltas, and the block of a whole message. After
    each delta the server waits `delay` seconds. With `repeats` the deltas are sent over and over, until that many
    were sent."""

    start: Json
    deltas: tuple[Json, ...]
    whole: Json
    delay: float = 0.0
    repeats: int = 0


def pieces_of(text: str) -> list[str]:
    """`text` in pieces of three words, each with the blanks after it."""
    words = re.findall(r"\S+\s*|\s+", text)
    return ["".join(words[start : start + 3]) for start in range(0, len(words), 3)]


def text_block(pieces: tuple[str, ...], delay: float) -> Block:
    """A block of text that comes in these pieces."""
    deltas = tuple({"type": "text_delta", "text": piece} for piece in pieces)
    whole = {"type": "text", "text": "".join(pieces), "citations": None}
    return Block({"type": "text", "text": ""}, deltas, whole, delay)


def thinking_block(text: str, signature: str, delay: float) -> Block:
    """A block of thinking; its signature comes last."""
    deltas: list[Json] = [{"type": "thinking_delta", "thinking": piece} for piece in pieces_of(text)]
    deltas.append({"type": "signature_delta", "signature": signature})
    whole = {"type": "thinking", "thinking": text, "signature": signature}
    return Block({"type": "thinking", "thinking": "", "signature": ""}, tuple(deltas), whole, delay)


def ready_block(block: Json, delay: float = 0.0) -> Block:
    """A block that is given as a whole message has it. Tool calls, compactions and text come in deltas; every other
    block is whole in its `content_block_start`."""
    if block.get("type") in ("tool_use", "server_tool_use"):
        text = json.dumps(block["input"], ensure_ascii=False)
        parts = ("", text[: len(text) // 2], text[len(text) // 2 :])
        deltas = tuple({"type": "input_json_delta", "partial_json": part} for part in parts)
        return Block({**block, "input": {}}, deltas, block, delay)
    if block.get("type") == "compaction":
        delta = {"type": "compaction_delta", **{key: value for key, value in block.items() if key != "type"}}
        return Block({"type": "compaction", "content": None}, (delta,), block, delay)
    if block.get("type") == "text":
        return replace(text_block(tuple(pieces_of(str(block.get("text", "")))), delay), whole=block)
    return Block(block, (), block, delay)


def long_block(count: int) -> Block:
    """A block of `count` short words, twenty on a line, one word in a delta. The words repeat after a hundred."""
    words = [f"word{number:02d}" + ("\n" if number % 20 == 19 else " ") for number in range(min(count, 100))]
    rounds, left = divmod(count, len(words))
    block = text_block(tuple(words), 0.0)
    whole = {**block.whole, "text": "".join(words) * rounds + "".join(words[:left])}
    return replace(block, whole=whole, repeats=count)
