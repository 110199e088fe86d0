"""The statistics are the sums of what an export has, as DuckDB adds them up."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from avow.errors import Failure
from avow.exchange.exchange import Exchange, Status
from avow.history.export_scope import ExportScope
from avow.history.filters import EVERYTHING, Filters
from avow.history.plain_csv import csv_lines
from avow.history.plain_json import json_lines
from avow.history.privacy import delete, redact
from avow.history.stats import stats
from avow.history.store import History
from avow.history.sums import GROUPS, STATUSES, VERDICTS, Stats
from avow.routing.verdict import Hop, Outcome, Routing, Verdict
from tests.history.making import FABLE, NOON, OPUS, answered, asked, rerouted
from tests.zone import zone

HOUR, ROWS = 3600, 250
KEYS = {
    "day": "strftime(local, '%Y-%m-%d')",
    "week": "strftime(local, '%G-W%V')",
    "month": "strftime(local, '%Y-%m')",
    "model": "requested_model",
    "category": "category",
    "template": "template",
}
COUNTS = ", ".join(
    (
        *(f"count(*) FILTER (verdict = '{verdict}')" for verdict in ("as_requested", *VERDICTS)),
        *(f"count(*) FILTER (status = '{status}')" for status in STATUSES),
    )
)


@pytest.fixture(autouse=True)
def _auckland() -> Iterator[None]:
    with zone("NZST-12NZDT,M9.5.0,M4.1.0/3"):
        yield


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[History, Path]]:
    """Exchanges of every kind in a year, some deleted and some redacted since; and the folder with their exports."""
    chance, folder = random.Random(7), tmp_path_factory.mktemp("history")
    with History.open(folder / "history.db") as history:
        numbers = [history.begin(_one(chance)) for _ in range(ROWS)]
        delete(history, chance.sample(numbers, 20))
        redact(history, chance.sample(numbers, 20))
        for form, lines in (("jsonl", json_lines), ("csv", csv_lines)):
            text = "".join(lines(history, ExportScope(Filters(simulated=False)), with_text=False))
            (folder / f"all.{form}").write_text(text)
        yield history, folder


def _one(chance: random.Random) -> Exchange:
    at = NOON + chance.randrange(365 * 24) * HOUR
    refused = Routing(Verdict.REFUSED, category="bio", hops=(Hop(FABLE, Outcome.DECLINED, category="bio"),))
    kinds: list[Callable[[], Exchange]] = [
        lambda: answered(at=at, cost_usd=0.25, cost_floor_usd=0.25),
        lambda: answered(at=at, requested_model=OPUS, sent_model=OPUS),
        lambda: rerouted(at=at, category=chance.choice(["cyber", "bio", None])),
        lambda: asked(at=at, status=Status.REFUSED, routing=refused),
        lambda: answered(at=at, status=Status.TRUNCATED),
        lambda: asked(at=at, status=Status.FAILED, error=Failure("timeout", None, "silence")),
        lambda: asked(at=at),
        lambda: answered(at=at, simulated=True),
        lambda: answered(at=at, source=chance.choice(["proxy", "llm"])),
    ]
    made = chance.choice(kinds)()
    return made._replace(question=made.question._replace(template=chance.choice([None, "tidy", 'été, "quoted"\n'])))


@pytest.mark.parametrize(("by", "source"), [*((by, "avow") for by in GROUPS), ("day", "proxy")])
def test_they_agree(history: tuple[History, Path], by: str, source: str) -> None:
    filters = EVERYTHING if source == "avow" else Filters(sources=(source,))
    found = stats(history[0], by, filters)
    assert found.total.requests > 10
    wanted = {_key(group.key): values for group, values in zip(found.groups, _values(found), strict=True)}
    assert summed(f"read_ndjson('{history[1]}/all.jsonl')", by, source) == wanted
    assert summed(f"read_csv('{history[1]}/all.csv')", by, source) == wanted


def _key(key: str | None) -> str:
    return key or ""


def _values(found: Stats) -> Iterator[tuple[Any, ...]]:
    """The counts of each group, and its cost where all of it is known."""
    for group in found.groups:
        counts = (getattr(group, name) for name in ("requests", "as_requested", *VERDICTS, *STATUSES))
        yield (*counts, None if group.unpriced else round(group.cost_usd, 9))


def summed(source: str, by: str, asked_by: str) -> dict[str, tuple[Any, ...]]:
    """The same as DuckDB finds it. What failed or runs has cost nothing that is known."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    rows = connection.execute(
        f"""SELECT {KEYS[by]} AS key, count(*), {COUNTS},
          CASE WHEN count(*) FILTER (cost_usd IS NULL AND status NOT IN ('failed', 'pending')) = 0
          THEN round(coalesce(sum(cost_usd), 0), 9) END
        FROM (SELECT *, created_at::TIMESTAMPTZ AT TIME ZONE 'Pacific/Auckland' AS local FROM {source})
        WHERE source = '{asked_by}' GROUP BY 1"""
    ).fetchall()
    return {row[0] or "": tuple(row[1:]) for row in rows}
