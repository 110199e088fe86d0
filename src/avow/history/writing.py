"""Writes an exchange into the tables of the history: its row, attachments and hops, and its effect on other rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from avow.exchange.exchange import Exchange, Status
from avow.history import schema
from avow.history.rows import Row, milliseconds, to_row
from avow.values import NamedTuple
from avow.wire.blocks import Attachment
from avow.wire.json_value import whole

if TYPE_CHECKING:
    from sqlite3 import Connection

_COLUMNS = schema.NAMES[1:]
_INSERT = f"INSERT INTO exchange ({', '.join(_COLUMNS)}) VALUES ({', '.join(':' + name for name in _COLUMNS)})"  # noqa: S608
_CHANGED = [name for name in _COLUMNS if name not in ("id", "created_at", "created_ms", "item_last")]
_UPDATE = f"UPDATE exchange SET {', '.join(f'{name} = :{name}' for name in _CHANGED)} WHERE id = :id"  # noqa: S608
_SUPERSEDE = "UPDATE exchange SET item_last = 0 WHERE run = ? AND item_key = ? AND number < ?"
_INSERT_HOP = "INSERT INTO hop VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_TOKENS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


class Writer(NamedTuple):
    """Writes to an open file, as part of a transaction; `content` and `keep_attachments` are those of `History`."""

    connection: Connection
    content: str
    keep_attachments: bool

    def row(self, exchange: Exchange) -> Row:
        """The columns of the exchange, without what is not to be kept."""
        return _hidden_row(exchange, "none") if self.content == "none" else to_row(exchange)

    def insert(self, exchange: Exchange, row: Row) -> int:
        """Write a new row; its number."""
        number = self.connection.execute(_INSERT, row).lastrowid
        assert number is not None
        if row["kept"] == "full":
            self._attach(number, exchange.question.attachments)
        tally(self.connection, number, exchange)
        self._absorb_imported(exchange)
        if exchange.item is not None:
            self.connection.execute(_SUPERSEDE, (exchange.item.run, exchange.item.key, number))
        return number

    def add(self, exchanges: Sequence[Exchange]) -> int:
        """Write the exchanges that are not there yet and that the proxy did not see; how many are new."""
        from avow.history import twins

        added = 0
        seen = twins.SeenByProxy(self.connection, exchanges)
        for exchange in exchanges:
            known = self.connection.execute("SELECT 1 FROM exchange WHERE id = ?", (exchange.id,)).fetchone()
            if known is None and not seen.has(exchange):
                self.insert(exchange, self.row(exchange))
                added += 1
        return added

    def update(self, exchange: Exchange) -> None:
        """Write the exchange into its row; a deleted row stays deleted, a redacted one stays redacted."""
        known = self.connection.execute("SELECT number, kept FROM exchange WHERE id = ?", (exchange.id,)).fetchone()
        if known is None:
            return
        row = _hidden_row(exchange, "redacted") if known["kept"] == "redacted" else self.row(exchange)
        self.connection.execute(_UPDATE, row)
        tally(self.connection, known["number"], exchange)
        self._absorb_imported(exchange)

    def _absorb_imported(self, exchange: Exchange) -> None:
        if exchange.source == "proxy":
            from avow.history import twins

            whole = twins.absorbed(self.connection, exchange)
            if whole != exchange:
                self.connection.execute(_UPDATE, self.row(whole))

    def _attach(self, number: int, attachments: tuple[Attachment, ...]) -> None:
        for position, attachment in enumerate(attachments):
            if attachment.sha256 is None:
                continue
            data = attachment.data if self.keep_attachments else None
            known = self.connection.execute(
                "SELECT data IS NULL FROM attachment WHERE sha256 = ?", (attachment.sha256,)
            ).fetchone()
            if known is None:
                values = (attachment.sha256, attachment.media_type, attachment.size, data)
                self.connection.execute("INSERT INTO attachment VALUES (?, ?, ?, ?)", values)
            elif known[0] and data is not None:
                self.connection.execute("UPDATE attachment SET data = ? WHERE sha256 = ?", (data, attachment.sha256))
            self.connection.execute("INSERT INTO attached VALUES (?, ?, ?)", (number, position, attachment.sha256))


def _hidden_row(exchange: Exchange, kept: str) -> Row:
    from avow.history.hiding import hidden_row

    return hidden_row(exchange, kept)


def tally(connection: Connection, number: int, exchange: Exchange) -> None:
    """Write each hop's tokens and cost into a narrow table of their own, once the exchange is over; part of a
    transaction."""
    if exchange.status is Status.PENDING:
        return
    connection.execute("DELETE FROM hop WHERE exchange = ?", (number,))
    for position, hop in enumerate(exchange.routing.hops):
        usage = hop.usage or {}
        tokens = [whole(usage.get(name)) for name in _TOKENS]
        values = (number, position, hop.model, str(hop.outcome), hop.category, *tokens, hop.cost_usd)
        connection.execute(_INSERT_HOP, (*values, milliseconds(exchange.created_at), int(exchange.simulated)))
