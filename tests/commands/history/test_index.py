"""Whatever writes the history leaves a search index that agrees with it, by FTS5's own check."""

import sqlite3
from pathlib import Path

import pytest

from avow.history import schema
from tests.history.making import answered, kept, rerouted
from tests.in_part import in_part
from tests.running import run

WRITES = {
    "ask": ("--simulate", "fallback", "a question"),
    "ask, cut off": ("--simulate", "truncated", "a question"),
    "go on": ("--simulate", "requested", "--conversation", "1", "more"),
    "retry": ("retry", "2", "--simulate", "requested"),
    "redact": ("history", "redact", "1", "3", "--yes"),
    "redact what is redacted": ("history", "redact", "4", "--yes"),
    "delete": ("history", "delete", "2", "--yes"),
    "expire": ("--simulate", "requested", "a question"),
    "repair": ("history", "repair", "--yes"),
}


def agrees(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        connection.execute(schema.INTEGRITY_CHECK)
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()
    return True


@pytest.mark.parametrize(
    "name", in_part({name: name for name in WRITES}, ("ask", "retry", "redact", "delete", "expire"))
)
def test_the_index_agrees_with_the_rows_after(home: Path, name: str) -> None:
    path = home / "data" / "history.db"
    kept(path, answered("one", "two three"), rerouted(), answered("", "four"), answered("five", ""))
    run(home, "history", "redact", "4", "--yes")
    ran = run(home, *WRITES[name], AVOW_HISTORY_KEEP_DAYS="30" if name == "expire" else "10000")
    assert ran.status in (0, 4, 8, 10), ran.err  # 4: a row made by hand lacks max_tokens
    assert agrees(path)
    assert run(home, "history", "repair").out.endswith(b"is not damaged\n")
