"""The table of options and settings: each row is whole, and no two say the same."""

import tomllib
from collections import Counter

import pytest

from avow.settings.keys import KEYS, checked
from avow.settings.options import BY_NAME, FREE, OPTIONS, Option, WordSource, taken_by

SETTINGS = [option for option in OPTIONS if option.is_setting]


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(OPTIONS)
    spelled = Counter(name for option in OPTIONS for name in option.names)
    assert [name for name, times in spelled.items() if times > 1] == []


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_an_option_is_taken_by_a_command_and_has_a_heading(option: Option) -> None:
    assert bool(option.names) == bool(option.commands) == (option.heading != "Options")
    assert option.help.endswith((".", ")."))
    assert option.sets is None or (BY_NAME[option.sets].is_setting and not option.is_setting)
    assert option.is_setting or option.names


@pytest.mark.parametrize("option", SETTINGS, ids=lambda option: option.name)
def test_a_setting_has_an_example_that_can_stand_in_the_config(option: Option) -> None:
    assert checked(option, tomllib.loads(f"value = {option.example}")["value"]) != option.default
    assert (option.config_help or option.help).endswith(".")


@pytest.mark.parametrize("option", SETTINGS, ids=lambda option: option.name)
def test_what_a_flag_says_is_a_value_of_its_setting(option: Option) -> None:
    if option.says is not None:
        assert checked(option, option.says) == option.says
        assert option.says != option.default
        assert option.config_help


def test_what_a_shorthand_says_is_a_value_of_the_setting_it_is_short_for() -> None:
    short = {option.spelled: (option.sets, option.says) for option in OPTIONS if option.sets}
    assert short == {"--json": ("output", "json"), "--extract-last": ("extract", "last")}
    for name, value in short.values():
        assert checked(KEYS[name or ""], value) == value


@pytest.mark.parametrize(
    ("name", "form", "value_name", "fits"),
    [
        ("hold", "nothing", None, FREE),
        ("stream", "nothing", None, FREE),
        ("extract", "nothing", None, FREE),
        ("as_json", "nothing", None, FREE),
        ("model", "text", "ID", WordSource(asked="models")),
        ("output", "text", "text|json|jsonl", WordSource(("text", "json", "jsonl"))),
        ("auth_style", "text", "x-api-key|bearer", WordSource(("x-api-key", "bearer"))),
        ("effort", "text", "low|medium|high|xhigh|max", WordSource(("low", "medium", "high", "xhigh", "max"))),
        ("if_unavailable", "text", "MODEL[,…]", WordSource(asked="models")),
        ("dry_run", "text", "[=curl]", WordSource(("curl",))),
        ("headers", "texts", "NAME:VALUE", FREE),
        ("files", "texts", "PATH", WordSource(files=True)),
        ("max_tokens", "integer", "N", FREE),
        ("timeout", "number", "SECONDS", FREE),
    ],
)
def test_what_follows_an_option(name: str, form: str, value_name: str | None, fits: WordSource) -> None:
    option = BY_NAME[name]
    assert (option.form, option.value_name, option.fits) == (form, value_name, fits)


def test_a_setting_can_be_named_in_every_place() -> None:
    assert (BY_NAME["model"].spelled, BY_NAME["model"].variable) == ("--model", "AVOW_MODEL")
    assert BY_NAME["options"].spelled == "-o"
    assert BY_NAME["history.keep_days"].spelled == "history.keep_days"
    assert BY_NAME["history.keep_days"].variable == "AVOW_HISTORY_KEEP_DAYS"


def test_what_a_template_may_not_decide() -> None:
    kept_out = {option.name for option in SETTINGS if option.names and not option.in_templates}
    assert kept_out == {
        *("report", "headers", "auth_style", "api_version", "profile", "system_file", "history.enabled")
    }  # fmt: skip
    saved = {option.name for option in taken_by("template save") if option.is_setting}
    assert saved & kept_out == {"system_file"}  # its text is saved, not its name
