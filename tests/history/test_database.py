"""Opening the file: by many at once, by newer and older programs, and where it cannot be."""

import collections
import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from avow.errors import HistoryError
from avow.history import database, schema
from avow.history.hiding import NOT_KEPT
from avow.history.store import History
from avow.routing.verdict import Evidence, Pin, Routing, Verdict
from tests.examples import up_to
from tests.history.making import FABLE, OLD, OPUS, answered, kept, old_file

ADD = """
import sys
from pathlib import Path
from avow.history.store import History
from tests.history.making import answered, asked
path, name = Path(sys.argv[1]), sys.argv[2]
with History.open(path) as history:
    pending = asked(name)
    pending = pending._replace(number=history.begin(pending))
    done = answered(name, "done " + name, id=pending.id, number=pending.number)
    history.save(pending._replace(routing=done.routing))
    history.finish(done)
"""
ADD_FOR_EVER = """
import sys
from pathlib import Path
from avow.history.store import History
from tests.history.making import answered
with History.open(Path(sys.argv[1])) as history:
    for n in range(100_000):
        exchange = answered(f"p{n} " + "word " * 50)
        number = history.begin(exchange._replace(status="pending"))
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
        history.finish(exchange._replace(number=number))
"""


def start(script: str, *words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", script, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def is_sound(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        connection.execute("INSERT INTO exchange_search(exchange_search, rank) VALUES ('integrity-check', 1)")
        return bool(connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)])
    finally:
        connection.close()


@pytest.mark.parametrize("number", [8, pytest.param(64, marks=pytest.mark.slow)])
def test_many_processes_at_a_file_that_is_not_there_yet_lose_nothing(tmp_path: Path, number: int) -> None:
    path = tmp_path / "new" / "history.db"
    processes = [start(ADD, str(path), f"name{n}") for n in range(number)]
    failed = [out for process in processes if (out := process.communicate(timeout=100)[1]) or process.returncode]
    assert failed == []
    with History.open(path, read_only=True) as history:
        found = list(history.rows())
    assert {exchange.question.prompt for exchange in found} == {f"name{n}" for n in range(number)}
    assert {str(exchange.status) for exchange in found} == {"complete"}
    assert is_sound(path)


def test_a_process_killed_at_any_moment_loses_no_row_it_was_told_of(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    for kill in range(0, 12, 12 // up_to(12)):
        process = start(ADD_FOR_EVER, str(path))
        assert process.stdout is not None
        told = [int(process.stdout.readline())]
        time.sleep(0.003 * kill)
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.communicate()[0].split(b"\n") if line]
        with History.open(path) as history:
            numbers = {row[0] for row in history.read("SELECT number FROM exchange")}
        assert numbers.issuperset(told)
    assert is_sound(path)


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_file_and_folder_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "a" / "history.db"
    with History.open(path) as history:
        history.begin(answered())
        modes = {file.name: oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()}
    assert modes == {"history.db": "0o600", "history.db-wal": "0o600", "history.db-shm": "0o600"}
    assert oct(path.parent.stat().st_mode & 0o777) == "0o700"


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.touch(0o644)
    History.open(path).close()
    assert oct(path.stat().st_mode & 0o777) == "0o600"


def test_a_newer_history_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    kept(path, answered())
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    for read_only in (False, True):
        with pytest.raises(HistoryError, match=r"newer avow.*left untouched"):
            History.open(path, read_only=read_only)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE cookies (name)")
    connection.close()
    with pytest.raises(HistoryError, match="another program"):
        History.open(path)


@pytest.mark.parametrize("data", [b"this is no database " * 400, b"\0" * 5000], ids=["text", "zeros"])
def test_what_is_no_database_is_said_to_be_damaged(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(data)
    with pytest.raises(HistoryError) as caught:
        History.open(path)
    assert "damaged" in caught.value.message
    assert "avow history repair" in (caught.value.hint or "")
    assert path.read_bytes() == data


DECLINED = Evidence("avow.attempts[0]", {"model": FABLE, "outcome": "declined", "then": OLD}, "strong")
SKIPPED = Evidence("avow.attempts[1]", {"model": OLD, "outcome": "skipped", "then": OPUS}, "strong")
STAYED = Evidence("conversation.pinned", {"model": OLD, "since_turn": 4}, "strong")
ANSWERED = Evidence("model", OPUS, "weak")
MOVES: dict[str, tuple[tuple[Evidence, ...], Pin | None, str | None]] = {
    "as requested": ((ANSWERED,), None, None),
    "declined": ((DECLINED, ANSWERED), None, OLD),
    "declined, then skipped": ((DECLINED, SKIPPED, ANSWERED), None, OPUS),
    "only skipped": ((SKIPPED, ANSWERED), None, None),
    "stayed": ((STAYED, ANSWERED), Pin(OLD, 4), None),
    "stayed, and declined": ((DECLINED, STAYED, ANSWERED), Pin(OLD, 4), OLD),
    "not kept": ((DECLINED._replace(value=NOT_KEPT), STAYED._replace(value=NOT_KEPT)), None, None),
}


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("evidence", "pin", "moved_to"), MOVES.values(), ids=MOVES)
def test_where_a_conversation_stayed_is_read_from_the_evidence_of_old_rows(
    tmp_path: Path, version: int, evidence: tuple[Evidence, ...], pin: Pin | None, moved_to: str | None
) -> None:
    old_file(tmp_path / "history.db", version, answered(routing=Routing(Verdict.FALLBACK, evidence=evidence)))
    with History.open(tmp_path / "history.db") as history:
        routing = history.get("1").routing
    assert (routing.pin, routing.moved_to, routing.evidence) == (pin, moved_to, evidence)


@pytest.mark.parametrize("version", range(1, schema.VERSION))
@pytest.mark.parametrize("read_only", [False, True], ids=["to write", "to read"])
def test_an_older_history_is_brought_up_to_date(tmp_path: Path, version: int, read_only: bool) -> None:
    path = tmp_path / "history.db"
    old_file(path, version)
    with History.open(path, read_only=read_only) as history:
        assert [exchange.question.prompt for exchange in history.rows()] == ["old words"]
        assert [tuple(row) for row in history.read("SELECT model, input_tokens FROM hop")] == [("claude-fable-5-2", 10)]
        found = history.read("SELECT rowid FROM exchange_search WHERE exchange_search MATCH 'answer'")
        assert [row[0] for row in found] == [1]
        assert history.read("PRAGMA user_version")[0][0] == schema.VERSION
    assert sorted(file.name for file in tmp_path.iterdir() if "version" in file.name) == []


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    old_file(path, 1)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE hop (in_the_way)")
    connection.close()
    with pytest.raises(HistoryError, match="hop already exists"):
        History.open(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT prompt FROM exchange").fetchall() == [("old words",)]
    connection.close()


def test_a_history_that_is_not_there_is_empty_to_a_reader_and_is_not_made(tmp_path: Path) -> None:
    with History.open(tmp_path / "history.db", read_only=True) as history:
        assert list(history.rows()) == []
        assert history.latest() is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_can_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (exchange,) = kept(folder / "history.db", answered())
    folder.chmod(0o500)
    try:
        with History.open(folder / "history.db", read_only=True) as history:
            assert history.get("1") == exchange
        with pytest.raises(HistoryError, match="cannot be opened or written"):
            History.open(folder / "other.db")
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_folder_that_is_a_file_is_said(read_only: bool, tmp_path: Path) -> None:
    (tmp_path / "folder").touch()
    with pytest.raises(HistoryError) as caught:
        History.open(tmp_path / "folder" / "history.db", read_only=read_only)
    assert "history.db" in caught.value.message
    assert caught.value.hint


def test_without_shared_memory_the_journal_is_a_file(tmp_path: Path) -> None:
    connection = database.connect(tmp_path / "history.db", vfs="unix-dotfile")
    history = History(connection, tmp_path / "history.db", content="full", keep_attachments=True)
    with history:
        history.begin(answered())
        assert history.read("PRAGMA journal_mode")[0][0] == "delete"
        assert history.count() == 1


def test_a_locked_history_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    kept(path, answered())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with History.open(path, patience_seconds=0.1) as history, pytest.raises(HistoryError, match="keeps it locked"):
        history.begin(answered())
    other.execute("ROLLBACK")
    other.close()


def test_a_build_without_full_text_search_can_still_write(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    kept(path, answered("first"))
    connection = sqlite3.connect(path)
    for name in schema._TRIGGERS:  # what such a build does when it opens the file
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE exchange SET prompt = 'second'")
    connection.commit()
    connection.close()
    with History.open(path) as history:
        found = history.read("SELECT rowid FROM exchange_search WHERE exchange_search MATCH 'second'")
    assert [row[0] for row in found] == [1]
    assert is_sound(path)


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no small file system can be mounted here")
    try:
        with History.open(small / "history.db") as history:
            many = (answered("long " * 10_000) for _ in range(100))
            with pytest.raises(HistoryError, match="the disk is full"):
                collections.deque(map(history.begin, many), 0)
        with History.open(small / "history.db", read_only=True) as history:
            assert history.count() > 0
    finally:
        subprocess.run(["umount", str(small)], check=True)
