"""Settings: the file, and which level wins."""

import contextlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from avow.errors import AvowError, ConfigError, UsageError
from avow.settings.config_file import load, read
from avow.settings.keys import KEYS
from avow.settings.levels import Config, Settings, resolve, unknown_variables
from tests.examples import up_to

FILE = Path("/somewhere/config.toml")
TEXT = """\
model = "from-config"
profile = "home"
aliases = { a = "config", b = "config" }

[history]
enabled = false

[headers]
X-Team = "config"

[profiles.home]
effort = "low"

[profiles.work]
model = "from-profile"
base_url = "https://gateway.example"
[profiles.work.aliases]
a = "profile"
[profiles.work.history]
content = "none"
"""


def config(text: str = TEXT) -> Config:
    return read(text.encode(), FILE)


def settled(config: Config | None = None, profile: str | None = None, **levels: Any) -> Settings:
    given: dict[str, Any] = {"flags": {}, "template": {}, "conversation": {}, "environ": {}, **levels}
    return resolve(config=config or Config(), profile=profile, **given)


LEVELS: list[tuple[str, dict[str, Any], str]] = [
    ("flag", {"flags": {"model": "x"}}, "--model"),
    ("template", {"template": {"model": "x", "prompt": "not a setting"}}, "template: model"),
    ("conversation", {"conversation": {"model": "x"}}, "conversation: model"),
    ("environment", {"environ": {"AVOW_MODEL": "x"}}, "AVOW_MODEL"),
    ("profile", {"profile": "work"}, "config.toml:15 [profiles.work]"),
    ("config", {"config": config()}, "config.toml:1"),
]


@pytest.mark.parametrize("first", range(len(LEVELS)), ids=[level[0] for level in LEVELS])
def test_the_first_level_wins_over_all_below(first: int) -> None:
    given: dict[str, Any] = {"config": config()}
    for _kind, levels, _where in LEVELS[first:]:
        given |= levels
    settings = settled(**given)
    kind, _levels, where = LEVELS[first]
    assert (settings.origin("model").kind, settings.origin("model").where) == (kind, where)
    assert settings.text("model") == {"profile": "from-profile", "config": "from-config"}.get(kind, "x")


def test_none_is_not_given_and_the_default_is_left() -> None:
    settings = settled(flags={"model": None}, template={"model": None}, environ={"AVOW_MODEL": ""})
    assert settings.origin("model").kind == "default"
    assert settings.text("model") == "claude-fable-5-2"
    assert settings.flag("stream")
    assert settings.integer("retries") == 2
    assert settings.get("fallback") is None
    assert settings.words("fallback") == ()
    assert settings.number("timeout") is None
    assert settings.table("aliases") == {}


def test_a_flag_that_is_off_counts() -> None:
    settings = settled(flags={"stream": False, "retries": 0}, environ={"AVOW_STREAM": "1", "AVOW_RETRIES": "5"})
    assert not settings.flag("stream")
    assert settings.integer("retries") == 0


def test_tables_are_joined_entry_by_entry() -> None:
    settings = settled(config(), "work", flags={"headers": {"x-team": "flag", "Y": "1"}})
    assert settings.table("aliases") == {"a": "profile", "b": "config"}
    assert settings.origin("aliases.a").where == "config.toml:18 [profiles.work]"
    assert settings.origin("aliases.b").where == "config.toml:3"
    assert settings.table("headers") == {"x-team": "flag", "Y": "1"}


def test_groups_in_a_profile_and_in_the_file() -> None:
    settings = settled(config(), "work")
    assert not settings.flag("history.enabled")
    assert settings.text("history.content") == "none"


BASE_URLS = {
    "neither": ({}, "https://gateway.example", "config.toml:16 [profiles.work]"),
    "anthropic's": ({"ANTHROPIC_BASE_URL": "https://a"}, "https://a", "ANTHROPIC_BASE_URL"),
    "both": ({"AVOW_BASE_URL": "https://b", "ANTHROPIC_BASE_URL": "https://a"}, "https://b", "AVOW_BASE_URL"),
}


@pytest.mark.parametrize("case", BASE_URLS)
def test_the_base_url(case: str) -> None:
    environ, url, where = BASE_URLS[case]
    settings = settled(config(), "work", environ=environ)
    assert (settings.text("base_url"), settings.origin("base_url").where) == (url, where)


PROFILES: dict[str, tuple[str | None, dict[str, str], str | None]] = {
    "config": (None, {}, "home"),
    "environment": (None, {"AVOW_PROFILE": "work"}, "work"),
    "empty variable": (None, {"AVOW_PROFILE": ""}, "home"),
    "flag": ("home", {"AVOW_PROFILE": "work"}, "home"),
}


@pytest.mark.parametrize("case", PROFILES)
def test_the_profile(case: str) -> None:
    flag, environ, expected = PROFILES[case]
    settings = settled(config(), flag, environ=environ)
    assert settings.profile == expected == settings.text("profile")
    assert (settings.text("effort") == "low") is (expected == "home")


def test_an_unknown_profile_is_told_the_nearest() -> None:
    with pytest.raises(UsageError, match="--profile: there is no profile 'wrk'; did you mean work") as caught:
        settled(config(), "wrk")
    assert caught.value.hint == "profiles in the config: home, work"
    with pytest.raises(ConfigError, match="AVOW_PROFILE: there is no profile"):
        settled(config(), environ={"AVOW_PROFILE": "x"})
    with pytest.raises(ConfigError, match=r"config.toml:1: profile: there is no profile"):
        settled(config("profile = 'gone'"))


def test_a_wrong_flag_is_a_usage_error_and_a_wrong_variable_names_itself() -> None:
    with pytest.raises(UsageError, match="--output must be one of"):
        settled(flags={"output": "xml"})
    with pytest.raises(ConfigError, match="AVOW_MAX_TOKENS must be"):
        settled(environ={"AVOW_MAX_TOKENS": "x"})
    with pytest.raises(ConfigError, match="template: max_tokens must be a whole number, not a text"):
        settled(template={"max_tokens": "x"})


WRONG = {
    "unknown": ("model = 'x'\nmodl = 'x'", "config.toml:2: there is no setting 'modl'; did you mean model?"),
    "unknown in a group": ("[history]\n\nkep_days = 1", "config.toml:3: there is no setting 'history.kep_days'"),
    "unknown in a profile": ("[profiles.w]\nmodle = 1", "config.toml:2: there is no setting 'profiles.w.modle'"),
    "group as a value": ("history = 1", "config.toml:1: there is no setting 'history'"),
    "type": ("\nmax_tokens = '5'", "config.toml:2: max_tokens must be a whole number, not a text"),
    "bool is no number": ("retries = true", "config.toml:1: retries must be a whole number, not true or false"),
    "infinite": ("timeout = inf", "config.toml:1: timeout must be a finite number"),
    "date": ("model = 2026-01-01", "config.toml:1: model must be a text, not a date or time"),
    "choice": ("color = 'red'", "config.toml:1: color must be one of auto, always, never, not 'red'"),
    "entry": (
        "[prices.a]\ninput = 1\n[prices.'b.c']\noutput = 'x'",
        "config.toml:4: prices.b.c.output must be a price",
    ),
    "profile in a profile": ("[profiles.w]\nprofile = 'x'", "config.toml:2: there is no setting 'profiles.w.profile'"),
    "profile no table": ("profiles.w = 1", "config.toml:1: profiles.w must be a table"),
    "profiles no table": ("profiles = 1", "config.toml:1: profiles must be a table"),
    "syntax": ("model = 'x'\nfoo bar", "config.toml:2: is not TOML"),
    "syntax at the end": ("model = 'x'\nstop = [", "config.toml:2: is not TOML"),
    "twice": ("model = 'x'\nmodel = 'y'", "config.toml:2: is not TOML"),
    "deep": ("options = " + "[" * 100_000, "config.toml"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_told_line_and_key(case: str) -> None:
    text, message = WRONG[case]
    with pytest.raises(ConfigError) as caught:
        config(text)
    assert f"/somewhere/{message}" in caught.value.message


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(ConfigError, match=r"config.toml:2: this is not UTF-8 text"):
        read(b"model = 'x'\n\xff\xfe", FILE)
    assert read(b"\xef\xbb\xbfmodel = 'x'", FILE).section.values == {"model": "x"}


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(ConfigError):
        read(data, FILE)


_WORDS = st.sampled_from(
    [
        *("model", "history", "enabled", "=", " = ", "\n", "[", "]", "{", "}", '"', "'", '"""', "'''", ".", ","),
        *("profiles", "prices", "true", "\\", "\r\n", "inf", "nan", "1e999", "2026-01-01", "[[", "\t", "é", "#"),
    ]
)


@given(st.lists(_WORDS, max_size=30).map("".join))
def test_nearly_toml_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(AvowError):
        found = config(text)
        resolve(flags={}, template={}, conversation={}, environ={}, config=found, profile=None)


_VALUES = st.recursive(
    st.booleans() | st.integers(-1, 10**9) | st.floats() | st.text(max_size=20) | st.sampled_from(["opus", "client"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
_PLACES = st.sampled_from([*KEYS, "aliases.x", "prices.x.input", "same_models.x"]) | st.sampled_from(
    ["history", "profile", "modl", "model"]
)
_SETTINGS = st.dictionaries(_PLACES, _VALUES, max_size=4)
_PROFILES = st.dictionaries(st.sampled_from(["work", "home"]), _SETTINGS, max_size=2)


def nested(table: dict[str, Any]) -> dict[str, Any]:
    """The table with its dotted names as tables; a name below one that is not a table is left out."""
    whole: dict[str, Any] = {}
    for place, value in table.items():
        into, (*above, name) = whole, place.split(".")
        for part in above:
            into = into.setdefault(part, {}) if isinstance(into, dict) else into
        if isinstance(into, dict):
            into[name] = value
    return whole


@settings(max_examples=up_to(300), deadline=None)
@given(_SETTINGS, _PROFILES, _VALUES | st.none())
def test_any_table_is_a_config_or_an_error_that_names_its_line(
    top: dict[str, object], profiles: dict[str, dict[str, object]], instead: object
) -> None:
    sections = {name: nested(table) for name, table in profiles.items()}
    try:
        text = tomli_w.dumps({**nested(top), "profiles": sections if instead is None else instead})
        tomllib.loads(text)
    except ValueError:
        return
    try:
        found = config(text)
    except ConfigError as error:
        assert re.match(rf"{FILE}:\d+: ", error.message), error.message  # noqa: PT017 - either is right
        return
    for name in found.profiles:
        with contextlib.suppress(UsageError):
            resolve(flags={}, template={}, conversation={}, environ={}, config=found, profile=name)


def test_files_that_cannot_be_one(tmp_path: Path) -> None:
    assert load(tmp_path / "missing").section.values == {}
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "huge").write_bytes(b"#" * 2_000_000)
    for name in ("folder", "fifo", "huge", "nul\0"):
        with pytest.raises(ConfigError):
            load(tmp_path / name)


def test_a_missing_file_costs_no_parser(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from avow.settings.config_file import load; from avow.settings.levels import resolve\n"
        f"c = load(Path({str(tmp_path / 'none')!r}))\n"
        "resolve(flags={}, template={}, conversation={}, environ={'AVOW_MODEL': 'x'}, config=c, profile=None)\n"
        "print([m for m in ('tomllib', 'difflib', 'keyring', 'httpcore', 'rich', 'subprocess') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_variables_that_set_nothing() -> None:
    environ = {"AVOW_MODLE": "x", "AVOW_MODEL": "x", "AVOW_DEBUG": "1", "AVOW_ZZZ": "", "AVOW_DATA_DIR": "/x"}
    assert unknown_variables(environ) == (("AVOW_MODLE", "AVOW_MODEL"), ("AVOW_ZZZ", None))
