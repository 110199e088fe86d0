"""Spans say who was asked and who answered, and nothing of what was said."""

import json
import re
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from avow.errors import Failure
from avow.exchange.exchange import Exchange, Question, Status
from avow.routing.verdict import Hop, Outcome, Routing, Verdict
from avow.telemetry.protobuf import export_request
from avow.telemetry.spans import name, provider, request_body, spans_of, traceparent, word
from tests.history.making import FABLE, NOON, OLD, answered, rerouted
from tests.telemetry.collector import as_proto, attribute

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SAID = "the quick brown fox"
MS = int(NOON * 1000)


def plain(exchange: Exchange) -> dict[str, Any]:
    root = spans_of(exchange, MS)[0]
    return {item["key"]: attribute(root, item["key"]) for item in root["attributes"]}


def test_an_answer_by_the_conventions() -> None:
    usage = {
        "input_tokens": 10,
        "output_tokens": 20,
        "cache_read_input_tokens": 3,
        "cache_creation_input_tokens": 4,
    }
    exchange = answered(usage=usage, message_id="msg_01", params={"max_tokens": 64})
    found = plain(exchange)
    root = spans_of(exchange, MS)[0]
    assert root["name"] == f"chat {FABLE}"
    assert int(root["endTimeUnixNano"]) - int(root["startTimeUnixNano"]) == 3_000_000_000
    assert int(root["startTimeUnixNano"]) == MS * 1_000_000
    assert (root["kind"], root["parentSpanId"]) == (3, "")
    assert "status" not in root
    assert found["gen_ai.request.model"] == found["gen_ai.response.model"] == FABLE
    assert found["gen_ai.usage.input_tokens"] == 17
    assert found["gen_ai.usage.cache_write.input_tokens"] == 4
    assert found["gen_ai.response.time_to_first_chunk"] == 0.4
    assert (found["server.address"], found["server.port"]) == ("api.anthropic.com", 443)
    assert found["gen_ai.request.max_tokens"] == 64
    assert found["avow.verdict"] == "as_requested"
    assert found["avow.rerouted"] is False
    assert "avow.withheld" not in found
    assert "error.type" not in found
    assert "avow.source" not in found


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"input_tokens": 10}, 10),
        ({"input_tokens": 10, "cache_read_input_tokens": 3}, 13),
        ({"input_tokens": 0, "cache_creation_input_tokens": True}, 0),
        ({"input_tokens": -1, "cache_read_input_tokens": 3}, None),
        ({"input_tokens": 1 << 63}, None),
        ({"input_tokens": (1 << 63) - 1, "cache_read_input_tokens": 1}, None),
        (None, None),
    ],
)
def test_only_counts_are_counted(usage: dict[str, Any] | None, tokens: int | None) -> None:
    assert plain(answered(usage=usage)).get("gen_ai.usage.input_tokens") == tokens


CONVENTIONS = {
    "gen_ai.operation.name": "stringValue",
    "gen_ai.provider.name": "stringValue",
    "gen_ai.request.model": "stringValue",
    "gen_ai.request.max_tokens": "intValue",
    "gen_ai.request.temperature": "doubleValue",
    "gen_ai.request.top_p": "doubleValue",
    "gen_ai.request.top_k": "intValue",
    "gen_ai.request.reasoning.level": "stringValue",
    "gen_ai.output.type": "stringValue",
    "gen_ai.response.model": "stringValue",
    "gen_ai.response.id": "stringValue",
    "gen_ai.response.finish_reasons": "arrayValue",
    "gen_ai.response.time_to_first_chunk": "doubleValue",
    "gen_ai.conversation.id": "stringValue",
    "gen_ai.usage.input_tokens": "intValue",
    "gen_ai.usage.output_tokens": "intValue",
    "gen_ai.usage.cache_read.input_tokens": "intValue",
    "gen_ai.usage.cache_write.input_tokens": "intValue",
    "gen_ai.usage.reasoning.output_tokens": "intValue",
    "server.address": "stringValue",
    "server.port": "intValue",
    "error.type": "stringValue",
}
"""The names of the conventions for an inference span (semantic-conventions-genai 0.1.0) that avow sends, and the kinds
of their values."""


def test_every_attribute_is_the_conventions_or_avow_s_own() -> None:
    params = {
        "max_tokens": 64,
        "temperature": 1,
        "top_p": 0.5,
        "top_k": 4,
        "stop_sequences": [SAID],
        "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": {"title": SAID}}},
    }
    usage = {
        **dict.fromkeys(("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"), 1),
        "output_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 7},
    }
    failed = answered(
        status=Status.FAILED, error=Failure("api_error", 500, SAID), params=params, usage=usage, message_id="msg_01"
    )
    spans = [*spans_of(failed, MS), *spans_of(rerouted(), MS)]
    kinds = {item["key"]: next(iter(item["value"])) for span in spans for item in span["attributes"]}
    assert {key: kind for key, kind in kinds.items() if not key.startswith("avow.")} == CONVENTIONS
    found = plain(failed)
    assert (found["gen_ai.request.temperature"], found["gen_ai.request.top_p"]) == (1.0, 0.5)
    assert (found["gen_ai.request.reasoning.level"], found["gen_ai.output.type"]) == ("high", "json")
    assert found["gen_ai.usage.reasoning.output_tokens"] == 7
    assert SAID not in json.dumps(spans)


@pytest.mark.parametrize(
    ("stop_reason", "status", "reasons"),
    [
        ("end_turn", Status.COMPLETE, ["end_turn"]),
        ("refusal", Status.REFUSED, ["refusal"]),
        (SAID, Status.COMPLETE, ["_OTHER"]),
        (None, Status.INCOMPLETE, ["error"]),
        (None, Status.FAILED, None),
        (None, Status.INTERRUPTED, None),
    ],
)
def test_why_it_ended(stop_reason: str | None, status: Status, reasons: list[str] | None) -> None:
    found = plain(answered(stop_reason=stop_reason, status=status)).get("gen_ai.response.finish_reasons")
    assert found == (reasons and {"values": [{"stringValue": reason} for reason in reasons]})


@pytest.mark.parametrize("created_ms", [-(1 << 63), -1, 0, MS, 253_402_300_799_999, (1 << 63) - 1])
@pytest.mark.parametrize("total_ms", [None, -5, 0, 3000, (1 << 63) - 1])
def test_a_time_that_no_span_can_hold_is_the_nearest(created_ms: int, total_ms: int | None) -> None:
    """One row of a wrong clock may not stop the rows that are sent with it."""
    spans = spans_of(answered(total_ms=total_ms), created_ms)
    body = request_body(spans, {}, "1")
    assert ExportTraceServiceRequest.FromString(export_request(body)) == as_proto(body)
    assert int(spans[0]["endTimeUnixNano"]) < 1 << 63


@pytest.mark.parametrize(
    ("url", "address"),
    [("http://h", ("h", 80)), ("https://h:8443/x", ("h", 8443)), ("https://[::1", (None, None)), (None, (None, None))],
)
def test_where_it_was_asked(url: str | None, address: tuple[str | None, int | None]) -> None:
    found = plain(answered()._replace(base_url=url))
    assert (found.get("server.address"), found.get("server.port")) == address


def test_a_request_whose_model_is_not_known() -> None:
    """One behind the proxy whose body could not be read."""
    unread = answered(requested_model="", sent_model=None)
    assert spans_of(unread, MS)[0]["name"] == "chat"
    assert "gen_ai.request.model" not in plain(unread)


def test_a_child_a_hop_and_the_category() -> None:
    exchange = rerouted()
    root, *hops = spans_of(exchange, MS)
    assert len(hops) == len(exchange.routing.hops) == 2
    assert {hop["kind"] for hop in hops} == {1}
    assert [attribute(hop, "avow.hop") for hop in hops] == [0, 1]
    assert [attribute(hop, "avow.outcome") for hop in hops] == [str(hop.outcome) for hop in exchange.routing.hops]
    assert {hop["parentSpanId"] for hop in hops} == {root["spanId"]}
    assert len({span["spanId"] for span in (root, *hops)}) == 3
    assert attribute(root, "avow.category") == "cyber"
    assert attribute(root, "avow.rerouted") is True
    assert attribute(hops[0], "avow.category") == "cyber"
    assert attribute(root, "gen_ai.response.model") == OLD


def test_an_answer_that_was_withheld_says_so() -> None:
    assert plain(rerouted()._replace(withheld=True))["avow.withheld"] is True


def test_ids_are_the_exchange_s_own() -> None:
    exchange = rerouted()
    assert spans_of(exchange, MS) == spans_of(exchange, MS)
    assert spans_of(exchange, MS)[0]["traceId"] == exchange.id.replace("-", "")
    assert spans_of(exchange, MS)[0]["spanId"] != spans_of(rerouted(), MS)[0]["spanId"]


@pytest.mark.parametrize("odd", ["not-a-uuid", "0" * 32, ""])
def test_an_exchange_with_an_odd_id_has_a_trace_all_the_same(odd: str) -> None:
    trace = spans_of(answered()._replace(id=odd), MS)[0]["traceId"]
    assert re.fullmatch("[0-9a-f]{32}", trace)
    assert trace.strip("0")


def test_a_child_of_the_trace_it_was_asked_in() -> None:
    root, hop, *_ = spans_of(answered(traceparent=PARENT), MS)
    assert (root["traceId"], root["parentSpanId"]) == tuple(PARENT.split("-")[1:3])
    assert hop["traceId"] == root["traceId"]


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "x", PARENT.upper(), PARENT[:-1], "ff" + PARENT[2:]),
        PARENT.replace("b7ad6b7169203331", "0" * 16),
        PARENT.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
    ],
)
def test_what_is_no_traceparent(text: str | None) -> None:
    assert traceparent(text) is None
    assert spans_of(answered(traceparent=text), MS)[0]["parentSpanId"] == ""


@pytest.mark.parametrize("status", [Status.FAILED, Status.INCOMPLETE])
def test_a_failure_has_its_type_and_no_words(status: Status) -> None:
    failed = answered(status=status, error=Failure("overloaded_error", 529, SAID))
    root = spans_of(failed, MS)[0]
    assert root["status"] == {"code": 2}
    assert attribute(root, "error.type") == "overloaded_error"
    assert SAID not in json.dumps(root)
    assert attribute(spans_of(answered(status=status), MS)[0], "error.type") == "_OTHER"


def test_no_text_from_any_field() -> None:
    """Everything that a person, a file or a server wrote, in each field that may hold it."""
    loud = answered(
        SAID,
        SAID,
        status=Status.FAILED,
        error=Failure(SAID, 500, SAID, SAID),
        stop_reason=SAID,
        message_id=SAID,
        request_id=SAID,
        source=SAID,
        requested_model=SAID,
        client=SAID,
        session=SAID,
    )
    hop = Hop(SAID, Outcome.DECLINED, SAID, Failure(SAID, 500, SAID), {"input_tokens": SAID})
    loud = loud._replace(
        base_url=f"https://{SAID.replace(' ', '%20')}",
        question=Question(SAID, SAID, SAID, params={"max_tokens": SAID, "metadata": SAID}),
        routing=Routing(Verdict.REFUSED, SAID, SAID, SAID, SAID, hops=(hop,), withdrawn_text=SAID, strength=SAID),
    )
    shown = json.dumps(spans_of(loud, MS))
    assert "quick" not in shown
    assert attribute(spans_of(loud, MS)[0], "error.type") == "_OTHER"


def test_the_protocol_s_own_definition_takes_it() -> None:
    spans = [span for exchange in (answered(), rerouted()) for span in spans_of(exchange, MS)]
    message = as_proto(request_body(spans, {"service.name": "avow"}, "1"))
    assert len(message.resource_spans[0].scope_spans[0].spans) == len(spans)
    assert message.resource_spans[0].scope_spans[0].spans[0].kind == 3
    assert message.resource_spans[0].scope_spans[0].scope.name == "avow"
    assert as_proto(request_body([], {}, "1")).ByteSize() == 0


@pytest.mark.parametrize("text", ["claude-opus-5-5", "anthropic/claude:x", "arn:aws:x/y", "m@2", "claude-x[1m]"])
def test_names_pass(text: str) -> None:
    assert name(text) == text


@pytest.mark.parametrize("text", ["two words", "a\nb", "é", "x" * 201, "-x"])
def test_what_is_no_name_does_not(text: str) -> None:
    assert name(text) == word(text) == "_OTHER"


def test_providers() -> None:
    assert provider("bedrock-runtime.eu-west-1.amazonaws.com") == "aws.bedrock"
    assert provider("europe-west1-aiplatform.googleapis.com") == "gcp.vertex_ai"
    assert provider(None) == provider("api.anthropic.com") == "anthropic"
