import json
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avow.scan import llm
from avow.scan.records import PastAnswer, SkipCounts
from tests.examples import up_to

OPUS, SONNET = "claude-opus-4-8", "claude-sonnet-5"
ASKED = f"anthropic/{OPUS}"
OLD = "id TEXT, model TEXT, prompt TEXT, response TEXT, response_json TEXT, conversation_id TEXT, datetime_utc TEXT"
OLD_RESOLVED = f"{OLD}, input_tokens INTEGER, output_tokens INTEGER, resolved_model TEXT"


def make(path: Path, *rows: dict[str, Any], table: str = "responses", columns: str = OLD_RESOLVED) -> Path:
    """A log with these rows."""
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"CREATE TABLE {table} ({columns})")
        for row in rows:
            marks = ", ".join("?" * len(row))
            db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
        db.commit()
    return path


def message(model: str | None = OPUS, *content: dict[str, Any], stop: str | None = "end_turn", **more: Any) -> str:
    """A message of the API as llm stores it."""
    blocks = list(content) or [{"type": "text", "text": "Because."}]
    return json.dumps(
        {"id": "msg_1", "type": "message", "model": model, "content": blocks, "stop_reason": stop, **more}
    )


def handover(start: str, end: str) -> dict[str, Any]:
    trigger = {"type": "refusal", "category": "cyber"}
    return {"type": "fallback", "from": {"model": start}, "to": {"model": end}, "trigger": trigger}


def read(path: Path, counts: SkipCounts | None = None) -> list[PastAnswer]:
    return list(llm.read(path, counts or SkipCounts()))


# row -> (served, verdict, category, told)
ROWS: dict[str, tuple[dict[str, Any], tuple[object, ...]]] = {
    "as requested": ({"response_json": message()}, (OPUS, "as_requested", None, None)),
    "dated name of the same": (
        {"model": "anthropic/claude-opus-4-5", "response_json": message("claude-opus-4-5-20251101")},
        ("claude-opus-4-5-20251101", "as_requested", None, None),
    ),
    "substituted": ({"response_json": message(SONNET)}, (SONNET, "substituted", None, False)),
    "declared": (
        {"model": "anthropic/claude-fable-5", "response_json": message(OPUS, handover("claude-fable-5", OPUS))},
        (OPUS, "fallback", "cyber", False),
    ),
    "declared, and the name is the requested one": (
        {"model": "claude-fable-5", "response_json": message("claude-fable-5", handover("claude-fable-5", OPUS))},
        (OPUS, "fallback", "cyber", False),
    ),
    "sticky": (
        {
            "model": "claude-fable-5",
            "response_json": message(OPUS, usage={"iterations": [{"type": "fallback_message", "model": OPUS}]}),
        },
        (OPUS, "fallback", None, False),
    ),
    "handover to itself": (
        {"response_json": message(OPUS, handover(OPUS, OPUS))},
        (OPUS, "unverified", "cyber", None),
    ),
    "handover to itself, and llm noted another": (
        {"response_json": message(OPUS, handover(OPUS, OPUS)), "resolved_model": SONNET},
        (SONNET, "fallback", "cyber", False),
    ),
    "refused": (
        {"response_json": message(OPUS, stop="refusal", stop_details={"type": "refusal", "category": "bio"})},
        (None, "refused", "bio", False),
    ),
    "cut off": ({"response_json": message(stop=None)}, (OPUS, "unverified", None, None)),
    "no response kept": ({}, (None, "unverified", None, None)),
    "only what llm noted, another": ({"resolved_model": SONNET}, (SONNET, "substituted", None, False)),
    "only what llm noted, the same": ({"resolved_model": OPUS}, (OPUS, "unverified", None, None)),
    "response and note disagree": (
        {"response_json": message(), "resolved_model": SONNET},
        (None, "unverified", None, None),
    ),
    "a gateway's shape": (
        {
            "model": "openrouter/anthropic/claude-opus-4.8",
            "response_json": json.dumps({"model": "anthropic/claude-opus-4.8", "choices": [{"finish_reason": "stop"}]}),
        },
        ("anthropic/claude-opus-4.8", "as_requested", None, None),
    ),
    "a private name": (
        {"model": "my-claude", "response_json": message()},
        (OPUS, "unverified", None, None),
    ),
    "not JSON": ({"response_json": "{"}, (None, "unverified", None, None)),
}


@pytest.mark.parametrize(("row", "expected"), ROWS.values(), ids=ROWS.keys())
def test_who_answered(row: dict[str, Any], expected: tuple[object, ...], tmp_path: Path) -> None:
    [found] = read(make(tmp_path / "logs.db", {"id": "1", "model": ASKED, **row}))
    assert (found.served_model, found.verdict, found.category, found.told) == expected
    assert found.requested_model == row.get("model", ASKED)


def test_everything_else_about_an_answer(tmp_path: Path) -> None:
    row = {
        "id": "01abc",
        "model": ASKED,
        "prompt": "why?",
        "response": "Because.",
        "response_json": message(),
        "conversation_id": "c1",
        "datetime_utc": "2024-03-09T12:30:00.5",
        "input_tokens": 3,
        "output_tokens": 4,
    }
    [found] = read(make(tmp_path / "logs.db", row))
    assert (found.row, found.session, found.prompt, found.text) == ("01abc", "c1", "why?", "Because.")
    assert (found.time, found.usage) == ("2024-03-09T12:30:00.500Z", {"input_tokens": 3, "output_tokens": 4})


def test_a_row_may_lack_its_counts_and_its_text(tmp_path: Path) -> None:
    spoken = {"id": "1", "model": ASKED, "response_json": message(), "output_tokens": 4}
    written = {"id": "2", "model": ASKED, "response_json": message(), "response": "As written."}
    one, two = read(make(tmp_path / "logs.db", spoken, written))
    assert (one.text, one.usage) == ("Because.", {"output_tokens": 4})
    assert two.text == "As written."


def test_a_log_from_before_models_were_resolved(tmp_path: Path) -> None:
    [found] = read(make(tmp_path / "logs.db", {"id": "1", "model": ASKED, "response_json": message()}, columns=OLD))
    assert found.verdict == "as_requested"


def test_both_tables_are_read(tmp_path: Path) -> None:
    path = make(tmp_path / "logs.db", {"id": "old", "model": ASKED})
    make(path, {"id": "new", "model": ASKED}, table="turns", columns="id TEXT, model TEXT")
    assert [each.row for each in read(path)] == ["old", "new"]


def test_other_makers_are_counted_and_left_out(tmp_path: Path) -> None:
    counts = SkipCounts()
    path = make(tmp_path / "logs.db", {"id": "1", "model": "gpt-4o"}, {"id": "2", "model": ASKED})
    assert [each.row for each in read(path, counts)] == ["2"]
    assert counts.other_models == 1


def test_nothing_is_written_beside_a_log(tmp_path: Path) -> None:
    folder = tmp_path / "read only #1?"
    folder.mkdir()
    path = make(folder / "logs.db", {"id": "1", "model": ASKED})
    before = path.read_bytes(), path.stat().st_mtime_ns
    folder.chmod(0o500)
    try:
        assert len(read(path)) == 1
        assert list(folder.iterdir()) == [path]
    finally:
        folder.chmod(0o700)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_rows_that_still_stand_in_a_journal(tmp_path: Path) -> None:
    path = make(tmp_path / "logs.db", {"id": "1", "model": ASKED})
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("INSERT INTO responses (id, model) VALUES ('2', ?)", (ASKED,))
        db.commit()
        before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
        assert before["logs.db-wal"]
        assert [each.row for each in read(path)] == ["1", "2"]
        assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before
    # Closed, nothing is left of the journal, and SQLite would have to make a new one to read.
    assert [each.row for each in read(path)] == ["1", "2"]
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_journal_is_none(tmp_path: Path) -> None:
    """Nothing is copied for it."""
    path = make(tmp_path / "logs.db", {"id": "1", "model": ASKED})
    (tmp_path / "logs.db-wal").touch()
    with ExitStack() as stack:
        db = llm._open(path, stack)
        assert [Path(row["file"]) for row in db.execute("PRAGMA database_list")] == [path]
        db.close()


def test_a_log_is_opened_for_reading_only(tmp_path: Path) -> None:
    path = make(tmp_path / "logs.db", {"id": "1", "model": ASKED})
    with ExitStack() as stack:
        db = stack.enter_context(closing(llm._open(path, stack)))
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute("DELETE FROM responses")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"plain text", "not an SQLite file"),
        (b"", "not an SQLite file"),
        (llm.MAGIC + b"\xff" * 5000, "SQLite cannot read it"),
    ],
    ids=["text", "empty", "damaged"],
)
def test_what_is_no_log(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    path.write_bytes(data)
    with pytest.raises(llm.NotALog, match=words):
        read(path)


def test_someone_elses_database(tmp_path: Path) -> None:
    with pytest.raises(llm.NotALog, match="without the tables of llm"):
        read(make(tmp_path / "other.db", {"id": "1"}, table="people", columns="id TEXT"))


VALUES = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.binary(max_size=20) | st.text(max_size=20)
NAMES = OLD_RESOLVED.replace(" TEXT", "").replace(" INTEGER", "").split(", ")


@settings(max_examples=up_to(60), deadline=None)
@given(row=st.dictionaries(st.sampled_from(NAMES), VALUES, min_size=1), body=st.binary(max_size=30))
def test_no_values_raise(row: dict[str, Any], body: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = make(tmp_path_factory.mktemp("fuzz") / "logs.db")
    with closing(sqlite3.connect(path)) as db:
        columns, marks = ", ".join(row), ", ".join("?" * len(row))
        values = [each.encode("utf-8", "surrogatepass") if isinstance(each, str) else each for each in row.values()]
        db.execute(f"INSERT INTO responses ({columns}) VALUES ({marks})", values)
        db.execute("INSERT INTO responses (model, response_json) VALUES (?, CAST(? AS TEXT))", (ASKED, body))
        db.commit()
    assert any(each.requested_model == ASKED for each in read(path))
