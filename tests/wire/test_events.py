"""Each event of the API as a value, told by its own `type`."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.errors import NotAnAnswer
from avow.wire import events as e
from avow.wire.events import decode
from tests.streams import Json


def delta(**fields: object) -> Json:
    return {"type": "content_block_delta", "index": 2, "delta": fields}


ODD_INDEXES: list[Any] = [None, "x", 0.5, -1, -2, True, [0], {}, 10**20]
CASES: dict[str, tuple[Json, e.Event]] = {
    "message_start": ({"type": "message_start", "message": {"model": "m"}}, e.MessageStarted({"model": "m"})),
    "block start": (
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        e.BlockStarted(1, {"type": "text", "text": ""}),
    ),
    "text": (delta(type="text_delta", text="a"), e.TextArrived(2, "a")),
    "thinking": (delta(type="thinking_delta", thinking="a", estimated_tokens=3), e.ThinkingArrived(2, "a")),
    "signature": (delta(type="signature_delta", signature="s"), e.SignatureArrived(2, "s")),
    "input": (delta(type="input_json_delta", partial_json=""), e.InputJsonArrived(2, "")),
    "citation": (delta(type="citations_delta", citation={"url": "u"}), e.CitationArrived(2, {"url": "u"})),
    "compaction": (
        delta(type="compaction_delta", content="c"),
        e.DeltaArrived(2, {"type": "compaction_delta", "content": "c"}),
    ),
    "an unknown delta": (delta(type="mood_delta", mood="x"), e.DeltaArrived(2, {"type": "mood_delta", "mood": "x"})),
    "an unknown delta with a text": (
        delta(type="mood_delta", text="x"),
        e.DeltaArrived(2, {"type": "mood_delta", "text": "x"}),
    ),
    "a text delta without text": (delta(type="text_delta"), e.DeltaArrived(2, {"type": "text_delta"})),
    "block stop": ({"type": "content_block_stop", "index": 0}, e.BlockStopped(0)),
    "message_delta": (
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 3},
            "context_management": {"a": 1},
        },
        e.MessageChanged({"stop_reason": "end_turn"}, {"output_tokens": 3}, {"context_management": {"a": 1}}),
    ),
    "message_delta of null": ({"type": "message_delta", "delta": None, "usage": None}, e.MessageChanged({}, {}, {})),
    "message_stop": ({"type": "message_stop"}, e.MessageStopped()),
    "ping": ({"type": "ping"}, e.Pinged()),
    "error": (
        {"type": "error", "error": {"type": "overloaded_error"}},
        e.ErrorArrived({"type": "error", "error": {"type": "overloaded_error"}}),
    ),
    "an error of a gateway": ({"message": "no"}, e.ErrorArrived({"message": "no"})),
    "an error in the shape of AWS": ({"Message": "no"}, e.ErrorArrived({"Message": "no"})),
    "an error in the shape of OpenAI": ({"error": {"message": "no"}}, e.ErrorArrived({"error": {"message": "no"}})),
    "an unknown event": ({"type": "message_mood", "mood": 1}, e.UnknownArrived({"type": "message_mood", "mood": 1})),
    "a known event of an unknown shape": (
        {"type": "content_block_start", "index": 0},
        e.UnknownArrived({"type": "content_block_start", "index": 0}),
    ),
    "a block stop without index": ({"type": "content_block_stop"}, e.BlockStopped(e.UNPLACED)),
    "an index as a string": (
        {"type": "content_block_delta", "index": "2", "delta": {"type": "text_delta", "text": "a"}},
        e.TextArrived(2, "a"),
    ),
    "an index as a float": (
        {"type": "content_block_delta", "index": 2.0, "delta": {"type": "text_delta", "text": "a"}},
        e.TextArrived(2, "a"),
    ),
    **{
        f"the index {index!r}": (
            {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": "a"}},
            e.TextArrived(e.UNPLACED, "a"),
        )
        for index in ODD_INDEXES
    },
    "message_stop with fields": ({"type": "message_stop", "model": "m"}, e.MessageStopped({"model": "m"})),
    "an unknown event with words": (
        {"type": "message_mood", "message": "m", "error": "e"},
        e.UnknownArrived({"type": "message_mood", "message": "m", "error": "e"}),
    ),
    "an object without a type": ({"a": 1}, e.UnknownArrived({"a": 1})),
}


@pytest.mark.parametrize("name", CASES)
def test_events(name: str) -> None:
    body, event = CASES[name]
    assert decode(json.dumps(body).encode()) == event


def test_padding_before_the_closing_brace_is_nothing() -> None:
    assert decode(b'{"type":"message_stop"            }') == e.MessageStopped()


def test_a_separator_in_the_text_stays_one_event() -> None:
    data = '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\u2028b\u2029"}}'
    assert decode(data.encode()) == e.TextArrived(0, "a\u2028b\u2029")


@pytest.mark.parametrize("data", [b"", b"  ", b"[DONE]", b" [DONE] "])
def test_the_noise_of_gateways_is_a_ping(data: bytes) -> None:
    assert decode(data) == e.Pinged()


@pytest.mark.parametrize("data", [b"null", b"[]", b"3", b'"x"', b"{", b"\xff", b"<html>", b"[" * 9999])
def test_what_is_no_object_is_no_answer(data: bytes) -> None:
    with pytest.raises(NotAnAnswer, match="not a JSON object"):
        decode(data)


shapes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "index", "delta", "text", "message", "usage", "content_block", "error"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
kinds = st.sampled_from(
    [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "error",
        "ping",
        "x",
    ]
)


@given(
    st.dictionaries(st.sampled_from(["index", "delta", "message", "usage", "content_block", "error"]), shapes),
    kinds,
)
def test_any_object_is_some_event(body: Json, kind: str) -> None:
    assert decode(json.dumps({"type": kind, **body}).encode()) is not None


@given(st.binary())
def test_any_bytes_are_an_event_or_no_answer(data: bytes) -> None:
    with contextlib.suppress(NotAnAnswer):
        decode(data)


PIECES = ["", "word ", 'a "quote" \\ and\n', "é 日 😀", "\u2028", "{}[],:", 'text":', "x" * 3000]
SPELLINGS: list[dict[str, Any]] = [{"separators": (",", ":"), "ensure_ascii": False}, {}, {"separators": (",", ":")}]


@pytest.mark.parametrize("spelled", SPELLINGS, ids=["the API", "Python", "compact ASCII"])
@pytest.mark.parametrize("index", [0, 3, 15, 16, 1000])
def test_a_piece_of_text_is_read_however_it_is_spelled(index: int, spelled: dict[str, Any]) -> None:
    for piece in PIECES:
        event = {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": piece}}
        written = json.dumps(event, **spelled).encode()
        assert decode(written) == decode(written[:-1] + b"   }") == e.TextArrived(index, piece)
        assert decode(json.dumps(event, sort_keys=True).encode()) == e.TextArrived(index, piece)
        with contextlib.suppress(NotAnAnswer):  # as where it is not cut: never a piece of text
            assert not isinstance(decode(written[:-1]), e.TextArrived)


@pytest.mark.parametrize(
    ("rest", "event"),
    [
        (b'"a","text":"b"}}', e.TextArrived(0, "b")),
        (b'"a"\t}\n}', e.TextArrived(0, "a")),
        (b'"a"},"index":1}', e.TextArrived(1, "a")),
        (b'{}}}', e.DeltaArrived(0, {"type": "text_delta", "text": {}})),
        (b'null}}', e.DeltaArrived(0, {"type": "text_delta", "text": None})),
        *((bad, None) for bad in (b"", b'"', b'"a"', b'"a"}', b'"a"}}}', b'"a"}}{')),
        *((bad, None) for bad in (b'"\xff"}}', b'"a\n"}}', b'"\\x"}}')),
        (b"[" * 5000, None),
    ],
)  # fmt: skip
def test_what_begins_as_a_piece_of_text_and_goes_on_otherwise(rest: bytes, event: e.Event | None) -> None:
    data = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":' + rest
    if event is None:
        with pytest.raises(NotAnAnswer):
            decode(data)
    else:
        assert decode(data) == event
