"""JSON as avow reads it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.wire.json_value import DEEPEST, encodable, encodable_value, items, obj, parse, parse_noting, path, text

VALUES = {
    "NaN": (b"[NaN, Infinity, -Infinity]", [None, None, None]),
    "a float out of range": (b"1e999", None),
    "an integer no database takes": (b'{"n": 1' + b"0" * 30 + b"}", {"n": None}),
    "an integer of absurd length": (b"9" * 10_000, None),
    "a large integer": (b"123456789012345678", 123456789012345678),
    "padding": (b'{"a": 1      }', {"a": 1}),
    "half an emoji": (rb'"\ud83d"', "\ud83d"),
    "a separator in a string": ('"a\u2028b"'.encode(), "a\u2028b"),
}


@pytest.mark.parametrize("name", VALUES)
def test_parse(name: str) -> None:
    data, value = VALUES[name]
    assert parse(data) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"hello",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 250 + b"1" + b"}" * 250,
    ],
    ids=["nothing", "cut", "words", "no UTF-8", "never closed", "absurdly deep", "deeper than it may be"],
)
def test_what_is_no_json_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        parse(data)


@pytest.mark.parametrize(
    ("data", "repeats"),
    [
        (b'{"a": 1, "b": {"a": 1}}', False),
        (b'[{"a": 1}, {"a": 1}]', False),
        (b'{"a": 1, "a": 1}', True),
        (b'[{"b": {"a": 1, "\\u0061": NaN}}]', True),
        (b"1e999", False),
    ],
)
def test_a_key_that_is_there_twice_is_noted(data: bytes, repeats: bool) -> None:
    assert parse_noting(data) == (parse(data), repeats)


def test_what_is_just_not_too_deep_can_be_mended_and_written() -> None:
    value = parse(b"[" * DEEPEST + b"]" * DEEPEST)
    assert json.dumps(encodable_value(value)) == "[" * DEEPEST + "]" * DEEPEST


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert len(parse(b"[" + b"[]," * 1000 + b"[]]")) == 1001


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    try:
        value = parse(data)
    except ValueError:
        return
    json.dumps(encodable_value(value)).encode()


@given(st.text(st.characters() | st.sampled_from("\ud83d\ude00\udfff\ud800")))
def test_mended_text_can_be_encoded_and_whole_text_is_untouched(string: str) -> None:
    encodable(string).encode()
    if not any("\ud800" <= c <= "\udfff" for c in string):
        assert encodable(string) == string


def test_pairs_are_joined_and_lone_halves_replaced() -> None:
    assert encodable("a\ud83d\ude00b") == "a😀b"
    assert encodable("a\ud83db\ude00c") == "a\ufffdb\ufffdc"
    assert encodable_value({"k\ud83d": ["\ude00", 1, None]}) == {"k\ufffd": ["\ufffd", 1, None]}


def test_values_of_other_shapes_are_nothing() -> None:
    assert (obj([1]), obj({"a": 1})) == ({}, {"a": 1})
    assert (text(""), text(3), text("x")) == (None, None, "x")
    assert (items("ab"), items([{"a": 1}, 2, None])) == ([], [{"a": 1}])
    assert (path({"a": {"b": 1}}, "a", "b"), path({"a": 1}, "a", "b"), path({}, "a")) == (1, None, None)
