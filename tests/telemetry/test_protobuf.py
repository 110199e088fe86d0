"""What is written by hand is what the official definition reads."""

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from avow.errors import Failure
from avow.exchange.exchange import Status
from avow.telemetry.protobuf import export_request, rejected_spans
from avow.telemetry.spans import attributes, request_body, spans_of
from tests.history.making import answered, rerouted
from tests.telemetry.collector import as_proto

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_it_is_what_the_definition_reads() -> None:
    failed = answered(status=Status.FAILED, error=Failure("overloaded_error", 529, "words"), traceparent=PARENT)
    spans = [span for one in (answered(), rerouted(), failed) for span in spans_of(one, 1_790_000_000_000)]
    spans[0]["attributes"] += attributes({"a": -5, "b": (1 << 62), "c": [True, 1.5, "é"], "d": "", "e": 300})
    body = request_body(spans, {"service.name": "avow", "host.name": "ci"}, "1.0")
    read = ExportTraceServiceRequest.FromString(export_request(body))
    assert read == as_proto(body)
    assert export_request(request_body([], {}, "1")) == b""


@pytest.mark.parametrize("count", [0, 1, 300, 1 << 40, (1 << 63) - 1, -1, -(1 << 63)])
def test_a_partial_success(count: int) -> None:
    response = ExportTraceServiceResponse()
    response.partial_success.error_message = "the quick brown fox"
    response.partial_success.rejected_spans = count
    assert rejected_spans(response.SerializeToString()) == max(count, 0)


@pytest.mark.parametrize("damaged", [b"\x0a", b"\xff" * 12, b"\x0b", b"\x0f\x01"])
def test_what_is_none(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="no protobuf"):
        rejected_spans(damaged)


def test_what_it_does_not_know_is_passed_over() -> None:
    assert rejected_spans(b"") == 0
    assert rejected_spans(b"\x11" + b"\xff" * 8 + b"\x15" + b"\xff" * 4 + b"\x08\x01" + b"\x0a\x02\x08\x03") == 3
