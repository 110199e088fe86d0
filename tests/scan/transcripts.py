"""Claude Code's records, built with as much as a case needs."""

import io
import itertools
import json
from typing import Any

from avow.scan import claude_code
from avow.scan.records import PastAnswer, SkipCounts

FABLE, OPUS, SONNET = "claude-fable-5", "claude-opus-4-8", "claude-sonnet-5"
Record = dict[str, Any]

_numbers = itertools.count(1)


def prompt(text: str = "why?", **more: Any) -> Record:
    """What a user typed."""
    return {"type": "user", "sessionId": "s1", "message": {"role": "user", "content": text}, **more}


def tool_result(**more: Any) -> Record:
    """What a tool gave back."""
    content = [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"}]
    return {"type": "user", "sessionId": "s1", "message": {"role": "user", "content": content}, **more}


def answer(model: str | None = OPUS, *blocks: Record, stop: str | None = "end_turn", **more: Any) -> Record:
    """One record of an answer, with ids of its own unless given; `usage` and `stop_details` go into the message."""
    number = next(_numbers)
    message = {
        "id": more.pop("id", f"msg_{number}"),
        "role": "assistant",
        "content": list(blocks) or [{"type": "text", "text": "Because."}],
        "stop_reason": stop,
        "model": model,
        "usage": more.pop("usage", {}),
        "stop_details": more.pop("stop_details", None),
    }
    record = {
        "type": "assistant",
        "sessionId": "s1",
        "requestId": f"req_{number}",
        "uuid": f"uuid-{number}",
        "timestamp": "2026-11-23T18:01:29.213Z",
        "message": message,
    }
    return {**record, **more}


def handover(start: str | None = FABLE, end: str | None = OPUS, category: str | None = None) -> Record:
    """A fallback block."""
    block: Record = {"type": "fallback", "from": {"model": start}, "to": {"model": end}}
    return block | ({"trigger": {"type": "refusal", "category": category}} if category else {})


def iterations(*entries: tuple[str, str]) -> Record:
    """`usage` with (type, model) entries."""
    return {"iterations": [{"type": kind, "model": model} for kind, model in entries]}


def notice(subtype: str = "model_refusal_fallback", **more: Any) -> Record:
    """A `system` record about a change of model."""
    record = {
        "type": "system",
        "subtype": subtype,
        "sessionId": "s1",
        "content": "Fable 5 declined. Switched to Opus 4.8.",
        "originalModel": FABLE,
        "fallbackModel": OPUS,
        "trigger": "refusal",
        "apiRefusalCategory": "cyber",
    }
    return {**record, **more}


def chose(output: str) -> Record:
    """What `/model` printed."""
    return prompt(f"<local-command-stdout>{output}</local-command-stdout>")


def in_bytes(*records: Record) -> bytes:
    """The file with these records."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def read(*records: Record) -> list[PastAnswer]:
    """The answers found in these records, nothing broken among them."""
    counts = SkipCounts()
    answers = list(claude_code.read(io.BytesIO(in_bytes(*records)), "file", counts))
    assert (counts.broken_lines, counts.oversized_lines) == (0, 0)
    return answers
