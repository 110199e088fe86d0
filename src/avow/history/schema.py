"""The columns of the history, the indexes that queries name, and the search index."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite3 import Connection

APPLICATION_ID = 0x61766F77  # "avow", for `file` and its kin

COLUMNS_1 = (
    ("number", "INTEGER PRIMARY KEY AUTOINCREMENT", "what `avow history list` shows; never used twice"),
    ("id", "TEXT NOT NULL UNIQUE", "UUID version 7"),
    ("conversation_id", "TEXT NOT NULL", "the same for every turn of a conversation"),
    ("parent_id", "TEXT", "id of the turn before, in its conversation"),
    ("retry_of", "TEXT", "id of the exchange this one asks again"),
    ("session", "TEXT", "the terminal session it was asked in"),
    ("created_at", "TEXT NOT NULL", "RFC 3339, UTC, milliseconds"),
    ("created_ms", "INTEGER NOT NULL", "the same in milliseconds since 1970"),
    ("source", "TEXT NOT NULL", "'avow', 'proxy', 'judge', 'audit', or the client it was imported from"),
    ("kept", "TEXT NOT NULL", "'full', 'none' (history.content was none) or 'redacted'"),
    ("status", "TEXT NOT NULL", "complete refused truncated incomplete failed interrupted pending"),
    ("verdict", "TEXT", "as_requested fallback refused substituted unverified"),
    ("rerouted", "INTEGER NOT NULL", "1 where another model answered"),
    ("exit_code", "INTEGER", "exit status of the process"),
    ("signal", "INTEGER", "the signal that ended it"),
    ("problem", "INTEGER", "an exit status that is neither the status's nor the verdict's"),
    ("problem_words", "TEXT", "that problem, in words"),
    ("withheld", "INTEGER NOT NULL", "1 where --hold kept the answer off the screen"),
    ("simulated", "INTEGER NOT NULL", "1 where the built-in simulator answered"),
    ("requested_model", "TEXT NOT NULL", "the model asked for"),
    ("sent_model", "TEXT", "the model the request named"),
    ("served_model", "TEXT", "the model that answered"),
    ("category", "TEXT", "category of the first decline"),
    ("recommended_model", "TEXT", "what the API recommends instead"),
    ("stop_reason", "TEXT", "the API's own word"),
    ("template", "TEXT", "name of the template used"),
    ("fallback_policy", "TEXT NOT NULL", "'default', 'none', or a JSON array of models"),
    ("fallback_by", "TEXT NOT NULL", "'server' or 'client'"),
    ("retries", "INTEGER NOT NULL", "how often the request was sent again"),
    ("first_token_ms", "INTEGER", "time to the first token"),
    ("total_ms", "INTEGER", "time to the end"),
    ("cost_usd", "REAL", "list price; NULL where any part of it is unknown"),
    ("cost_floor_usd", "REAL NOT NULL", "sum of the parts that are known"),
    ("request_id", "TEXT", "the API's"),
    ("message_id", "TEXT", "the API's"),
    ("base_url", "TEXT", "who was asked"),
    ("error_type", "TEXT", "why there is no whole answer"),
    ("error_status", "INTEGER", "the HTTP status of that"),
    ("error_message", "TEXT", "in words"),
    ("hint", "TEXT", "what you can do about the error"),
    ("usage", "TEXT", "JSON: the API's token counts of the final attempt"),
    ("hops", "TEXT NOT NULL", "JSON: every attempt, as in `avow help json`"),
    ("evidence", "TEXT NOT NULL", "JSON: what the verdict rests on"),
    ("params", "TEXT NOT NULL", "JSON: the request's fields but model, messages and stream"),
    ("explanation", "TEXT", "the API's words about a decline"),
    ("attachments", "TEXT NOT NULL", "JSON: name, kind, type, size, sha256"),
    ("system", "TEXT", "system prompt"),
    ("prompt", "TEXT", "the question"),
    ("text", "TEXT", "the answer"),
    ("segments", "TEXT NOT NULL", "JSON: [{model, chars}], who wrote how many characters of text, in order"),
    ("withdrawn_text", "TEXT", "text by a model that then declined, with no successor"),
    ("user_content", "TEXT", "JSON: the user turn's blocks; text that stands in prompt is not repeated"),
    ("content", "TEXT", "JSON: the answer's blocks; text that stands in text is not repeated"),
    ("exact", "TEXT", "JSON: columns whose text UTF-8 cannot carry"),
)
COLUMNS_3 = (
    ("pin", "TEXT", "JSON: {model, since_turn}, the model its conversation stays on"),
    ("moved_to", "TEXT", "the model that avow itself asked after another had declined"),
)
COLUMNS_4 = (
    ("client", "TEXT", "what asked, as its requests name it, where that was not avow"),
    ("strength", "TEXT", "of the strongest evidence that names who answered: strong weak none"),
)
COLUMNS_5 = (
    ("run", "INTEGER", "number of the `avow run` it was an item of"),
    ("item_id", "TEXT", "the item's id, or the number of its line"),
    ("item_index", "INTEGER", "the item's place in its file, from 0"),
    ("item_repeat", "INTEGER", "which repeat of the item, from 0"),
    ("item_key", "TEXT", "what a resumed run knows the item by: a hash of its id and what it sends"),
    ("item_last", "INTEGER", "1 where it is the last exchange of its item in this run"),
)
COLUMNS_8 = (("traceparent", "TEXT", "the span it is a child of, by W3C Trace Context"),)
COLUMNS_9 = (("batch", "INTEGER", "number of the batch it was sent in"),)
COLUMNS: tuple[tuple[str, str, str], ...] = (*(*COLUMNS_1, *COLUMNS_3, *COLUMNS_4, *COLUMNS_5, *COLUMNS_8, *COLUMNS_9),)
"""Name, type and meaning of each column of `exchange`: short ones first, so that filters never read a long one; what a
later version added stands last."""

NAMES = tuple(name for name, _type, _meaning in COLUMNS)
ADDED = frozenset(NAMES[len(COLUMNS_1) :])
"""The columns that files of earlier versions lack."""

UNUSUAL = "(verdict IS NOT 'as_requested' OR status <> 'complete')"
"""What the few exchanges that did not go as asked have in common; word for word in a query, it makes SQLite use the
index that holds them alone."""

NOT_STRONG = "(verdict = 'as_requested' AND strength IS NOT 'strong')"
"""What was answered as requested by a name alone; word for word in a query, as above."""

OTHERS = "SELECT number FROM exchange WHERE source <> 'avow'"
"""The exchanges that avow itself did not ask for: those of other programs, and of audits."""

AUDITS = "SELECT number FROM exchange WHERE source <> 'avow' AND source = 'audit'"
"""The exchanges of audits; word for word so that SQLite takes the index of what was not asked by hand."""

OLDER = "(created_ms, number) < (SELECT created_ms, number FROM exchange WHERE number = ?)"
"""What is older than the exchange with that number."""

VERSION = 9
"""How many migrations there are."""

TOKENIZER = "tokenize='unicode61 remove_diacritics 2'"
"""How the search index takes a text apart: by words, whatever their accents."""

_INDEX = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS exchange_search USING fts5(prompt, text, content='searchable',"
    f" content_rowid='number', {TOKENIZER})"
)
INTEGRITY_CHECK = "INSERT INTO exchange_search(exchange_search, rank) VALUES ('integrity-check', 1)"
"""Compares the search index with the rows; raises sqlite3.DatabaseError where they differ."""
_REBUILD = "INSERT INTO exchange_search(exchange_search) VALUES ('rebuild')"
_SECURE = "INSERT INTO exchange_search(exchange_search, rank) VALUES ('secure-delete', 1)"
_GONE = (
    "INSERT INTO exchange_search(exchange_search, rowid, prompt, text)"
    " SELECT 'delete', old.number, old.prompt, old.text"
)
_NEW = "INSERT INTO exchange_search(rowid, prompt, text) SELECT new.number, new.prompt, new.text"
_WORDS = "(old.status, old.prompt, old.text) IS NOT (new.status, new.prompt, new.text)"
_WAS, _IS = "old.status <> 'pending'", "new.status <> 'pending'"
_TRIGGERS = {
    "search_insert": f"AFTER INSERT ON exchange WHEN {_IS} BEGIN {_NEW}; END",
    "search_delete": f"AFTER DELETE ON exchange WHEN {_WAS} BEGIN {_GONE}; END",
    "search_update": f"AFTER UPDATE OF status, prompt, text ON exchange WHEN {_WORDS}"
    f" BEGIN {_GONE} WHERE {_WAS}; {_NEW} WHERE {_IS}; END",
}
"""One for an update: SQLite leaves the order of two open, and the old words must go before the new ones come."""

_SECURE_FROM = (3, 42, 0)
_OLD_FORMAT = 4


def has_search(connection: Connection) -> bool:
    """Whether this build of SQLite has FTS5, and the search index is up to date and readable for it."""
    return _can_search(connection) and _has_triggers(connection) and not _is_too_new(connection)


def is_index_right(connection: Connection) -> bool:
    """Whether the index is as this build needs it: readable, and kept by triggers if there is FTS5, by none if not."""
    return _can_search(connection) == _has_triggers(connection) and not _is_too_new(connection)


def can_delete_securely() -> bool:
    """Whether this build's index can drop words at once when their row is deleted: FTS5 can since SQLite 3.42; before,
    it drops them when its parts are merged."""
    import sqlite3

    return sqlite3.sqlite_version_info >= _SECURE_FROM


def deletes_securely(connection: Connection) -> bool:
    """Whether the index deletes securely now."""
    is_set = "SELECT 1 FROM exchange_search_config WHERE k = 'secure-delete' AND v = 1"
    return can_delete_securely() and connection.execute(is_set).fetchone() is not None


def delete_securely(connection: Connection) -> bool:
    """Let the index delete securely from now on, if it can; whether it does. Words that were deleted before are merged
    away, once. Call it in a transaction, before rows are deleted."""
    if can_delete_securely() and not deletes_securely(connection):
        connection.execute("INSERT INTO exchange_search(exchange_search) VALUES ('optimize')")
        connection.execute(_SECURE)
    return can_delete_securely()


def set_up_index(connection: Connection) -> None:
    """Create the search index with its triggers, and fill it. Without FTS5 remove the triggers, so that rows can be
    written. Call it in a transaction."""
    if is_index_right(connection):
        return
    for name in _TRIGGERS:
        connection.execute(f"DROP TRIGGER IF EXISTS {name}")
    if _can_search(connection):
        rebuild_index(connection)
        for name, body in _TRIGGERS.items():
            connection.execute(f"CREATE TRIGGER {name} {body}")


def rebuild_index(connection: Connection) -> None:
    """Rebuild the search index from the rows."""
    if _is_too_new(connection):
        # This build cannot even drop the table; the oldest form lets it be read.
        connection.execute("UPDATE exchange_search_config SET v = ? WHERE k = 'version'", (_OLD_FORMAT,))
    connection.execute("DROP TABLE IF EXISTS exchange_search")
    connection.execute(_INDEX)
    if can_delete_securely():
        connection.execute(_SECURE)
    connection.execute(_REBUILD)


def _is_too_new(connection: Connection) -> bool:
    """Whether a newer SQLite has deleted words from the index in a way that this one cannot read."""
    if can_delete_securely() or not _has_index(connection):
        return False
    row = connection.execute("SELECT v FROM exchange_search_config WHERE k = 'version'").fetchone()
    return row is not None and row[0] != _OLD_FORMAT


def _has_index(connection: Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'exchange_search_config'")
    return found.fetchone() is not None


def _can_search(connection: Connection) -> bool:
    return connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone() is not None


def _has_triggers(connection: Connection) -> bool:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'search_%'")
    return {row[0] for row in found} == set(_TRIGGERS)
