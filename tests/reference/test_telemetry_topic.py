"""The queries of `avow help telemetry`, in DuckDB over exports of three machines, in ClickHouse over their spans."""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from avow.exchange.exchange import Exchange, as_json
from avow.history import parquet
from avow.history.export import json_lines
from avow.history.rows import milliseconds
from avow.history.table import COLUMNS, TEXTS, csv_lines, record
from avow.reference.telemetry_queries import CLICKHOUSE, CSV, DUCKDB, PARQUET
from avow.reference.telemetry_topic import TEXT
from avow.reference.topics import JSON
from avow.telemetry.spans import spans_of
from tests.history.making import FABLE, NOON, OLD, answered, rerouted
from tests.telemetry.collector import attribute

DAY = 86_400
MACHINES: Mapping[str, list[Exchange]] = {
    "ci": [answered(), answered(at=NOON + DAY)],
    "desk": [answered(), rerouted(at=NOON + 2 * DAY)],
    "lap": [rerouted(at=NOON + DAY), answered(cost_usd=None)],
    "new": [],
}
FIRST = date(2026, 9, 21)
Rows = list[tuple[Any, ...]]


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_three_machines_in_duckdb(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    for name, exchanges in MACHINES.items():
        records = [record(one._replace(number=n), with_text=False) for n, one in enumerate(exchanges)]
        with (tmp_path / f"{name}.{form}").open("wb") as file:
            if form == "parquet":
                parquet.write(records, file, with_text=False)
                continue
            lines = json_lines(exchanges, with_text=False) if form == "jsonl" else csv_lines(records, with_text=False)
            file.write("".join(lines).encode())
    monkeypatch.chdir(tmp_path)
    source = {"csv": CSV, "parquet": PARQUET}.get(form)
    queries = [sql if source is None else re.sub(r"read_json\(.*\)", source, sql) for sql in DUCKDB.values()]
    check(*(duckdb.connect().execute(sql).fetchall() for sql in queries), host="https://api.anthropic.com")


def test_three_machines_in_clickhouse() -> None:
    """Each span arrived twice."""
    reason = "chdb is not installed (it has 500 MB, so it is in no extra): pip install chdb"
    session = pytest.importorskip("chdb.session", reason=reason).Session()
    columns = "Timestamp DateTime64(9, 'UTC'), SpanId String, ServiceName String"
    maps = "ResourceAttributes Map(String, String), SpanAttributes Map(String, String)"
    session.query("CREATE DATABASE avow")
    session.query("USE avow")
    session.query(f"CREATE TABLE otel_traces ({columns}, {maps}) ENGINE = Memory")
    rows = [row for name, exchanges in MACHINES.items() for one in exchanges for row in spans_as_rows(name, one)]
    session.query("INSERT INTO otel_traces FORMAT JSONEachRow\n" + "\n".join(rows * 2))
    found = [json.loads(str(session.query(sql.rstrip(";"), "JSONCompact")))["data"] for sql in CLICKHOUSE.values()]
    session.close()
    answers = [[tuple(_day(value) for value in row) for row in each] for each in found]
    check(*answers, host="api.anthropic.com")


def spans_as_rows(machine: str, exchange: Exchange) -> list[str]:
    """Its spans as the collector's exporter for ClickHouse writes them: every attribute is a text there."""
    rows = []
    for span in spans_of(exchange, milliseconds(exchange.created_at)):
        keys = [item["key"] for item in span["attributes"]]
        values = {key: attribute(span, key) for key in keys}
        texts = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}
        row = {
            "Timestamp": int(span["startTimeUnixNano"]) / 1e9,
            "SpanId": span["spanId"],
            "ServiceName": "avow",
            "ResourceAttributes": {"host.name": machine},
            "SpanAttributes": texts,
        }
        rows.append(json.dumps(row))
    return rows


def _day(value: Any) -> Any:
    """A day or a whole number as such: JSON has them as texts."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return date.fromisoformat(value)
    return int(value) if isinstance(value, str) and value.isdigit() else value


def check(shares: Rows, categories: Rows, since: Rows, costs: Rows, *, host: str) -> None:
    """What the three machines come to."""
    assert shares == [
        ("ci", host, FABLE, FIRST, 1, 1.0),
        ("ci", host, FABLE, FIRST.replace(day=22), 1, 1.0),
        ("desk", host, FABLE, FIRST, 1, 1.0),
        ("desk", host, FABLE, FIRST.replace(day=23), 1, 0.0),
        ("lap", host, FABLE, FIRST, 1, 1.0),
        ("lap", host, FABLE, FIRST.replace(day=22), 1, 0.0),
    ]
    assert categories == [(FABLE, "cyber", 2, 0.333), (FABLE, "none", 4, 0.667)]
    assert since == [(FABLE, OLD, "cyber", FIRST.replace(day=22), FIRST.replace(day=23), 2)]
    assert [tuple(row) for row in costs] == [(FABLE, 4, 0.75, 1), (OLD, 2, costs[1][2], 2)]
    assert costs[1][2] in (None, 0)


def test_the_page_has_them_word_for_word() -> None:
    assert all(sql in TEXT for sql in (*DUCKDB.values(), *CLICKHOUSE.values(), PARQUET, CSV))


def test_the_keys_of_a_line_are_in_the_order_of_the_page() -> None:
    keys = [key for key in as_json(answered()) if key != "schema"]
    places = [re.search(rf"^  (?:[a-z_]+, )*{key}\b", JSON, re.MULTILINE) for key in keys]
    starts = [(place.start(), place.end()) for place in places if place]
    assert len(starts) == len(keys)
    assert starts == sorted(starts)


def test_the_columns_are_on_the_page_in_their_order() -> None:
    assert " ".join(column.name for column in (*COLUMNS, *TEXTS)) in " ".join(TEXT.split())
