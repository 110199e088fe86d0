"""Message Batches of the simulator, driven by the official SDK."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from avow.simulator import batches
from avow.simulator.scenarios import load
from avow.simulator.script import BatchPlay, HttpError
from avow.simulator.server import Simulator
from tests.simulator.conftest import MODEL

pytestmark = pytest.mark.sdk

Start = Callable[..., Simulator]


def api(sim: Simulator) -> Any:
    from tests import sdk

    return sdk.client(sim.base_url, timeout=20).messages.batches


def requests(*names: str, **more: Any) -> list[Any]:
    params = {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}], **more}
    return [{"custom_id": name, "params": params} for name in names]


def ended(sim: Simulator, *names: str, **more: Any) -> Any:
    batch = api(sim).create(requests=requests(*names, **more))
    return api(sim).retrieve(batch.id)


def results(sim: Simulator, batch: Any) -> dict[str, Any]:
    return {one.custom_id: one.result for one in api(sim).results(batch.id)}


def test_the_sdk_creates_polls_and_reads_the_results(simulate: Start) -> None:
    sim = simulate("batch_slow:0.2")
    batch = api(sim).create(requests=requests("a", "b"))
    assert (batch.processing_status, batch.results_url, batch.ended_at) == ("in_progress", None, None)
    assert batch.request_counts.to_dict() == {
        "processing": 2, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0,
    }  # fmt: skip
    time.sleep(0.25)
    batch = api(sim).retrieve(batch.id)
    assert (batch.processing_status, batch.request_counts.succeeded) == ("ended", 2)
    assert batch.results_url == f"{sim.base_url}/v1/messages/batches/{batch.id}/results"
    lines = list(api(sim).results(batch.id))
    assert [line.custom_id for line in lines] == ["b", "a"]  # in any order
    message = lines[0].result.message
    assert (message.model, message.usage.service_tier) == (MODEL, "batch")


def test_the_list_has_the_newest_first_page_by_page(simulate: Start) -> None:
    sim = simulate("requested")
    made = [api(sim).create(requests=requests("a")).id for _ in range(5)]
    page = api(sim).list(limit=2)
    assert ([one.id for one in page.data], page.has_more) == ([made[4], made[3]], True)
    assert [one.id for one in api(sim).list(limit=2)] == made[::-1]


def test_a_cancelled_batch_ends_with_what_was_done(simulate: Start) -> None:
    sim = simulate("batch_slow")
    batch = api(sim).create(requests=requests("a", "b"))
    assert api(sim).cancel(batch.id).processing_status == "canceling"
    batch = api(sim).retrieve(batch.id)
    assert (batch.processing_status, batch.request_counts.canceled) == ("ended", 1)
    assert {name: result.type for name, result in results(sim, batch).items()} == {"a": "succeeded", "b": "canceled"}


def test_only_what_has_ended_is_deleted(simulate: Start) -> None:
    import anthropic

    sim = simulate("batch_slow")
    batch = api(sim).create(requests=requests("a"))
    with pytest.raises(anthropic.BadRequestError, match="cancel it first"):
        api(sim).delete(batch.id)
    api(sim).cancel(batch.id)
    assert api(sim).delete(batch.id).type == "message_batch_deleted"
    with pytest.raises(anthropic.NotFoundError):
        api(sim).retrieve(batch.id)


@pytest.mark.parametrize(
    ("scenario", "kind"),
    [("batch_errored", "errored"), ("batch_expired", "expired"), ("batch_canceled", "canceled")],
)
def test_every_second_item_ends_otherwise(scenario: str, kind: str, simulate: Start) -> None:
    sim = simulate(scenario)
    batch = ended(sim, "a", "b")
    assert batch.request_counts.to_dict()[kind] == 1
    found = results(sim, batch)
    assert (found["a"].type, found["b"].type) == ("succeeded", kind)


def test_a_refusal_has_succeeded(simulate: Start) -> None:
    sim = simulate("batch_refused")
    found = results(sim, ended(sim, "a", "b"))["b"]
    assert (found.type, found.message.stop_reason) == ("succeeded", "refusal")
    assert found.message.stop_details.category == "frontier_llm"
    assert getattr(found.message.stop_details, "fallback_credit_token", None) is None


@pytest.mark.parametrize(
    "wrong",
    [{"fallbacks": "default"}, {"stream": True}, {"speed": "fast"}, {"max_tokens": 0}, {"max_tokens": -1}],
)
def test_an_item_is_looked_at_only_when_its_turn_comes(wrong: Any, simulate: Start) -> None:
    sim = simulate("requested")
    found = results(sim, ended(sim, "a", **wrong))["a"]
    assert (found.type, found.error.error.type) == ("errored", "invalid_request_error")
    assert next(iter(wrong)) in found.error.error.message


def test_an_unknown_type_and_no_result_at_all(simulate: Start) -> None:
    sim = simulate("batch_unknown")
    assert results(sim, ended(sim, "a", "b"))["b"].type == "deferred"
    sim = simulate("batch_missing")
    assert list(results(sim, ended(sim, "a", "b"))) == ["a"]


def test_a_lost_answer_leaves_the_batch(simulate: Start) -> None:
    import anthropic

    sim = simulate("batch_lost")
    with pytest.raises(anthropic.APIConnectionError):
        api(sim).create(requests=requests("a"))
    assert len(api(sim).list().data) == 1
    assert api(sim).create(requests=requests("a")).type == "message_batch"


def test_results_may_be_said_to_lie_elsewhere(simulate: Start) -> None:
    batch = ended(simulate("batch_elsewhere"), "a")
    assert batch.results_url.startswith("http://results.invalid/")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), "at least 1 item"),
        (("a" * 65,), "at most 64 characters"),
        (("ä",), "should match pattern"),
        (("a", "a"), "must be unique"),
    ],
)
def test_what_is_looked_at_when_a_batch_is_made(names: tuple[str, ...], words: str, simulate: Start) -> None:
    import anthropic

    with pytest.raises(anthropic.BadRequestError, match=words):
        api(simulate("requested")).create(requests=requests(*names))


@pytest.mark.slow
def test_a_batch_holds_a_hundred_thousand_items() -> None:
    def play(_params: Any, _declines: bool) -> Any:
        return {"type": "expired"}

    made = batches.Batches("http://h")
    items = [{"custom_id": str(number), "params": {}} for number in range(100_001)]
    assert isinstance(made.create({"requests": items}, BatchPlay(), play), HttpError)
    batch = made.create({"requests": items[:-1]}, BatchPlay(), play)
    assert isinstance(batch, dict)
    lines = made.results(batch["id"])
    assert isinstance(lines, Iterator)
    assert sum(1 for _line in lines) == 100_000


def test_its_scenarios_are_read_by_name() -> None:
    assert load("batch_slow:2").batch.lasts == 2
    assert load("batch_lost").batch.loses_create
