"""Changing one setting in the file, and nothing else."""

import json
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avow.errors import ConfigError, UsageError
from avow.settings.config_file import load
from avow.settings.edit import set_value, unset_value

BEFORE = """\
# my settings

model = "opus" # the good one
stop = [
  "a", # first
]
history.keep_days = 30

# names
[aliases]
fast = "haiku" # quick

[prices."m.1"]
input = 3

# at work
[profiles.work]
model = "sonnet"
"""

CHANGES: dict[str, tuple[str, str, str, str]] = {
    "in place": ("model", "fable", 'model = "opus" # the', 'model = "fable" # the'),
    "a list of lines": ("stop", '["x", "y"]', 'stop = [\n  "a", # first\n]', 'stop = ["x", "y"]'),
    "dotted": ("history.keep_days", "60", "keep_days = 30", "keep_days = 60"),
    "in a table": ("aliases.fast", "opus", 'fast = "haiku" # quick', 'fast = "opus" # quick'),
    "new at the top": ("effort", "low", "keep_days = 30\n", 'keep_days = 30\neffort = "low"\n'),
    "new in a table": ("aliases.slow", "opus", "# quick\n", '# quick\nslow = "opus"\n'),
    "name with dots": ("aliases.gpt-4.1", "opus", "# quick\n", '# quick\n"gpt-4.1" = "opus"\n'),
    "new price": ("prices.m.1.output", "5.5", "input = 3\n", "input = 3\noutput = 5.5\n"),
    "in a profile": ("profiles.work.model", "x", '"sonnet"', '"x"'),
    "new in a profile": ("profiles.work.retries", "0", '"sonnet"\n', '"sonnet"\nretries = 0\n'),
    "group in a profile": (
        "profiles.work.history.enabled", "off", '"sonnet"\n', '"sonnet"\nhistory.enabled = false\n',
    ),
    "new profile": ("profiles.home.model", "x", '"sonnet"\n', '"sonnet"\n\n[profiles.home]\nmodel = "x"\n'),
    "a group written with dots": (
        "history.enabled", "no", "keep_days = 30\n", "keep_days = 30\nhistory.enabled = false\n",
    ),
    "a new table": ("same_models.mine", "a,b", '"sonnet"\n', '"sonnet"\n\n[same_models]\nmine = ["a", "b"]\n'),
    "headers": ("headers.X-Team", "docs", '"sonnet"\n', '"sonnet"\n\n[headers]\nX-Team = "docs"\n'),
    "options": ("options.metadata", '{"user_id":"x"}', '"sonnet"\n',
                '"sonnet"\n\n[options]\nmetadata = { user_id = "x" }\n'),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
def test_only_the_place_changes(case: str, tmp_path: Path) -> None:
    name, value, old, new = CHANGES[case]
    path = tmp_path / "config.toml"
    path.write_text(BEFORE)
    set_value(path, name, value)
    assert path.read_text() == BEFORE.replace(old, new)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    load(path)


def test_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    set_value(path, "history.enabled", "false")
    set_value(path, "model", "opus")
    set_value(path, "history.content", "none")
    expected = {"model": "opus", "history": {"enabled": False, "content": "none"}}
    assert tomllib.loads(path.read_text()) == expected


def test_a_new_file_begins_with_its_table_and_no_empty_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    set_value(path, "aliases.fast", "haiku")
    assert path.read_text() == '[aliases]\nfast = "haiku"\n'


def test_a_comment_that_belongs_to_a_header_stays_with_it(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("# about avow\n\n# names\n[aliases]\na = 'b'\n")
    set_value(path, "model", "x")
    assert path.read_text() == "# about avow\n\nmodel = \"x\"\n# names\n[aliases]\na = 'b'\n"


INLINE: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "inline table": ('aliases = { a = "b" } # c\n', "aliases.x", "y", {"aliases": {"a": "b", "x": "y"}}),
    "inline group": ("history = {enabled = true}", "history.enabled", "no", {"history": {"enabled": False}}),
    "inline profile": ("profiles = {w={}}", "profiles.w.model", "x", {"profiles": {"w": {"model": "x"}}}),
    "whole table over headers": ("[aliases]\na='b'\n", "aliases", '{c="d"}', {"aliases": {"c": "d"}}),
    "crlf": ("model = 'a'\r\n\r\n[aliases]\r\n", "effort", "low", {"model": "a", "effort": "low", "aliases": {}}),
    "no newline at the end": ("model = 'a'", "effort", "low", {"model": "a", "effort": "low"}),
    "header without a line end": ("[aliases]", "aliases.a", "b", {"aliases": {"a": "b"}}),
    "true is not 1": ("options = {a = 1}", "options.a", "true", {"options": {"a": True}}),
}


@pytest.mark.parametrize("case", INLINE)
def test_other_forms_of_a_file(case: str, tmp_path: Path) -> None:
    before, name, value, expected = INLINE[case]
    path = tmp_path / "config.toml"
    path.write_bytes(before.encode())
    set_value(path, name, value)
    data = path.read_bytes().decode()
    assert repr(tomllib.loads(data)) == repr(expected)
    assert ("# c" in data) == ("# c" in before)
    if "\r" in before:
        assert data.count("\r\n") == data.count("\n")


REMOVED = {
    "a line": ("model", 'model = "opus" # the good one\n'),
    "lines": ("stop", 'stop = [\n  "a", # first\n]\n'),
    "an entry": ("aliases.fast", 'fast = "haiku" # quick\n'),
    "a whole table": ("aliases", '[aliases]\nfast = "haiku" # quick\n'),
    "a price": ("prices.m.1.input", "input = 3\n"),
    "a profile's": ("profiles.work.model", 'model = "sonnet"\n'),
    "a profile": ("profiles.work", '[profiles.work]\nmodel = "sonnet"\n'),
}


@pytest.mark.parametrize("case", REMOVED)
def test_what_is_taken_out(case: str, tmp_path: Path) -> None:
    name, gone = REMOVED[case]
    path = tmp_path / "config.toml"
    path.write_text(BEFORE)
    assert unset_value(path, name)
    assert path.read_text() == BEFORE.replace(gone, "", 1)
    assert not unset_value(path, name) or name == "prices.m.1.input"


def test_an_entry_is_taken_out_of_an_inline_table(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("aliases = { a = 'b', c = 'd' } # mine\n")
    assert unset_value(path, "aliases.a")
    assert path.read_text() == 'aliases = { c = "d" } # mine\n'


def test_a_setting_that_is_none_can_be_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("modl = 'x'\n[aliases]\n")
    assert unset_value(path, "modl")
    assert path.read_text() == "[aliases]\n"
    assert not unset_value(path, "nothing")


REFUSED = {
    "unknown": ("modl", "x", "did you mean model"),
    "unknown in a profile": ("profiles.w.modl", "x", "did you mean profiles.w.model"),
    "profile in a profile": ("profiles.w.profile", "x", "no setting"),
    "below a text": ("model.x", "x", "no setting"),
    "group": ("history", "x", "no setting"),
    "empty": ("", "x", "not a setting"),
    "type": ("max_tokens", "x", "a whole number"),
    "price": ("prices.m.input", "x", "prices.m.input must be a price"),
    "price's field": ("prices.m", '{"inptu": 1}', "did you mean input"),
    "null": ("options.a", "null", "null"),
    "surrogate": ("model", "\udcff", "UTF-8"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_changes_nothing(case: str, tmp_path: Path) -> None:
    name, value, words = REFUSED[case]
    path = tmp_path / "config.toml"
    path.write_text(BEFORE)
    with pytest.raises(UsageError, match=words):
        set_value(path, name, value)
    assert path.read_text() == BEFORE


def test_a_broken_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("model = ")
    with pytest.raises(ConfigError, match=r"config.toml:1: is not TOML"):
        set_value(path, "model", "x")
    path.write_text("aliases = 1")
    with pytest.raises(ConfigError, match="aliases is not a table"):
        set_value(path, "aliases.a", "x")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text().filter(lambda text: not text.isspace()), name=st.text(min_size=1))
def test_any_text_comes_back(text: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(BEFORE)
    set_value(path, "system", text)
    set_value(path, f"aliases.{_quoted(name)}", "opus")
    expected = tomllib.loads(BEFORE)
    expected |= {"system": text, "aliases": {**expected["aliases"], name: "opus"}}
    assert tomllib.loads(path.read_bytes().decode()) == expected


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")
