"""A damaged file is set aside, and what can be read is saved."""

import random
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from avow.history import outbox, repair, runs
from avow.history.store import History
from avow.routing.verdict import Evidence, Routing, Verdict
from avow.wire.blocks import Attachment
from tests.history.making import FABLE, OLD, answered, kept, old_file, rerouted

NOW = datetime(2026, 11, 23, 17, 0, 0)
FILE = Attachment("notes.txt", "text", "text/plain", 5, "5e1f", b"hello")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "history.db"
    kept(path, *(answered(f"number {n}", "some words " * 60) for n in range(200)), rerouted(attachments=(FILE,)))
    return path


def damage(path: Path, first: float, pages: int) -> None:
    """Overwrite so many pages, from that part of the file on."""
    data = bytearray(path.read_bytes())
    start = int(len(data) * first) // 4096 * 4096
    data[start : start + pages * 4096] = random.Random(5).randbytes(pages * 4096)
    path.write_bytes(data)


def test_a_sound_file_is_left_alone(path: Path) -> None:
    before = path.read_bytes()
    assert repair.check(path) == repair.Diagnosis()
    assert path.read_bytes() == before


def test_a_damaged_index_is_made_anew(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM exchange_search_data WHERE id > 100")
    connection.commit()
    connection.close()
    condition = repair.check(path)
    assert (condition.mendable, len(condition.problems)) == (True, 1)
    repair.mend(path)
    assert repair.check(path) == repair.Diagnosis()
    with History.open(path) as history:
        found = history.read("SELECT count(*) FROM exchange_search WHERE exchange_search MATCH 'words'")
    assert found[0][0] == 200


@pytest.mark.parametrize("first", [0.3, 0.6])
def test_most_of_a_damaged_file_is_saved_under_its_old_numbers(path: Path, first: float) -> None:
    with History.open(path, read_only=True) as history:
        before = {exchange.number: exchange for exchange in history.rows()}
    damage(path, first, 3)
    assert repair.check(path).problems
    damaged = path.read_bytes()
    done = repair.set_aside(path, NOW)
    assert done.aside == path.with_name("history.db.damaged-20261123-170000")
    assert done.aside.read_bytes() == damaged
    assert done.saved > 150
    assert repair.check(path) == repair.Diagnosis()
    with History.open(path) as history:
        after = {exchange.number: exchange for exchange in history.rows()}
        assert len(after) == done.saved
        assert all(before[number] == exchange for number, exchange in after.items())
        assert history.attachment_bytes("5e1f") == b"hello"
        assert history.read("SELECT count(DISTINCT exchange) FROM hop")[0][0] == done.saved
        assert history.begin(answered()) > max(number or 0 for number in before)


def test_what_stands_beside_the_exchanges_is_saved_too(path: Path) -> None:
    """The runs with their numbers, the batches, and what was pushed, whichever page comes first."""
    with History.open(path) as history:
        first = runs.begin(history, "prompts.jsonl", "digest", 1_790_000_000.0)
        outbox.mark(history, [3, 5], acknowledged=True)
        outbox.mark(history, [7], acknowledged=False)
        batch = (
            "INSERT INTO batch VALUES (4, ?, '2026-11-28T12:00:00Z', 'https://x', 'msgbatch_1', 2, NULL, NULL, '[]')"
        )
        history.write(history.connection.execute, batch, (first,))
        beside = {name: beside_rows(history, name) for name in ("pushed", "run", "batch")}
    assert [len(rows) for rows in beside.values()] == [3, 1, 1]
    damage(path, 0.5, 1)
    repair.set_aside(path, NOW)
    with History.open(path) as history:
        assert {name: beside_rows(history, name) for name in beside} == beside
        assert runs.last_of(history, "prompts.jsonl") == runs.KnownRun(first, "digest")


def beside_rows(history: History, table: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in history.read(f"SELECT * FROM {table}")]


@pytest.mark.parametrize("version", [1, 2])
def test_a_damaged_file_of_an_older_version_is_saved_too(tmp_path: Path, version: int) -> None:
    went_on = Evidence("avow.attempts[0]", {"model": FABLE, "outcome": "declined", "then": OLD}, "strong")
    routing = Routing(Verdict.FALLBACK, evidence=(went_on,))
    old_file(tmp_path / "history.db", version, answered("old words", routing=routing))
    assert repair.set_aside(tmp_path / "history.db", NOW).saved == 1
    with History.open(tmp_path / "history.db") as history:
        assert (history.get("1").question.prompt, history.get("1").routing.moved_to) == ("old words", OLD)


@pytest.mark.parametrize("data", [b"", b"no database " * 999], ids=["empty", "text"])
def test_what_is_no_database_yields_an_empty_one(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(data)
    if data:
        assert repair.check(path).problems
        done = repair.set_aside(path, NOW)
        assert (done.saved, done.lost) == (0, None)
    with History.open(path) as history:
        assert history.begin(answered()) == 1
