"""Message Batches on the wire: limits, states, how one is known again, what a line says."""

import json
from typing import Any

import pytest

from avow.wire import batch
from avow.wire.batch import BatchMark, BatchState, LineSplitter, newer, recognised, results_at
from tests.streams import Json, message, text


def state(name: str, created: str = "2026-11-28T10:00:00Z", items: int = 3, url: str | None = None) -> BatchState:
    return BatchState(name, "ended", created, items, 0, url)


def test_a_state_is_read_with_the_sum_of_its_counts() -> None:
    counts = {"processing": 2, "succeeded": 1, "errored": 0, "canceled": 0, "expired": 0}
    body = {"id": "b", "processing_status": "in_progress", "created_at": "t", "request_counts": counts}
    assert batch.state_of(body) == BatchState("b", "in_progress", "t", 3, 2, None)
    odd = {**body, "request_counts": {"processing": True}}
    assert batch.state_of(odd) == BatchState("b", "in_progress", "t", 0, 0, None)
    assert batch.state_of({"type": "message"}) is None


def test_what_is_newer_ends_at_the_mark() -> None:
    listed = [state("c", "2026-11-28T12:00:00Z"), state("b", "2026-11-28T11:00:00Z"), state("a")]
    assert newer(listed, BatchMark("b", "2026-11-28T11:00:00Z")) == (listed[:1], True)
    assert newer(listed, BatchMark("gone", "2026-11-28T11:30:00Z")) == (listed[:1], True)
    assert newer(listed, BatchMark(None, None)) == (listed, False)


def test_a_batch_is_recognised_by_its_size_and_is_nobody_elses() -> None:
    listed = [state("d", items=3), state("c", items=3), state("b", items=4), state("a", items=3)]
    assert recognised(listed, 3, frozenset({"a"})) == listed[1]
    assert recognised(listed, 5, frozenset()) is None


def test_an_item_has_neither_stream_nor_fallbacks() -> None:
    body = {"model": "m", "stream": True, "fallbacks": "default", "max_tokens": 5, "messages": []}
    assert json.loads(batch.item("x", body)) == {
        "custom_id": "x",
        "params": {"model": "m", "max_tokens": 5, "messages": []},
    }


@pytest.mark.parametrize(("said", "tier"), [({}, "batch"), ({"service_tier": "priority"}, "priority")])
def test_a_result_costs_what_a_batch_costs(said: Json, tier: str) -> None:
    body = message(text("x"), usage={"input_tokens": 9, "output_tokens": 5, **said})
    found = batch.result_of({"type": "succeeded", "message": body})
    assert found.error is None
    assert found.message is not None
    assert found.message.usage["service_tier"] == tier


@pytest.mark.parametrize(
    ("body", "named"),
    [({"speed": "fast"}, "speed"), ({"max_tokens": 0}, "max_tokens"), ({"store": True}, "store"), ({}, None)],
)
def test_what_batches_do_not_take(body: Any, named: str | None) -> None:
    assert batch.not_taken(body) == named


def test_the_limits_are_kept_to_the_byte() -> None:
    around = len(batch.HEAD) + len(batch.TAIL)
    assert batch.fits(0, 0, batch.MOST_BYTES - around)
    assert not batch.fits(0, 0, batch.MOST_BYTES - around + 1)
    assert not batch.fits(1, batch.MOST_BYTES - around - 1, 1)
    assert batch.fits(99_999, 5, 5)
    assert not batch.fits(100_000, 5, 5)


@pytest.mark.parametrize(
    ("said", "elsewhere"),
    [
        ("https://api.test/v1/x", None),
        ("https://api.test:443/v1/x", None),
        ("http://api.test/v1/x", "api.test"),
        ("https://api.test:444/v1/x", "api.test"),
        ("https://other.test/v1/x", "other.test"),
        ("https://api.test@other.test/v1/x", "other.test"),
        ("https://user@api.test/v1/x", "api.test"),
        ("//api.test/v1/x", "api.test"),
        ("https://[", "an address that is not valid"),
    ],
)
def test_results_are_fetched_from_the_base_urls_own_origin_alone(said: str, elsewhere: str | None) -> None:
    url, foreign = results_at("https://api.test/", state("a/b", url=said))
    assert foreign == elsewhere
    assert url == (said if elsewhere is None else "https://api.test/v1/messages/batches/a%2Fb/results")


@pytest.mark.parametrize(
    ("result", "kind", "status"),
    [
        ({"type": "errored", "error": {"error": {"type": "invalid_request_error", "message": "no"}}}, "errored", 4),
        ({"type": "errored", "error": {"error": {"type": "api_error", "message": "no"}}}, "errored", 5),
        ({"type": "canceled"}, "canceled", 5),
        ({"type": "expired"}, "expired", 5),
        ({"type": "novel"}, "not_an_answer", 5),
        ({"type": "succeeded"}, "not_an_answer", 5),
        ({}, "not_an_answer", 5),
    ],
)
def test_a_line_without_a_message_says_why(result: Any, kind: str, status: int) -> None:
    found = batch.result_of(result)
    assert found.message is None
    assert found.error is not None
    assert (found.error.failure.type, found.error.exit_code) == (kind, status)


def test_an_error_keeps_the_apis_type_and_words() -> None:
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": "fallbacks: no"}}
    found = batch.result_of({"type": "errored", "error": error}).error
    assert found is not None
    assert found.message == "invalid_request_error: fallbacks: no"


def test_a_message_is_one_and_half_a_message_is_not_whole() -> None:
    message = {"type": "message", "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn"}
    found = batch.result_of({"type": "succeeded", "message": message})
    assert found.message is not None
    assert (found.message.text, found.error) == ("hi", None)
    half = batch.result_of({"type": "succeeded", "message": {**message, "stop_reason": None}})
    assert half.error is not None
    assert half.error.failure.type == "stream_ended"


def test_lines_are_split_at_line_feeds_alone() -> None:
    lines = LineSplitter(100)
    data = '{"a":"\u2028"}\n{"b":'.encode()
    assert list(lines.feed(data[:3])) == []
    assert list(lines.feed(data[3:])) == ['{"a":"\u2028"}'.encode()]
    assert list(lines.feed(b"1}\n\n")) == [b'{"b":1}', b""]
    assert lines.end() == b""


def test_the_mark_is_the_newest_batch_that_is_there() -> None:
    state = BatchState("msgbatch_2", "in_progress", "2026-11-28T12:00:00Z", 2, 2)
    assert batch.mark_of(batch.BatchPage((state,), False)) == BatchMark(state.id, state.created_at)
    assert batch.mark_of(batch.BatchPage((), False)) == BatchMark(None, None)
