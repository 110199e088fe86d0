"""What the history adds up to: how often the requested model answered, who else did, how long it took, what it cost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from avow.history.filters import EVERYTHING, Filters
from avow.history.schema import NOT_STRONG, UNUSUAL
from avow.history.store import History
from avow.wire.json_value import JsonObject

SCHEMA = "avow.stats/1"
PERIODS = ("day", "week", "month")
GROUPS = (*PERIODS, "model", "category", "template")
_COLUMN_OF = {"model": "requested_model", "category": "category", "template": "template"}
_TALLIES = (
    "requests",
    "as_requested",
    "as_requested_strong",
    "fallback",
    "refused",
    "substituted",
    "unverified",
    "truncated",
    "incomplete",
    "failed",
    "interrupted",
    "pending",
)
_VERDICTS, _STATUSES = _TALLIES[3:7], _TALLIES[7:]
_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_ALL = "count(*), count(cost_usd), coalesce(sum(cost_floor_usd), 0.0)"
_UNUSUAL = ", ".join(
    (
        "sum(verdict IS NOT 'as_requested')",
        "sum(cost_usd IS NULL AND status IN ('failed', 'pending'))",
        *(f"coalesce(sum(verdict = '{name}'), 0)" for name in _VERDICTS),
        *(f"sum(status = '{name}')" for name in _STATUSES),
    )
)
_INDEX_OF = {"total_ms": "exchange_total", "first_token_ms": "exchange_first"}
# The index is named: SQLite has no statistics here, and would choose to read every text.
_AUDITS = "SELECT number FROM exchange WHERE source <> 'avow' AND source = 'audit'"
"""Word for word so that SQLite takes the index of what was not asked by hand, and reads no rows."""
_FROM_ALL = "FROM exchange INDEXED BY exchange_time WHERE"
_FROM_UNUSUAL = f"FROM exchange INDEXED BY exchange_unusual WHERE {UNUSUAL} AND"
_FROM_WEAK = f"FROM exchange INDEXED BY exchange_weak WHERE {NOT_STRONG} AND"


@dataclass(frozen=True, slots=True)
class Tally:
    """One line: `key` names the period or group (None: none given). The counts of verdicts (`as_requested` to
    `unverified`) and of statuses (`truncated` to `pending`) each count exchanges; `as_requested_strong` those of
    `as_requested` with strong evidence; `cost_usd` adds up what is known,
    `unpriced` counts exchanges of which a part is not."""

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
        """Exchanges with a verdict."""
        return self.as_requested + self.fallback + self.refused + self.substituted + self.unverified

    @property
    def share(self) -> float | None:
        """The part of those with a verdict that was answered as requested, 0 to 1; None where there is none."""
        return self.as_requested / self.judged if self.judged else None

    @property
    def share_strong(self) -> float | None:
        """The part of those with a verdict of which strong evidence says that they were answered as requested."""
        return self.as_requested_strong / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Pair:
    """How often `served` answered for `requested`, and why."""

    requested: str
    served: str | None
    category: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Latency:
    """Median and 95th percentile in ms of the exchanges that `model` answered; None where none was measured."""

    model: str
    answers: int
    first_token_p50: int | None
    first_token_p95: int | None
    total_p50: int | None
    total_p95: int | None


@dataclass(frozen=True, slots=True)
class Use:
    """What a model that ran has cost: its hops, tokens, and USD at its own rates as far as they are known."""

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
    """All of it; `groups` in the order of their keys, newest period last."""

    by: str
    total: Tally
    groups: tuple[Tally, ...]
    pairs: tuple[Pair, ...]
    declines: tuple[tuple[str | None, int], ...]
    latencies: tuple[Latency, ...]
    uses: tuple[Use, ...]


def stats(history: History, by: str = "month", filters: Filters = EVERYTHING, *, simulated: bool = False) -> Stats:
    """The sums over the exchanges that `filters` let through, by one of `GROUPS`. Days, weeks (ISO 8601) and months
    begin by the local clock. Exchanges with the simulator are left out, or with `simulated` counted alone (a run is all
    of one kind, and counts whichever that is); those of an audit are left out."""
    where, values = filters.where()
    has_audits = bool(history.read(f"{_AUDITS} LIMIT 1"))
    simulated = simulated or (filters.run is not None and history.count(filters._replace(simulated=True)) > 0)
    where = f"simulated = {int(simulated)} AND {where}"
    if has_audits:
        where = f"number NOT IN ({_AUDITS}) AND {where}"
    by_time_alone = filters._replace(since_ms=None, until_ms=None) == EVERYTHING
    groups = tuple(_by_period(history, by, where, values) if by in PERIODS else _by_column(history, by, where, values))
    return Stats(
        by=by,
        total=_total(groups),
        groups=groups,
        pairs=tuple(_pairs(history, where, values)),
        declines=tuple(_declines(history, where, values)),
        latencies=tuple(_latencies(history, where, values, by_time_alone=by_time_alone and not simulated)),
        uses=tuple(_uses(history, where, values, simulated, is_plain=filters == EVERYTHING and not has_audits)),
    )


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
            {name: getattr(use, name) for name in Use.__slots__ if name != "cost_usd"}
            | {"cost_usd": None if use.unpriced else use.cost_usd, "cost_floor_usd": use.cost_usd}
            for use in found.uses
        ],
    }


def _tally_as_json(tally: Tally) -> JsonObject:
    counts = {name: getattr(tally, name) for name in _TALLIES}
    shares = {"share_as_requested": tally.share, "share_as_requested_strong": tally.share_strong}
    cost = {"cost_usd": None if tally.unpriced else tally.cost_usd, "cost_floor_usd": tally.cost_usd}
    return {"key": tally.key, **counts, **shares, **cost, "unpriced": tally.unpriced}


def _by_period(history: History, by: str, where: str, values: Sequence[object]) -> Iterator[Tally]:
    """Two queries a period, each over a range of an index: nothing is sorted, and empty periods cost nothing."""
    edges = [_edge(history, order, where, values) for order in ("ASC", "DESC")]
    if edges[0] is None or edges[1] is None:
        return
    within = f"{where} AND created_ms >= ? AND created_ms < ?"
    start = _start(by, datetime.fromtimestamp(edges[0] / 1000))
    while start.timestamp() * 1000 <= edges[1]:
        end = _next(by, start)
        bounds = [*values, round(start.timestamp() * 1000), round(end.timestamp() * 1000)]
        (all_of_it,) = history.read(f"SELECT {_ALL} {_FROM_ALL} {within}", bounds)
        if all_of_it[0]:
            (unusual,) = history.read(f"SELECT {_UNUSUAL} {_FROM_UNUSUAL} {within}", bounds)
            ((weak,),) = history.read(f"SELECT count(*) {_FROM_WEAK} {within}", bounds)
            yield _tally(_key(by, start), all_of_it, unusual, weak)
        start = end


def _edge(history: History, order: str, where: str, values: Sequence[object]) -> int | None:
    query = f"SELECT created_ms {_FROM_ALL} {where} ORDER BY created_ms {order} LIMIT 1"
    rows = history.read(query, values)
    return int(rows[0][0]) if rows else None


def _by_column(history: History, by: str, where: str, values: Sequence[object]) -> Iterator[Tally]:
    column = _COLUMN_OF[by]
    unusual = {
        row[0]: tuple(row)[1:]
        for row in history.read(f"SELECT {column}, {_UNUSUAL} {_FROM_UNUSUAL} {where} GROUP BY 1", values)
    }
    weak = {
        row[0]: row[1] for row in history.read(f"SELECT {column}, count(*) {_FROM_WEAK} {where} GROUP BY 1", values)
    }
    for row in history.read(f"SELECT {column}, {_ALL} {_FROM_ALL} {where} GROUP BY 1 ORDER BY 2 DESC, 1", values):
        yield _tally(row[0], tuple(row)[1:], unusual.get(row[0]), weak.get(row[0], 0))


def _tally(key: str | None, all_of_it: Sequence[Any], unusual: Sequence[Any] | None, weak: int) -> Tally:
    requests, priced, cost = all_of_it
    if unusual is None or unusual[0] is None:
        unusual = (0,) * (2 + len(_VERDICTS) + len(_STATUSES))
    not_as_requested, unpriced_rightly, *counts = unusual
    return Tally(
        key,
        requests,
        requests - not_as_requested,
        **dict(zip((*_VERDICTS, *_STATUSES), counts, strict=True)),
        cost_usd=round(cost, 9),
        unpriced=requests - priced - unpriced_rightly,
        as_requested_strong=requests - not_as_requested - weak,
    )


def _pairs(history: History, where: str, values: Sequence[object]) -> Iterator[Pair]:
    query = (
        f"SELECT requested_model, served_model, category, count(*) {_FROM_UNUSUAL} rerouted = 1 AND {where}"
        " GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3"
    )
    for row in history.read(query, values):
        yield Pair(*row)


def _declines(history: History, where: str, values: Sequence[object]) -> Iterator[tuple[str | None, int]]:
    query = (
        f"SELECT category, count(*) {_FROM_UNUSUAL} verdict IN ('fallback', 'refused') AND {where}"
        " GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    for row in history.read(query, values):
        yield row[0], row[1]


def _latencies(history: History, where: str, values: Sequence[object], *, by_time_alone: bool) -> Iterator[Latency]:
    totals = _percentiles(history, "total_ms", where, values, by_time_alone=by_time_alone)
    firsts = _percentiles(history, "first_token_ms", where, values, by_time_alone=by_time_alone)
    nothing = (0, None, None)
    for model in sorted({*totals, *firsts}):
        answers, total_p50, total_p95 = totals.get(model, nothing)
        counted, first_p50, first_p95 = firsts.get(model, nothing)
        yield Latency(model, max(answers, counted), first_p50, first_p95, total_p50, total_p95)


def _percentiles(
    history: History, column: str, where: str, values: Sequence[object], *, by_time_alone: bool
) -> dict[str, tuple[int, int, int]]:
    """Number, median and 95th percentile (nearest rank) for each model that answered: the index has the durations in
    order, and skipping in it is quick."""
    named = f"INDEXED BY {_INDEX_OF[column]}" if by_time_alone else ""
    measured = f"FROM exchange {named} WHERE served_model IS NOT NULL AND {column} IS NOT NULL AND {where}"
    found = {}
    for model, number in history.read(f"SELECT served_model, count(*) {measured} GROUP BY 1", values):
        query = f"SELECT {column} {measured} AND served_model = ? ORDER BY {column} LIMIT 1 OFFSET ?"
        ranks = [history.read(query, [*values, model, math.ceil(number * part) - 1]) for part in (0.5, 0.95)]
        if all(ranks):  # a damaged index counts what it does not find
            found[model] = (number, ranks[0][0][0], ranks[1][0][0])
    return found


def _uses(history: History, where: str, values: Sequence[object], simulated: bool, *, is_plain: bool) -> list[Use]:
    among = f"simulated = {int(simulated)}"
    if not is_plain:
        among += f" AND exchange IN (SELECT number FROM exchange WHERE {where})"  # noqa: S608
    query = (
        "SELECT model, outcome, count(*), count(cost_usd), coalesce(sum(input_tokens), 0),"  # noqa: S608
        " coalesce(sum(output_tokens), 0), coalesce(sum(cache_read_tokens), 0), coalesce(sum(cache_write_tokens), 0),"
        f" coalesce(sum(cost_usd), 0.0) FROM hop INDEXED BY hop_use WHERE {among} GROUP BY 1, 2"
    )
    found: dict[str | None, dict[str, Sequence[Any]]] = {}
    for model, outcome, *sums in history.read(query, [] if is_plain else values):
        found.setdefault(model, {})[outcome] = sums
    uses = [_use(model, outcomes) for model, outcomes in found.items()]
    return sorted(uses, key=lambda use: (-use.served, -use.declined, use.model or ""))


def _use(model: str | None, outcomes: Mapping[str, Sequence[Any]]) -> Use:
    ran = [sums for outcome, sums in outcomes.items() if outcome != "skipped"]
    unpriced = sum(sums[0] - sums[1] for sums in ran)
    tokens = zip(_TOKENS, (sum(sums[place] for sums in ran) for place in range(2, 6)), strict=True)
    counts = {name: outcomes[name][0] if name in outcomes else 0 for name in ("served", "declined", "skipped")}
    return Use(model, **counts, **dict(tokens), cost_usd=round(sum(sums[6] for sums in ran), 9), unpriced=unpriced)


def _total(groups: Sequence[Tally]) -> Tally:
    names = (*_TALLIES, "cost_usd", "unpriced")
    sums: Mapping[str, Any] = {name: sum(getattr(group, name) for group in groups) for name in names}
    return Tally(None, **sums)


def _start(by: str, moment: datetime) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if by == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if by == "week" else day


def _next(by: str, start: datetime) -> datetime:
    if by == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if by == "week" else 1)


def _key(by: str, start: datetime) -> str:
    if by == "month":
        return f"{start:%Y-%m}"
    year, week, _day = start.isocalendar()
    return f"{year}-W{week:02}" if by == "week" else f"{start:%Y-%m-%d}"
