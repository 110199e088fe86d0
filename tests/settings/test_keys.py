"""The declared settings, and what values they take."""

import contextlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.settings.keys import KEYS, checked, from_text
from avow.settings.value_checks import EntryError

GOOD = {
    ("model", "opus"): "opus",
    ("max_tokens", "16000"): 16000,
    ("timeout", "1.5"): 1.5,
    ("timeout", "2"): 2.0,
    ("retries", "0"): 0,
    ("stream", "no"): False,
    ("stream", "ON"): True,
    ("fallback", "none"): "none",
    ("fallback", "a, b"): ("a", "b"),
    ("fallback", '["a", "b"]'): ("a", "b"),
    ("fallback", "a,b,c"): ("a", "b", "c"),
    ("if_unavailable", "a"): ("a",),
    ("stop", "\nEND"): ("\nEND",),
    ("stop", '["a,b", "c"]'): ("a,b", "c"),
    ("api_key_command", "pass show 'a b'"): ("pass", "show", "a b"),
    ("api_key_command", "['x', 'y z']"): ("x", "y z"),
    ("aliases", '{"a": "b"}'): {"a": "b"},
    ("aliases", '{a = "b"}'): {"a": "b"},
    ("same_models", '{a = "b", c = ["d"]}'): {"a": ("b",), "c": ("d",)},
    ("prices", '{"m": {"input": 3}}'): {"m": {"input": 3.0}},
    ("overrides", '{m = {thinking = {type = "disabled"}, max_tokens = 5}}'): {
        "m": {"thinking": {"type": "disabled"}, "max_tokens": 5}
    },
    ("headers", '{"X-A": ""}'): {"X-A": ""},
    ("telemetry.headers", '{"X-A": "b"}'): {"X-A": "b"},
    ("options", '{"a": null, "b": {"c": 1}}'): {"a": None, "b": {"c": 1}},
}


@pytest.mark.parametrize(("name", "text"), GOOD, ids=str)
def test_a_text_becomes_a_value(name: str, text: str) -> None:
    assert from_text(KEYS[name], text) == GOOD[name, text]


BAD = {
    ("max_tokens", "0"): "at least 1",
    ("max_tokens", "many"): "a whole number",
    ("max_tokens", "1" * 30): f"at most {10**18}, not 1111",
    ("max_tokens", "9" * 5000): f"a whole number, not '{'9' * 40}…'",
    ("max_tokens", "٣"): "a whole number, not '٣'",
    ("timeout", "٣"): "a number, not '٣'",
    ("retries", "9" * 20): f"at most 1000, not {'9' * 20}",
    ("timeout", "nan"): "finite",
    ("timeout", "inf"): "finite",
    ("timeout", "0"): "above 0",
    ("deadline", "0.0001"): "at least 0.001",
    ("timeout", "1e30"): "at most",
    ("retries", "-1"): "at least 0",
    ("stream", "maybe"): "true or false",
    ("output", "xml"): "one of text, json, jsonl",
    ("stop", "\n\n"): "blanks only",
    ("history.content", "some"): "one of full, none",
    ("fallback", "a,b,c,d"): "at most 3",
    ("fallback", "default,a"): "stand alone",
    ("fallback", "[1]"): "must be default or none or",
    ("fallback", '["a", " "]'): "must be default or none or",
    ("fallback", ","): "must name at least one model",
    ("stop", "[1]"): "a list of texts",
    ("api_key_command", "'"): "quot",
    ("api_key_command", "['']"): "not a command",
    ("aliases", "x"): "a table",
    ("aliases", "[]"): "a table",
    ("aliases", '{"a": 1}'): "model's name",
    ("prices", '{"m": {"inptu": 3}}'): "did you mean input",
    ("prices", '{"m": {"input": -3}}'): "a number from 0",
    ("prices", '{"m": {"input": true}}'): "a number from 0",
    ("prices", '{"m": {"input": 1%s}}' % ("0" * 400)): "a number from 0 to 1,000,000",
    ("overrides", '{"m": {"model": "x"}}'): "has no 'model'",
    ("overrides", '{"m": {"max_tokens": "x"}}'): "a whole number",
    ("overrides", '{"m": {"max_tokens": 0}}'): "at least 1, not 0",
    ("overrides", '{"m": {"max_tokens": 99999999999999999999}}'): "at most",
    ("options", '{"a": {"b": [1e999]}}'): "JSON does not have",
    ("options", "{a = 2026-01-01}"): "JSON does not have",
    ("overrides", '{"m": "x"}'): "must be a table, not a text",
    ("prices", '{"m": 3}'): "must be a table, not a number",
    ("overrides", '{"m": {"effort": 1}}'): "must be a text, not a number",
    ("headers", '{"a b": "x"}'): "not a header name",
    ("telemetry.headers", '{"a b": "x"}'): "not a header name",
    ("headers", '{"a": "x\\ny"}'): "printable",
    ("same_models", '{"a": 1}'): "a list of model names",
    ("options", "[" * 5000): "a table",
    **{("options", f'{{"{name}": 1}}'): "option of its own" for name in ("model", "messages", "stream", "fallbacks")},
    ("effort", "hgih"): "one of low, medium, high, xhigh, max, not 'hgih'; did you mean high?",
    ("speed", "warp"): "one of standard, fast",
    ("overrides", '{"m": {"effort": "hgih"}}'): "did you mean high?",
    ("base_url", "ftp://x"): "begins with https://",
    ("base_url", "api.example.com"): "begins with https://",
    ("base_url", "https://"): "begins with https://",
    ("base_url", "https://["): "begins with https://",
    ("system", " \n"): "only blanks",
    ("stop", " "): "blanks only",
}


@pytest.mark.parametrize(("name", "text"), BAD, ids=lambda text: str(text)[:30])
def test_a_wrong_text_is_told_what_is_right(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(BAD[name, text]) if "quot" not in BAD[name, text] else "quot"):
        from_text(KEYS[name], text)


def test_no_message_repeats_a_header() -> None:
    for value in ("sk-CANARY\n", 12345678, ["sk-CANARY"], "sk-CANARY\u0416"):
        with pytest.raises(EntryError) as caught:
            checked(KEYS["headers"], {"X-Secret": value})
        assert "CANARY" not in str(caught.value)
        assert "12345678" not in str(caught.value)
        assert caught.value.path == ("X-Secret",)


@given(
    st.sampled_from(sorted(KEYS)),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ),
)
def test_any_value_is_taken_or_refused(name: str, value: object) -> None:
    with contextlib.suppress(ValueError):
        first = checked(KEYS[name], value)
        assert repr(checked(KEYS[name], first)) == repr(first)
    with contextlib.suppress(ValueError):
        first = from_text(KEYS[name], json.dumps(value))
        assert repr(checked(KEYS[name], first)) == repr(first)


@given(st.sampled_from(sorted(KEYS)), st.text())
def test_any_text_is_taken_or_refused(name: str, text: str) -> None:
    with contextlib.suppress(ValueError):
        from_text(KEYS[name], text)


def test_defaults_are_values_of_their_own_kind() -> None:
    for key in KEYS.values():
        if key.default is not None:
            assert checked(key, key.default) == key.default, key.name


def test_variables_are_unique() -> None:
    assert len({key.variable for key in KEYS.values()}) == len(KEYS)
    assert KEYS["history.keep_days"].variable == "AVOW_HISTORY_KEEP_DAYS"
