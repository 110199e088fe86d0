"""What holds for the verdict of any message and any sequence of events."""

import json

from hypothesis import given
from hypothesis import strategies as st

from avow.models.identity import Identity, compare
from avow.routing.verdict import Verdict
from avow.wire.events import decode
from avow.wire.message import Message, whole
from avow.wire.message_fold import fold
from tests.routing.judging import (
    judged,
)
from tests.streams import (
    ASKED,
    Json,
    as_events,
    block,
    end,
    fallback,
    iterations,
    messages,
    models,
    start,
    words,
)
from tests.wire.test_message import folded

NAMING = ("model", "from", "to", "message", "fallback_message")


def names_another(found: Message) -> bool:
    return any(name.kind in NAMING and compare(ASKED, name.model) is Identity.DIFFERENT for name in found.named)


@given(messages, st.booleans())
def test_nothing_that_names_another_model_is_as_requested(body: Json, streamed: bool) -> None:
    found = folded(*as_events(body)) if streamed else whole(body)
    routing = judged(found)
    if names_another(found):
        assert routing.verdict is not Verdict.AS_REQUESTED
    if routing.verdict is Verdict.AS_REQUESTED:
        assert compare(ASKED, routing.served_model) is Identity.SAME


loose = st.one_of(
    st.builds(start, models | st.none()),
    st.builds(
        lambda index, pieces: words(index, *pieces), st.integers(0, 2), st.lists(st.text(max_size=3), max_size=2)
    ).map(lambda e: e[0]),
    st.builds(
        lambda index, source, target: block(index, fallback(source, target))[0], st.integers(0, 2), models, models
    ),
    st.builds(lambda reason, runs: end(reason, runs)[0], st.sampled_from(["end_turn", None]), iterations),
    st.builds(lambda model: {"type": "message_delta", "delta": {"model": model, "stop_reason": "end_turn"}}, models),
    st.just({"type": "ping"}),
)


@given(st.lists(loose, max_size=8), st.booleans())
def test_nor_does_any_sequence_of_events(events: list[Json], stopped: bool) -> None:
    found = fold(
        decode(json.dumps(event).encode()) for event in [*events, *([{"type": "message_stop"}] if stopped else [])]
    )
    if found is None:
        return
    routing = judged(found)
    named = [value for event in events for value in _named_in(event) if compare(ASKED, value) is Identity.DIFFERENT]
    if named or not stopped:
        assert routing.verdict is not Verdict.AS_REQUESTED
    assert routing.text == found.text or routing.verdict is Verdict.REFUSED


def _named_in(event: Json) -> list[str]:
    """The models an event names, read by hand."""
    inner = event.get("message") or event.get("delta") or event.get("content_block") or {}
    sides = [inner.get(side, {}).get("model") for side in ("from", "to")]
    runs = (event.get("usage") or {}).get("iterations") or []
    ran_by = [run.get("model") for run in runs if run["type"] in ("message", "fallback_message")]
    return [value for value in (inner.get("model"), *sides, *ran_by) if value]


@given(messages, st.booleans())
def test_segments_are_the_text_and_withdrawn_text_is_not_in_it(body: Json, streamed: bool) -> None:
    found = folded(*as_events(body)) if streamed else whole(body)
    routing = judged(found)
    joined = "".join(segment.text for segment in routing.segments)
    assert joined == routing.text
    assert joined + (routing.withdrawn_text or "") == found.text
    if body["stop_reason"] == "refusal":
        assert (routing.verdict, routing.text, routing.served_model) == (Verdict.REFUSED, "", None)
    assert all(a.model != b.model for a, b in zip(routing.segments, routing.segments[1:], strict=False))


@given(messages)
def test_streamed_and_whole_are_judged_alike(body: Json) -> None:
    streamed, at_once = judged(folded(*as_events(body))), judged(body)
    assert streamed._replace(evidence=()) == at_once._replace(evidence=())


@given(messages, st.integers(0))
def test_what_is_not_whole_is_never_as_requested_or_refused(body: Json, length: int) -> None:
    events = as_events(body)
    found = folded(*events[: 1 + length % (len(events) - 1)])
    assert not found.whole
    assert judged(found).verdict in (Verdict.FALLBACK, Verdict.SUBSTITUTED, Verdict.UNVERIFIED)
