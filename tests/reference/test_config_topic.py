"""`avow help config` is true: each setting, its default, and an example that can be set."""

import json
import re
from pathlib import Path

import pytest

from avow.reference.config_topic import settings, text
from avow.settings.options import OPTIONS, Option
from tests.reference.generate import AGAIN
from tests.running import run

SETTINGS = [option for option in OPTIONS if option.is_setting]


def test_each_setting_stands_there_once() -> None:
    assert [example.partition(" = ")[0] for example, _words in settings()] == [option.name for option in SETTINGS]


def test_its_examples_are_a_config_that_can_be_read(home: Path) -> None:
    (home / "config").mkdir()
    examples = "\n".join(example for example, _words in settings() if not example.startswith("profile ="))
    (home / "config" / "config.toml").write_text(examples)
    listed = json.loads(run(home, "config", "list", "--json").out)
    assert {name for name, found in listed.items() if found["origin"] == "config"} >= {
        option.name for option in SETTINGS if option.kind != "table" and option.name != "profile"
    }


@pytest.mark.parametrize("option", [one for one in SETTINGS if one.default not in (None, ())], ids=lambda one: one.name)
def test_its_defaults_are_those_that_hold(option: Option) -> None:
    words = dict(zip((one.name for one in SETTINGS), (words for _example, words in settings()), strict=True))
    told = words[option.name].rpartition("Default: ")[2].rstrip(".")
    assert told == option.default_words or json.loads(told) == option.default


def test_the_page_and_the_manual_have_them_all(home: Path) -> None:
    page = run(home, "help", "config").out.decode()
    assert page == text()
    manual = (Path(__file__).parents[2] / "completions" / "avow.1").read_text()
    part = manual.partition(".SH CONFIGURATION")[2].partition(".SH ENVIRONMENT")[0]
    assert len(re.findall(r"^\.TP$", part, re.M)) == len(SETTINGS), AGAIN
