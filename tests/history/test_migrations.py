"""An older file is brought up to date whatever its rows hold; where that takes a while it is said before."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from avow.errors import HistoryError
from avow.history import database, schema, summary
from avow.history.migrations import MIGRATIONS, bring_up_to_date
from avow.history.store import History
from tests.history.making import answered, old_file
from tests.running import run

WHOLE_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid"
BAD_JSON = ("[{", "", "{}", "[1]", '["x"]', "[null]", '[{"outcome":null}]', "[" * 3000)


def sized(path: Path, size: int) -> None:
    """Make a file of that many bytes look as large, without writing them."""
    try:
        os.truncate(path, size)
    except OSError as error:
        pytest.skip(f"no such large file here: {error}")


def test_the_version_is_that_of_the_last_migration() -> None:
    assert len(MIGRATIONS) == schema.VERSION, "schema.VERSION counts MIGRATIONS"


def test_a_new_file_is_made_at_once_as_all_migrations_would_make_it() -> None:
    with closing(database.empty()) as made, closing(sqlite3.connect(":memory:")) as migrated:
        for migration in MIGRATIONS:
            migration(migrated)
        bring_up_to_date(migrated, schema.VERSION)
        summary.keep(migrated)
        first, second = (
            [(*row[:-1], "".join((row[-1] or "").split())) for row in connection.execute(WHOLE_SCHEMA)]
            for connection in (made, migrated)
        )
        assert first == second, "migrations._create and the MIGRATIONS make different tables"
        assert summary.is_kept(made)


@pytest.mark.parametrize("version", [1, 2])
def test_damaged_rows_hinder_no_migration(tmp_path: Path, version: int) -> None:
    path = tmp_path / "history.db"
    old_file(path, version)
    with closing(sqlite3.connect(path)) as connection:
        names = [info[1] for info in connection.execute("PRAGMA table_info(exchange)")][2:]
        copied = f"INSERT INTO exchange (id, {', '.join(names)}) SELECT ?, {', '.join(names)} FROM exchange LIMIT 1"
        for number, bad in enumerate(BAD_JSON):
            evidence = bad + ' "conversation.pinned" "avow.attempts['
            for column, value in (("hops", bad), ("evidence", bad), ("evidence", evidence)):
                added = connection.execute(copied, (f"{number} {column} {value}",)).lastrowid
                connection.execute(f"UPDATE exchange SET {column} = ? WHERE number = ?", (value, added))
        connection.commit()
    with History.open(path) as history:
        assert history.by_number(1) is not None
        assert history.count() == 1 + 3 * len(BAD_JSON)
        assert history.read("SELECT count(*) FROM hop WHERE exchange = 1")[0][0] == 1


def test_a_large_file_is_announced_once(home: Path) -> None:
    path = home / "data" / "history.db"
    path.parent.mkdir()
    old_file(path, schema.VERSION - 1, answered("old words"))
    sized(path, 200_000_000)
    ran = run(home, "history", "list", "--json")
    assert [row["prompt"] for row in ran.json] == ["old words"]
    assert ran.lines == ["avow: note: bringing the history up to date, once: 200 MB, which may take some minutes"]
    assert run(home, "history", "list").lines == []


@pytest.mark.parametrize("version", [1, schema.VERSION - 1])
def test_a_disk_without_room_is_found_before(tmp_path: Path, version: int) -> None:
    path = tmp_path / "history.db"
    old_file(path, version)
    sized(path, 8 << 40)
    told: list[str] = []
    with pytest.raises(HistoryError, match="its disk has no room to bring it up to date: that needs about") as caught:
        History.open(path, tell=told.append)
    assert "AVOW_DATA_DIR" in str(caught.value.hint)
    assert told == []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (version,)
