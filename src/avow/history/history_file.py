"""The file of a history, opened: reading, transactions that wait their turn, and what a damaged file still holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from avow.errors import HistoryError, HistoryLocked
from avow.history import database

if TYPE_CHECKING:
    from sqlite3 import Connection

T = TypeVar("T")


class HistoryFile:
    """An open file. Every method raises HistoryError where it cannot be read or written.

    One thread at a time writes; the others wait. A file that turns out to be damaged while it is read is replaced by
    what its pages still hold (`is_salvaged`), and `on_damage` is called with a sentence; without `on_damage` the damage
    is an error.
    """

    def __init__(
        self,
        connection: Connection,
        path: Path,
        patience_seconds: float = database.PATIENCE_SECONDS,
        on_damage: Callable[[str], None] | None = None,
    ) -> None:
        self.connection = connection
        self.path = path
        self.is_salvaged = False
        self._patience_seconds = patience_seconds
        self._on_damage = on_damage
        self._lock = RLock()

    def close(self) -> None:
        """End it; safe to call twice."""
        with self._lock:
            self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def raw(self, query: str, values: Sequence[object] = (), *, named: bool = True) -> Iterator[Any]:
        """The rows of a query, one at a time; tuples, which are made faster, where their columns need no names."""
        import sqlite3

        def cursor() -> sqlite3.Cursor:
            made = self.connection.cursor()
            made.row_factory = self.connection.row_factory if named else None
            return made.execute(query, values)

        given = 0
        while True:
            connection = self.connection
            try:
                for row in islice(self._read(cursor), given, None):
                    given += 1
                    yield row
                return
            except (sqlite3.Error, UnicodeError) as error:
                if self.connection is connection:
                    self._fail(error)  # or go on with what could be saved, after those that were given

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """All that is read in it is as it was when the first of it was read."""
        self._read(lambda: self.connection.execute("BEGIN"))
        try:
            yield
        finally:
            if self.connection.in_transaction:
                self.connection.execute("COMMIT")

    def read(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """All rows of a query."""
        return self._read(lambda: self.connection.execute(query, values).fetchall())

    def write(self, work: Callable[..., T], *arguments: Any, patience_seconds: float | None = None) -> T:
        """`work(*arguments)` in one transaction, repeated from its start while another process has the file: for
        `patience_seconds`, or as long as this file was opened to wait."""

        def transaction(connection: Connection) -> T:
            connection.execute("BEGIN IMMEDIATE")
            result = work(*arguments)
            connection.execute("COMMIT")
            return result

        return self._patiently(transaction, self._patience_seconds if patience_seconds is None else patience_seconds)

    def alone(self, statement: str) -> None:
        """Run a statement that is a transaction of its own, to its last step (`execute` makes only one step of a
        statement that yields rows without columns)."""
        self._patiently(lambda connection: connection.executescript(statement), self._patience_seconds)

    def _fail(self, error: Exception) -> None:
        """Continue with what can still be read of a damaged file, if that is wanted; else raise HistoryError."""
        translated = database.translated(error, self.path)
        if self._on_damage is None or self.is_salvaged or not database.is_damage(error):
            raise translated from error
        self._salvage(translated)

    def _salvage(self, damage: HistoryError) -> None:
        """Raises `damage` where no page can be read."""
        from avow.history.salvage import salvaged_words

        self.connection.close()
        self.connection = database.empty()
        self.is_salvaged = True
        words = salvaged_words(self.path, self, damage)
        if self._on_damage is not None:
            self._on_damage(words)

    def _read(self, work: Callable[..., T], *arguments: Any) -> T:
        import sqlite3

        try:
            return work(*arguments)
        except (sqlite3.Error, UnicodeError) as error:
            self._fail(error)
            return work(*arguments)

    def _patiently(self, work: Callable[[Connection], T], seconds: float) -> T:
        import sqlite3

        if not self._lock.acquire(timeout=seconds):
            raise HistoryLocked(f"the history {self.path}: another answer is being written")
        try:
            return database.patiently(self.connection, work, seconds=seconds)  # type: ignore[no-any-return]
        except (sqlite3.Error, UnicodeError) as error:
            raise database.translated(error, self.path) from error
        finally:
            self._lock.release()
