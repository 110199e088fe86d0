"""The tables are what is documented, and indexes answer what must be quick."""

import sqlite3
from pathlib import Path

import pytest

from avow.history import migrations, schema
from avow.history.filters import Filters
from avow.history.store import History
from avow.routing.verdict import Hop, Outcome
from tests.history.making import answered, kept


def test_the_documented_columns_are_those_of_the_table(tmp_path: Path) -> None:
    kept(tmp_path / "history.db", answered())
    connection = sqlite3.connect(tmp_path / "history.db")
    assert tuple(row[1] for row in connection.execute("PRAGMA table_info(exchange)")) == schema.NAMES
    assert connection.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
    assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,) == (len(migrations.MIGRATIONS),)
    connection.close()


def test_true_is_no_number_of_tokens(tmp_path: Path) -> None:
    """Neither when a row is written, nor when an older file's hops are read."""
    hop = Hop("m", Outcome.SERVED, usage={"input_tokens": True, "output_tokens": 3})
    exchange = answered()._replace(routing=answered().routing._replace(hops=(hop,)))
    kept(tmp_path / "history.db", exchange)
    with History.open(tmp_path / "history.db") as history:
        (written,) = history.read("SELECT input_tokens, output_tokens FROM hop")
        (read,) = history.read(f"SELECT * FROM ({migrations.HOPS_OF_ROWS})")
    assert tuple(written) == (None, 3) == tuple(read)[5:7]


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (Filters(), "exchange_time"),
        (Filters(verdicts=("refused",), model="x*"), "exchange_time"),
        (Filters(rerouted=True), "exchange_unusual"),
        (Filters(since_ms=5, simulated=False), "exchange_time"),
    ],
    ids=repr,
)
def test_a_page_of_the_list_is_read_from_an_index_alone(tmp_path: Path, filters: Filters, index: str) -> None:
    kept(tmp_path / "history.db", answered())
    where, values = filters.where()
    query = f"SELECT number FROM exchange WHERE {where} ORDER BY created_ms DESC, number DESC LIMIT 20"
    with History.open(tmp_path / "history.db", read_only=True) as history:
        plan = " ".join(row["detail"] for row in history.read(f"EXPLAIN QUERY PLAN {query}", values))
    assert f"COVERING INDEX {index}" in plan
    assert "TEMP B-TREE FOR ORDER BY" not in plan


def test_a_pending_row_is_not_in_the_search_index_until_it_is_over(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    kept(path, answered("pending words", status="pending"), answered("other words"))
    query = "SELECT rowid FROM exchange_search WHERE exchange_search MATCH 'words'"
    with History.open(path) as history:
        assert [row[0] for row in history.read(query)] == [2]
        history.write(history.connection.execute, "UPDATE exchange SET status = 'failed' WHERE number = 1")
        assert [row[0] for row in history.read(query)] == [1, 2]
        history.write(history.connection.execute, "DELETE FROM exchange WHERE number = 2")
        assert [row[0] for row in history.read(query)] == [1]
        history.write(schema.rebuild_index, history.connection)
        assert [row[0] for row in history.read(query)] == [1]
        history.write(
            history.connection.execute,
            "INSERT INTO exchange_search(exchange_search, rank) VALUES ('integrity-check', 1)",
        )
