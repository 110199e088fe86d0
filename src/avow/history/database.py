"""Opens the SQLite file so that many processes can write at once and nobody else can read it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avow.errors import HistoryError, HistoryLocked, system_words
from avow.history import schema
from avow.paths import make_private

if TYPE_CHECKING:
    from sqlite3 import Connection, Error

PATIENCE_SECONDS = 30.0
_VACUUM_SECONDS = 1.0
_WAIT_SECONDS = 1.0  # a wait inside SQLite cannot be interrupted by Ctrl-C, so it is short, and repeated
BUSY_CODES = (5, 6, 15)  # SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL (two processes at the WAL's birth)
DAMAGE_CODES = (11, 26)  # SQLITE_CORRUPT, SQLITE_NOTADB
_OF_DAMAGE = ("no such ", "unsupported file format", "malformed ", "vtable constructor failed", "invalid fts5 ")
FULL = 13
_CANTOPEN, _READONLY = 14, 8
_REPAIR = "avow history repair"


Tell = Callable[[str], None] | None


def connect(path: Path, *, vfs: str | None = None, seconds: float = PATIENCE_SECONDS, tell: Tell = None) -> Connection:
    """A connection that may write, to a file that is up to date; folder and file are made where missing, for their
    owner alone.

    `vfs` is one of SQLite's own ways to lock. For `seconds` the connection waits for another process that has the file.
    `tell` is called with a sentence if bringing the file up to date takes a while. Raises HistoryError.
    """
    import sqlite3

    connection = None
    try:
        _create(path)
        connection = _connection(f"{path.absolute().as_uri()}?mode=rw{f'&vfs={vfs}' if vfs else ''}")
        patiently(connection, _make_ready, path, seconds, tell, seconds=seconds)
    except (sqlite3.Error, UnicodeError, OSError) as error:
        _close(connection)
        raise translated(error, path) from error
    except BaseException:
        _close(connection)
        raise
    return connection


def connect_reading(path: Path, *, seconds: float = PATIENCE_SECONDS, tell: Tell = None) -> Connection:
    """A connection that only reads. A file that does not exist is an empty history; one that an older avow wrote is
    brought up to date first. For `seconds` the connection waits for another process that has the file. Raises
    HistoryError."""
    import sqlite3

    try:
        path.stat()
    except FileNotFoundError:
        return empty()
    except OSError as error:
        raise translated(error, path) from error
    connection: Connection | None = None
    try:
        connection = _reading_connection(path, seconds)
        _check_version(connection, path, seconds)
        if _version(connection) < schema.VERSION:
            connection.close()
            connect(path, seconds=seconds, tell=tell).close()
            connection = _reading_connection(path, seconds)
    except (sqlite3.Error, UnicodeError, OSError) as error:
        _close(connection)
        raise translated(error, path) from error
    except BaseException:
        _close(connection)
        raise
    return connection


def patiently(connection: Connection, work: Any, *arguments: object, seconds: float = PATIENCE_SECONDS) -> Any:
    """`work(connection, *arguments)`, repeated for `seconds` while another process has the file."""
    if seconds >= _WAIT_SECONDS:
        return _again_and_again(connection, work, arguments, seconds)
    before = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
    try:
        return _again_and_again(connection, work, arguments, seconds)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {before}")


def _again_and_again(connection: Connection, work: Any, arguments: tuple[object, ...], seconds: float) -> Any:
    import sqlite3

    started = time.monotonic()
    pause = 0.005
    while True:
        try:
            return work(connection, *arguments)
        except sqlite3.OperationalError as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            wait = seconds if is_busy(error) else _VACUUM_SECONDS if _is_after_vacuum(error) else 0.0
            if time.monotonic() - started >= wait:
                raise
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        time.sleep(pause + pause * (os.getpid() % 7) / 7)  # not all at the same moment
        pause = min(pause * 2, 0.25)


def is_current(connection: Connection) -> bool:
    """Whether tables and search index are of this program's version."""
    return _version(connection) == schema.VERSION and schema.is_index_right(connection)


def is_busy(error: Error) -> bool:
    """Whether the error says that another process has the file, so that trying again may help."""
    return code(error) in BUSY_CODES


def _is_after_vacuum(error: Error) -> bool:
    """Whether SQLite misses a table of ours: it does so once, if someone ran VACUUM while it waited to write."""
    return str(error) in ("no such table: exchange", "no such table: main.exchange")


def is_damage(error: BaseException | None) -> bool:
    """Whether the error says that the file is damaged. SQLite may say so, or miss a table or an index, or fail to
    decode what it found."""
    if error is None:
        return False
    return code(error) in DAMAGE_CODES or (code(error) == 1 and str(error).startswith(_OF_DAMAGE))


def code(error: BaseException) -> int:
    """SQLite's primary result code of an error, 0 for other errors. Python fails to decode messages of SQLite's that
    quote a damaged schema, and text of a damaged row."""
    if isinstance(error, UnicodeError) or str(error).startswith("Could not decode to UTF-8"):
        return DAMAGE_CODES[0]
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def translated(error: BaseException, path: Path) -> HistoryError:
    """An error of SQLite or of the system as a HistoryError that names the file, what is wrong with it, and what to
    do."""
    kind = HistoryError
    match DAMAGE_CODES[0] if is_damage(error) else code(error):
        case 5 | 6 | 15:
            kind = HistoryLocked
            what, hint = "another program keeps it locked", "end that program, or go on with --no-history"
        case 13:
            what, hint = "the disk is full", "make room, or move it: AVOW_DATA_DIR"
        case 11 | 26:
            what, hint = (
                f"it is damaged, or not a database ({error})",
                f"{_REPAIR} sets it aside and saves what it can",
            )
        case 8 | 3 | 14:
            what, hint = (
                f"it cannot be opened or written ({error})",
                "look at its permissions, or set AVOW_DATA_DIR",
            )
        case _:
            what = system_words(error)
            hint = "look at the file and its folder, or set AVOW_DATA_DIR"
    return kind(f"the history {path}: {what}", hint=hint)


def _create(path: Path) -> None:
    """Make the file, empty and private, or take from others the right to read it. An existing file must not be opened
    and closed here: on POSIX that would release the locks of another connection in this process."""
    make_private(path.parent)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        mode = path.stat().st_mode
        if os.name == "posix" and mode & 0o077 and path.stat().st_uid == os.geteuid():
            path.chmod(mode & 0o700)


def _connection(uri: str) -> Connection:
    import sqlite3

    connection = sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def empty() -> Connection:
    """An empty history in memory."""
    from avow.history.migrations import bring_up_to_date

    connection = _connection("file::memory:")
    bring_up_to_date(connection, 0)
    return connection


def _reading_connection(path: Path, seconds: float) -> Connection:
    """A read-only connection. In a folder that cannot be written SQLite cannot share a WAL: there the file is read as
    it is, unless a WAL has newer rows."""
    import sqlite3

    uri = path.absolute().as_uri()
    connection = _connection(f"{uri}?mode=ro")
    try:
        patiently(connection, _version, seconds=seconds)
    except sqlite3.OperationalError as error:
        connection.close()
        wal = path.with_name(path.name + "-wal")
        if code(error) not in (_CANTOPEN, _READONLY) or (wal.exists() and wal.stat().st_size > 0):
            raise
        connection = _connection(f"{uri}?mode=ro&immutable=1")
    return connection


def _version(connection: Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make_ready(connection: Connection, path: Path, seconds: float, tell: Tell) -> None:
    _check_version(connection, path, seconds)
    _set_up(connection)
    if not is_current(connection):
        patiently(connection, _migrate, path, tell, seconds=seconds)


def _check_version(connection: Connection, path: Path, seconds: float = PATIENCE_SECONDS) -> None:
    version, has_tables = patiently(connection, _version_and_tables, seconds=seconds)
    if version > schema.VERSION:
        raise HistoryError(
            f"the history {path} was written by a newer avow (version {version}, this avow reads {schema.VERSION})"
            " and is left untouched",
            hint="update avow, or point AVOW_DATA_DIR elsewhere",
        )
    if version == 0 and has_tables:
        raise HistoryError(
            f"{path} is a database of another program and is left untouched", hint="move it, or set AVOW_DATA_DIR"
        )


def _version_and_tables(connection: Connection) -> tuple[int, bool]:
    """Version and tables, read at one moment, because another process may be making the tables."""
    connection.execute("BEGIN")
    version = _version(connection)
    has_tables = connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None
    connection.execute("COMMIT")
    return version, has_tables


def _set_up(connection: Connection) -> None:
    import sqlite3

    try:
        if _version(connection) == 0:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # holds from the first page on, or never
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        if mode != "wal":
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
    except sqlite3.OperationalError as error:
        if is_busy(error):
            raise
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()  # network file systems have no shared memory
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON").fetchone()
    connection.execute("PRAGMA foreign_keys = ON")


def _migrate(connection: Connection, path: Path, tell: Tell) -> None:
    """Bring an old file up to date in one transaction: if it fails or is killed, the file is as it was."""
    from avow.history import migrations

    connection.execute("BEGIN IMMEDIATE")
    version = _version(connection)  # again, under the lock: another process may have been faster
    if version:
        migrations.announce(connection, path, version, tell)
    migrations.bring_up_to_date(connection, version)
    connection.execute("COMMIT")


def _close(connection: Connection | None) -> None:
    if connection is not None:
        connection.close()


def library_version() -> str:
    """The version of SQLite that Python has."""
    import sqlite3

    return sqlite3.sqlite_version
