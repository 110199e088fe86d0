"""The tables of the history: numbered migrations, which bring an older file up to date and are only ever appended."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from avow.errors import HistoryError
from avow.history import schema

if TYPE_CHECKING:
    from sqlite3 import Connection

_LARGE_BYTES = 100_000_000
_REBUILDS, _ADDS = 2, 20
"""Which part of the file's size its log may take: measured, a third where the search index is made again."""


def bring_up_to_date(connection: Connection, version: int) -> None:
    """Bring a file from that version to the last one, with the search index that this build needs. Part of a
    transaction: if it fails or is killed, the file is as it was."""
    if version == 0:
        _create(connection)
    for migration in MIGRATIONS[version:] if version else ():
        migration(connection)
    schema.set_up_index(connection)
    if version == 0:
        from avow.history import summary

        summary.create(connection)  # an older file's are added up when they are wanted, for that takes a while
    if version != schema.VERSION:
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")


def _create(connection: Connection) -> None:
    """What all migrations together make of an empty file, at once: an `ALTER TABLE` reads the whole schema again."""
    _create_exchange(connection, schema.COLUMNS)
    for statement in (*_TABLES_1, *_TABLES_2, *_TABLES_5, _WEAK_INDEX, _TABLE_8, *_TABLES_9):
        connection.execute(statement)


def announce(connection: Connection, path: Path, version: int, tell: Callable[[str], None] | None) -> None:
    """Say that a large file is brought up to date. Raises HistoryError where its disk has no room for that."""
    size = path.stat().st_size
    if size < _LARGE_BYTES:
        return
    import shutil

    rebuilds = version < _ONE_TRIGGER or not schema.is_index_right(connection)
    needed, free = size // (_REBUILDS if rebuilds else _ADDS), shutil.disk_usage(path.parent).free
    if free < needed:
        raise HistoryError(
            f"the history {path} was written by an earlier avow, and its disk has no room to bring it up to date: that"
            f" needs about {_megabytes(needed)}, and {_megabytes(free)} are free",
            hint="make room, or move it: AVOW_DATA_DIR",
        )
    if tell is not None:
        how_long = "which may take some minutes" if rebuilds else "which takes a moment"
        tell(f"bringing the history up to date, once: {_megabytes(size)}, {how_long}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


def _tables(connection: Connection) -> None:
    _create_exchange(connection, schema.COLUMNS_1)
    for statement in _TABLES_1:
        connection.execute(statement)


def _create_exchange(connection: Connection, columns: Iterable[tuple[str, str, str]]) -> None:
    described = ",\n  ".join(f"{name} {kind}" for name, kind, _meaning in columns)
    connection.execute(f"CREATE TABLE exchange (\n  {described}\n)")


def _tallies(connection: Connection) -> None:
    for statement in _TABLES_2:
        connection.execute(statement)
    connection.execute(f"INSERT OR IGNORE INTO hop {HOPS_OF_ROWS}")


def _moves(connection: Connection) -> None:
    for name, kind, _meaning in schema.COLUMNS_3:
        connection.execute(f"ALTER TABLE exchange ADD COLUMN {name} {kind}")
    read_moves(connection)


def _clients(connection: Connection) -> None:
    for name, kind, _meaning in schema.COLUMNS_4:
        connection.execute(f"ALTER TABLE exchange ADD COLUMN {name} {kind}")


def _runs(connection: Connection) -> None:
    for name, kind, _meaning in schema.COLUMNS_5:
        connection.execute(f"ALTER TABLE exchange ADD COLUMN {name} {kind}")
    for statement in _TABLES_5:
        connection.execute(statement)


def _one_trigger(connection: Connection) -> None:
    """Replace the two triggers that kept the search index at an update: SQLite leaves open which of two runs first, and
    where the new words came before the old ones were removed, the index lost count. `set_up_index` makes the one
    trigger and the index again."""
    for name in ("search_update_gone", "search_update_new"):
        connection.execute(f"DROP TRIGGER IF EXISTS {name}")


def _strengths(connection: Connection) -> None:
    connection.execute(_WEAK_INDEX)


def _outbox(connection: Connection) -> None:
    for name, kind, _meaning in schema.COLUMNS_8:
        connection.execute(f"ALTER TABLE exchange ADD COLUMN {name} {kind}")
    connection.execute(_TABLE_8)


def _batches(connection: Connection) -> None:
    for name, kind, _meaning in schema.COLUMNS_9:
        connection.execute(f"ALTER TABLE exchange ADD COLUMN {name} {kind}")
    for statement in _TABLES_9:
        connection.execute(statement)


def read_moves(connection: Connection) -> None:
    """Fill `pin` and `moved_to` of rows that an avow before version 3 wrote: they had them in the evidence alone. Part
    of a transaction."""
    for statement in _MOVES_OF_ROWS:
        connection.execute(statement)


_TABLES_1 = (
    "CREATE TABLE attachment (sha256 TEXT PRIMARY KEY, media_type TEXT, size INTEGER, data BLOB)",
    "CREATE TABLE attached (exchange INTEGER NOT NULL REFERENCES exchange(number) ON DELETE CASCADE,"
    " position INTEGER NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (exchange, position)) WITHOUT ROWID",
    "CREATE INDEX attached_sha256 ON attached (sha256)",
    "CREATE VIEW searchable AS SELECT number, prompt, text FROM exchange WHERE status <> 'pending'",
    "CREATE INDEX exchange_time ON exchange (created_ms, simulated, status, verdict, rerouted, requested_model,"
    " served_model, category, template, source, cost_usd, cost_floor_usd)",
    "CREATE INDEX exchange_pending ON exchange (created_ms) WHERE status = 'pending'",
    "CREATE INDEX exchange_imported ON exchange (created_ms) WHERE source <> 'avow'",
    "CREATE INDEX exchange_conversation ON exchange (conversation_id)",
    "CREATE INDEX exchange_session ON exchange (session) WHERE session IS NOT NULL",
    "CREATE INDEX exchange_retry ON exchange (retry_of) WHERE retry_of IS NOT NULL",
)

_WEAK_INDEX = (
    "CREATE INDEX exchange_weak ON exchange (created_ms, simulated, status, verdict, rerouted, requested_model,"
    f" served_model, category, template, source) WHERE {schema.NOT_STRONG}"
)

_TOKENS = ", ".join(
    f"CASE json_type(h.value, '$.usage.{name}') WHEN 'integer' THEN json_extract(h.value, '$.usage.{name}') END"
    for name in ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
)
HOPS_OF_ROWS = f"""
SELECT e.number, h.key, json_extract(h.value, '$.model'), json_extract(h.value, '$.outcome'),
  json_extract(h.value, '$.category'), {_TOKENS}, json_extract(h.value, '$.cost_usd'),
  e.created_ms, e.simulated
FROM exchange AS e, json_each(CASE WHEN json_valid(e.hops) THEN e.hops ELSE '[]' END) AS h
WHERE e.status <> 'pending' AND h.type = 'object'
"""  # noqa: S608

_TABLES_2 = (
    "CREATE TABLE hop (exchange INTEGER NOT NULL REFERENCES exchange(number) ON DELETE CASCADE,"
    " position INTEGER NOT NULL, model TEXT, outcome TEXT NOT NULL, category TEXT, input_tokens INTEGER,"
    " output_tokens INTEGER, cache_read_tokens INTEGER, cache_write_tokens INTEGER, cost_usd REAL,"
    " created_ms INTEGER NOT NULL, simulated INTEGER NOT NULL, PRIMARY KEY (exchange, position)) WITHOUT ROWID",
    "CREATE INDEX exchange_unusual ON exchange (created_ms, simulated, status, verdict, rerouted, requested_model,"
    f" served_model, category, template, source, cost_usd) WHERE {schema.UNUSUAL}",
    "CREATE INDEX hop_use ON hop (model, outcome, simulated, created_ms, input_tokens, output_tokens,"
    " cache_read_tokens, cache_write_tokens, cost_usd)",
    "CREATE INDEX exchange_total ON exchange (served_model, total_ms, created_ms) WHERE simulated = 0",
    "CREATE INDEX exchange_first ON exchange (served_model, first_token_ms, created_ms) WHERE simulated = 0",
)

_TABLES_5 = (
    "CREATE TABLE run (number INTEGER PRIMARY KEY AUTOINCREMENT, created_at TEXT NOT NULL, file TEXT NOT NULL,"
    " digest TEXT)",
    "CREATE INDEX exchange_run ON exchange (run, item_key, status) WHERE run IS NOT NULL",
)
"""`run.file`: the whole path of what was read, `-` for stdin; `digest` stands for all its items as they were last."""

_TABLE_8 = (
    "CREATE TABLE pushed (exchange INTEGER PRIMARY KEY REFERENCES exchange(number) ON DELETE CASCADE,"
    " state INTEGER NOT NULL)"
)
"""What a collector acknowledged (1) or refused for good (2); all other rows wait to be sent."""

_TABLES_9 = (
    "CREATE TABLE batch (number INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, created_at TEXT NOT NULL,"
    " base_url TEXT NOT NULL, id TEXT, items INTEGER, before_id TEXT, before_at TEXT, others TEXT NOT NULL)",
    "CREATE INDEX exchange_batch ON exchange (batch) WHERE batch IS NOT NULL",
)
"""`batch.id`: the API's, NULL until it is known; `items`: how many it was about to be sent with, NULL before that;
`before_id` and `before_at`: the newest batch of all at that moment; `others`: ids that turned out not to be it."""

_EVIDENCE = "json_each(CASE WHEN json_valid(evidence) THEN evidence ELSE '[]' END) AS e"
_FIELD, _VALUE = (f"json_extract(evidence, e.fullkey || '.{name}')" for name in ("field", "value"))
_OWN_ATTEMPTS = f"{_EVIDENCE} WHERE {_FIELD} LIKE 'avow.attempts[%'"
_MOVES_OF_ROWS = (
    f"UPDATE exchange SET pin = (SELECT {_VALUE} FROM {_EVIDENCE}"  # noqa: S608
    f" WHERE {_FIELD} = 'conversation.pinned' AND json_type(evidence, e.fullkey || '.value') = 'object')"
    " WHERE pin IS NULL AND instr(evidence, '\"conversation.pinned\"')",
    "UPDATE exchange SET moved_to = (SELECT json_extract(evidence, e.fullkey || '.value.then')"  # noqa: S608
    f" FROM {_OWN_ATTEMPTS} ORDER BY e.key DESC LIMIT 1)"
    " WHERE moved_to IS NULL AND instr(evidence, '\"avow.attempts[')"
    f" AND EXISTS (SELECT 1 FROM {_OWN_ATTEMPTS}"
    " AND json_extract(evidence, e.fullkey || '.value.outcome') = 'declined')",
)
"""Where a value is not an object, its words were not kept, and nothing says any more where the request went."""

_ONE_TRIGGER = 6
"""The version from which the search index has one trigger for updates; an older file's index is made again."""

MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    _tables,
    _tallies,
    _moves,
    _clients,
    _runs,
    _one_trigger,
    _strengths,
    _outbox,
    _batches,
)
"""Each brings the file from version n to n + 1 inside a transaction. Append; never edit one that was released."""
