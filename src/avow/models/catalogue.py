"""The models known to avow: ids, aliases, sizes, prices, and what they accept.

The facts are those of the documentation of the Claude platform as of `DATED`. What the API reports outranks them, and
the user's config outranks both. `None`: no source says it.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from avow.values import NamedTuple

if TYPE_CHECKING:
    from avow.models.names import ClaudeName

DATED = "2026-11-23"
DEFAULT_MODEL = "claude-fable-5-2"
ALIASES: Mapping[str, str] = {
    "fable": "claude-fable-5-2",
    "opus": "claude-opus-5-5",
    "sonnet": "claude-sonnet-5-5",
    "haiku": "claude-haiku-5-5",
}


class Rates(NamedTuple):
    """List prices in USD per million tokens."""

    input: float
    output: float
    cache_write_5m: float
    cache_write_1h: float
    cache_read: float


class Model(NamedTuple):
    """One model.

    `id` is the name to send and `dated` the snapshot it stands for, if that has another name. `line` is the family
    (`opus`), `version` is (major, minor). `context` and `max_output` are tokens. `rates` are for prompts of up to
    `long_from` tokens, cached ones included, and `long_rates` for all tokens of a request with a longer prompt (`None`:
    one price for all lengths); `fast_rates` are those of `speed: "fast"`. `lifecycle` is `active`, `legacy`, `limited`
    (verified organisations only), `deprecated` or `None`. `released`, `retires` and `not_before` are ISO dates,
    `released` perhaps without day or month; the model is retired on `retires`, and not before `not_before`.
    `may_decline`: a classifier may refuse; `takes_fallbacks`: the API accepts a list of `fallbacks`;
    `allowed_fallbacks`: the targets that are documented or were seen. `efforts` and `thinking` are the accepted values,
    `caches_from` the fewest tokens of a prompt that the prompt cache keeps.
    """

    id: str
    line: str
    version: tuple[int, int] | None
    context: int | None
    max_output: int | None
    rates: Rates | None
    released: str
    lifecycle: str | None
    dated: str | None = None
    retires: str | None = None
    not_before: str | None = None
    long_from: int | None = None
    long_rates: Rates | None = None
    fast_rates: Rates | None = None
    may_decline: bool | None = None
    takes_fallbacks: bool | None = None
    allowed_fallbacks: tuple[str, ...] | None = None
    efforts: tuple[str, ...] | None = None
    thinking: tuple[str, ...] | None = None
    caches_from: int | None = None


def find(model_id: str) -> Model | None:
    """The model that `model_id` names: its id, its dated id, or another host's spelling of either (see
    `names.parse_claude`); `None` for aliases, private names, retired and unknown models."""
    by_id = _by_id()
    exact = by_id.get(model_id)
    if exact is not None:
        return exact
    from avow.models.names import parse_claude  # deferred: start-up

    name = parse_claude(model_id)
    if name is None:
        return None
    model = by_id.get(_id_of(name))
    if model is None or name.date is None or model.dated is None:
        return model
    return model if model.dated == f"{model.id}-{name.date}" else None


def models() -> tuple[Model, ...]:
    """All known models: line by line, in each the newest first."""
    return _models()


def expand_alias(name: str, extra: Mapping[str, str]) -> str:
    """The id that `name` stands for. `extra`, the config's aliases, outranks the built-in ones. An alias may stand for
    another alias, but that one only for an id. A name that is not an alias is returned unchanged."""
    return _expand_once(_expand_once(name, extra), extra)


def _expand_once(name: str, extra: Mapping[str, str]) -> str:
    """What `name` stands for, one step on. A config alias that names itself stands for the built-in one."""
    target = extra.get(name, name)
    return target if target != name else ALIASES.get(name.lower(), name)


def _id_of(name: "ClaudeName") -> str:
    """The undated id of a model, as the API spells it."""
    if name.version is None:
        return f"claude-{name.line}-preview"
    major, minor = name.version
    return f"claude-{name.line}-{major}" + (f"-{minor}" if minor else "")


@cache
def _by_id() -> dict[str, Model]:
    return {name: model for model in _models() for name in (model.id, model.dated) if name is not None}


_ALL = ("low", "medium", "high", "xhigh", "max")
_MILLION = 1_000_000
_FABLE_5_2 = Rates(8, 40, 10, 16, 0.20)
_FABLE_5_1 = Rates(10, 50, 12.50, 20, 0.25)
_FABLE_5 = Rates(10, 50, 12.50, 20, 1.00)
_OPUS_5 = Rates(5, 25, 6.25, 10, 0.50)
_OPUS_5_FAST = Rates(10, 50, 12.50, 20, 1.00)
_SONNET_4 = Rates(3, 15, 3.75, 6, 0.30)


@cache
def _models() -> tuple[Model, ...]:
    """The data. Built at first use: start-up."""
    return _fables() + _opuses() + _sonnets() + _haikus()


def _fables() -> tuple[Model, ...]:
    return (
        Model(
            "claude-fable-5-2", "fable", (5, 2), _MILLION, 128_000, _FABLE_5_2, "2026-11-09", "active",
            efforts=_ALL, thinking=("adaptive",),
        ),
        Model(
            "claude-mythos-5-2", "mythos", (5, 2), _MILLION, 128_000, _FABLE_5_2, "2026-11-09", "limited",
            efforts=_ALL, thinking=("adaptive",),
        ),
        Model(
            "claude-fable-5-1", "fable", (5, 1), _MILLION, 128_000, _FABLE_5_1, "2026-09-01", "legacy",
            not_before="2027-09-01", may_decline=True, takes_fallbacks=True,
            allowed_fallbacks=("claude-opus-4-8", "claude-opus-5"),
            efforts=_ALL, thinking=("adaptive",),
        ),
        Model(
            "claude-mythos-5-1", "mythos", (5, 1), _MILLION, 128_000, _FABLE_5_1, "2026-09-01", "limited",
            may_decline=False,
            efforts=_ALL, thinking=("adaptive",),
        ),
        Model(
            "claude-fable-5", "fable", (5, 0), _MILLION, 128_000, _FABLE_5, "2026-06-09", "legacy",
            may_decline=True, takes_fallbacks=True, allowed_fallbacks=("claude-opus-4-8", "claude-opus-5"),
            efforts=_ALL, thinking=("adaptive",), caches_from=512,
        ),
        Model(
            "claude-mythos-5", "mythos", (5, 0), _MILLION, 128_000, _FABLE_5, "2026-06-09", "legacy",
            may_decline=False,
            efforts=_ALL, thinking=("adaptive",), caches_from=512,
        ),
        Model("claude-mythos-preview", "mythos", None, None, None, None, "2026", "deprecated"),
    )  # fmt: skip


def _opuses() -> tuple[Model, ...]:
    return (
        Model(
            "claude-opus-5-5", "opus", (5, 5), _MILLION, 128_000, Rates(4, 20, 5, 8, 0.20), "2026-09-22", "active",
            not_before="2027-09-22", fast_rates=Rates(8, 40, 10, 16, 0.40), may_decline=True, takes_fallbacks=True,
            allowed_fallbacks=("claude-opus-4-8", "claude-opus-5"),
            efforts=_ALL, thinking=("adaptive",), caches_from=512,
        ),
        Model(
            "claude-opus-5", "opus", (5, 0), _MILLION, 128_000, _OPUS_5, "2026-07-24", "legacy",
            not_before="2027-07-24", fast_rates=_OPUS_5_FAST, may_decline=True, takes_fallbacks=True,
            allowed_fallbacks=("claude-opus-4-8",),
            efforts=_ALL, thinking=("adaptive", "disabled"), caches_from=512,
        ),
        Model(
            "claude-opus-4-8", "opus", (4, 8), _MILLION, 128_000, _OPUS_5, "2026-05-28", "legacy",
            fast_rates=_OPUS_5_FAST, may_decline=True, takes_fallbacks=False, allowed_fallbacks=(),
            efforts=_ALL, thinking=("adaptive", "disabled"), caches_from=1024,
        ),
        Model(
            "claude-opus-4-7", "opus", (4, 7), _MILLION, 128_000, _OPUS_5, "2026-04", "legacy",
            may_decline=True, takes_fallbacks=False, allowed_fallbacks=(),
            efforts=_ALL, thinking=("adaptive", "disabled"), caches_from=2048,
        ),
        Model(
            "claude-opus-4-6", "opus", (4, 6), _MILLION, 128_000, _OPUS_5, "2026-02", "legacy",
            may_decline=False, takes_fallbacks=False, allowed_fallbacks=(),
            efforts=("low", "medium", "high", "max"),
            thinking=("adaptive", "enabled", "disabled"), caches_from=4096,
        ),
        Model(
            "claude-opus-4-5", "opus", (4, 5), 200_000, 64_000, _OPUS_5, "2025-11", None,
            dated="claude-opus-4-5-20251101", not_before="2026-11-24",
            may_decline=False, takes_fallbacks=False, allowed_fallbacks=(),
            efforts=("low", "medium", "high"), thinking=("enabled", "disabled"), caches_from=4096,
        ),
    )  # fmt: skip


def _sonnets() -> tuple[Model, ...]:
    return (
        Model(
            "claude-sonnet-5-5", "sonnet", (5, 5), _MILLION, 128_000, Rates(2, 10, 2.50, 4, 0.10), "2026-09-28",
            "active", not_before="2027-09-28", may_decline=True, takes_fallbacks=True,
            allowed_fallbacks=("claude-sonnet-5",),
            efforts=_ALL, thinking=("adaptive", "between_tools"), caches_from=512,
        ),
        Model(
            "claude-sonnet-5", "sonnet", (5, 0), _MILLION, 128_000, Rates(2, 10, 2.50, 4, 0.20), "2026-06-30",
            "legacy", may_decline=True, takes_fallbacks=False, allowed_fallbacks=(),
            efforts=_ALL, thinking=("adaptive", "disabled"), caches_from=1024,
        ),
        Model(
            "claude-sonnet-4-6", "sonnet", (4, 6), _MILLION, 128_000, _SONNET_4, "2026-02", "legacy",
            may_decline=False, takes_fallbacks=False, allowed_fallbacks=(),
            efforts=("low", "medium", "high", "max"),
            thinking=("adaptive", "enabled", "disabled"), caches_from=1024,
        ),
        Model(
            "claude-sonnet-4-5", "sonnet", (4, 5), 200_000, 64_000, _SONNET_4, "2025-09", "deprecated",
            dated="claude-sonnet-4-5-20250929", retires="2026-11-30",
            may_decline=False, takes_fallbacks=False, allowed_fallbacks=(),
            efforts=(), thinking=("enabled", "disabled"), caches_from=1024,
        ),
    )  # fmt: skip


def _haikus() -> tuple[Model, ...]:
    return (
        Model(
            "claude-haiku-5-5", "haiku", (5, 5), _MILLION, 128_000, Rates(0.10, 0.50, 0.125, 0.20, 0.01),
            "2026-10-07", "active", not_before="2027-10-07",
            long_from=100_000, long_rates=Rates(0.50, 2.50, 0.625, 1.00, 0.05),
            may_decline=True, takes_fallbacks=False, allowed_fallbacks=(),
            efforts=_ALL, thinking=("adaptive", "disabled"),
        ),
        Model(
            "claude-haiku-4-5", "haiku", (4, 5), 200_000, 64_000, Rates(1, 5, 1.25, 2, 0.10), "2025-10", None,
            dated="claude-haiku-4-5-20251001", not_before="2026-10-15",
            may_decline=False, takes_fallbacks=False, allowed_fallbacks=(),
            efforts=(), thinking=("enabled", "disabled"), caches_from=4096,
        ),
    )  # fmt: skip
