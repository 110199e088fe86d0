"""Counts how often each of very many keys occurs, in bounded memory: SQLite moves the rest to a file of its own."""

import sqlite3


class KeyCounter:
    """Counts keys. Nothing is left of it once it is closed."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._connection.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, times INTEGER) WITHOUT ROWID")
        self._connection.execute("BEGIN")

    def before(self, key: bytes) -> int:
        """Count `key` once more; how often it occurred before."""
        count = "INSERT INTO seen VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1 RETURNING times"
        return int(self._connection.execute(count, (key,)).fetchone()[0]) - 1

    def close(self) -> None:
        """Release the memory and the file."""
        self._connection.close()
