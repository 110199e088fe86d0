"""Every place of a response that names a model."""

import json

import pytest

from avow.wire.json_value import parse
from avow.wire.names import (
    NamedModel,
    declares_handover,
    names_beside,
    names_in_block,
    names_in_event,
    names_in_message,
    parse_naming,
    repeated_names,
)
from tests.streams import Json, fallback, iteration


def test_the_places_of_a_message() -> None:
    message: Json = {
        "model": "a",
        "content": [fallback("a", "b"), {"type": "text", "model": "c"}],
        "usage": {"iterations": [iteration("message", "a"), iteration("fallback_message", "b")]},
    }
    assert names_in_message(message) == [
        NamedModel("model", "model", "a"),
        NamedModel("content[0].from.model", "from", "a"),
        NamedModel("content[0].to.model", "to", "b"),
        NamedModel("content[1].model", "message", "c"),
        NamedModel("usage.iterations[0].model", "message", "a"),
        NamedModel("usage.iterations[1].model", "fallback_message", "b"),
    ]


@pytest.mark.parametrize("kind", [None, "mood", 3, ["message"]])
def test_an_entry_of_no_known_type_is_an_attempt(kind: object) -> None:
    entry = {"type": kind, "model": "b"}
    assert names_in_message({"usage": {"iterations": [entry]}}) == [
        NamedModel("usage.iterations[0].model", "message", "b")
    ]


@pytest.mark.parametrize("value", [{"id": "b"}, ["b"], 7, True])
def test_a_name_that_nobody_can_read_is_one_all_the_same(value: object) -> None:
    assert names_in_message({"model": value}) == [NamedModel("model", "model", json.dumps(value))]


@pytest.mark.parametrize("value", [None, ""])
def test_nothing_names_nobody(value: object) -> None:
    assert names_in_message({"model": value}) == []


def test_a_side_may_be_a_bare_name() -> None:
    block: Json = {"type": "fallback", "from": None, "to": "b"}
    assert names_in_block("content[0]", block) == [NamedModel("content[0].to.model", "to", "b")]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({"type": {"id": "fallback"}, "from": "a", "to": {"model": "b"}}, [("content[0].to.model", "b")]),
        ({"type": "mood", "from": {"model": "a"}, "to": {}}, [("content[0].from.model", "a")]),
        ({"type": "text", "text": "x", "model": "b"}, [("content[0].model", "b")]),
        ({"type": {}, "text": "x", "model": "b"}, [("content[0].model", "b")]),
        ({"type": "server_tool_use", "name": "advisor", "model": "b"}, []),
        ({"type": "text", "text": "x", "from": "here", "to": "there"}, []),
    ],
)
def test_another_block_may_name_one_in_the_same_place(value: Json, names: list[tuple[str, str]]) -> None:
    assert [(name.field, name.model) for name in names_in_block("content[0]", value)] == names
    assert {name.kind for name in names_in_block("content[0]", value)} <= {"message"}


def test_an_unknown_event() -> None:
    body: Json = {"type": "shift", "model": "a", "delta": {"model": "b"}, "content_block": fallback("c", "d")}
    assert [(name.kind, name.model) for name in names_in_event(body)] == [
        ("message", "a"),
        ("model", "b"),
        ("from", "c"),
        ("to", "d"),
    ]


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b'{"type": "content_block_stop", "index": 0, "model": "b"}', ["b"]),
        (b'{"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x", "model": "b"}}', ["b"]),
        (b'{"type": "ping", "model": "b"}', ["b"]),
        (b'{"type": "message_start", "message": {"model": "a"}, "model": "b"}', ["b"]),
        (b'{"type": "message_delta", "model": "b"}', []),
        (b'{"type": "message_delta", "delta": {"model": "b"}, "message": {"model": "c"}}', ["c"]),
        (b'{"type": "message_stop", "model": "b", "delta": {"model": "c"}, "message": {"model": "d"}}', ["d", "c"]),
        (b'{"type": "message_start", "message": {"model": "a"}, "delta": {"model": "b"}}', ["b"]),
        (b'{"type": "ping", "content_block": {"type": "fallback", "to": {"model": "b"}}}', ["b"]),
        (b'{"type": {"id": "message_stop"}, "model": "b"}', ["b"]),
        (b'{"type": ["ping"], "usage": {"iterations": [{"model": {"id": "b"}}]}}', ['{"id": "b"}']),
        (b'{"type": "content_block_delta", "delta": {"type": "text_delta", "text": "\\"model\\""}}', []),
        (b"[1]", []),
    ],
)
def test_names_beside_a_block(data: bytes, names: list[str]) -> None:
    assert [name.model for name in names_beside(data)] == names


def test_a_name_in_an_odd_place_speaks_against_the_message_s_own_never_for_it() -> None:
    data = b'{"type": "message_stop", "message": {"model": "b"}, "content_block": {"type": "fallback", "to": "c"}}'
    assert [(name.kind, name.model) for name in names_beside(data)] == [("message", "b"), ("to", "c")]


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b'{"model": "b", "model": "a"}', ["b"]),
        (b'{"type": "fallback", "type": "text"}', ["fallback"]),
        (b'{"usage": {"iterations": [{"type": "fallback_message"}]}, "usage": {}}', ["fallback_message"]),
        (b'{"type": ["fallback"], "type": "text"}', []),
        (b'{"model": "a", "model": "a"}', []),
        (b'{"message": {"model": "b"}, "message": {"model": "a"}}', ["b"]),
        (b'{"usage": {"iterations": [{"model": "b"}]}, "usage": {}}', ["b"]),
        (b'{"model": "a", "n": 1e999, "m": NaN, "k": 123456789012345678901234567890}', []),
        (b'{"a": {"mod\\u0065l": "b", "model": "a"}}', ["b"]),
    ],
)
def test_the_first_of_two_equal_keys(data: bytes, names: list[str]) -> None:
    assert [name.model for name in repeated_names(data)] == names
    assert all(name.field.endswith(" (repeated)") for name in repeated_names(data))
    assert parse_naming(data) == (parse(data), repeated_names(data))


@pytest.mark.parametrize(
    ("message", "declares"),
    [
        ({"content": [{"type": "fallback"}]}, True),
        ({"usage": {"iterations": [{"type": "fallback_message"}]}}, True),
        ({"usage": {"iterations": [{"type": "advisor_message", "model": "b"}]}}, False),
        ({"content": [{"type": "text"}], "model": "a"}, False),
    ],
)
def test_what_declares_a_hand_over(message: Json, declares: bool) -> None:
    assert declares_handover(message) is declares
