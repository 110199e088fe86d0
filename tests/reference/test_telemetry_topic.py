"""The queries of `avow help telemetry`, in DuckDB over exports of three machines, in ClickHouse over their spans."""

import json
import re
import subprocess
import textwrap
from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import duckdb
import pytest

from avow.errors import Failure
from avow.exchange.exchange import Exchange, RunItem, Status, as_json
from avow.history import parquet
from avow.history.export import json_lines
from avow.history.rows import milliseconds
from avow.history.table import COLUMNS, TEXTS, csv_lines, record
from avow.reference.telemetry_queries import ANSWERS, CLICKHOUSE, CSV, DUCKDB, JSONL, PARQUET
from avow.reference.telemetry_topic import JOB, TEXT
from avow.reference.topics import JSON
from avow.routing.verdict import Hop, Outcome, Routing, Verdict
from avow.telemetry.spans import spans_of
from tests.clients import installed
from tests.history.making import FABLE, NOON, OLD, answered, asked, kept, rerouted
from tests.running import shell
from tests.telemetry.collector import attribute

DAY = 86_400
MACHINES: Mapping[str, list[Exchange]] = {
    "ci": [answered(), answered(at=NOON + DAY)],
    "desk": [answered(), rerouted(at=NOON + 2 * DAY)],
    "lap": [rerouted(at=NOON + DAY), answered(cost_usd=None)],
    "new": [],
}
FIRST = date(2026, 9, 21)
CHDB = installed.python("chdb")
ENGINE = """
import json, sys
from chdb.session import Session
session = Session()
print(json.dumps([str(session.query(sql, "JSONCompact")) for sql in json.load(sys.stdin)]))
session.close()
"""
"""Run in an environment of its own: chdb takes 500 MB."""
Rows = list[tuple[Any, ...]]


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_three_machines_in_duckdb(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file a night in each machine's folder, and everything once more in another file."""
    if form == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    for machine, exchanges in MACHINES.items():
        (tmp_path / machine).mkdir()
        for name, some in {"1": exchanges[:1], "2": exchanges[1:], "all": exchanges}.items():
            write(tmp_path / machine / f"{name}.{form}", *some)
    monkeypatch.chdir(tmp_path)
    check(*in_duckdb(form), host="https://api.anthropic.com")
    write(tmp_path / "new" / f"3.{form}", answered(source="proxy"))
    assert connected(form).execute("SELECT source, count(*) FROM answers GROUP BY ALL ORDER BY ALL").fetchall() == [
        ("avow", 6),
        ("proxy", 1),
    ]


def write(path: Path, *exchanges: Exchange) -> None:
    """Write an export without text, in the form that the file's name says."""
    records = [record(one._replace(number=n), with_text=False) for n, one in enumerate(exchanges)]
    with path.open("wb") as file:
        if path.suffix == ".parquet":
            parquet.write([list(zip(*records, strict=True))] if records else [], file, with_text=False)
            return
        is_csv = path.suffix == ".csv"
        lines = csv_lines(records, with_text=False) if is_csv else json_lines(exchanges, with_text=False)
        file.write("".join(lines).encode())


def test_the_job_of_each_night(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the page has it, to the letter, by a shell whose clock goes on with each look; the first file of one machine
    is broken off."""
    (home / "bin").mkdir()
    (home / "bin" / "date").write_text('#!/bin/sh\necho "$1" >> clock; grep -c . clock\n')
    (home / "bin" / "date").chmod(0o755)
    machines = [machine for machine, exchanges in MACHINES.items() if exchanges]
    jobs = (f"export AVOW_DATA_DIR=$PWD/at/{machine}\n{JOB.replace('NAME', machine)}" for machine in machines)
    script = "\n".join(("set -e", *jobs))
    for night in range(2):
        for machine in machines:
            data = home / "at" / machine
            data.mkdir(parents=True, exist_ok=True)
            kept(data / "history.db", MACHINES[machine][night])
        ran = shell(home, script)
        assert (ran.status, ran.err) == (0, b"")
        if night == 0:
            (broken,) = (home / "lap").iterdir()
            broken.write_bytes(broken.read_bytes()[:-40])
            (home / "lap.cursor").unlink()
    assert (home / "clock").read_text().split() == ["+%Y%m%dT%H%M%S"] * 6
    monkeypatch.chdir(home)
    check(*in_duckdb("jsonl"), host="https://api.anthropic.com")


def in_duckdb(form: str) -> list[Rows]:
    """What the page's queries find in the current folder."""
    connection = connected(form)
    return [connection.execute(sql).fetchall() for sql in DUCKDB.values()]


def connected(form: str) -> duckdb.DuckDBPyConnection:
    """DuckDB with the page's view of the current folder."""
    source = {"jsonl": JSONL, "csv": CSV, "parquet": PARQUET}[form]
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Pacific/Auckland'")
    connection.execute(ANSWERS.replace(JSONL, source))
    return connection


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_first_night_without_any_answer(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column without a value, and a file without a row, say nothing of the kind of a column."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ci").mkdir()
    write(tmp_path / "ci" / f"1.{form}")
    write(tmp_path / "ci" / f"2.{form}", asked(status=Status.FAILED))
    assert in_duckdb(form) == [[]] * len(DUCKDB)
    write(tmp_path / "ci" / f"3.{form}", answered(text="", routing=Routing(Verdict.REFUSED), cost_usd=None))
    assert [len(rows) for rows in in_duckdb(form)] == [1, 1, 0, 0]


@pytest.mark.slow
@pytest.mark.skipif(CHDB is None, reason="needs chdb, the engine of ClickHouse (AVOW_TEST_CLIENTS)")
def test_three_machines_in_clickhouse(tmp_path: Path) -> None:
    """Each span arrived twice, at a server whose clock is not UTC's."""
    columns = "Timestamp DateTime64(9, 'Pacific/Auckland'), SpanId String, ServiceName String"
    maps = "ResourceAttributes Map(String, String), SpanAttributes Map(String, String)"
    rows = [row for name, exchanges in MACHINES.items() for one in exchanges for row in spans_as_rows(name, one)]
    statements = [
        "CREATE DATABASE avow",
        "USE avow",
        f"CREATE TABLE otel_traces ({columns}, {maps}) ENGINE = Memory",
        "INSERT INTO otel_traces FORMAT JSONEachRow\n" + "\n".join(rows * 2),
        *(sql.rstrip(";") for sql in CLICKHOUSE.values()),
    ]
    asked_for = json.dumps(statements).encode()
    ran = subprocess.run([str(CHDB), "-c", ENGINE], input=asked_for, capture_output=True, cwd=tmp_path, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    found = [json.loads(line)["data"] for line in json.loads(ran.stdout)[-len(CLICKHOUSE) :]]
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
    assert all(sql in TEXT for sql in (ANSWERS, *DUCKDB.values(), *CLICKHOUSE.values(), PARQUET, CSV))
    assert textwrap.indent(JOB, "  ") in TEXT


def test_every_attribute_is_on_the_page() -> None:
    """All that a span may have of avow's own, and the families of those of the conventions."""
    failed = Failure("api_error", 500, "words")
    routing = Routing(Verdict.FALLBACK, OLD, "cyber", "words", OLD, hops=(Hop(OLD, Outcome.DECLINED, "cyber", failed),))
    whole = rerouted(
        routing=routing._replace(strength="strong"),
        sent_model=OLD,
        withheld=True,
        source="proxy",
        request_id="req_1",
        cost_usd=1.0,
        item=RunItem(1, "x", 0, 0, "k"),
    )
    keys = {item["key"] for span in spans_of(whole, 1_790_000_000_000) for item in span["attributes"]}
    section = TEXT[TEXT.index("One span an exchange") : TEXT.index("Never sent:")]
    assert {key for key in keys if key.startswith("avow.")} == set(re.findall(r"avow\.\w+", section))
    families = re.findall(r"[a-z_]+\.[a-z_.]+[*]?", section)
    assert all(any(fnmatch(key, family) for family in families) for key in keys)


def test_the_keys_of_a_line_are_in_the_order_of_the_page() -> None:
    keys = [key for key in as_json(answered()) if key != "schema"]
    places = [re.search(rf"^  (?:[a-z_]+, )*{key}\b", JSON, re.MULTILINE) for key in keys]
    starts = [(place.start(), place.end()) for place in places if place]
    assert len(starts) == len(keys)
    assert starts == sorted(starts)


def test_the_columns_are_on_the_page_in_their_order() -> None:
    assert " ".join(column.name for column in (*COLUMNS, *TEXTS)) in " ".join(TEXT.split())
