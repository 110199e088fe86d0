"""The sums agree with what was put in."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from avow.errors import Failure
from avow.exchange.exchange import RunItem, Status
from avow.history.filters import Filters
from avow.history.stats import stats
from avow.history.store import History
from avow.history.sums import GROUPS, ModelPair, Stats, Tally, as_json
from avow.routing.verdict import Hop, Outcome, Routing, Verdict
from avow.run.counts import counted_as
from tests.history.making import FABLE, NOON, OLD, answered, asked, kept, rerouted
from tests.zone import zone

DAY = 86_400
# NOON is 2026-09-21T14:13:20Z, a Monday.


@pytest.fixture(autouse=True)
def _utc() -> Iterator[None]:
    with zone("UTC"):
        yield


REFUSED = Routing(
    verdict=Verdict.REFUSED,
    category="bio",
    hops=(Hop(FABLE, Outcome.DECLINED, category="bio", usage={"input_tokens": 3}),),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    plain = answered()
    kept(
        tmp_path / "history.db",
        *(answered(at=NOON + n, total_ms=1000 * (n + 1), first_token_ms=100 * (n + 1)) for n in range(20)),
        rerouted(at=NOON + DAY),
        rerouted(at=NOON + 8 * DAY, category=None, template="tidy"),
        asked("no", at=NOON + 9 * DAY, status=Status.REFUSED, routing=REFUSED),
        answered("cut", at=NOON + 40 * DAY, status=Status.TRUNCATED),
        answered(
            at=NOON + 41 * DAY,
            routing=plain.routing._replace(verdict=Verdict.UNVERIFIED, served_model=None),
            status=Status.INCOMPLETE,
        ),
        asked("failed", at=NOON + 41 * DAY, status=Status.FAILED, error=Failure("timeout", None, "silence")),
        asked("running", at=NOON + 42 * DAY),
        rerouted(at=NOON, simulated=True),
    )
    return tmp_path / "history.db"


def summed(path: Path, by: str = "month", filters: Filters | None = None, *, simulated: bool = False) -> Stats:
    with History.open(path, read_only=True) as history:
        return stats(history, by, filters or Filters(), simulated=simulated)


def test_by_month(path: Path) -> None:
    september = Tally("2026-09", 23, 20, 2, 1, cost_usd=6.0, unpriced=3)
    october = Tally("2026-10", 1, 1, truncated=1, cost_usd=0.25)
    november = Tally("2026-11", 3, 0, unverified=1, incomplete=1, failed=1, pending=1, cost_usd=0.25)
    found = summed(path)
    assert found.groups == (september, october, november)
    assert found.total == Tally(None, 27, 21, 2, 1, 0, 1, 1, 1, 1, 0, 1, 6.5, 3)
    assert found.total.share == 21 / 25


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        (
            "day",
            {
                "2026-09-21": 20,
                "2026-09-22": 1,
                "2026-09-29": 1,
                "2026-09-30": 1,
                "2026-10-31": 1,
                "2026-11-01": 2,
                "2026-11-02": 1,
            },
        ),
        ("week", {"2026-W39": 21, "2026-W40": 2, "2026-W44": 3, "2026-W45": 1}),
        ("model", {FABLE: 27}),
        ("category", {None: 25, "bio": 1, "cyber": 1}),
        ("template", {None: 26, "tidy": 1}),
    ],
)
def test_by_other_things(path: Path, by: str, keys: dict[str | None, int]) -> None:
    found = summed(path, by)
    assert {group.key: group.requests for group in found.groups} == keys
    month = summed(path).total
    assert replace(found.total, cost_usd=round(found.total.cost_usd, 6)) == month


def test_who_answered_instead_and_why(path: Path) -> None:
    found = summed(path)
    assert found.pairs == (ModelPair(FABLE, OLD, None, 1), ModelPair(FABLE, OLD, "cyber", 1))
    assert found.declines == ((None, 1), ("bio", 1), ("cyber", 1))


def test_durations_are_those_of_the_model_that_answered(path: Path) -> None:
    fable, old = summed(path, filters=Filters(until_ms=round((NOON + 10 * DAY) * 1000))).latencies
    assert (fable.model, fable.answers) == (FABLE, 20)
    assert (fable.first_token_p50, fable.first_token_p95, fable.total_p50, fable.total_p95) == (
        1000,
        1900,
        10_000,
        19_000,
    )
    assert (old.model, old.answers, old.total_p50, old.total_p95) == (OLD, 2, 3000, 3000)


def test_durations_under_another_filter(path: Path) -> None:
    found = summed(path, filters=Filters(statuses=("truncated",)))
    assert [(item.model, item.answers, item.total_p95) for item in found.latencies] == [(FABLE, 1, 3000)]


def test_tokens_and_cost_are_booked_where_they_ran(path: Path) -> None:
    fable, old = summed(path).uses
    assert (fable.model, fable.served, fable.declined, fable.input_tokens, fable.output_tokens) == (
        FABLE,
        22,
        3,
        233,
        454,
    )
    assert (fable.cost_usd, fable.unpriced) == (5.5, 3)
    assert (old.model, old.served, old.input_tokens, old.cost_usd, old.unpriced) == (OLD, 2, 10, 1.0, 0)
    assert summed(path, filters=Filters(rerouted=True)).uses[0].declined == 0
    assert {use.model: use.declined for use in summed(path, filters=Filters(rerouted=True)).uses} == {OLD: 0, FABLE: 2}


def test_the_simulator_counts_alone_or_not_at_all(path: Path) -> None:
    found = summed(path, simulated=True)
    assert (found.total.requests, found.total.fallback) == (1, 1)
    assert [latency.model for latency in found.latencies] == [OLD]


@pytest.mark.parametrize("by", GROUPS)
def test_an_empty_history_has_empty_sums(tmp_path: Path, by: str) -> None:
    found = summed(tmp_path / "none.db", by)
    assert (found.total, found.groups, found.latencies, found.uses) == (Tally(None), (), (), ())
    assert found.total.share is None


@pytest.mark.parametrize(
    ("sources", "own", "others"),
    [(("llm",), 0, 2), (("proxy", "llm"), 0, 3), (("audit",), 0, 1), (("avow",), 1, 0), (("all",), 1, 3)],
)
def test_answers_of_other_programs_count_only_where_their_source_is_named(
    sources: tuple[str, ...], own: int, others: int, path: Path
) -> None:
    before = summed(path)
    kept(path, *(rerouted(source=source) for source in ("proxy", "llm", "llm", "audit")))
    assert summed(path) == before
    found = summed(path, filters=Filters(sources=sources))
    assert found.total.requests == own * before.total.requests + others
    assert sum(use.served for use in found.uses) == own * sum(use.served for use in before.uses) + others


def test_json(path: Path) -> None:
    shown = as_json(summed(path))
    assert shown["schema"] == "avow.stats/1"
    assert [group["key"] for group in shown["groups"]] == ["2026-09", "2026-10", "2026-11"]
    assert shown["total"]["cost_usd"] is None
    assert shown["total"]["cost_floor_usd"] == 6.5
    assert shown["groups"][1]["cost_usd"] == 0.25
    assert shown["latency"][0]["total_ms"] == {"p50": 10_000, "p95": 19_000}
    assert {use["model"]: use["cost_usd"] for use in shown["models"]} == {FABLE: None, OLD: 1.0}


def test_bytes_in_place_of_a_name_are_counted_under_it(tmp_path: Path) -> None:
    """As a damaged file has them: SQLite tells text from bytes by one bit."""
    path = tmp_path / "history.db"
    kept(path, answered(), answered())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE exchange SET served_model = CAST(served_model AS BLOB) WHERE number = 2")
        connection.execute("UPDATE hop SET model = CAST(model AS BLOB) WHERE exchange = 2")
    with History.open(path) as history:
        for by in GROUPS:
            found = stats(history, by)
            assert {latency.model for latency in found.latencies} == {FABLE}
            assert json.dumps(as_json(found))


def test_an_item_of_a_run_counts_by_its_verdict_only_where_it_was_answered(tmp_path: Path) -> None:
    """As in the last line of the run (contract §10): by its status otherwise."""
    ends = (Status.COMPLETE, Status.TRUNCATED, Status.INCOMPLETE, Status.INTERRUPTED)
    items = [rerouted(status=status, item=RunItem(1, str(n), n, 0, f"k{n}")) for n, status in enumerate(ends)]
    kept(tmp_path / "history.db", answered(item=RunItem(1, "x", 9, 0, "k9")), *items)
    counts = Counter(map(counted_as, (answered(), *items)))
    with History.open(tmp_path / "history.db") as history:
        of_run, of_all = (stats(history, "day", filters).total for filters in (Filters(run=1), Filters()))
    assert {name: getattr(of_run, name) for name in ("as_requested", "fallback", "incomplete", "interrupted")} == counts
    assert of_all.fallback == len(ends)
