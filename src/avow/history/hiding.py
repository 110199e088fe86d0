"""Removes the text from an exchange, or from its row."""

from collections.abc import Mapping
from typing import Any

from avow.errors import Failure
from avow.exchange.exchange import Exchange, Question
from avow.history.rows import UNREADABLE, Row, from_row, to_row
from avow.routing.verdict import SESSION_MOVED, Evidence

NOT_KEPT = "(not kept)"
_LONGEST_NAME = 200
PRIVATE = ("explanation", "system", "prompt", "text", "withdrawn_text", "user_content", "content")
"""The columns of what was said."""
_OF_A_DAMAGED_ROW = {
    **dict.fromkeys((*PRIVATE, "problem_words", "error_message", "hint", "exact")),
    **dict.fromkeys(("hops", "evidence", "attachments", "segments"), "[]"),
    "params": "{}",
}


def hidden(exchange: Exchange) -> Exchange:
    """The exchange without prompt, answer, system prompt, parameters, attachments and words of a server; who was asked,
    who answered and the evidence stay."""
    routing = exchange.routing
    return exchange._replace(
        question=Question(template=exchange.question.template),
        reply=exchange.reply._replace(content=()),
        problem=exchange.problem and exchange.problem._replace(words=None),
        error=_without_words(exchange.error),
        routing=routing._replace(
            explanation=None,
            segments=(),
            withdrawn_text=None,
            hops=tuple(hop._replace(error=_without_words(hop.error)) for hop in routing.hops),
            evidence=tuple(item._replace(value=_name_only(item)) for item in routing.evidence),
        ),
    )


def hidden_row(exchange: Exchange, kept: str) -> Row:
    """The row of a hidden exchange; `kept` says why: `none` or `redacted`. Removed text is NULL, not empty."""
    return {**to_row(hidden(exchange)), "kept": kept, **dict.fromkeys(PRIVATE)}


def redacted_row(row: Mapping[str, Any]) -> Row:
    """The same for a row. In a damaged row, of which no exchange can be made, every column that may have text is
    emptied."""
    try:
        return hidden_row(from_row(row), "redacted")
    except UNREADABLE:
        return {**dict(zip(row.keys(), row, strict=True)), **_OF_A_DAMAGED_ROW, "kept": "redacted"}


def _without_words(error: Failure | None) -> Failure | None:
    return error and error._replace(message=NOT_KEPT, hint=None)


def _name_only(item: Evidence) -> object:
    if item.field in ("conversation.pinned", SESSION_MOVED) or isinstance(item.value, int | float | None):
        return item.value
    return item.value if isinstance(item.value, str) and len(item.value) <= _LONGEST_NAME else NOT_KEPT
