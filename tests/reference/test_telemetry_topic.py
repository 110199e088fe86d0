"""The queries of `avow help telemetry` run in DuckDB over the exports of three machines."""

import re
from pathlib import Path

import duckdb
import pytest

from avow.exchange.exchange import as_json
from avow.history.export import json_lines
from avow.history.table import COLUMNS, TEXTS
from avow.reference.telemetry_topic import QUERIES, TEXT
from avow.reference.topics import JSON
from tests.history.making import FABLE, NOON, OLD, answered, rerouted

DAY = 86_400


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[object, ...]]]:
    """What each query gives, in a folder with three exports."""
    machines = {
        "ci": [answered(), answered(at=NOON + DAY)],
        "desk": [answered(), rerouted(at=NOON + 2 * DAY)],
        "lap": [rerouted(at=NOON + DAY), answered(cost_usd=None)],
    }
    for name, exchanges in machines.items():
        (tmp_path / f"{name}.jsonl").write_text("".join(json_lines(exchanges, with_text=False)), "utf-8")
    monkeypatch.chdir(tmp_path)
    return [duckdb.connect().execute(sql).fetchall() for sql in QUERIES.values()]


def test_three_machines(answers: list[list[tuple[object, ...]]]) -> None:
    shares, since, costs = answers
    assert len(shares) == 6
    assert {(row[0], row[4], row[5]) for row in shares} == {
        ("ci", 1, 1.0), ("desk", 1, 1.0), ("desk", 1, 0.0), ("lap", 1, 0.0), ("lap", 1, 1.0),
    }  # fmt: skip
    ((model, served, category, first, times),) = since
    assert (model, served, category, times) == (FABLE, OLD, "cyber", 2)
    assert str(first).startswith("2026-09-22")
    assert [(row[0], row[1]) for row in costs] == [(FABLE, 4), (OLD, 2)]
    assert costs[0][3] == 1


def test_the_page_has_them_word_for_word() -> None:
    assert all(sql in TEXT for sql in QUERIES.values())


def test_the_keys_of_a_line_are_in_the_order_of_the_page() -> None:
    keys = [key for key in as_json(answered()) if key != "schema"]
    places = [re.search(rf"^  (?:[a-z_]+, )*{key}\b", JSON, re.MULTILINE) for key in keys]
    starts = [(place.start(), place.end()) for place in places if place]
    assert len(starts) == len(keys)
    assert starts == sorted(starts)


def test_the_columns_are_on_the_page_in_their_order() -> None:
    assert " ".join(column.name for column in (*COLUMNS, *TEXTS)) in " ".join(TEXT.split())
