"""Records read from pages alone are what SQLite put there."""

import sqlite3
from pathlib import Path

import pytest

from avow.history.leaves import Pages, page_size

VALUES = (
    None,
    0,
    1,
    -1,
    127,
    -129,
    2**15,
    -(2**23),
    2**31,
    2**40,
    -(2**62),
    0.5,
    "",
    "é" * 40,
    b"",
    b"\0\xff",
    "x" * 9,
)


@pytest.mark.parametrize("size", [512, 4096, 65536])
@pytest.mark.parametrize("is_logged", [False, True])
def test_rows_and_entries_of_an_index(tmp_path: Path, size: int, is_logged: bool) -> None:
    path = tmp_path / "some.db"
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA page_size = {size}")
    connection.execute(f"PRAGMA journal_mode = {'WAL' if is_logged else 'DELETE'}")
    connection.execute(f"CREATE TABLE t ({', '.join(f'c{n}' for n in range(len(VALUES) + 1))})")
    connection.execute("CREATE INDEX i ON t (c0)")
    lengths = (0, 1, 400, 470, 480, 5000, 200_000)
    rows = [(*VALUES, "long" * length) for length in lengths]
    connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(rows[0]))})", rows)
    connection.executemany("INSERT INTO t (rowid, c0) VALUES (?, ?)", [(-5, "a"), (2**40, "k" * 3000)])
    connection.commit()
    log = path.with_name("some.db-wal")
    pages = Pages(path.read_bytes(), log.read_bytes() if is_logged else b"", size)
    found = list(pages.records())
    connection.close()
    # In a log, the file itself may have no page yet that tells its size.
    assert is_logged or page_size(path.read_bytes()) == size
    assert [record.values for record in found if record.rowid in range(1, 8)][-7:] == rows
    empty = (None,) * len(VALUES)
    others = {record.rowid: record.values for record in found if record.rowid in (-5, 2**40)}
    assert others == {-5: ("a", *empty), 2**40: ("k" * 3000, *empty)}
    assert {record.values for record in found if record.rowid is None} >= {("a", -5), ("k" * 3000, 2**40), (None, 3)}


@pytest.mark.parametrize("data", [b"", b"x" * 5000, b"\x0d" * 9000, b"\xff" * 9000, bytes(9000)])
def test_what_is_no_database_ends_and_says_nothing(data: bytes) -> None:
    assert page_size(data) in (4096, 512, 32768)
    assert not any(value for record in Pages(data, data).records() for value in record.values or ())
