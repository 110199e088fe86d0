"""The results of a batch, found by their ids whatever their order."""

import json
from typing import Any

import pytest

from avow.errors import StreamEnded
from avow.run.batch_results import BatchResults
from avow.wire.names import NamedModel


def line(custom_id: str, **result: Any) -> bytes:
    return json.dumps({"custom_id": custom_id, "result": result}).encode()


def kind(results: BatchResults, custom_id: str) -> str:
    error = results.of(custom_id).error
    assert error is not None
    return f"{error.failure.type}: {error.message}"


def test_each_is_found_in_any_order_and_the_first_of_two_counts() -> None:
    lines = [line("b", type="expired"), b"", line("a", type="canceled"), line("b", type="canceled"), b""]
    results = BatchResults(lines)
    assert len(results) == 3
    assert kind(results, "a").startswith("canceled")
    assert kind(results, "b").startswith("expired")
    assert (results.has("a"), results.has("c")) == (True, False)


def test_another_model_in_a_second_result_speaks_against_the_first() -> None:
    said = {"type": "message", "role": "assistant", "content": [], "stop_reason": "end_turn"}
    first, second = ({**said, "model": model} for model in ("claude-fable-5-2", "claude-haiku-4-5"))
    results = BatchResults(line("a", type="succeeded", message=message) for message in (first, first, second))
    message = results.of("a").message
    assert message is not None
    assert message.named == (
        NamedModel("model", "model", "claude-fable-5-2"),
        NamedModel("another result: model", "message", "claude-haiku-4-5"),
    )


def test_what_no_line_tells_of_has_no_result() -> None:
    assert (
        kind(BatchResults([line("a", type="expired")]), "b") == "not_an_answer: the batch has no result for this item"
    )
    assert kind(BatchResults(words="it is gone"), "b") == "not_an_answer: it is gone"


def test_a_damaged_line_is_passed_over_and_a_torn_end_is_not() -> None:
    assert len(BatchResults([b"{", b"[]", line("a", type="expired")])) == 1
    with pytest.raises(StreamEnded):
        BatchResults([line("a", type="expired"), b'{"custom_id":"b","res'])


def test_ten_thousand_are_kept_in_little_memory() -> None:
    results = BatchResults(line(str(number), type="expired") for number in range(10_000))
    assert kind(results, "9999").startswith("expired")
    assert results._keys.itemsize + results._places.itemsize == 16
