"""The fold from events to a message, and the message that came whole."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.errors import NotAnAnswer
from avow.wire.events import UNPLACED, BlockStopped, TextArrived, decode
from avow.wire.message import Message, NamedModel, whole
from avow.wire.message_fold import MessageFold, fold
from avow.wire.sse import EventDecoder
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
    iteration,
    message,
    messages,
    sse,
    start,
    text,
    words,
)


def folded(*events: Json) -> Message:
    """The message of these events."""
    found = fold(decode(json.dumps(event).encode()) for event in events)
    assert found is not None
    return found


def folded_bytes(*chunks: bytes) -> Message | None:
    decoder, reading = EventDecoder(), MessageFold()
    for chunk in chunks:
        for data in decoder.feed(chunk):
            reading.add(decode(data))
    return reading.message()


def test_a_plain_answer() -> None:
    found = folded(*answer("Hel", "lo"))
    assert (found.text, found.model, found.stop_reason, found.whole) == ("Hello", ASKED, "end_turn", True)
    assert found.usage == {"input_tokens": 9, "output_tokens": 5}
    assert found.raw["id"] == "msg_1"


@given(messages, st.integers(1, 5))
def test_streamed_and_whole_are_alike(body: Json, pieces: int) -> None:
    streamed, at_once = folded(*as_events(body, pieces)), whole(body)
    assert streamed.raw == at_once.raw
    assert (streamed.text, streamed.iterations, streamed.stop_reason) == (
        at_once.text,
        at_once.iterations,
        at_once.stop_reason,
    )
    assert set(streamed.named) == set(at_once.named)
    assert streamed.whole
    assert at_once.whole


@given(messages, st.lists(st.integers(0, 10_000)), st.sampled_from(["\n", "\r\n", "\r"]))
def test_cut_anywhere_it_folds_to_the_same(body: Json, cuts: list[int], line_end: str) -> None:
    stream = sse(*as_events(body), end=line_end)
    assert folded_bytes(*chunked(stream, cuts)) == folded_bytes(stream) == folded(*as_events(body))


@given(messages, st.integers(0))
def test_a_stream_without_its_end_is_not_whole(body: Json, length: int) -> None:
    events = as_events(body)
    found = fold(decode(json.dumps(event).encode()) for event in events[: length % len(events)])
    assert found is None or not found.whole


@given(st.lists(st.binary() | st.sampled_from(sse(*answer()).split(b"\n"))))
def test_any_bytes_are_a_message_or_one_of_our_errors(parts: list[bytes]) -> None:
    try:
        found = folded_bytes(b"\n".join(parts))
    except NotAnAnswer:
        return
    assert found is None or json.dumps(found.raw)


def unfolded(*events: Json) -> tuple[list[Any], Message]:
    found = folded(start(), *events, *end())
    return found.content, found


def test_thinking_comes_in_pieces_and_its_signature_replaces() -> None:
    content, found = unfolded(
        *block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "Let me "},
            {"type": "thinking_delta", "thinking": "see."},
            {"type": "signature_delta", "signature": "one"},
            {"type": "signature_delta", "signature": "two"},
        )
    )
    assert content == [{"type": "thinking", "thinking": "Let me see.", "signature": "two"}]
    assert found.text == ""


@pytest.mark.parametrize(
    ("pieces", "value"),
    [
        pytest.param(['{"a": ', "1}"], {"a": 1}, id="json in pieces"),
        pytest.param([""], {}, id="nothing"),
        pytest.param([], {}, id="no delta at all"),
        pytest.param(['{"a": "cut'], '{"a": "cut', id="cut, and kept as it came"),
    ],
)
def test_the_input_of_a_tool(pieces: list[str], value: object) -> None:
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    content, _ = unfolded(*block(0, {"type": "tool_use", "id": "t", "name": "f", "input": {}}, *deltas))
    assert content == [{"type": "tool_use", "id": "t", "name": "f", "input": value}]


def test_an_input_that_came_at_the_start_stays() -> None:
    value = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}
    content, _ = unfolded(*block(0, value, {"type": "input_json_delta", "partial_json": ""}))
    assert content == [value]


def test_citations_are_added_to_those_at_the_start() -> None:
    one, two, three = ({"url": name} for name in "abc")
    value = {"type": "text", "text": "", "citations": [one]}
    deltas = [{"type": "citations_delta", "citation": c} for c in (two, three)]
    content, _ = unfolded(*block(0, value, {"type": "text_delta", "text": "x"}, *deltas))
    assert content == [{"type": "text", "text": "x", "citations": [one, two, three]}]


def test_a_compaction_delta_replaces() -> None:
    content, _ = unfolded(
        *block(0, {"type": "compaction", "content": None}, {"type": "compaction_delta", "content": "short"})
    )
    assert content == [{"type": "compaction", "content": "short"}]


def test_a_block_of_an_unknown_type_is_kept_as_it_came() -> None:
    odd_block = {"type": "hologram", "depth": [1, 2]}
    odd_delta = {"type": "hologram_delta", "depth": 3}
    content, found = unfolded({"type": "message_mood", "mood": "x"}, *block(0, odd_block, odd_delta), *words(1, "hi"))
    assert content[0] == odd_block
    assert found.text == "hi"


def test_text_in_a_block_of_another_type_is_not_the_answers() -> None:
    content, found = unfolded(
        *block(0, {"type": "connector_text", "text": ""}, {"type": "text_delta", "text": "aside"})
    )
    assert content == [{"type": "connector_text", "text": "aside"}]
    assert found.text == ""


def test_the_last_message_delta_wins_and_null_leaves_what_was() -> None:
    found = folded(
        start(usage={"input_tokens": 9, "output_tokens": 1, "service_tier": "standard"}),
        {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 5}},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 7, "input_tokens": None},
        },
        {"type": "message_stop"},
    )
    assert found.stop_reason == "end_turn"
    assert found.usage == {"input_tokens": 9, "output_tokens": 7, "service_tier": "standard"}


def test_fields_beside_the_delta_are_kept() -> None:
    found = folded(start(), {**end()[0], "context_management": {"applied_edits": []}}, end()[1])
    assert found.raw["context_management"] == {"applied_edits": []}


def test_after_the_end_nothing_counts_but_whom_it_names() -> None:
    found = folded(*answer("done"), *words(1, "more"), start(OTHER))
    assert (found.text, found.model) == ("done", ASKED)
    assert found.named == (NamedModel("model", "model", ASKED), NamedModel("model", "model", OTHER))
    assert not found.declared
    late = folded(*answer("done"), *block(1, {"type": "fallback"}))
    assert (late.text, late.declared) == ("done", True)


def test_an_error_ends_the_message_unfinished() -> None:
    reading = MessageFold()
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    for event in (start(), *words(0, "half"), error, *end()):
        reading.add(decode(json.dumps(event).encode()))
    found = reading.message()
    assert found is not None
    assert (found.text, found.whole, reading.error, reading.stopped) == ("half", False, error, True)


def test_an_end_without_a_stop_reason_is_not_whole() -> None:
    assert not folded(start(), *words(0, "x"), {"type": "message_stop"}).whole


def test_a_block_that_never_stopped_is_part_of_the_message() -> None:
    assert folded(start(), *words(0, "a"), *words(1, "b")[:-1]).text == "ab"


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(words(0, "text"), id="deltas"),
        pytest.param(
            [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "text"}}],
            id="a bare delta",
        ),
    ],
)
def test_a_message_whose_start_was_lost_is_kept_and_names_no_model(events: list[Json]) -> None:
    found = folded(*events, *end())
    assert (found.text, found.model, found.whole, found.named) == ("text", None, True, ())


def test_pings_and_unknown_events_begin_no_message() -> None:
    assert fold([decode(b'{"type":"ping"}'), decode(b'{"type":"x"}'), decode(b'{"type":"message_stop"}')]) is None


def test_a_second_block_of_the_same_index_loses_no_text_and_no_handover() -> None:
    found = folded(start(), *block(0, fallback()), *words(0, "one"), *words(0, "two"), *end())
    assert [piece["type"] for piece in found.content] == ["fallback", "text", "text"]
    assert found.text == "onetwo"


def test_content_in_message_start_is_kept() -> None:
    found = folded(start(content=[text("early "), fallback()]), *words(2, "late"), *end())
    assert found.text == "early late"
    assert [name.kind for name in found.named] == ["model", "from", "to"]


def test_half_an_emoji_in_each_of_two_deltas_is_one() -> None:
    assert folded(*answer("a\ud83d", "\ude00b")).text == "a😀b"


def test_every_model_that_was_named_is_remembered() -> None:
    runs = [iteration("message", ASKED), iteration("advisor_message", "x"), iteration("fallback_message", OTHER)]
    found = folded(start(), *block(0, fallback()), *end(iterations=runs))
    assert found.named == (
        NamedModel("model", "model", ASKED),
        NamedModel("content[0].from.model", "from", ASKED),
        NamedModel("content[0].to.model", "to", OTHER),
        NamedModel("usage.iterations[0].model", "message", ASKED),
        NamedModel("usage.iterations[1].model", "advisor_message", "x"),
        NamedModel("usage.iterations[2].model", "fallback_message", OTHER),
    )


def test_a_model_overwritten_later_is_remembered() -> None:
    delta = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "model": OTHER}, "usage": {}}
    found = folded(start(), delta, {"type": "message_stop"})
    assert [name.model for name in found.named] == [ASKED, OTHER]


def test_names_with_half_an_emoji_can_be_written() -> None:
    for name in folded(start("m\ud83d"), *block(0, fallback("\ud83d", "\ude00")), *end()).named:
        name.model.encode()


@given(
    st.recursive(
        st.none() | st.text(max_size=3) | st.integers(),
        lambda v: (
            st.lists(v)
            | st.dictionaries(
                st.sampled_from(
                    ["content", "usage", "model", "type", "iterations", "text", "stop_details", "from", "to"]
                ),
                v,
            )
        ),
    ),
)
def test_a_whole_body_of_any_shape(value: Any) -> None:
    found = whole({"content": value, "usage": value, "model": value, "stop_details": value})
    assert isinstance(found.text, str)
    assert json.dumps(found.raw)


def test_a_whole_message() -> None:
    found = whole(message(text("a"), fallback(), text("b"), model=OTHER))
    assert (found.text, found.whole, found.streamed) == ("ab", True, False)


@pytest.mark.parametrize(
    ("stop_reason", "is_whole", "refused"),
    [("refusal", True, True), ("refusal", False, False), ("end_turn", True, False)],
)
def test_a_refusal_is_one_once_the_message_is_whole(stop_reason: str, is_whole: bool, refused: bool) -> None:
    assert Message({"stop_reason": stop_reason}, whole=is_whole).refused is refused


def test_a_message_start_that_comes_late_is_heard() -> None:
    first, *rest = answer("Hel", "lo")
    found = folded(*rest[:2], first, *rest[2:])
    assert (found.text, found.model, found.raw["id"]) == ("Hello", ASKED, "msg_1")
    assert found.usage["input_tokens"] == 9
    assert found.whole


def test_a_second_message_start_of_another_model_is_where_its_text_begins() -> None:
    found = folded(start(), *words(0, "a"), start(OTHER), *words(0, "b"), *end())
    assert (found.text, found.restarts) == ("ab", ((1, OTHER),))


def test_a_second_message_start_of_the_same_model_is_nothing_new() -> None:
    found = folded(start(), *words(0, "a"), start(), *words(1, "b"), *end())
    assert (found.text, found.restarts) == ("ab", ())


def test_text_stays_in_the_order_in_which_it_came() -> None:
    first, second = words(0, "a", "d"), words(1, "b", "c")
    found = folded(start(), *first[:2], *second[:3], first[2], *end())
    assert found.text == "abcd"
    assert len(found.content) == 3


def test_a_zero_does_not_take_a_count_of_the_prompt_back() -> None:
    changed, stop = end()
    changed["usage"]["input_tokens"] = 0
    assert folded(start(), *words(0, "a"), changed, stop).usage == {"input_tokens": 9, "output_tokens": 5}


def test_what_message_stop_says_is_heard() -> None:
    found = folded(*answer()[:-1], {"type": "message_stop", "model": OTHER, "openrouter_metadata": {"attempt": 2}})
    assert found.raw["openrouter_metadata"] == {"attempt": 2}
    assert NamedModel("model", "model", OTHER) in found.named
    assert found.whole


def test_an_error_after_the_end_spoils_it() -> None:
    found = folded(*answer(), {"type": "error", "error": {"type": "api_error"}})
    assert not found.whole


def test_a_hand_over_that_names_nobody_is_declared() -> None:
    assert folded(start(), *block(0, {"type": "fallback"}), *words(1, "a"), *end()).declared
    vanishing = {"type": "message_delta", "delta": {}, "usage": {"iterations": [{"type": "fallback_message"}]}}
    assert folded(start(), *words(0, "a"), vanishing, *end(iterations=[])).declared
    unknown = {"type": "block", "content_block": {"type": "fallback"}}
    assert folded(start(), unknown, *words(0, "a"), *end()).declared
    assert not folded(*answer()).declared


@pytest.mark.parametrize(
    "body",
    [
        message(text("a"), stop_reason=""),
        {**message(text("a")), "type": "error"},
        {**message(text("a")), "stop_reason": 3},
    ],
)
def test_a_whole_body_that_does_not_say_why_it_stopped_is_not_whole(body: Json) -> None:
    assert not whole(body).whole
    assert whole(message(text("a"))).whole
    assert not whole(message(text("a")), partial=True).whole


def test_which_kind_of_block_a_piece_goes_to() -> None:
    folding = MessageFold()
    assert not folding.is_kind(0, "text")
    for event in (start(), *block(0, {"type": "thinking", "thinking": ""})[:1]):
        folding.add(decode(json.dumps(event).encode()))
    asked = [(0, "thinking"), (UNPLACED, "thinking"), (0, "text"), (1, "thinking")]
    assert [folding.is_kind(index, kind) for index, kind in asked] == [True, True, False, False]


@pytest.mark.parametrize(
    "data",
    [
        b'  {"type": "ping", "model": "b"}',
        b'\n{"type": "ping", "model": "b"}\n',
        b'{"type": "ping", "mod\\u0065l": "b"}',
        b'{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}, "model": "b"}',
    ],
    ids=["behind blanks", "behind a line", "with an escape in its key", "beside a piece of text"],
)
def test_a_name_beside_is_heard(data: bytes) -> None:
    folding = MessageFold()
    folding.add(decode(json.dumps(start()).encode()))
    folding.note_names(decode(data), data)
    folding.note_names(decode(b"[DONE]"), b"[DONE]")
    found = folding.message()
    assert found is not None
    assert [name.model for name in found.named] == [ASKED, "b"]


def test_text_for_a_block_before_one_that_began_with_text_comes_after_it() -> None:
    first, second = block(0, text("")), block(1, text("b"))
    piece = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}}
    assert folded(start(), first[0], second[0], piece, *end()).text == "ba"
    unsaid = {"type": "content_block_start", "index": 1, "content_block": text("")}
    assert folded(start(), first[0], unsaid, piece, *end()).content == [text("a"), text("")]


@pytest.mark.parametrize("event", [block(0, text("a"))[0], words(0, "a")[1]], ids=["a block", "a piece"])
def test_what_does_not_say_where_it_goes_is_noticed(event: Json) -> None:
    folding = MessageFold()
    folding.add(decode(json.dumps(event).encode()))
    assert not folding.unplaced
    folding.add(decode(json.dumps({**event, "index": None}).encode()))
    assert folding.unplaced


@pytest.mark.parametrize("event", [start(None), block(0, text(""))[0], words(0, "a")[1], end()[0]])
def test_a_message_has_started_with_whatever_comes_of_it(event: Json) -> None:
    folding = MessageFold()
    assert not folding.started
    folding.add(decode(json.dumps(event).encode()))
    assert folding.started


def test_a_start_that_comes_late_names_its_models_once() -> None:
    late = start(content=[fallback(ASKED, OTHER)])
    found = folded(*words(0, "a"), late, *end())
    assert [name.field for name in found.named if name.kind == "to"] == ["content[0].to.model"]


TOLD: list[Json] = [
    {"type": "message_start", "message": {"model": "claude-a", "content": []}},
    {"type": "message_start", "message": {"model": "claude-b", "content": []}},
    *({"type": "content_block_start", "index": at, "content_block": {"type": "text", "text": ""}} for at in (0, 1)),
    {"type": "content_block_start", "index": 1, "content_block": {"type": "thinking", "thinking": ""}},
    *(
        {"type": "content_block_delta", "index": at, "delta": {"type": "text_delta", "text": "t"}}
        for at in (0, 0, 1, -1)
    ),
    {"type": "content_block_delta", "index": 1, "delta": {"type": "thinking_delta", "thinking": "t"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "ping"},
    {"type": "error", "error": {"type": "overloaded_error"}},
]


@given(st.lists(st.sampled_from(TOLD), max_size=14))
def test_text_that_goes_on_folds_as_any_event(told: list[Json]) -> None:
    quick, plain = MessageFold(), MessageFold()
    for event in [decode(json.dumps(one).encode()) for one in told]:
        plain.add(event)
        if not quick.goes_on(event):
            quick.add(event)
        if quick.started:
            quick.message()  # asked in between, it joins what it has
    assert quick.message() == plain.message()
    assert (quick.stopped, quick.unplaced) == (plain.stopped, plain.unplaced)


def test_only_a_piece_for_the_block_of_the_one_before_goes_on() -> None:
    folded = MessageFold()
    piece = TextArrived(0, "a")
    assert not folded.goes_on(piece)
    folded.add(piece)
    assert folded.goes_on(piece)
    assert not folded.goes_on(TextArrived(1, "b"))
    folded.add(BlockStopped(0))
    assert not folded.goes_on(piece)
