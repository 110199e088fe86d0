"""Turns an exchange into a row of the history and back, without losing even a lone surrogate."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import isfinite
from typing import Any

from avow.errors import Failure
from avow.exchange.exchange import (
    Exchange,
    Problem,
    Question,
    Reply,
    RunItem,
    Status,
)
from avow.exit_codes import BySignal, ExitCode, ExitStatus
from avow.history import schema
from avow.routing.verdict import Evidence, Hop, Outcome, Pin, Routing, Segment, Verdict
from avow.values import NamedTuple
from avow.wire.blocks import Attachment
from avow.wire.json_value import JsonObject, encodable

Row = dict[str, Any]

UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What `from_row` raises where the columns of a damaged row hold no exchange."""


_AFTER_SIGNALS = 128


class _Column(NamedTuple):
    """A column that holds one field. `part` is where the field is (`question`, `reply`, `routing`; empty: in the
    exchange itself). `write` and `read` convert the value for SQLite and back; None stays None."""

    name: str
    part: str = ""
    write: Callable[[Any], Any] | None = None
    read: Callable[[Any], Any] | None = None


def to_row(exchange: Exchange) -> Row:
    """The columns of `schema.COLUMNS` without `number`; SQLite takes every value, as UTF-8."""
    row: Row = {}
    for name, part, write, _read in _COLUMNS:
        value = getattr(getattr(exchange, part) if part else exchange, name)
        row[name] = value if value is None or write is None else write(value)
    row |= _of_several_fields(exchange)
    exact = {name: value for name, value in row.items() if isinstance(value, str) and not _is_utf8(value)}
    if exact:
        row.update((name, encodable(value)) for name, value in exact.items())
        row["exact"] = json.dumps(exact)
    return row


def from_row(row: Mapping[str, Any]) -> Exchange:
    """The exchange that a row was made from, with attachments without their bytes. Raises one of UNREADABLE where a
    value does not fit its column, or its place in JSON."""
    row = row if isinstance(row, dict) else dict(zip(row.keys(), row, strict=True))
    if row["exact"]:
        exact = _object(row["exact"])
        of_kind(exact, dict.fromkeys(exact, str))
        row = {**row, **exact}
    of_kind(row, KINDS)
    fields: dict[str, Row] = {"": {}, "question": {}, "reply": {}, "routing": {}}
    for name, part, _write, read in _COLUMNS:
        value = row[name]
        fields[part][name] = value if value is None or read is None else read(value)
    text = row["text"] or ""
    return Exchange(
        number=row["number"],
        exit_code=_exit_status(row),
        problem=None if row["problem"] is None else Problem(ExitCode(row["problem"]), row["problem_words"]),
        error=None if row["error_type"] is None else Failure(*(row[name] for name in _OF_ERROR)),
        item=None if row["item_key"] is None else RunItem(*(row[name] for name in _OF_ITEM)),
        question=Question(user_content=_unpack(row["user_content"], row["prompt"] or ""), **fields["question"]),
        reply=Reply(content=_unpack(row["content"], text), **fields["reply"]),
        routing=Routing(segments=_segments(row["segments"], text), **fields["routing"]),
        **fields[""],
    )


def _of_several_fields(exchange: Exchange) -> Row:
    """The columns that are made from several fields, and those that only queries need."""
    question, routing = exchange.question, exchange.routing
    return {
        "created_ms": milliseconds(exchange.created_at),
        "kept": "full",
        "rerouted": int(routing.rerouted),
        "exit_code": exchange.exit_code,
        "signal": exchange.signal,
        "problem": exchange.problem.exit_code if exchange.problem else None,
        "problem_words": exchange.problem.words if exchange.problem else None,
        **dict(zip(_OF_ERROR, exchange.error or (None,) * len(_OF_ERROR), strict=True)),
        **dict(zip(_OF_ITEM, exchange.item or (None,) * len(_OF_ITEM), strict=True)),
        "item_last": 1 if exchange.item else None,
        "text": routing.text,
        "segments": _dump([{"model": s.model, "chars": len(s.text)} for s in routing.segments]),
        "user_content": _pack(question.user_content, question.prompt or ""),
        "content": _pack(exchange.reply.content, routing.text),
        "exact": None,
    }


def milliseconds(moment: str) -> int:
    """An RFC 3339 time in milliseconds since 1970; 0 for any other text."""
    try:
        return round(datetime.fromisoformat(moment).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0


def _exit_status(row: Mapping[str, Any]) -> ExitStatus | None:
    if row["signal"] is not None:
        if not 0 < row["signal"] < _AFTER_SIGNALS:
            raise ValueError("no signal")
        return BySignal(row["signal"])
    return None if row["exit_code"] is None else ExitCode(row["exit_code"])


def _segments(packed: str, text: str) -> tuple[Segment, ...]:
    segments, start = [], 0
    for item in json.loads(packed):
        model, chars = of_kind(item, _OF_SEGMENT)
        segments.append(Segment(model, text[start : start + chars]))
        start += chars
    return tuple(segments)


def _hops_text(hops: tuple[Hop, ...]) -> str:
    return _dump([hop.as_json() for hop in hops])


def _hops(packed: str) -> tuple[Hop, ...]:
    return tuple(_hop(*of_kind(item, _OF_HOP)) for item in json.loads(packed))


def _hop(model: str | None, outcome: str, category: str | None, error: Any, usage: Any, cost_usd: float | None) -> Hop:
    failure = None if error is None else Failure(*of_kind(error, _OF_FAILURE))
    return Hop(model, Outcome(outcome), category, failure, usage, cost_usd and _finite(cost_usd))


def _evidence_text(evidence: tuple[Evidence, ...]) -> str:
    return _dump([one.as_json() for one in evidence])


def _evidence(packed: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(*of_kind(item, _OF_EVIDENCE)) for item in json.loads(packed))


def _attachments_text(attachments: tuple[Attachment, ...]) -> str:
    return _dump([{**attachment.as_json(), "kind": attachment.kind} for attachment in attachments])


def _attachments(packed: str) -> tuple[Attachment, ...]:
    return tuple(Attachment(*of_kind(item, _OF_ATTACHMENT)) for item in json.loads(packed))


def _pin_text(pin: Pin) -> str:
    return _dump(pin._asdict())


def _pin(packed: str) -> Pin:
    return Pin(*of_kind(json.loads(packed), _OF_PIN))


def _object(packed: str) -> JsonObject:
    return _blocks([json.loads(packed)])[0]


def _finite(cost_usd: float) -> float:
    if not isfinite(cost_usd):
        raise ValueError("not a cost")
    return cost_usd


def _blocks(values: Sequence[Any]) -> tuple[JsonObject, ...]:
    if not all(isinstance(value, dict) for value in values):
        raise TypeError("not a JSON object")
    return tuple(values)


def of_kind(values: Any, kinds: Mapping[str, Any]) -> list[Any]:
    """The values with these names, of these types. Raises TypeError or KeyError where one is missing or of another
    type."""
    found = [values[name] for name in kinds]
    if not all(map(isinstance, found, kinds.values())):
        raise TypeError(str([name for name, kind in kinds.items() if not isinstance(values[name], kind)]))
    return found


def _pack(blocks: Sequence[JsonObject], whole: str) -> str | None:
    """Blocks as JSON. Texts that are in `whole`, in order, are named by their place there and not repeated."""
    if not blocks:
        return None
    places: dict[str, tuple[int, int]] = {}
    packed, start = [], 0
    for index, block in enumerate(blocks):
        text = block.get("text")
        if block.get("type") == "text" and isinstance(text, str) and text and whole.startswith(text, start):
            places[str(index)] = (start, start + len(text))
            start += len(text)
            block = {**block, "text": None}
        packed.append(block)
    return _dump({"blocks": packed, "texts": places} if places else packed)


def _unpack(packed: str | None, whole: str) -> tuple[JsonObject, ...]:
    if packed is None:
        return ()
    value = json.loads(packed)
    if isinstance(value, list):
        return _blocks(value)
    for index, (start, end) in value["texts"].items():
        value["blocks"][int(index)]["text"] = whole[start:end]
    return _blocks(value["blocks"])


def _policy_text(policy: str | tuple[str, ...]) -> str:
    return _dump(list(policy)) if isinstance(policy, tuple) else policy


def _policy(text: str) -> str | tuple[str, ...]:
    return tuple(json.loads(text)) if text.startswith("[") else text


def _dump(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if _is_utf8(text) else json.dumps(value, separators=(",", ":"))


def _is_utf8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_TYPES: Mapping[str, Any] = {"TEXT": str, "INTEGER": int, "REAL": int | float}
KINDS: Mapping[str, Any] = {
    name: kind if "NOT NULL" in declared or "PRIMARY" in declared else kind | None
    for name, declared, _meaning in schema.COLUMNS
    for kind in (_TYPES[declared.split()[0]],)
}
"""What a column holds."""
_TEXT, _COUNT, _PRICE, _OBJECT = (kind | None for kind in (str, int, float | int, dict))
_OF_HOP = {"model": _TEXT, "outcome": str, "category": _TEXT, "error": _OBJECT, "usage": _OBJECT, "cost_usd": _PRICE}
_OF_FAILURE = {"type": str, "status": _COUNT, "message": str}
_OF_EVIDENCE = {"field": str, "value": object, "strength": str}
_OF_SEGMENT = {"model": _TEXT, "chars": int}
_OF_ATTACHMENT = {"name": str, "kind": str, "type": str, "size": _COUNT, "sha256": _TEXT}
_OF_PIN = {"model": str, "since_turn": int}
"""What a part of a column's JSON holds, in the order of the fields it is for."""

_OF_ERROR = ("error_type", "error_status", "error_message", "hint")
"""The columns of a `Failure`, in the order of its fields."""

_OF_ITEM = ("run", "item_id", "item_index", "item_repeat", "item_key")
"""The columns of a `RunItem`, in the order of its fields."""

_COLUMNS = (
    *map(_Column, ("id", "conversation_id", "parent_id", "retry_of", "session", "created_at", "source", "client")),
    *map(_Column, ("requested_model", "sent_model", "base_url", "fallback_by", "traceparent", "batch")),
    _Column("status", "", str, Status),
    _Column("withheld", "", int, bool),
    _Column("simulated", "", int, bool),
    _Column("fallback_policy", "", _policy_text, _policy),
    *(_Column(name, "question") for name in ("template", "system", "prompt")),
    _Column("params", "question", _dump, _object),
    _Column("attachments", "question", _attachments_text, _attachments),
    *(_Column(name, "reply") for name in ("stop_reason", "retries", "first_token_ms", "total_ms")),
    *(_Column(name, "reply", None, _finite) for name in ("cost_usd", "cost_floor_usd")),
    *(_Column(name, "reply") for name in ("request_id", "message_id")),
    _Column("usage", "reply", _dump, _object),
    *(_Column(name, "routing") for name in ("served_model", "category", "recommended_model", "explanation")),
    *(_Column(name, "routing") for name in ("withdrawn_text", "moved_to", "strength")),
    _Column("verdict", "routing", str, Verdict),
    _Column("hops", "routing", _hops_text, _hops),
    _Column("evidence", "routing", _evidence_text, _evidence),
    _Column("pin", "routing", _pin_text, _pin),
)
