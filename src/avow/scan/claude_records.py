"""One line of Claude Code's transcripts: whether it can matter, judged by its bytes, and what record it is."""

import re
from pathlib import PurePath

from avow.scan.choices import is_command
from avow.wire.json_value import JsonObject, encodable_value, items, obj, parse
from avow.wire.message import block_text

SUBAGENTS = "subagents"
"""The folder beside a session's file, named after it, that holds a file for each of its sub-agents."""

# A whole JSON string, not one quoted inside another: there a backslash stands before its first quote.
_TOOL_RESULT = re.compile(rb'(?<!\\)"tool_result"')


def session_of(source: str) -> str | None:
    """The session in a file's path, `SESSION/subagents/agent-ID.jsonl`; None where the file is not a sub-agent's."""
    parts = PurePath(source).parts
    return parts[-3] if len(parts) > 2 and parts[-2] == SUBAGENTS else None


def is_answer(line: bytes) -> bool:
    """Whether a line may be the record of an answer, judged by its bytes alone."""
    return b'"assistant"' in line


def is_prompt(line: bytes) -> bool:
    """Whether a line is the record of a user's prompt."""
    if b'"user"' not in line or _TOOL_RESULT.search(line) is not None:
        return False
    record = record_in(line)
    if record is None or record.get("type") != "user" or record.get("isMeta") is True:
        return False
    prompt = prompt_in(obj(record.get("message")).get("content"))
    return bool(prompt) and not is_command(prompt or "")


def says_choice(line: bytes) -> bool:
    """Whether a line is a record of which model the session asks from then on."""
    if not matters(line):
        return False
    record = record_in(line)
    return record is not None and record.get("type") in ("system", "user") and record.get("isSidechain") is not True


def matters(line: bytes) -> bool:
    """Whether a line can matter for who answered what, judged by its bytes alone."""
    if is_answer(line) or b'"last-prompt"' in line:
        return True
    if b'"user"' in line:
        return _TOOL_RESULT.search(line) is None
    return b'"system"' in line and (b"fallback" in line or b"<local-command-stdout>" in line)


def record_in(line: bytes) -> JsonObject | None:
    """The record, with every string in it encodable; None where the line is not a JSON object."""
    try:
        record = parse(line)
        if b"\\u" in line and (b"\\ud" in line or b"\\uD" in line):
            record = encodable_value(record)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def looks_whole(line: bytes) -> bool:
    """Whether a line may be a whole record, judged by its ends alone."""
    stripped = line.strip()
    return stripped.startswith(b"{") and stripped.endswith(b"}")


def prompt_in(content: object) -> str | None:
    """The text of a user's message; None where it holds a tool's result, or nothing."""
    if isinstance(content, str):
        return content
    blocks = items(content)
    if any(block.get("type") == "tool_result" for block in blocks):
        return None
    return "".join(block_text(block) for block in blocks) if blocks else None


def is_interruption(prompt: str) -> bool:
    """Whether the client, not its user, wrote the message."""
    return prompt.startswith("[Request interrupted by user")
