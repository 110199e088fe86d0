"""A cursor moves on once all is written, and only then; and it is of one history and one selection."""

import os
from pathlib import Path

import pytest

from avow.errors import FileError, UnreadableFile, UsageError
from avow.exchange.exchange import Status
from avow.history.cursor import Cursor, ahead, held, save
from avow.history.export_scope import ExportScope
from avow.history.plain_columns import column_batches
from avow.history.privacy import delete, redact
from avow.history.store import History
from tests.history.making import answered, asked, kept


def export(history: History, path: Path, filters: str = "", *, fails: bool = False) -> list[object]:
    """The numbers an export gives."""
    with held(path) as before:
        span, after = ahead(history, before, filters, path)
        batches = column_batches(history, ExportScope(span=span), with_text=False)
        found = [number for batch in batches for number in batch[0]]
        if not fails:
            save(path, after)
    return found


def test_each_exchange_comes_once(tmp_path: Path) -> None:
    """What was pending comes once it has ended; what was deleted does not come, what was redacted comes so."""
    path = tmp_path / "cursor"
    with History.open(tmp_path / "history.db") as history:
        assert export(history, path) == []
        one, two, three = (history.begin(exchange) for exchange in (answered(), asked("pending"), answered()))
        assert export(history, path, fails=True) == [one, three]
        assert export(history, path) == [one, three]
        assert export(history, path) == []
        history.finish(history.by_number(two)._replace(status=Status.COMPLETE))  # type: ignore[union-attr]
        four = history.begin(answered(source="llm", at=1_000_000.0))  # imported: long ago, and new
        assert export(history, path) == [two, four]
        five, six = history.begin(answered()), history.begin(answered())
        delete(history, [five, one])
        redact(history, [six])
        assert export(history, path) == [six]
        assert export(history, tmp_path / "another") == [two, three, four, six]
        delete(history, [six])
        assert export(history, path) == []
        assert export(history, path) == []
        assert export(history, path, fails=True) == [] == export(history, path)


def test_it_is_of_one_selection(tmp_path: Path) -> None:
    with History.open(tmp_path / "history.db") as history:
        history.begin(answered())
        export(history, tmp_path / "cursor", "a")
        with pytest.raises(UsageError, match="other filters"):
            export(history, tmp_path / "cursor", "b")


def test_it_is_of_one_history(tmp_path: Path) -> None:
    for name, count in (("a", 2), ("b", 2), ("c", 1)):
        kept(tmp_path / f"{name}.db", *(answered() for _ in range(count)))
    path = tmp_path / "cursor"
    with History.open(tmp_path / "a.db") as history:
        assert export(history, path) == [1, 2]
    for name in ("b", "c", "none"):
        with (
            History.open(tmp_path / f"{name}.db", read_only=True) as history,
            pytest.raises(UsageError, match="of another history"),
        ):
            export(history, path)


@pytest.mark.parametrize(
    "damage",
    [
        b"x",
        b"[]",
        b"{}",
        b"\xff",
        b'{"schema":"avow.cursor/1","after":"1","id":null,"pending":[],"filters":""}',
        b'{"schema":"avow.cursor/1","after":1,"id":null,"pending":["x"],"filters":""}',
        b'{"schema":"avow.cursor/1","after":-1,"id":null,"pending":[],"filters":""}',
        b'{"schema":"avow.cursor/1","after":1,"id":2,"pending":[],"filters":""}',
        b'{"schema":"avow.cursor/2","after":1,"id":null,"pending":[],"filters":""}',
    ],
)
def test_a_damaged_one_is_told(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "cursor"
    path.write_bytes(damage)
    with pytest.raises(UnreadableFile, match="is damaged, or not a cursor"), held(path):
        pass
    assert path.read_bytes() == damage


def test_one_export_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "cursor"
    with held(path), pytest.raises(UsageError, match="another export"), held(path):
        pass
    assert not path.exists()  # nothing came of it
    with held(path):
        save(path, Cursor(1, "x"))
    with held(path) as cursor:
        assert cursor == Cursor(1, "x")


def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    pipe, device = tmp_path / "pipe", tmp_path / "device"
    os.mkfifo(pipe)
    device.symlink_to(os.devnull)  # what the code removes by mistake is then no part of the system
    for path in (pipe, device):
        with pytest.raises(UnreadableFile, match="is not a file"), held(path):
            pass
        assert path.exists()
    empty = tmp_path / "empty"
    empty.touch()
    with held(empty) as cursor:
        assert cursor is None
    assert empty.exists()


def test_a_place_where_it_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be opened: no such file"), held(tmp_path / "no" / "cursor"):
        pass
    with pytest.raises(UnreadableFile, match="cannot be opened: is a directory"), held(tmp_path):
        pass
    with pytest.raises(FileError) as caught:
        save(tmp_path, Cursor())
    assert "writes the same exchanges again" in (caught.value.hint or "")


def test_what_a_cursor_has_passed_is_not_looked_through(tmp_path: Path) -> None:
    """Or a job of each night would read a history of a million rows to find ten."""
    path, asked_of_sqlite = tmp_path / "cursor", list[str]()
    with History.open(tmp_path / "history.db") as history:
        for _ in range(3):
            history.begin(answered())
        assert export(history, path) == [1, 2, 3]
        history.begin(answered())
        history.connection.set_trace_callback(asked_of_sqlite.append)
        assert export(history, path) == [4]
        history.connection.set_trace_callback(None)
        queries = [query for query in asked_of_sqlite if query.startswith("SELECT")]
        plans = [row["detail"] for query in queries for row in history.read(f"EXPLAIN QUERY PLAN {query}")]
    assert any("(rowid>? AND rowid<?)" in plan for plan in plans), plans
    assert not any(plan == "SCAN exchange" or plan.endswith("(rowid<?)") for plan in plans), plans
