"""The ready queries run, with sqlite3 and with DuckDB, to the same end."""

import sqlite3
from pathlib import Path

import duckdb
import pytest

from avow.history import schema
from avow.history.guide import READY_QUERIES, ReadyQuery, schema_text
from tests.history.making import NOON, answered, asked, kept, rerouted

MONTH = 30 * 86_400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "history.db"
    kept(
        path,
        *(answered(f"p{n}", at=NOON + n * MONTH, total_ms=1000 + n, conversation_id="c") for n in range(4)),
        rerouted(at=NOON + 5 * MONTH, conversation_id="c"),
        rerouted(at=NOON, category=None),
        rerouted(at=NOON, simulated=True),
        asked("pending"),
    )
    return path


def with_sqlite(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def with_duckdb(path: Path, sql: str) -> list[tuple[object, ...]]:
    """DuckDB's own reader of SQLite files is an extension that must be downloaded; so the rows are copied into tables
    with the same columns first."""
    types = {"INTEGER": "BIGINT", "REAL": "DOUBLE", "TEXT": "VARCHAR"}
    connection = duckdb.connect()
    for table in ("exchange", "hop"):
        columns = [(row[1], types[str(row[2])]) for row in with_sqlite(path, f"PRAGMA table_info({table})")]
        connection.execute(f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns)})")
        rows = with_sqlite(path, f"SELECT * FROM {table}")
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", rows)
    return connection.execute(sql).fetchall()


@pytest.mark.parametrize("query", READY_QUERIES, ids=lambda query: query.name)
def test_a_ready_query(path: Path, query: ReadyQuery) -> None:
    rows = with_sqlite(path, query.sql)
    assert rows
    assert with_duckdb(path, query.sql) == rows


def test_the_text_names_every_column_and_query() -> None:
    text = schema_text()
    for name in schema.NAMES:
        assert f"\n  {name} " in text
    for query in READY_QUERIES:
        assert query.sql in text
    assert max(map(len, text.splitlines())) <= 110


def test_the_tables_it_describes_are_there(path: Path) -> None:
    text = schema_text()
    for table in ("hop", "attachment", "attached"):
        for column in with_sqlite(path, f"PRAGMA table_info({table})"):
            assert str(column[1]) in text
