"""An exchange as a row of the history, and back again, to the last lone surrogate."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from avow.errors import Failure
from avow.exchange.exchange import Exchange, Problem, Status, evidence_as_json, hops_as_json
from avow.exit_codes import BySignal, ExitCode, ExitStatus
from avow.routing.verdict import Evidence, Hop, Outcome, Pin, Routing, Segment, Verdict
from avow.wire.blocks import Attachment
from avow.wire.json_value import JsonObject, encodable

Row = dict[str, Any]

NOT_KEPT = "(not kept)"
_LONGEST_NAME = 200
_PRIVATE = ("explanation", "system", "prompt", "text", "withdrawn_text", "user_content", "content")


def to_row(exchange: Exchange) -> Row:
    """The columns of `schema.COLUMNS` but `number`; every value is one that SQLite takes, as UTF-8."""
    routing, error = exchange.routing, exchange.error
    row: Row = {
        "id": exchange.id,
        "conversation_id": exchange.conversation_id,
        "parent_id": exchange.parent_id,
        "retry_of": exchange.retry_of,
        "session": exchange.session,
        "created_at": exchange.created_at,
        "created_ms": milliseconds(exchange.created_at),
        "source": exchange.source,
        "kept": "full",
        "status": str(exchange.status),
        "verdict": str(routing.verdict) if routing.verdict else None,
        "rerouted": int(routing.rerouted),
        "exit_code": exchange.exit_code,
        "signal": exchange.signal,
        "problem": exchange.problem.exit_code if exchange.problem else None,
        "problem_words": exchange.problem.words if exchange.problem else None,
        "withheld": int(exchange.withheld),
        "simulated": int(exchange.simulated),
        "requested_model": exchange.requested_model,
        "sent_model": exchange.sent_model,
        "served_model": routing.served_model,
        "category": routing.category,
        "recommended_model": routing.recommended_model,
        "stop_reason": exchange.stop_reason,
        "template": exchange.template,
        "fallback_policy": _policy_text(exchange.fallback_policy),
        "fallback_by": exchange.fallback_by,
        "retries": exchange.retries,
        "first_token_ms": exchange.first_token_ms,
        "total_ms": exchange.total_ms,
        "cost_usd": exchange.cost_usd,
        "cost_floor_usd": exchange.cost_floor_usd,
        "request_id": exchange.request_id,
        "message_id": exchange.message_id,
        "base_url": exchange.base_url,
        "error_type": error.type if error else None,
        "error_status": error.status if error else None,
        "error_message": error.message if error else None,
        "hint": error.hint if error else None,
        "usage": None if exchange.usage is None else _dump(exchange.usage),
        "hops": _dump(hops_as_json(routing)),
        "evidence": _dump(evidence_as_json(routing)),
        "params": _dump(exchange.params),
        "explanation": routing.explanation,
        "attachments": _dump([{**a.as_json(), "kind": a.kind} for a in exchange.attachments]),
        "system": exchange.system,
        "prompt": exchange.prompt,
        "text": routing.text,
        "segments": _dump([{"model": s.model, "chars": len(s.text)} for s in routing.segments]),
        "withdrawn_text": routing.withdrawn_text,
        "user_content": _pack(exchange.user_content, exchange.prompt or ""),
        "content": _pack(exchange.content, routing.text),
        "exact": None,
        "pin": None if routing.pin is None else _dump(routing.pin._asdict()),
        "moved_to": routing.moved_to,
    }
    exact = {name: value for name, value in row.items() if isinstance(value, str) and not _is_utf8(value)}
    if exact:
        row.update((name, encodable(value)) for name, value in exact.items())
        row["exact"] = json.dumps(exact)
    return row


def from_row(row: Mapping[str, Any]) -> Exchange:
    """The exchange a row was made from; attachments come without their bytes."""
    if row["exact"]:
        row = {**{name: row[name] for name in row.keys()}, **json.loads(row["exact"])}  # noqa: SIM118  (a sqlite3.Row)
    text = row["text"] or ""
    error_type = row["error_type"]
    return Exchange(
        number=row["number"],
        id=row["id"],
        conversation_id=row["conversation_id"],
        parent_id=row["parent_id"],
        retry_of=row["retry_of"],
        session=row["session"],
        created_at=row["created_at"],
        source=row["source"],
        status=Status(row["status"]),
        routing=_routing(row, text),
        exit_code=_exit_status(row),
        problem=None if row["problem"] is None else Problem(ExitCode(row["problem"]), row["problem_words"]),
        withheld=bool(row["withheld"]),
        simulated=bool(row["simulated"]),
        requested_model=row["requested_model"],
        sent_model=row["sent_model"],
        stop_reason=row["stop_reason"],
        template=row["template"],
        fallback_policy=_policy(row["fallback_policy"]),
        fallback_by=row["fallback_by"],
        retries=row["retries"],
        first_token_ms=row["first_token_ms"],
        total_ms=row["total_ms"],
        cost_usd=row["cost_usd"],
        cost_floor_usd=row["cost_floor_usd"],
        request_id=row["request_id"],
        message_id=row["message_id"],
        base_url=row["base_url"],
        error=None
        if error_type is None
        else Failure(error_type, row["error_status"], row["error_message"], row["hint"]),
        usage=None if row["usage"] is None else json.loads(row["usage"]),
        params=json.loads(row["params"]),
        attachments=tuple(_attachment(item) for item in json.loads(row["attachments"])),
        system=row["system"],
        prompt=row["prompt"],
        user_content=_unpack(row["user_content"], row["prompt"] or ""),
        content=_unpack(row["content"], text),
    )


def hidden(exchange: Exchange) -> Exchange:
    """The exchange with nothing left of what was said: no prompt, answer, system prompt, parameters, attachments
    or words of a server; who was asked, who answered and how that is known stays."""
    routing = exchange.routing
    return exchange._replace(
        prompt=None,
        system=None,
        attachments=(),
        user_content=(),
        content=(),
        params={},
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
    """The row of a hidden exchange; `kept` says why: `none` or `redacted`. What was said is NULL, not empty."""
    return {**to_row(hidden(exchange)), "kept": kept, **dict.fromkeys(_PRIVATE)}


def milliseconds(moment: str) -> int:
    """An RFC 3339 time as milliseconds since 1970; 0 for what is none."""
    try:
        return round(datetime.fromisoformat(moment).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0


def _exit_status(row: Mapping[str, Any]) -> ExitStatus | None:
    if row["signal"] is not None:
        return BySignal(row["signal"])
    return None if row["exit_code"] is None else ExitCode(row["exit_code"])


def _routing(row: Mapping[str, Any], text: str) -> Routing:
    segments, start = [], 0
    for item in json.loads(row["segments"]):
        segments.append(Segment(item["model"], text[start : start + item["chars"]]))
        start += item["chars"]
    return Routing(
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        served_model=row["served_model"],
        category=row["category"],
        explanation=row["explanation"],
        recommended_model=row["recommended_model"],
        hops=tuple(_hop(item) for item in json.loads(row["hops"])),
        evidence=tuple(Evidence(e["field"], e["value"], e["strength"]) for e in json.loads(row["evidence"])),
        segments=tuple(segments),
        withdrawn_text=row["withdrawn_text"],
        pin=None if row["pin"] is None else Pin(**json.loads(row["pin"])),
        moved_to=row["moved_to"],
    )


def _hop(item: JsonObject) -> Hop:
    error = item["error"]
    return Hop(
        model=item["model"],
        outcome=Outcome(item["outcome"]),
        category=item["category"],
        error=None if error is None else Failure(error["type"], error["status"], error["message"]),
        usage=item["usage"],
        cost_usd=item["cost_usd"],
    )


def _attachment(item: JsonObject) -> Attachment:
    return Attachment(item["name"], item["kind"], item["type"], item["size"], item["sha256"])


def _pack(blocks: Sequence[JsonObject], whole: str) -> str | None:
    """Blocks as JSON; texts that stand in `whole`, in order, are named by their place there and not repeated."""
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
        return tuple(value)
    for index, (start, end) in value["texts"].items():
        value["blocks"][int(index)]["text"] = whole[start:end]
    return tuple(value["blocks"])


def _policy_text(policy: str | tuple[str, ...]) -> str:
    return _dump(list(policy)) if isinstance(policy, tuple) else policy


def _policy(text: str) -> str | tuple[str, ...]:
    return tuple(json.loads(text)) if text.startswith("[") else text


def _without_words(error: Failure | None) -> Failure | None:
    return error and error._replace(message=NOT_KEPT, hint=None)


def _name_only(item: Evidence) -> object:
    if item.field == "conversation.pinned" or item.value is None or isinstance(item.value, int | float):
        return item.value
    return item.value if isinstance(item.value, str) and len(item.value) <= _LONGEST_NAME else NOT_KEPT


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
