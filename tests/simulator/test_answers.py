"""The simulator's words, and JSON made to fit a schema."""

import json

import jsonschema
import pytest

from avow.simulator import answers

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "height": {"type": "number"},
        "kind": {"enum": ["cat", "dog"]},
        "born": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "next": {"anyOf": [{"type": "null"}, {"type": "string"}]},
        "flag": {"type": ["boolean", "null"]},
        "always": {"const": 3},
        "place": {"$ref": "#/$defs/place"},
    },
    "required": ["name", "age", "kind", "place"],
    "additionalProperties": False,
    "$defs": {"place": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
}


@pytest.mark.parametrize("schema", [PERSON, {"type": "array", "items": PERSON["properties"]["age"]}, {"type": "null"}])  # type: ignore[index]
def test_the_json_fits_its_schema(schema: dict[str, object]) -> None:
    jsonschema.validate(json.loads(answers.fitting(schema)), schema)


@pytest.mark.parametrize("schema", [None, {}, {"$ref": "#/gone"}, {"$ref": "#"}, {"type": []}, True])
def test_odd_schemas_give_something(schema: object) -> None:
    json.loads(answers.fitting(schema))


def test_the_hostile_text_holds_what_it_promises() -> None:
    for needle in ("\x1b]52;", "\x1b[", "\x9b", "\u202e", "\u2066", "\U000e0049", "[bold]", "\u2028", "\x08", "\r"):
        assert needle in answers.HOSTILE


def test_the_code_has_two_blocks() -> None:
    assert answers.CODE.count("```") == 4
