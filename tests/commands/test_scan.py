"""`avow scan` through the real program, on real recordings."""

import json
from pathlib import Path

from tests.running import in_pty, rows, run

DATA = Path(__file__).parent.parent / "data" / "scan"


def test_the_tables(home: Path) -> None:
    ran = run(home, "scan", str(DATA))
    lines = ran.out.decode().splitlines()
    assert ran.status == 0
    assert lines[0].split() == ["client", "month", "answers", "as", "requested", "rerouted", "refused", "unverified"]
    assert lines[1].split() == ["claude-code", "2026-11", "8", "0", "5", "0", "3"]
    assert lines[2].split() == ["llm", "2026-11", "6", "2", "1", "0", "3"]
    assert sum("claude-opus-4-8" in line and "2026-11-23" in line for line in lines) >= 5


def test_json(home: Path) -> None:
    body = json.loads(run(home, "scan", "--json", str(DATA)).out)
    assert body["schema"] == "avow.scan/1"
    assert len(body["reroutes"]) == 6


def test_import_puts_each_answer_into_the_history_once(home: Path) -> None:
    run(home, "scan", "--import", str(DATA))
    first = rows(home)
    run(home, "scan", "--import", str(DATA))
    assert len(first) == len(rows(home)) == 14
    assert {row["source"] for row in first} == {"claude-code", "llm"}
    assert sum(bool(row["rerouted"]) for row in first) == 6
    listed = json.loads(run(home, "history", "list", "--rerouted", "--json").out)
    assert len(listed) == 6


def test_nothing_there(home: Path) -> None:
    ran = run(home, "scan")
    assert ran.status == 0
    assert "every answer was written by the model that was asked" in ran.out.decode()


def test_a_path_that_holds_no_records(home: Path) -> None:
    (home / "notes.txt").write_text("nothing")
    ran = run(home, "scan", str(home / "notes.txt"))
    assert ran.status == 2
    assert "notes.txt" in ran.lines[0]


def test_forty_columns(home: Path) -> None:
    pty = in_pty(home, "scan", str(DATA), size=(400, 40))
    assert pty.end() == 0
    assert "from: claude-fable-5" in pty.text
    assert max(len(line) for line in pty.text.splitlines()) <= 40
