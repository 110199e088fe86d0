"""The data file: what is in it holds together, and names find their model."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.models.catalogue import ALIASES, DATED, DEFAULT_MODEL, Model, Rates, expand_alias, find, models
from avow.models.identity import Identity, compare
from avow.models.names import parse_claude

MODELS = models()
BY_ID = {model.id: model for model in MODELS}


def test_the_ids_are_those_of_the_documentation() -> None:
    assert len(BY_ID) == len(MODELS) == 19, "with a new one: this number, ALIASES, and the tables of this file"
    assert {model.line for model in MODELS} == {"fable", "mythos", "opus", "sonnet", "haiku"}
    assert date.fromisoformat(DATED)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_an_entry_holds_together(model: Model) -> None:
    name = parse_claude(model.id)
    assert name is not None
    assert (name.line, name.version, name.date, name.fast) == (model.line, model.version, None, False)
    if model.dated is not None:
        assert compare(model.id, model.dated) is Identity.SAME
        assert model.dated.startswith(f"{model.id}-20")
    assert model.released <= DATED, "catalogue.DATED says when the facts were looked up"
    assert model.retires is None or model.retires >= DATED
    assert model.lifecycle in ("active", "legacy", "limited", "deprecated", None)
    if model.context is not None and model.max_output is not None:
        assert model.context in (200_000, 1_000_000)
        assert model.max_output in (64_000, 128_000)
        assert model.version is not None
        assert (model.context == 1_000_000) == (model.version >= (4, 6))
    for target in model.allowed_fallbacks or ():
        assert target in BY_ID
        assert target != model.id
    if model.takes_fallbacks is False:
        assert model.allowed_fallbacks == ()


@pytest.mark.parametrize(
    "rates",
    [
        pytest.param(rates, id=f"{model.id} {kind}")
        for model in MODELS
        for kind, rates in (("rates", model.rates), ("long", model.long_rates), ("fast", model.fast_rates))
        if rates is not None
    ],
)
def test_prices_keep_the_documented_proportions(rates: Rates) -> None:
    assert rates.output == pytest.approx(5 * rates.input)
    assert rates.cache_write_5m == pytest.approx(1.25 * rates.input)
    assert rates.cache_write_1h == pytest.approx(2 * rates.input)


@pytest.mark.parametrize(
    ("model_id", "share"),
    [
        ("claude-fable-5-2", 0.025),
        ("claude-fable-5-1", 0.025),
        ("claude-mythos-5-2", 0.025),
        ("claude-mythos-5-1", 0.025),
        ("claude-fable-5", 0.1),
        ("claude-opus-5-5", 0.05),
        ("claude-opus-5", 0.1),
        ("claude-opus-4-8", 0.1),
        ("claude-sonnet-5-5", 0.05),
        ("claude-sonnet-5", 0.1),
        ("claude-haiku-5-5", 0.1),
        ("claude-haiku-4-5", 0.1),
    ],
)
def test_reading_the_cache_costs_its_share_of_the_input(model_id: str, share: float) -> None:
    model = BY_ID[model_id]
    for rates in (model.rates, model.long_rates, model.fast_rates):
        if rates is not None:
            assert rates.cache_read == pytest.approx(share * rates.input)


@pytest.mark.parametrize(
    ("model_id", "input_price"),
    [
        ("claude-fable-5-2", 8),
        ("claude-mythos-5-2", 8),
        ("claude-fable-5-1", 10),
        ("claude-mythos-5-1", 10),
        ("claude-fable-5", 10),
        ("claude-mythos-5", 10),
        ("claude-opus-5-5", 4),
        ("claude-opus-5", 5),
        ("claude-opus-4-8", 5),
        ("claude-opus-4-7", 5),
        ("claude-opus-4-6", 5),
        ("claude-opus-4-5", 5),
        ("claude-sonnet-5-5", 2),
        ("claude-sonnet-5", 2),
        ("claude-sonnet-4-6", 3),
        ("claude-sonnet-4-5", 3),
        ("claude-haiku-5-5", 0.1),
        ("claude-haiku-4-5", 1),
    ],
)
def test_input_prices(model_id: str, input_price: float) -> None:
    rates = BY_ID[model_id].rates
    assert rates is not None
    assert rates.input == input_price


def test_fast_mode_is_priced_where_it_is_documented() -> None:
    fast = {model.id: model.fast_rates[:2] for model in MODELS if model.fast_rates}
    assert fast == {"claude-opus-5-5": (8, 40), "claude-opus-5": (10, 50), "claude-opus-4-8": (10, 50)}


def test_who_declines_and_where_it_goes() -> None:
    known = {model.id: (model.may_decline, model.takes_fallbacks, model.allowed_fallbacks) for model in MODELS}
    unknown = (None, None, None)  # announced, not documented: nothing is guessed
    both = (True, True, ("claude-opus-4-8", "claude-opus-5"))
    assert known == {
        "claude-fable-5-2": unknown,
        "claude-mythos-5-2": unknown,
        "claude-fable-5-1": both,
        "claude-mythos-5-1": (False, None, None),
        "claude-fable-5": both,
        "claude-mythos-5": (False, None, None),
        "claude-mythos-preview": unknown,
        "claude-opus-5-5": both,
        "claude-opus-5": (True, True, ("claude-opus-4-8",)),
        "claude-opus-4-8": (True, False, ()),
        "claude-opus-4-7": (True, False, ()),
        "claude-opus-4-6": (False, False, ()),
        "claude-opus-4-5": (False, False, ()),
        "claude-sonnet-5-5": (True, True, ("claude-sonnet-5",)),
        "claude-sonnet-5": (True, False, ()),
        "claude-sonnet-4-6": (False, False, ()),
        "claude-sonnet-4-5": (False, False, ()),
        "claude-haiku-5-5": (True, False, ()),
        "claude-haiku-4-5": (False, False, ()),
    }


def test_the_forms_of_thinking() -> None:
    assert BY_ID["claude-fable-5-2"].thinking == ("adaptive",)
    assert BY_ID["claude-sonnet-5-5"].thinking == ("adaptive", "between_tools")
    assert BY_ID["claude-haiku-4-5"].thinking == ("enabled", "disabled")


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("claude-opus-4-8", "claude-opus-4-8"),
        ("Claude-Opus-4-8", "claude-opus-4-8"),
        ("anthropic/claude-opus-4.8", "claude-opus-4-8"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("claude-fable-5-20260609", "claude-fable-5"),
        ("claude-opus-5-fast", "claude-opus-5"),
        ("claude-opus-4-8[1m]", "claude-opus-4-8"),
        ("claude-mythos-preview", "claude-mythos-preview"),
        ("claude-haiku-4-5-20250101", None),
        ("claude-opus-4-1", None),
        ("claude-opus-6", None),
        ("claude-haiku-5", None),
        ("opus", None),
        ("my-deployment", None),
        ("gpt-5", None),
        ("", None),
    ],
)
def test_find(name: str, model_id: str | None) -> None:
    model = find(name)
    assert (model.id if model else None) == model_id


@given(
    st.sampled_from(
        ["claude-{}-{}-{}", "claude-{1}-{2}-{0}", "anthropic/claude-{}-{}.{}", "us.anthropic.claude-{}-{}-{}"]
    ),
    st.sampled_from(["opus", "sonnet", "haiku", "fable"]),
    st.integers(3, 6),
    st.integers(0, 9),
    st.sampled_from(["", "-20251101", "-20250929", "@20251001", "-fast"]),
)
def test_a_name_finds_the_one_model_that_is_the_same(form: str, line: str, major: int, minor: int, end: str) -> None:
    name = form.format(line, major, minor) + end
    model = find(name)
    same = [m for m in MODELS if compare(name, m.dated or m.id) is Identity.SAME]
    assert same == ([model] if model else [])


def test_aliases_and_the_default_are_the_newest_of_their_line() -> None:
    for alias, model_id in ALIASES.items():
        known = [m for m in MODELS if m.line == alias and m.version is not None]
        assert max(known, key=lambda m: m.version or (0, 0)).id == model_id
        assert BY_ID[model_id].lifecycle == "active"
    assert set(ALIASES) == {"fable", "opus", "sonnet", "haiku"}
    assert DEFAULT_MODEL == "claude-fable-5-2"


@pytest.mark.parametrize(
    ("name", "extra", "expanded"),
    [
        ("opus", {}, "claude-opus-5-5"),
        ("Opus", {}, "claude-opus-5-5"),
        ("claude-opus-5", {}, "claude-opus-5"),
        ("something-new", {}, "something-new"),
        ("", {}, ""),
        ("opus", {"opus": "claude-opus-4-8"}, "claude-opus-4-8"),
        ("best", {"best": "fable"}, "claude-fable-5-2"),
        ("best", {"best": "opus", "opus": "claude-opus-4-8"}, "claude-opus-4-8"),
        ("opus", {"opus": "opus"}, "claude-opus-5-5"),
        ("mine", {"mine": "mine"}, "mine"),
        ("a", {"a": "b", "b": "c", "c": "d"}, "c"),
        ("claude-opus-5", {"claude-opus-5": "my-deployment"}, "my-deployment"),
    ],
    ids=[
        "built in",
        "case",
        "an id",
        "unknown",
        "empty",
        "config first",
        "to a built-in one",
        "to one of the config",
        "itself, built in",
        "itself",
        "one step and no more",
        "an id given another meaning",
    ],
)
def test_expand_alias(name: str, extra: dict[str, str], expanded: str) -> None:
    assert expand_alias(name, extra) == expanded


@pytest.mark.parametrize(
    ("least", "names"),
    [
        (512, ("claude-opus-5", "claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5", "claude-mythos-5")),
        (1024, ("claude-opus-4-8", "claude-sonnet-5", "claude-sonnet-4-6")),
        (2048, ("claude-opus-4-7",)),
    ],
)
def test_the_least_prompt_that_the_api_caches(least: int, names: tuple[str, ...]) -> None:
    assert {name: BY_ID[name].caches_from for name in names} == dict.fromkeys(names, least)
