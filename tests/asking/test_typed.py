"""What the options of a command say as settings."""

from typing import Any

import pytest

from avow.asking.typed import Typed, options_from
from avow.errors import UsageError
from avow.settings.keys import KEYS


def flags(**typed: Any) -> dict[str, object]:
    """The settings that are set."""
    return {key: value for key, value in options_from(Typed(typed)).flags.items() if value is not None}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"hold": True, "quiet": False}, {"hold": True}, id="a-flag-not-given-says-nothing"),
        pytest.param({"stream": True}, {"stream": False}, id="no-stream"),
        pytest.param({"history.enabled": True}, {"history.enabled": False}, id="no-history"),
        pytest.param({"stdin": True}, {"stdin": False}, id="no-stdin"),
        pytest.param({"retries": 0}, {"retries": 0}, id="no-retries"),
        pytest.param({"timeout": 0.0}, {"timeout": 0.0}, id="a-number-that-is-refused-later"),
        pytest.param({"system": ""}, {"system": ""}, id="no-system-prompt"),
        pytest.param({"as_json": True}, {"output": "json"}, id="json"),
        pytest.param({"as_json": True, "output": "json"}, {"output": "json"}, id="json-twice"),
        pytest.param({"extract": True}, {"extract": "first"}, id="extract"),
        pytest.param({"extract_last": True}, {"extract": "last"}, id="extract-last"),
        pytest.param({"fallback": "none"}, {"fallback": "none"}, id="a-policy"),
        pytest.param({"fallback": "a, b"}, {"fallback": ("a", "b")}, id="models"),
        pytest.param({"if_unavailable": "a"}, {"if_unavailable": ("a",)}, id="one-model"),
        pytest.param({"stop": ["x", "y"]}, {"stop": ("x", "y")}, id="a-list"),
        pytest.param({"options": ["a=1", 'b={"c": [true]}']}, {"options": {"a": 1, "b": {"c": [True]}}}, id="fields"),
        pytest.param({"headers": ["X-A: b:c", "X-D:"]}, {"headers": {"X-A": "b:c", "X-D": ""}}, id="headers"),
    ],
)
def test_settings(typed: dict[str, Any], expected: dict[str, object]) -> None:
    assert flags(**typed) == expected
    assert set(expected) <= set(KEYS)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        pytest.param({"as_json": True, "output": "jsonl"}, "contradict", id="two-forms"),
        pytest.param({"fallback": " , "}, "must name at least one model", id="an-empty-list"),
        pytest.param({"options": ["a"]}, "KEY=JSON", id="no-value"),
        pytest.param({"options": ["stream=true"]}, "-o stream: this field has an option of its own", id="own-option"),
        pytest.param({"extract": True, "extract_last": True}, "--extract-last and --extract contra", id="two-blocks"),
        pytest.param({"options": ["top_p=NaN"]}, "not JSON", id="no-number"),
        pytest.param({"options": ["top_p=[1e999]"]}, "not JSON", id="too-large-a-number"),
        pytest.param({"options": ["a=b"]}, "not JSON", id="no-json"),
        pytest.param({"options": ["a=" + "[" * 100_000]}, "not JSON", id="nested-absurdly"),
        pytest.param({"headers": ["no colon"]}, "NAME:VALUE", id="no-colon"),
        pytest.param({"words": ["caf\udce9"]}, "the prompt: .* byte 0xe9", id="a-prompt-in-latin-1"),
        pytest.param({"variables": ["a=\udcff"]}, "-p: .* byte 0xff", id="a-variable-in-no-encoding"),
        pytest.param({"system": "caf\udce9"}, "--system: ", id="a-system-prompt-in-latin-1"),
    ],
)
def test_what_cannot_be_read(typed: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        options_from(Typed(typed))


def test_a_text_without_quotes_is_told_how_to_write_it() -> None:
    with pytest.raises(UsageError) as caught:
        options_from(Typed(options=["user=x"]))
    assert caught.value.hint == "a text needs quotes: -o 'user=\"x\"'"


def test_the_name_of_a_file_may_be_any_bytes() -> None:
    assert options_from(Typed(files=["caf\udce9.txt"])).files == ("caf\udce9.txt",)
