import os
from pathlib import Path

import pytest

from avow.errors import UsageError
from avow.scan import sessions
from avow.scan.places import RecordFile, find
from tests.scan.transcripts import FABLE, Record, answer, in_bytes, prompt

RECORDINGS = Path(__file__).parents[1] / "data" / "scan"


def files(folder: Path) -> tuple[RecordFile, ...]:
    return find([folder], home=folder, environ={}).sources


def write(path: Path, *records: Record, changed: float | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(in_bytes(*records))
    if changed is not None:
        os.utime(path, (changed, changed))


def test_the_newest_answer_and_not_the_newest_file(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", answer(FABLE, sessionId="a", timestamp="2026-11-05T00:00:00Z"))
    write(tmp_path / "b.jsonl", answer(FABLE, sessionId="b", timestamp="2026-11-04T00:00:00Z"), prompt(sessionId="b"))
    os.utime(tmp_path / "a.jsonl", (1_793_836_801, 1_793_836_801))  # one second after its answer
    assert sessions.newest(files(tmp_path)) == "a"


def test_a_file_older_than_the_newest_answer_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", answer(FABLE, sessionId="a", timestamp="2026-11-05T00:00:00Z"))
    # Its records would say that it is newer: a file cannot be older than what stands in it.
    write(tmp_path / "b.jsonl", answer(FABLE, sessionId="b", timestamp="2026-11-06T00:00:00Z"), changed=1_000_000_000)
    assert sessions.newest(files(tmp_path)) == "a"


def test_lines_that_are_no_answers_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", answer(FABLE, sessionId="a", timestamp="2026-11-05T00:00:00Z"))
    with (tmp_path / "a.jsonl").open("ab") as file:
        file.write(b'["assistant"]\n"assistant"\n{"type": "user", "of": "assistant"}\n{"type": "assistant"\n')
    assert sessions.newest(files(tmp_path)) == "a"


def test_a_log_of_llm_has_sessions_too() -> None:
    assert sessions.newest(files(RECORDINGS / "llm")).startswith("01m8")


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no session yet"):
        sessions.newest(())


def test_files_named_after_a_session(tmp_path: Path) -> None:
    for name in ("s1.jsonl", "s2.jsonl", "s1/subagents/agent-1.jsonl", "s2/subagents/agent-2.jsonl"):
        write(tmp_path / name, answer(FABLE))
    every = files(tmp_path)
    named = {str(each.path.relative_to(tmp_path)) for each in sessions.holding(every, "s1")}
    assert named == {"s1.jsonl", "s1/subagents/agent-1.jsonl"}
    assert sessions.holding(every, "elsewhere") == list(every)
