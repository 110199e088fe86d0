"""What is told of an exchange while it runs."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avow.exchange.exchange import (
    HandedOver,
    Status,
    TextWritten,
    ThinkingWritten,
    Withdrawn,
)
from avow.routing.verdict import Verdict
from tests.examples import up_to
from tests.exchange.asking import HALF, against
from tests.raw_server import RESET, Step, http, stream
from tests.streams import (
    ASKED,
    OTHER,
    Json,
    answer,
    as_events,
    block,
    chunked,
    end,
    fallback,
    message,
    messages,
    sse,
    start,
    text,
    words,
)


def test_a_hand_over_is_told_in_its_place() -> None:
    events = [start(), *words(0, "a"), *block(1, fallback()), *words(2, "b"), *end()]
    outcome = against(stream(sse(*events)))
    assert outcome.told[1:] == [
        TextWritten(ASKED, "a"),
        HandedOver(ASKED, OTHER, "cyber", True),
        TextWritten(OTHER, "b"),
    ]
    first = against(stream(sse(start(OTHER), *block(0, fallback()), *words(1, "b"), *end())))
    assert first.told[1:] == [HandedOver(ASKED, OTHER, "cyber", False), TextWritten(OTHER, "b")]


def test_a_whole_answer_is_told_alike() -> None:
    body = message({"type": "thinking", "thinking": "hm", "signature": "s"}, text("a"), fallback(), text("b"))
    outcome = against(http(json.dumps(body).encode()))
    assert outcome.told[1:] == [
        ThinkingWritten("hm"),
        TextWritten(ASKED, "a"),
        HandedOver(ASKED, OTHER, "cyber", True),
        TextWritten(OTHER, "b"),
    ]


def test_a_message_that_begins_again_and_names_nobody_goes_on_under_its_name() -> None:
    outcome = against(stream(sse(start(), *words(0, "a"), start(None), *words(1, "b"), *end())))
    assert {event.model for event in outcome.of(TextWritten)} == {ASKED}
    assert outcome.shown == "ab"


def test_text_that_is_refused_is_withdrawn() -> None:
    outcome = against(stream(sse(start(), *words(0, "a"), *end("refusal"))))
    assert outcome.told[-1] == Withdrawn(ASKED, "a")
    assert outcome.exchange.routing.withdrawn_text == "a"


def test_half_an_emoji_is_held_back_until_the_other_half_comes() -> None:
    whole = against([stream(sse(*answer("a\ud83d", "\ude00b")[:3])), 0.05, sse(*answer("a\ud83d", "\ude00b")[3:])])
    assert whole.shown == whole.exchange.text == "a😀b"
    cut = against([stream(sse(start(), *words(0, "a\ud83d")[:-1])), 0.05, RESET])
    assert cut.shown == cut.exchange.text == "a\ufffd"
    apart = against(stream(sse(start(), *words(0, "a\ud83d"), *words(1, "\ude00"), *end())))
    assert apart.shown == apart.exchange.text == "a\ufffd\ufffd"


def test_text_in_the_chunk_of_a_bad_event_is_shown() -> None:
    outcome = against(stream(HALF + b"data: nonsense\n\n"))
    assert outcome.shown == "half"


@settings(max_examples=up_to(40), deadline=None)
@given(messages, st.lists(st.integers(0, 5000), max_size=4), st.booleans())
def test_what_is_shown_is_what_is_kept(body: Json, cuts: list[int], whole: bool) -> None:
    data = sse(*as_events(body)[: None if whole else -1])
    steps: list[Step] = [stream()]
    for piece in chunked(data, cuts):
        steps += [piece, 0.001]
    outcome = against(steps)
    kept = outcome.exchange.text + (outcome.exchange.routing.withdrawn_text or "")
    assert outcome.shown == kept
    assert whole or outcome.exchange.verdict is not Verdict.AS_REQUESTED
    assert whole is (outcome.exchange.status is not Status.INCOMPLETE)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200) | st.lists(st.sampled_from(sse(*answer("x")).splitlines(keepends=True))).map(b"".join))
def test_any_bytes_end_in_an_exchange(body: bytes) -> None:
    outcome = against(stream(body), retries=0)
    exchange = outcome.exchange
    assert exchange.status is not Status.PENDING
    assert (exchange.error is None) is (exchange.status in (Status.COMPLETE, Status.TRUNCATED, Status.REFUSED))
    assert (exchange.verdict is None) is (exchange.status is Status.FAILED)
    if exchange.status is Status.FAILED:
        assert exchange.exit_code in (1, 3, 4, 5, 6)
