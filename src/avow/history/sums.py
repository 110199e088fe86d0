"""The values of the statistics: tallies of exchanges, who answered for whom, durations, and what each model used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from avow.wire.json_value import JsonObject

SCHEMA = "avow.stats/1"
PERIODS = ("day", "week", "month")
GROUPS = (*PERIODS, "model", "category", "template")
VERDICTS = ("fallback", "refused", "substituted", "unverified")
STATUSES = ("truncated", "incomplete", "failed", "interrupted", "pending")
UNUSUAL = (*VERDICTS, *STATUSES)
"""The counts of what did not go as asked, by verdict and by status."""
TALLIES = ("requests", "as_requested", "as_requested_strong", *UNUSUAL)
TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
PARTS = (0.5, 0.95)
Percentiles = Mapping[str, tuple[int, int, int]]
"""Number, median and 95th percentile (nearest rank) for each model that answered."""


@dataclass(frozen=True, slots=True)
class Tally:
    """One line. `key` names the period or group (None: none). The counts of verdicts (`as_requested` to `unverified`)
    and of statuses (`truncated` to `pending`) count exchanges; `as_requested_strong` counts those of `as_requested`
    with strong evidence; `cost_usd` adds up the known costs, and `unpriced` counts exchanges with an unknown part."""

    key: str | None
    requests: int = 0
    as_requested: int = 0
    fallback: int = 0
    refused: int = 0
    substituted: int = 0
    unverified: int = 0
    truncated: int = 0
    incomplete: int = 0
    failed: int = 0
    interrupted: int = 0
    pending: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    as_requested_strong: int = 0

    @property
    def judged(self) -> int:
        """How many exchanges have a verdict."""
        return self.as_requested + self.fallback + self.refused + self.substituted + self.unverified

    @property
    def share(self) -> float | None:
        """The share of exchanges with a verdict that were answered as requested, 0 to 1; None where there are none."""
        return self.as_requested / self.judged if self.judged else None

    @property
    def share_strong(self) -> float | None:
        """The share of exchanges with a verdict that strong evidence shows to be as requested, 0 to 1."""
        return self.as_requested_strong / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class ModelPair:
    """How often `served` answered for `requested`, and why."""

    requested: str
    served: str | None
    category: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Latency:
    """Median and 95th percentile in ms of the exchanges that `model` answered; None where nothing was measured."""

    model: str
    answers: int
    first_token_p50: int | None
    first_token_p95: int | None
    total_p50: int | None
    total_p95: int | None


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What a model that ran has used: hops, tokens, and USD at its own rates, as far as these are known."""

    model: str | None
    served: int
    declined: int
    skipped: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: float
    unpriced: int


@dataclass(frozen=True, slots=True)
class Stats:
    """All statistics; `groups` in the order of their keys, newest period last."""

    by: str
    total: Tally
    groups: tuple[Tally, ...]
    pairs: tuple[ModelPair, ...]
    declines: tuple[tuple[str | None, int], ...]
    latencies: tuple[Latency, ...]
    uses: tuple[ModelUse, ...]


def as_json(found: Stats) -> JsonObject:
    """`{"schema": "avow.stats/1", "by", "total", "groups", "reroutes", "declines", "latency", "models"}`."""
    return {
        "schema": SCHEMA,
        "by": found.by,
        "total": _tally_as_json(found.total),
        "groups": [_tally_as_json(group) for group in found.groups],
        "reroutes": [
            {"requested_model": p.requested, "served_model": p.served, "category": p.category, "count": p.count}
            for p in found.pairs
        ],
        "declines": [{"category": category, "count": count} for category, count in found.declines],
        "latency": [
            {
                "model": item.model,
                "answers": item.answers,
                "first_token_ms": {"p50": item.first_token_p50, "p95": item.first_token_p95},
                "total_ms": {"p50": item.total_p50, "p95": item.total_p95},
            }
            for item in found.latencies
        ],
        "models": [
            {name: getattr(use, name) for name in ModelUse.__slots__ if name != "cost_usd"}
            | {"cost_usd": None if use.unpriced else use.cost_usd, "cost_floor_usd": use.cost_usd}
            for use in found.uses
        ],
    }


def _tally_as_json(tally: Tally) -> JsonObject:
    counts = {name: getattr(tally, name) for name in TALLIES}
    shares = {"share_as_requested": tally.share, "share_as_requested_strong": tally.share_strong}
    cost = {"cost_usd": None if tally.unpriced else tally.cost_usd, "cost_floor_usd": tally.cost_usd}
    return {"key": tally.key, **counts, **shares, **cost, "unpriced": tally.unpriced}


def total_of(groups: Sequence[Tally]) -> Tally:
    names = (*TALLIES, "cost_usd", "unpriced")
    sums: Mapping[str, Any] = {name: sum(getattr(group, name) for group in groups) for name in names}
    return Tally(None, **sums)


def name_of(value: object) -> str | None:
    """A name as it is shown and sorted: a damaged file can have bytes, or a number, in its place."""
    if value is None or isinstance(value, str):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def pairs_of(rows: Iterable[Sequence[Any]]) -> Iterator[ModelPair]:
    """The pairs from rows of who was asked, who answered, why, and how often."""
    for requested, served, category, count in rows:
        yield ModelPair(name_of(requested) or "", name_of(served), name_of(category), count)


def latencies_of(firsts: Percentiles, totals: Percentiles) -> Iterator[Latency]:
    """The times to the first token and to the end, in one value for each model."""
    nothing = (0, None, None)
    for model in sorted({*totals, *firsts}, key=str):
        answers, total_p50, total_p95 = totals.get(model, nothing)
        counted, first_p50, first_p95 = firsts.get(model, nothing)
        yield Latency(str(name_of(model)), max(answers, counted), first_p50, first_p95, total_p50, total_p95)


def uses_of(rows: Iterable[Sequence[Any]]) -> list[ModelUse]:
    """The uses from rows of model, outcome, hops, hops with a known cost, tokens of each kind, and dollars."""
    found: dict[str | None, dict[str, Sequence[Any]]] = {}
    for model, outcome, *sums in rows:
        found.setdefault(model, {})[outcome] = sums
    uses = [_use(name_of(model), outcomes) for model, outcomes in found.items()]
    return sorted(uses, key=lambda use: (-use.served, -use.declined, use.model or ""))


def _use(model: str | None, outcomes: Mapping[str, Sequence[Any]]) -> ModelUse:
    ran = [sums for outcome, sums in outcomes.items() if outcome != "skipped"]
    unpriced = sum(sums[0] - sums[1] for sums in ran)
    tokens = zip(TOKENS, (sum(sums[place] for sums in ran) for place in range(2, 6)), strict=True)
    counts = {name: outcomes[name][0] if name in outcomes else 0 for name in ("served", "declined", "skipped")}
    return ModelUse(model, **counts, **dict(tokens), cost_usd=round(sum(sums[6] for sums in ran), 9), unpriced=unpriced)
