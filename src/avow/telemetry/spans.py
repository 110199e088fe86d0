"""An exchange as spans of OTLP/JSON, by the GenAI conventions of OpenTelemetry, without any text of the exchange."""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from urllib.parse import urlsplit

from avow.exchange.exchange import Exchange, Status
from avow.routing.verdict import Hop
from avow.wire.json_value import JsonObject, obj

SCOPE = "avow"
_CLIENT, _INTERNAL, _ERROR = 3, 1, 2
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+\[\]-]{0,199}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_OTHER = "_OTHER"
"""What stands for a value that no name or word of a protocol looks like: it may be prose."""

_LATEST_MS = ((1 << 63) - 1) // 1_000_000
_CACHED = ("cache_read_input_tokens", "cache_creation_input_tokens")
_FAILED = (Status.FAILED, Status.INCOMPLETE)


def spans_of(exchange: Exchange, created_ms: int) -> list[JsonObject]:
    """The span of an exchange, then one child span for each hop. Ids are made from the exchange's id, so that spans
    that arrive twice are recognised. The times of a hop are not known: its span has those of the exchange.

    No span holds text that a server, a file or a person wrote; a name or a type that does not look like one is
    `_OTHER`.
    """
    trace, parent = _trace(exchange)
    end_ms = created_ms + max(exchange.reply.total_ms or 0, 0)
    times = {"startTimeUnixNano": _nanoseconds(created_ms), "endTimeUnixNano": _nanoseconds(end_ms)}
    own = span_id(exchange.id)
    root = {
        "traceId": trace,
        "spanId": own,
        "parentSpanId": parent,
        "name": f"chat {name(exchange.requested_model) or ''}".rstrip(),
        "kind": _CLIENT,
        **times,
        "attributes": attributes(_of_exchange(exchange)),
    }
    if exchange.status in _FAILED:
        root["status"] = {"code": _ERROR}
    hops = [
        {
            "traceId": trace,
            "spanId": span_id(f"{exchange.id}/hop/{index}"),
            "parentSpanId": own,
            "name": f"hop {name(hop.model) or 'unknown'}",
            "kind": _INTERNAL,
            **times,
            "attributes": attributes(_of_hop(hop, index)),
            **({"status": {"code": _ERROR}} if hop.error else {}),
        }
        for index, hop in enumerate(exchange.routing.hops)
    ]
    return [root, *hops]


def request_body(spans: Iterable[JsonObject], resource: Mapping[str, object], version: str) -> JsonObject:
    """The body of an export request: an `ExportTraceServiceRequest` as JSON."""
    scope = {"name": SCOPE, "version": version}
    kept = list(spans)
    inner = [{"scope": scope, "spans": kept}] if kept else []
    return {"resourceSpans": [{"resource": {"attributes": attributes(resource)}, "scopeSpans": inner}] if kept else []}


def attributes(values: Mapping[str, object]) -> list[JsonObject]:
    """Key and value pairs in the form of OTLP; None is left out."""
    return [{"key": key, "value": _any(value)} for key, value in values.items() if value is not None]


def span_id(text: str) -> str:
    """16 hexadecimal digits that depend on `text` alone."""
    return sha256(text.encode()).hexdigest()[:16]


def traceparent(text: str | None) -> tuple[str, str] | None:
    """The trace's and the span's id in a `traceparent` of W3C Trace Context; None for any other text."""
    found = _TRACEPARENT.fullmatch((text or "").strip())
    if found is None or not found[1].strip("0") or not found[2].strip("0") or found[0].startswith("ff"):
        return None
    return found[1], found[2]


def name(text: str | None) -> str | None:
    """A model's name or an id unchanged if it looks like one, else `_OTHER`; None for no text."""
    return None if not text else text if _NAME.fullmatch(text) else _OTHER


def word(text: str | None) -> str | None:
    """A word of a protocol unchanged if it looks like one, else `_OTHER`; None for no text."""
    return None if not text else text if _WORD.fullmatch(text) else _OTHER


def provider(host: str | None) -> str:
    """The name that the conventions have for the provider at that host."""
    ends = {"amazonaws.com": "aws.bedrock", "googleapis.com": "gcp.vertex_ai"}
    return next((words for end, words in ends.items() if host and host.endswith(end)), "anthropic")


def _trace(exchange: Exchange) -> tuple[str, str]:
    """The trace's id, and the parent span's id (empty for none)."""
    given = traceparent(exchange.traceparent)
    if given is not None:
        return given
    digits = exchange.id.replace("-", "").lower()
    own = digits if re.fullmatch(r"[0-9a-f]{32}", digits) and digits.strip("0") else ""
    return own or sha256(exchange.id.encode()).hexdigest()[:32], ""


def _of_exchange(exchange: Exchange) -> Mapping[str, object]:
    question, reply, routing = exchange.question, exchange.reply, exchange.routing
    host, port = _address(exchange.base_url)
    first = reply.first_token_ms
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider(host),
        "gen_ai.request.model": name(exchange.requested_model),
        **_requested(question.params),
        "gen_ai.response.model": name(routing.served_model),
        "gen_ai.response.id": name(reply.message_id),
        "gen_ai.response.finish_reasons": _finish_reasons(exchange),
        "gen_ai.response.time_to_first_chunk": None if first is None else first / 1000,
        "gen_ai.conversation.id": name(exchange.conversation_id),
        **_usage(reply.usage),
        "server.address": host,
        "server.port": port,
        "error.type": _error_type(exchange),
        "avow.id": name(exchange.id),
        "avow.status": str(exchange.status),
        "avow.verdict": str(routing.verdict) if routing.verdict else None,
        "avow.category": word(routing.category),
        "avow.strength": word(routing.strength),
        "avow.rerouted": routing.rerouted,
        "avow.exit_code": None if exchange.exit_code is None else int(exchange.exit_code),
        "avow.withheld": True if exchange.withheld else None,
        "avow.sent_model": name(exchange.sent_model) if exchange.sent_model != exchange.requested_model else None,
        "avow.recommended_model": name(routing.recommended_model),
        "avow.retries": reply.retries,
        "avow.cost_usd": reply.cost_usd,
        "avow.source": word(exchange.source) if exchange.source != "avow" else None,
        "avow.run": exchange.item.run if exchange.item else None,
        "avow.request_id": name(reply.request_id),
    }


def _of_hop(hop: Hop, index: int) -> Mapping[str, object]:
    return {
        "gen_ai.request.model": name(hop.model),
        "avow.hop": index,
        "avow.outcome": str(hop.outcome),
        "avow.category": word(hop.category),
        "avow.cost_usd": hop.cost_usd,
        "error.type": word(hop.error.type) if hop.error else None,
        **_usage(hop.usage),
    }


def _requested(params: JsonObject) -> dict[str, object]:
    """What a request asked for, but no text: stop sequences and tools are the user's own words."""
    output = obj(params.get("output_config"))
    level = output.get("effort")
    return {
        "gen_ai.request.max_tokens": _count(params.get("max_tokens")),
        "gen_ai.request.temperature": _number(params.get("temperature")),
        "gen_ai.request.top_p": _number(params.get("top_p")),
        "gen_ai.request.top_k": _count(params.get("top_k")),
        "gen_ai.request.reasoning.level": word(level) if isinstance(level, str) else None,
        "gen_ai.output.type": "json" if output.get("format") else None,
    }


def _finish_reasons(exchange: Exchange) -> list[str | None] | None:
    """Why the answer ended; by the conventions `error` where its end never came."""
    if exchange.reply.stop_reason:
        return [word(exchange.reply.stop_reason)]
    return ["error"] if exchange.status is Status.INCOMPLETE else None


def _error_type(exchange: Exchange) -> str | None:
    if exchange.error is not None:
        return word(exchange.error.type)
    return _OTHER if exchange.status in _FAILED else None


def _usage(usage: JsonObject | None) -> dict[str, object]:
    """Token counts in the conventions' terms: input tokens include those read from and written to the cache."""
    if usage is None:
        return {}
    plain = _count(usage.get("input_tokens"))
    read, written = (_count(usage.get(key)) for key in _CACHED)
    return {
        "gen_ai.usage.input_tokens": None if plain is None else _count(plain + (read or 0) + (written or 0)),
        "gen_ai.usage.output_tokens": _count(usage.get("output_tokens")),
        "gen_ai.usage.cache_read.input_tokens": read,
        "gen_ai.usage.cache_write.input_tokens": written,
        "gen_ai.usage.reasoning.output_tokens": _count(obj(usage.get("output_tokens_details")).get("thinking_tokens")),
    }


def _nanoseconds(milliseconds: int) -> str:
    """A time in nanoseconds since 1970, as JSON has it. What no span can hold (a row of a wrong clock, or a damaged
    one) is the nearest that one can: the receiver would refuse it, and all that is sent with it."""
    return str(min(max(milliseconds, 1), _LATEST_MS) * 1_000_000)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63 else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        return None
    return float(value)


def _address(base_url: str | None) -> tuple[str | None, int | None]:
    try:
        parts = urlsplit(base_url or "")
        return name(parts.hostname), parts.port or (None if not parts.hostname else _PORTS.get(parts.scheme))
    except ValueError:
        return None, None


_PORTS = {"http": 80, "https": 443}


def _any(value: object) -> JsonObject:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list() | tuple():
            return {"arrayValue": {"values": [_any(item) for item in value]}}
    return {"stringValue": str(value)}
