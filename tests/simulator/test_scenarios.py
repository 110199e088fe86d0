"""The table of scenarios and how a name finds one."""

import re

import pytest

from avow.errors import UsageError
from avow.simulator.scenarios import TABLE, load, names


def test_names_are_plain_words_with_one_line_each() -> None:
    listed = names()
    assert len(listed) == len(TABLE) == len({name for name, _ in listed})
    for name, summary in listed:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert 3 <= len(summary) <= 80
        assert "\n" not in summary
        assert load(name).name == name


def test_the_usual_names_are_there() -> None:
    usual = (
        "requested thinking fallback handover sticky hops declined refused refused_midway recommended substituted "
        "unnamed truncated cut reset stalled error_midway rate_limited overloaded unauthorised unknown_model "
        "no_fallbacks slow long"
    )
    assert set(usual.split()) <= set(TABLE)


@pytest.mark.parametrize(("name", "field", "value"), [("long:5", "long", 5), ("slow:0.5", "delay", 0.5)])
def test_arguments(name: str, field: str, value: float) -> None:
    assert getattr(load(name), field) == value


@pytest.mark.parametrize(
    "name", ["long:", "long:0", "long:x", "long:6000000", "slow:-1", "slow:nan", "slow:", "requested:1", "requested:"]
)
def test_wrong_arguments(name: str) -> None:
    with pytest.raises(UsageError, match="does not fit"):
        load(name)


@pytest.mark.parametrize(("name", "near"), [("handovr", "handover"), ("requsted", "requested"), ("longg:5", "long")])
def test_a_misspelt_name_is_told_the_nearest(name: str, near: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(name)
    assert f"did you mean '{near}'?" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["", "\0", "ä" * 300, "x:y:z"])
def test_nonsense_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError):
        load(name)
