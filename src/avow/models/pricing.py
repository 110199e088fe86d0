"""What an attempt costs in USD, by the model that ran it."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from avow.models.catalogue import Model, Rates, find
from avow.models.identity import Identity, compare

OVERRIDE_KEYS = (*Rates._fields, "fast_input", "fast_output")
"""What `prices."MODEL"` in the config may hold, in USD per million tokens."""

_PER_TOKENS = 1_000_000
_DIGITS = 12
_US_ONLY_FACTOR = 1.1
_US_ONLY_FROM = (4, 6)
_TIER_FACTORS: Mapping[object, float] = MappingProxyType({None: 1.0, "standard": 1.0, "batch": 0.5})
_NONE: Mapping[str, Mapping[str, float]] = MappingProxyType({})


def price(
    model: str,
    usage: Mapping[str, object],
    *,
    speed: str | None = None,
    inference_geo: str | None = None,
    overrides: Mapping[str, Mapping[str, float]] = _NONE,
) -> float | None:
    """The list price of one attempt in USD, rounded to 12 digits; `None` where something that it depends on is unknown.

    `model` is the one that ran, `usage` the API's object for that attempt: that of a message, or an item of
    `usage.iterations`. `speed` and `inference_geo` say how it ran where `usage` does not, as in these items. The user's
    `overrides`, `{model: {key: USD per million tokens}}` with `OVERRIDE_KEYS`, outrank the catalogue, each key for
    itself. The caller decides whether list prices are right for the host that answered.
    """
    counts = _counts(usage)
    if counts is None:
        return None
    known = find(model)
    factor = _factor(known, usage, inference_geo)
    is_fast = _is_fast(model, usage.get("speed") or speed)
    if factor is None or is_fast is None:
        return None
    own = _override(model, overrides)
    if is_fast:
        rates = _fast_rates(known, own)
    else:
        prompt = sum(counts) - counts[1]
        rates = _standard_rates(known, own, prompt)
    parts: list[float] = []
    for count, rate in zip(counts, rates, strict=True):
        if count and rate is None:
            return None
        parts.append(count * (rate or 0.0))
    return round(math.fsum(parts) * factor / _PER_TOKENS, _DIGITS)


def saving(
    model: str, usage: Mapping[str, object], *, overrides: Mapping[str, Mapping[str, float]] = _NONE
) -> float | None:
    """What the attempt would have cost in USD without the prompt cache, minus what it cost: below 0 where writing to
    the cache cost more than reading from it saved; `None` where a price is unknown."""
    counts = _counts(usage)
    if counts is None:
        return None
    entered, _left, *cached = counts
    nothing = dict.fromkeys(("cache_creation", "cache_creation_input_tokens", "cache_read_input_tokens"))
    without = price(model, {**usage, **nothing, "input_tokens": entered + sum(cached)}, overrides=overrides)
    cost = price(model, usage, overrides=overrides)
    return None if without is None or cost is None else round(without - cost, _DIGITS)


def total(costs: Sequence[float | None]) -> tuple[float | None, float]:
    """The sum of the attempts' costs in USD, and the sum of the known ones ("at least"). The first is `None` where one
    of them is unknown, or there are no attempts."""
    known = [cost for cost in costs if cost is not None]
    at_least = round(math.fsum(known), _DIGITS)
    return (at_least if costs and len(known) == len(costs) else None), at_least


def _counts(usage: Mapping[str, object]) -> tuple[int, int, int, int, int] | None:
    """Tokens in the order of `Rates`. `None` where input or output is missing; a cache that is not mentioned was not
    used."""
    input_tokens = _count(usage.get("input_tokens"))
    output_tokens = _count(usage.get("output_tokens"))
    read = _count(usage.get("cache_read_input_tokens"), absent=0)
    written = _written(usage)
    if input_tokens is None or output_tokens is None or read is None or written is None:
        return None
    return input_tokens, output_tokens, *written, read


def _written(usage: Mapping[str, object]) -> tuple[int, int] | None:
    """Tokens written to the cache for five minutes, and for an hour; `None` where it is unknown.

    The sum may grow during a stream, while the two parts of it come only at the beginning. Tokens that are only in the
    sum were written for five minutes, the default; but it is unknown if some were written for an hour.
    """
    split = usage.get("cache_creation")
    parts = split if isinstance(split, Mapping) else {}
    short = _count(parts.get("ephemeral_5m_input_tokens"), absent=0)
    long = _count(parts.get("ephemeral_1h_input_tokens"), absent=0)
    if short is None or long is None:
        return None
    written = _count(usage.get("cache_creation_input_tokens"), absent=short + long)
    if written is None or (long and written != short + long):
        return None
    return written - long, long


def _count(value: object, *, absent: int | None = None) -> int | None:
    """A number of tokens; `absent` where there is no value, `None` where the value is not such a number."""
    if value is None:
        return absent
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _factor(model: Model | None, usage: Mapping[str, object], inference_geo: str | None) -> float | None:
    """The factor for the list price; `None` where it is unknown: for the priority tier (its price is in a contract), a
    region without a published price, and web searches (each has a price, which avow does not know)."""
    tools = usage.get("server_tool_use")
    if isinstance(tools, Mapping) and tools.get("web_search_requests"):
        return None
    tier = usage.get("service_tier")
    factor = _TIER_FACTORS.get(tier) if tier is None or isinstance(tier, str) else None
    place = usage.get("inference_geo") or inference_geo
    if factor is None or place in (None, "global", "not_available"):
        return factor
    if place == "us" and model is not None and model.version is not None and model.version >= _US_ONLY_FROM:
        return factor * _US_ONLY_FACTOR
    return None


def _is_fast(model: str, speed: object) -> bool | None:
    """Whether the attempt ran in fast mode, as `speed` or the model's id says; `None` for an unknown speed."""
    if speed not in (None, "standard", "fast"):
        return None
    if speed == "fast" or "fast" not in model.lower():
        return speed == "fast"
    from avow.models.names import parse_claude  # deferred: start-up

    name = parse_claude(model)
    return name is not None and name.fast


def _override(model: str, overrides: Mapping[str, Mapping[str, float]]) -> Mapping[str, float]:
    """The user's prices for a model: those under its exact name, else those under another spelling of it."""
    if model in overrides:
        return overrides[model]
    for name, prices in overrides.items():
        if compare(name, model) is Identity.SAME:
            return prices
    return {}


def _standard_rates(model: Model | None, own: Mapping[str, float], prompt: int) -> tuple[float | None, ...]:
    """Rates at standard speed; for a prompt of more than `long_from` tokens the model's `long_rates`."""
    listed = model.rates if model else None
    if model and model.long_from is not None and prompt > model.long_from:
        listed = model.long_rates
    return tuple(_rate(own, key, listed[i] if listed else None) for i, key in enumerate(Rates._fields))


def _fast_rates(model: Model | None, own: Mapping[str, float]) -> tuple[float | None, ...]:
    """Rates in fast mode. Those of the cache are the same multiple of the input's rate as at standard speed."""
    listed = model.fast_rates if model else None
    entered = _rate(own, "fast_input", listed.input if listed else None)
    left = _rate(own, "fast_output", listed.output if listed else None)
    standard = model.rates if model else None
    if entered is None or standard is None:
        return entered, left, None, None, None
    return entered, left, *(entered * rate / standard.input for rate in standard[2:])


def _rate(own: Mapping[str, float], key: str, listed: float | None) -> float | None:
    """The user's price, else the listed one; `None` where there is none, or it is not a number of 0 or more."""
    rate = own.get(key, listed)
    return rate if rate is not None and math.isfinite(rate) and rate >= 0 else None
