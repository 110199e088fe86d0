"""Structured output: schemas before they are sent, answers against them, and fenced code."""

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.errors import UsageError
from avow.prompt import schema as answer_schema

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 2},
        "age": {"type": "integer", "minimum": 0},
        "tags": {"type": "array", "items": {"type": "object", "properties": {"minimum": {"type": "string"}}}},
    },
    "required": ["name"],
}


def schema(value: object) -> answer_schema.Schema:
    return answer_schema.read(json.dumps(value).encode(), "schema.json")


def test_what_is_sent() -> None:
    made = schema(PERSON)
    assert answer_schema.response_format(made) == {
        "type": "json_schema",
        "schema": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "age": {"type": "integer"},
                "tags": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"minimum": {"type": "string"}},
                        "additionalProperties": False,
                    },
                },
            },
            "required": ["name"],
            "additionalProperties": False,
        },
    }
    assert made.given == PERSON
    assert made.notes == ("the API does not enforce minLength, minimum; the answer is checked for it when it is there",)


def test_a_schema_in_the_api_s_form_is_sent_as_it_is() -> None:
    strict = {"type": "object", "properties": {"a": {"enum": [{"minimum": 1}]}}, "additionalProperties": False}
    made = schema(strict)
    assert made.sent == strict
    assert made.notes == ()


def test_every_place_for_a_schema_is_seen() -> None:
    inner = {"type": "object", "maxLength": 3}
    places = {
        "$defs": {"a": inner},
        "definitions": {"a": inner},
        "patternProperties": {"x": inner},
        "anyOf": [inner],
        "allOf": [inner],
        "oneOf": [inner],
        "prefixItems": [inner],
        "items": inner,
        "not": inner,
        "if": inner,
        "then": inner,
        "else": inner,
        "contains": inner,
    }
    sent = schema(places).sent
    assert json.dumps(sent).count('"additionalProperties": false') == len(places)
    assert "maxLength" not in json.dumps(sent)


FITS = {
    "all there": '{"name": "Ada", "age": 36, "tags": []}',
    "the least": ' {"name": "Ada"}\n',
}
PROBLEMS = {
    "missing": ("{}", "$: 'name' is a required property"),
    "wrong type": ('{"name": 7}', "$.name: 7 is not of type 'string'"),
    "what the API does not enforce": ('{"name": "Ada", "age": -1}', "$.age: -1 is less than the minimum of 0"),
    "deep": ('{"name": "Ada", "tags": [{"minimum": 1}]}', "$.tags[0].minimum: 1 is not of type 'string'"),
    "no JSON": ("Sure!", "it is not JSON: expecting value at line 1, column 1"),
    "cut short": ('{"name": "Ad', "it is not JSON: "),
    "fenced": ('```json\n{"name": "Ada"}\n```', "it is not JSON: "),
    "empty": ("", "it is not JSON: "),
    "NaN": ('{"name": "Ada", "age": NaN}', "it is not JSON: NaN"),
    "two values": ('{"name": "Ada"} {}', "it is not JSON: extra data"),
    "a bottomless pit": ("[" * 100_000, "it is nested too deeply"),
}


@pytest.mark.parametrize("text", FITS.values(), ids=FITS)
def test_fits(text: str) -> None:
    assert answer_schema.fits(schema(PERSON), text) is None


@pytest.mark.parametrize(("text", "problem"), PROBLEMS.values(), ids=PROBLEMS)
def test_the_first_problem_is_told(text: str, problem: str) -> None:
    assert (answer_schema.fits(schema(PERSON), text) or "").startswith(problem)


def test_a_long_value_is_not_repeated_whole() -> None:
    found = answer_schema.fits(schema({"type": "integer"}), json.dumps("x" * 100_000))
    assert found is not None
    assert len(found) < 400


REFUSED = {
    "no JSON": (b'{\n"type":', "line 2"),
    "not UTF-8": (b'{"title": "\xff"}', "byte 11"),
    "a list": (b"[1]", "this is a list"),
    "a boolean": (b"true", "this is a boolean"),
    "a wrong type": (b'{"properties": {"a": {"type": "text"}}}', "#/properties/a/type"),
    "a wrong keyword": (b'{"required": "name"}', "#/required"),
    "a broken pattern": (b'{"pattern": "("}', "#/pattern"),
    "another document": (b'{"items": {"$ref": "https://example.org/s.json"}}', "at #/items: $ref points to another"),
    "a file": (b'{"$ref": "other.json#/a"}', "another document"),
    "nowhere": (b'{"$ref": "#/$defs/none"}', "#/$defs/none, which is not there"),
    "too far": (b'{"items": {"$ref": "#/allOf/' + b"9" * 5000 + b'"}, "allOf": [{}]}', "which is not there"),
    "no number": (b'{"maximum": 1e999}', "1e999 is too large a number"),
    "beyond a list": (b'{"$ref": "#/anyOf/2", "anyOf": [{}, {}]}', "#/anyOf/2, which is not there"),
    "no place of a list": (b'{"$ref": "#/anyOf/-1", "anyOf": [{}, {}]}', "#/anyOf/-1, which is not there"),
    "itself": (b'{"properties": {"a": {"$ref": "#"}}}', "refers to itself"),
    "itself by a detour": (
        b'{"$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"items": {"$ref": "#/$defs/a"}}}}',
        "refers to itself",
    ),
    "open objects": (b'{"items": {"type": "object", "additionalProperties": true}}', "at #/items: the API takes only"),
    "open to a schema": (
        b'{"type": "object", "additionalProperties": {"type": "string"}}',
        "additionalProperties: false",
    ),
    "a dialect that is a number": (b'{"$schema": 3}', "$schema is a text"),
    "too deep": (b'{"items":' * 5000 + b"{}" + b"}" * 5000, "schema.json"),
}


@pytest.mark.parametrize(("data", "words"), REFUSED.values(), ids=REFUSED)
def test_schemas_that_are_refused_before_anything_is_sent(data: bytes, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        answer_schema.read(data, "schema.json")
    assert "schema.json" in caught.value.message
    assert words in caught.value.message


def test_references_within_are_followed() -> None:
    made = schema({"$defs": {"n/m": {"type": "integer"}}, "items": {"$ref": "#/$defs/n~1m"}, "type": "array"})
    assert answer_schema.fits(made, "[1]") is None
    assert answer_schema.fits(made, '["a"]') == "$[0]: 'a' is not of type 'integer'"


def test_nothing_is_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        foreign = {"$ref": f"http://127.0.0.1:{server.getsockname()[1]}/s.json"}
        found = answer_schema.fits(answer_schema.Schema("schema.json", foreign, foreign), "[1]")
        assert found is not None
        assert "points to something that is not in it" in found
        with pytest.raises(TimeoutError):
            server.accept()


def test_load(tmp_path: Path) -> None:
    path = tmp_path / "a b.json"
    path.write_text("﻿" + json.dumps(PERSON))
    assert answer_schema.load(str(path)).given == PERSON
    with pytest.raises(UsageError, match=r"--schema .*missing\.json: there is no such file"):
        answer_schema.load(str(tmp_path / "missing.json"))
    with pytest.raises(UsageError, match="this is a folder"):
        answer_schema.load(str(tmp_path))


KEYWORDS = ["type", "properties", "items", "$ref", "$defs", "anyOf", "enum", "$id", "$schema", "additionalProperties"]
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["object", "string", "#", "#/$defs/a", "x:y", "http://["]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*KEYWORDS, "a"]), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(KEYWORDS), VALUES, max_size=4), st.binary(max_size=30))
def test_whatever_a_schema_holds_it_is_read_or_refused(value: dict[str, Any], noise: bytes) -> None:
    for data in (json.dumps(value).encode(), noise):
        try:
            made = answer_schema.read(data, "schema.json")
        except UsageError:
            continue
        answer_schema.fits(made, '{"a": [1]}')
        answer_schema.response_format(made)


ARRAYS = {
    "bounds": ({"minItems": 2, "maxItems": 3}, {}),
    "one": ({"minItems": 1}, {"minItems": 1}),
    "none": ({"minItems": 0, "maxItems": 0}, {"minItems": 0}),
}


@pytest.mark.parametrize(("bounds", "sent"), ARRAYS.values(), ids=ARRAYS)
def test_what_the_api_does_not_take_of_an_array_is_checked_here(bounds: dict[str, Any], sent: dict[str, Any]) -> None:
    made = schema({"type": "array", "items": {"type": "string"}, **bounds})
    assert made.sent == {"type": "array", "items": {"type": "string"}, **sent}
    assert all(name in made.notes[0] for name in set(bounds) - set(sent))
    assert answer_schema.fits(made, '["a", "b"]') is None or bounds["maxItems"] == 0
    assert answer_schema.fits(made, "[]") is None or bounds["minItems"] > 0
    many = answer_schema.fits(made, '["a", "b", "c", "d"]')
    assert (many is None) == ("maxItems" not in bounds)


FORMATS = {
    "date": ("2026-11-28", "28.11.2026"),
    "date-time": ("2026-11-28T16:00:00.5Z", "2026-11-28 late"),
    "time": ("16:00:00+01:00", "25:00:00Z"),
    "email": ("a@example.com", "nobody"),
    "ipv4": ("127.0.0.1", "127.0.0.256"),
    "ipv6": ("::1", "::g"),
    "regex": ("a+", "("),
    "uuid": ("0198a1c2-7e4b-7c3d-8f2a-1b2c3d4e5f60", "0198"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_checked(name: str) -> None:
    made = schema({"type": "string", "format": name})
    good, bad = (json.dumps(value) for value in FORMATS[name])
    assert answer_schema.fits(made, good) is None
    assert answer_schema.fits(made, bad) is not None
    assert answer_schema.fits(schema({"format": name}), "1") is None
    assert made.sent["format"] == name
    assert made.notes == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [("date-time", "2026-13-01T00:00:00Z"), ("date-time", "20261128T160000Z"), ("date-time", "2026-W48-6T16:00:00Z"),
     ("time", "160000Z"), ("time", "16:61:00Z")],
)  # fmt: skip
def test_a_time_is_written_as_rfc_3339_has_it(name: str, text: str) -> None:
    problem = answer_schema.fits(schema({"format": name}), json.dumps(text))
    assert problem == f"$: '{text}' is not a '{name}'"


def test_a_format_that_is_not_known_is_said_so() -> None:
    made = schema({"type": "string", "format": "isbn"})
    assert made.notes == ("avow cannot check the format isbn; any text passes for it",)


BLOCKS = {
    "one": ("Here:\n\n```python\nprint(1)\n```\n\nDone.", "print(1)\n", "print(1)\n"),
    "two": ("```\na\n```\ntext\n~~~sh\nb\n~~~\n", "a\n", "b\n"),
    "none": ("just `code` and\n\n    indented\n", None, None),
    "empty": ("```\n```\n", "", ""),
    "in a list": ("1. first:\n\n   ```\n   a\n     b\n   ```\n", "a\n  b\n", "a\n  b\n"),
    "in a quote": ("> ```\n> a\n> ```\n", "a\n", "a\n"),
    "a longer fence around a fence": ("````md\n```\na\n```\n````\n", "```\na\n```\n", "```\na\n```\n"),
    "never closed": ("```py\nprint(1)\nprin", "print(1)\nprin", "print(1)\nprin"),
    "backticks in the info": ("``` a`b\nx\n", None, None),
    "a tilde fence is not closed by backticks": ("~~~\n```\n~~~\n", "```\n", "```\n"),
    "indented fence": ("  ```\n  a\n   b\n  ```\n", "a\n b\n", "a\n b\n"),
    "unicode": ("```\nżółw   🦊\n```", "żółw   🦊\n", "żółw   🦊\n"),
    "windows line ends": ("```\r\na\r\n```\r\n", "a\n", "a\n"),
}


@pytest.mark.parametrize(("text", "first", "last"), BLOCKS.values(), ids=BLOCKS)
def test_extract(text: str, first: str | None, last: str | None) -> None:
    assert answer_schema.extract(text) == first
    assert answer_schema.extract(text, "last") == last


@pytest.mark.parametrize(
    "text",
    ["`" * 200_000, "> " * 100_000, "- " * 50_000, "```\n" + "a\n" * 50_000],
    ids=["ticks", "quotes", "lists", "code"],
)
def test_extract_is_quick(text: str) -> None:
    started = time.process_time()
    answer_schema.extract(text)
    assert time.process_time() - started < 2
