"""What is kept of an exchange, and for how long, through the real program."""

import sqlite3
import time
from pathlib import Path

from tests.running import rows, run


def age(home: Path, days: int) -> None:
    """Make all exchanges that much older."""
    with sqlite3.connect(home / "data" / "history.db") as connection:
        connection.execute("UPDATE exchange SET created_ms = ?", (int((time.time() - days * 86400) * 1000),))


def test_nothing_is_deleted_unless_asked_for(home: Path) -> None:
    run(home, "--simulate", "requested", "old")
    age(home, 4000)
    run(home, "--simulate", "requested", "new")
    assert len(rows(home)) == 2


def test_what_is_too_old_is_deleted_and_it_is_said(home: Path) -> None:
    run(home, "--simulate", "requested", "old words")
    age(home, 40)
    ran = run(home, "--simulate", "requested", "new", AVOW_HISTORY_KEEP_DAYS="30")
    assert [row["prompt"] for row in rows(home)] == ["new"]
    assert "avow: note: deleted 1 exchanges older than 30 days from the history" in ran.lines
    assert ran.status == 0
    assert all(b"old words" not in path.read_bytes() for path in (home / "data").iterdir())


def test_routing_alone_where_no_content_is_wanted(home: Path) -> None:
    run(home, "--simulate", "fallback", "secret words", AVOW_HISTORY_CONTENT="none")
    (row,) = rows(home)
    assert (row["verdict"], row["prompt"], row["text"]) == ("fallback", None, None)
    assert all(b"secret words" not in path.read_bytes() for path in (home / "data").iterdir())
