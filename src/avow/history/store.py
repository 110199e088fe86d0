"""The history: a row before the request leaves, its end when it is over, and reading by number, id or filter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from avow.errors import HistoryError, UsageError
from avow.exchange.exchange import Exchange
from avow.history import database
from avow.history.history_file import HistoryFile
from avow.history.rows import UNREADABLE, Row, from_row
from avow.history.writing import Writer

if TYPE_CHECKING:
    from sqlite3 import Connection

    from avow.history.filters import Filters


class History(HistoryFile):
    """One open history. Every method raises HistoryError where the file cannot be read or written.

    `content` is `full`, or `none` for no text (who answered is kept); without `keep_attachments` only names, sizes and
    hashes of files are kept.
    """

    def __init__(
        self,
        connection: Connection,
        path: Path,
        *,
        content: str,
        keep_attachments: bool,
        patience_seconds: float = database.PATIENCE_SECONDS,
        on_damage: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(connection, path, patience_seconds, on_damage)
        self.content = content
        self._keep_attachments = keep_attachments

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        content: Literal["full", "none"] | str = "full",
        keep_attachments: bool = True,
        read_only: bool = False,
        patience_seconds: float = database.PATIENCE_SECONDS,
        opening_seconds: float = database.PATIENCE_SECONDS,
        on_damage: Callable[[str], None] | None = None,
        tell: database.Tell = None,
    ) -> Self:
        """The history at `path`, made where missing; with `read_only` a missing file is an empty history.

        A write waits `patience_seconds` for another process that has the file, the opening waits `opening_seconds`.
        Where a file opened to read is damaged, `on_damage` is called with a sentence, and what can still be read is
        given. `tell` is called with a sentence if bringing the file up to date takes a while.
        """
        damage: HistoryError | None = None
        connect = database.connect_reading if read_only else database.connect
        try:
            connection = connect(path, seconds=opening_seconds, tell=tell)
        except HistoryError as error:
            if not (read_only and on_damage and database.is_damage(error.__cause__)):
                raise
            damage, connection = error, database.empty()
        history = cls(
            connection,
            path,
            content=content,
            keep_attachments=keep_attachments,
            patience_seconds=patience_seconds,
            on_damage=on_damage if read_only else None,
        )
        if damage is not None:
            history._salvage(damage)
        return history

    @property
    def _writer(self) -> Writer:
        return Writer(self.connection, self.content, self._keep_attachments)

    def begin(self, exchange: Exchange, *, patience_seconds: float | None = None) -> int:
        """Write the row of an exchange that is about to be sent; its number."""
        row = self._writer.row(exchange)
        return self.write(self._writer.insert, exchange, row, patience_seconds=patience_seconds)

    def save(self, exchange: Exchange, *, patience_seconds: float | None = None) -> None:
        """Keep what has arrived so far."""
        self.write(self._writer.update, exchange, patience_seconds=patience_seconds)

    def finish(self, exchange: Exchange) -> None:
        """Write how it ended. A row that was deleted meanwhile stays deleted, a redacted one stays redacted; a row that
        was never begun is written whole."""
        if exchange.number is None:
            self.write(self._writer.insert, exchange, self._writer.row(exchange))
        else:
            self.write(self._writer.update, exchange)

    def add(self, exchanges: Iterable[Exchange]) -> int:
        """Write exchanges that are over, in one transaction, except those whose id is there and imported ones that the
        proxy saw; how many are new."""
        return self.write(self._writer.add, tuple(exchanges))

    def get(self, reference: str) -> Exchange:
        """The exchange with this number, or with an id that begins or ends with it.

        Raises UsageError where there is none, or more than one; the message lists them.
        """
        number = self.number_of(reference)
        found = self.by_number(number)
        if found is None:
            raise UsageError(f"exchange {number} was deleted just now")
        return found

    def number_of(self, reference: str) -> int:
        """The number of that exchange, without reading it. Raises as `get`."""
        from avow.history import finding

        return self._read(lambda: finding.number_of(self.connection, reference))

    def by_number(self, number: int) -> Exchange | None:
        """The exchange with this number, if there is one."""
        return self._one("number = ?", number)

    def with_id(self, exchange_id: str) -> Exchange | None:
        """The exchange with exactly this id, if there is one."""
        return self._one("id = ?", exchange_id)

    def latest(self, *, simulated: bool = False) -> Exchange | None:
        """The last exchange that avow asked; those with the simulator count only with `simulated`."""
        return self._one(f"source = 'avow'{'' if simulated else ' AND simulated = 0'} ORDER BY number DESC")

    def get_or_latest(self, reference: str | None) -> Exchange:
        """As `get`; without a reference the last exchange that avow asked, the simulator's included.

        Raises UsageError where there is none.
        """
        found = self.get(reference) if reference else self.latest(simulated=True)
        if found is None:
            raise UsageError("the history is empty", hint="ask something first")
        return found

    def last_in_session(self, session: str) -> Exchange | None:
        """The last exchange of this terminal session, without the simulator's."""
        return self._one("session = ? AND simulated = 0 ORDER BY number DESC", session)

    def last_of_conversation(self, conversation_id: str) -> Exchange | None:
        """The newest exchange of a conversation."""
        return self._one("conversation_id = ? ORDER BY number DESC", conversation_id)

    def conversation(self, conversation_id: str) -> tuple[Exchange, ...]:
        """All exchanges of a conversation, oldest first."""
        return self._all("conversation_id = ? ORDER BY number", conversation_id)

    def retries_of(self, exchange_id: str) -> tuple[Exchange, ...]:
        """The exchanges that asked this one again, oldest first."""
        return self._all("retry_of = ? ORDER BY number", exchange_id)

    def attachment_bytes(self, sha256: str) -> bytes | None:
        """The bytes of an attachment, None where they are not kept."""
        found = self._read(
            lambda: self.connection.execute("SELECT data FROM attachment WHERE sha256 = ?", (sha256,)).fetchone()
        )
        return None if found is None else found["data"]

    def rows(
        self,
        filters: Filters | None = None,
        *,
        limit: int | None = None,
        before: int | None = None,
        oldest_first: bool = False,
        brief: bool = False,
    ) -> Iterator[Exchange]:
        """The exchanges that match `filters` (None: all), newest first; `before` continues after that number. With
        `brief` an exchange has the beginning of its prompt, its models and how it ended, and no other text or
        routing."""
        from avow.history.filters import EVERYTHING
        from avow.history.listing import query_of

        filters = EVERYTHING if filters is None else filters
        return self.select(*query_of(filters, limit=limit, before=before, oldest_first=oldest_first, brief=brief))

    def count(self, filters: Filters | None = None) -> int:
        """How many exchanges match `filters` (None: all)."""
        where, values = ("1", ()) if filters is None else filters.where()
        query = f"SELECT count(*) FROM exchange WHERE {where}"  # noqa: S608
        return int(self._read(lambda: self.connection.execute(query, values).fetchone()[0]))

    def select(self, query: str, values: Sequence[object] = ()) -> Iterator[Exchange]:
        """The exchanges of a query for whole rows, one at a time; unreadable ones are left out."""
        for row in self.raw(query, values):
            if (exchange := self._exchange(row)) is not None:
                yield exchange

    def _one(self, condition: str, *values: object) -> Exchange | None:
        query = f"SELECT * FROM exchange WHERE {condition} LIMIT 1"  # noqa: S608
        row = self._read(lambda: self.connection.execute(query, values).fetchone())
        if row is None:
            return None
        exchange = self._exchange(row)
        if exchange is None:
            raise HistoryError(
                f"exchange {row['number']} is damaged and cannot be read",
                hint="`avow history delete` removes it, `avow history repair` all that are damaged",
            )
        return exchange

    def _exchange(self, row: Row) -> Exchange | None:
        """The exchange of a row; None, and a sentence for `on_damage`, where its columns hold no exchange any more."""
        try:
            return from_row(row)
        except UNREADABLE:
            if self._on_damage is not None:
                self._on_damage(f"exchange {row['number']} is damaged and cannot be read; see `avow history repair`")
            return None

    def _all(self, condition: str, *values: object) -> tuple[Exchange, ...]:
        return tuple(self.select(f"SELECT * FROM exchange WHERE {condition}", values))  # noqa: S608
