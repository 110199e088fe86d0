"""What an attempt costs: each kind of token, each condition, and null where anything is unknown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.models.catalogue import Rates
from avow.models.pricing import OVERRIDE_KEYS, price, saving, total

MILLION = 1_000_000


def usage(input_tokens: Any = 0, output_tokens: Any = 0, **more: Any) -> dict[str, Any]:
    return {"input_tokens": input_tokens, "output_tokens": output_tokens, **more}


def written(total_tokens: Any, short: Any, long: Any) -> dict[str, Any]:
    return {
        "cache_creation_input_tokens": total_tokens,
        "cache_creation": {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long},
    }


@pytest.mark.parametrize(
    ("model", "counts", "usd"),
    [
        ("claude-fable-5-2", usage(MILLION), 8.0),
        ("claude-fable-5-2", usage(0, MILLION), 40.0),
        ("claude-fable-5-2", usage(cache_read_input_tokens=MILLION), 0.2),
        ("claude-fable-5-2", usage(cache_creation_input_tokens=MILLION), 10.0),
        ("claude-fable-5-2", usage(**written(MILLION, 0, MILLION)), 16.0),
        ("claude-opus-4-8", usage(12, 310, cache_read_input_tokens=3021, **written(100, 40, 60)), 0.0101705),
        ("claude-opus-4-8", usage(), 0.0),
        ("anthropic/claude-opus-4.8", usage(MILLION), 5.0),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", usage(MILLION), 1.0),
        ("claude-sonnet-4-5", usage(900_000), 2.7),
    ],
    ids=[
        "input",
        "output",
        "read from the cache",
        "written for five minutes",
        "written for an hour",
        "all of them",
        "nothing",
        "a router's name",
        "another host's name",
        "a long prompt at a flat price",
    ],
)
def test_price(model: str, counts: dict[str, Any], usd: float) -> None:
    assert price(model, counts) == usd


@pytest.mark.parametrize(
    ("fields", "usd"),
    [
        ({"cache_creation_input_tokens": MILLION}, 6.25),
        ({"cache_creation_input_tokens": MILLION, "cache_creation": None}, 6.25),
        ({"cache_creation_input_tokens": MILLION, "cache_creation": "?"}, 6.25),
        (written(MILLION, 0, 0), 6.25),
        (written(MILLION, 1, 0), 6.25),
        (written(MILLION, 0, MILLION), 10.0),
        (written(MILLION, None, MILLION), 10.0),
        (written(None, MILLION, MILLION), 16.25),
        (written(2 * MILLION, MILLION, 1), None),
        (written(MILLION, -1, 1), None),
        (written("many", 0, 0), None),
        ({"cache_creation_input_tokens": None, "cache_read_input_tokens": None}, 0.0),
    ],
)
def test_writing_to_the_cache(fields: dict[str, Any], usd: float | None) -> None:
    assert price("claude-opus-5", usage(**fields)) == usd


@pytest.mark.parametrize(
    ("counts", "usd"),
    [
        (usage(100_000, MILLION), 0.01 + 0.5),
        (usage(100_001, MILLION), 0.0500005 + 2.5),
        (usage(1, MILLION, cache_read_input_tokens=100_000), 0.0000005 + 2.5 + 0.005),
        (usage(1, MILLION, cache_creation_input_tokens=100_000), 0.0000005 + 2.5 + 0.0625),
        (usage(1, 0, **written(100_000, 0, 100_000)), 0.0000005 + 0.1),
    ],
    ids=["at the step", "above it", "by the cache read", "by the cache written", "for an hour"],
)
def test_haiku_s_step_counts_the_cache_and_not_the_answer_and_holds_for_the_whole_request(
    counts: dict[str, Any], usd: float
) -> None:
    assert price("claude-haiku-5-5", counts) == pytest.approx(usd, abs=1e-12)


@pytest.mark.parametrize(
    ("model", "counts", "speed", "usd"),
    [
        ("claude-opus-5-5", usage(MILLION), "fast", 8.0),
        ("claude-opus-5-5", usage(0, MILLION), "fast", 40.0),
        ("claude-opus-5-5", usage(cache_read_input_tokens=MILLION), "fast", 0.4),
        ("claude-opus-5-5", usage(**written(2 * MILLION, MILLION, MILLION)), "fast", 26.0),
        ("claude-opus-5-5", usage(MILLION, speed="fast"), None, 8.0),
        ("claude-opus-5-5", usage(MILLION, speed="standard"), "fast", 4.0),
        ("claude-opus-5-5", usage(MILLION, speed=None), "standard", 4.0),
        ("claude-opus-5-fast", usage(MILLION), None, 10.0),
        ("claude-opus-5", usage(MILLION, speed="ludicrous"), None, None),
        ("claude-fable-5-2", usage(MILLION), "fast", None),
        ("claude-sonnet-5-5", usage(MILLION), "fast", None),
        ("claude-opus-4-6", usage(MILLION, speed="standard"), "fast", 5.0),
    ],
)
def test_speed(model: str, counts: dict[str, Any], speed: str | None, usd: float | None) -> None:
    assert price(model, counts, speed=speed) == usd


@pytest.mark.parametrize(
    ("model", "fields", "geo", "usd"),
    [
        ("claude-opus-5", {"inference_geo": "us"}, None, 5.5),
        ("claude-opus-5", {}, "us", 5.5),
        ("claude-opus-4-6", {"inference_geo": "us"}, None, 5.5),
        ("claude-opus-5", {"inference_geo": "global"}, "us", 5.0),
        ("claude-opus-4-5", {"inference_geo": "not_available"}, None, 5.0),
        ("claude-opus-4-5", {"inference_geo": "us"}, None, None),
        ("claude-opus-5", {"inference_geo": "moon"}, None, None),
        ("claude-opus-5", {"inference_geo": ["us"]}, None, None),
        ("claude-opus-5", {"service_tier": "standard"}, None, 5.0),
        ("claude-opus-5", {"service_tier": "batch"}, None, 2.5),
        ("claude-opus-5", {"service_tier": "priority"}, None, None),
        ("claude-opus-5", {"service_tier": ["standard"]}, None, None),
        ("claude-opus-5", {"server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 3}}, None, 5.0),
        ("claude-opus-5", {"server_tool_use": {"web_search_requests": 1}}, None, None),
        ("claude-opus-5", {"server_tool_use": None}, None, 5.0),
    ],
)
def test_where_and_how_it_ran(model: str, fields: dict[str, Any], geo: str | None, usd: float | None) -> None:
    found = price(model, usage(MILLION, **fields), inference_geo=geo)
    assert found == (usd if usd is None else pytest.approx(usd))


@pytest.mark.parametrize(
    "counts",
    [
        {},
        {"input_tokens": 5},
        {"output_tokens": 5},
        usage(None, 5),
        usage(5, None),
        usage("5", 5),
        usage(5.0, 5),
        usage(True, 5),
        usage(-1, 5),
        usage(5, 5, cache_read_input_tokens="x"),
        usage(5, 5, cache_creation_input_tokens=-3),
    ],
    ids=repr,
)
def test_a_count_that_is_missing_or_none_makes_no_price(counts: dict[str, Any]) -> None:
    assert price("claude-opus-5", counts) is None


@pytest.mark.parametrize(
    "model", ["my-deployment", "gpt-5", "claude-opus-6", "claude-opus-4-1", "opus", "claude-mythos-preview", ""]
)
def test_a_model_without_a_price_makes_none(model: str) -> None:
    assert price(model, usage(1, 1)) is None


@pytest.mark.parametrize(
    ("model", "counts", "usd"),
    [
        ("claude-opus-5", usage(cache_read_input_tokens=MILLION), 4.5),
        ("claude-opus-5", usage(cache_creation_input_tokens=MILLION), -1.25),
        ("claude-opus-5", usage(**written(MILLION, 0, MILLION)), -5.0),
        ("claude-opus-5", usage(5, 5), 0.0),
        ("claude-haiku-5-5", usage(cache_read_input_tokens=200_000), 0.09),
        ("my-deployment", usage(cache_read_input_tokens=5), None),
        ("claude-opus-5", usage(cache_read_input_tokens="x"), None),
    ],
)
def test_what_the_cache_saved(model: str, counts: dict[str, object], usd: float | None) -> None:
    assert saving(model, counts) == (None if usd is None else pytest.approx(usd))


OWN = {"my-deployment": {"input": 1.0, "output": 2.0}, "claude-opus-5": {"input": 4.0, "cache_read": 0.0}}


@pytest.mark.parametrize(
    ("model", "counts", "usd"),
    [
        ("my-deployment", usage(MILLION, MILLION), 3.0),
        ("My-Deployment", usage(MILLION, MILLION), 3.0),
        ("my-deployment", usage(MILLION, MILLION, cache_read_input_tokens=1), None),
        ("my-deployment", usage(MILLION, MILLION, cache_read_input_tokens=0), 3.0),
        ("my-deployment", usage(MILLION, MILLION, speed="fast"), None),
        ("claude-opus-5", usage(MILLION, MILLION), 29.0),
        ("anthropic/claude-opus-5", usage(MILLION, cache_read_input_tokens=MILLION), 4.0),
        ("claude-opus-5", usage(cache_creation_input_tokens=MILLION), 6.25),
        ("claude-opus-5", usage(MILLION, speed="fast"), 10.0),
        ("claude-opus-4-8", usage(MILLION), 5.0),
    ],
    ids=[
        "a private name",
        "case",
        "a kind of token without a price",
        "none of that kind",
        "fast without a price",
        "key by key",
        "under another spelling",
        "what the user left to the list",
        "fast is a price of its own",
        "another model",
    ],
)
def test_the_user_s_prices(model: str, counts: dict[str, Any], usd: float | None) -> None:
    assert price(model, counts, overrides=OWN) == usd


def test_the_very_name_outranks_another_spelling_of_it() -> None:
    own = {"claude-opus-5": {"input": 1.0}, "anthropic/claude-opus-5": {"input": 2.0}}
    assert price("anthropic/claude-opus-5", usage(MILLION), overrides=own) == 2.0
    assert price("eu.anthropic.claude-opus-5", usage(MILLION), overrides=own) == 1.0


def test_the_user_can_price_fast_mode() -> None:
    own = {"claude-fable-5-2": {"fast_input": 16.0, "fast_output": 80.0}}
    counts = usage(MILLION, MILLION, cache_read_input_tokens=MILLION, speed="fast")
    assert price("claude-fable-5-2", counts, overrides=own) == 16 + 80 + 0.4
    assert set(OVERRIDE_KEYS) == {*Rates._fields, "fast_input", "fast_output"}


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), -1.0])
def test_a_price_that_is_none_makes_none(rate: float) -> None:
    assert price("claude-opus-5", usage(1, 1), overrides={"claude-opus-5": {"input": rate}}) is None


def test_no_trailing_noise_of_binary_fractions() -> None:
    assert repr(price("claude-opus-4-8", usage(90, 250))) == "0.0067"
    assert repr(total([0.1, 0.2])[0]) == "0.3"


@pytest.mark.parametrize(
    ("costs", "sums"),
    [
        ([0.25, 0.5], (0.75, 0.75)),
        ([0.25, None, 0.5], (None, 0.75)),
        ([None], (None, 0.0)),
        ([0.0], (0.0, 0.0)),
        ([], (None, 0.0)),
    ],
)
def test_total(costs: list[float | None], sums: tuple[float | None, float]) -> None:
    assert total(costs) == sums


ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.none()))
FIELDS = [
    "input_tokens output_tokens cache_creation_input_tokens cache_read_input_tokens",
    "cache_creation speed inference_geo service_tier server_tool_use",
]


@given(
    st.sampled_from(["claude-opus-5-5", "claude-haiku-5-5", "mine", ""]),
    st.dictionaries(st.sampled_from(" ".join(FIELDS).split()), ANYTHING),
)
def test_whatever_a_gateway_says_there_is_a_price_or_none(model: str, counts: dict[str, Any]) -> None:
    usd = price(model, counts)
    assert usd is None or usd >= 0


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_tokens_never_cost_less(tokens: int, output: int, more: int) -> None:
    less = price("claude-haiku-5-5", usage(tokens, output))
    greater = price("claude-haiku-5-5", usage(tokens + more, output))
    assert less is not None
    assert greater is not None
    assert less <= greater
