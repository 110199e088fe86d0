"""`avow history` as a user types it: every command in a process of its own."""

import csv
import io
import sqlite3
from pathlib import Path

import pytest

from avow.history.store import History
from tests.history.making import FABLE, NOON, OLD, answered, asked, kept, rerouted
from tests.running import run

HOSTILE = "\x1b[31mred\x1b[0m \x1b]52;c;aGk=\x07 \x9b2J \u202edlrow [bold]b[/bold] \x00"


@pytest.fixture
def full(home: Path) -> Path:
    """A home whose history has a bit of everything; the newest has number 5."""
    first, *_rest = kept(
        home / "data" / "history.db",
        rerouted("the needle", at=NOON),
        answered("second prompt", "second answer", at=NOON + 60, conversation_id="talk"),
        answered("third prompt", HOSTILE, at=NOON + 120, conversation_id="talk"),
        answered("simulated prompt", at=NOON + 180, simulated=True),
        asked("pending prompt", at=NOON + 240),
    )
    assert first.number == 1
    return home


COMMANDS = (
    ("list",),
    ("show",),
    ("search", "prompt"),
    ("stats",),
    ("export",),
    ("path",),
    ("repair",),
    ("delete", "1", "--yes"),
    ("redact", "--older-than", "1d", "--yes"),
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_it_looks_and_ends_with_0(full: Path, words: tuple[str, ...]) -> None:
    ran = run(full, "history", *words)
    assert ran.status == 0
    assert ran.out
    assert b"\x1b" not in ran.err


@pytest.mark.parametrize("words", [c for c in COMMANDS if c != ("show",)], ids=" ".join)
def test_it_ends_with_0_on_an_empty_history_and_makes_no_file(home: Path, words: tuple[str, ...]) -> None:
    if words[0] == "delete":
        words = ("delete", "--since", "1d", "--yes")
    ran = run(home, "history", *words)
    assert (ran.status, ran.facts) == (0, [])
    assert not (home / "data" / "history.db").exists()


@pytest.mark.parametrize("words", [("list",), ("show", "1"), ("search", "x"), ("stats",), ("export",), ("delete", "1")])
def test_a_history_that_cannot_be_read_ends_with_1(home: Path, words: tuple[str, ...]) -> None:
    (home / "data").mkdir(parents=True)
    (home / "data" / "history.db").write_bytes(b"no database " * 500)
    ran = run(home, "history", *words)
    assert (ran.status, ran.out) == (1, b"")
    assert any("damaged" in line for line in ran.lines)
    assert any("avow history repair" in line for line in ran.lines)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--verdict", "falback"), "did you mean fallback"),
        (("list", "--status", "done"), "no status `done`"),
        (("list", "--since", "soon"), "`soon` is not a time"),
        (("list", "--before", "99"), "no exchange `99`"),
        (("stats", "--by", "moth"), "did you mean month"),
        (("stats", "--source", "porxy"), "did you mean proxy"),
        (("show", "--json", "--text"), "--json and --text contradict each other"),
        (("export", "--format", "cvs"), "did you mean csv"),
        (("show", "99"), "no exchange `99`"),
        (("list", "--run", f"{2**63}"), f"must be at least 1 and at most {2**63 - 1}"),
        (("search", "--fts", "a AND"), "FTS5 does not understand"),
        (("search", '""'), "nothing to search for"),
        (("delete",), "which exchanges?"),
        (("delete", "1"), "Delete 1 exchange for good?"),
        (("redact", "--older-than", "later"), "is not an age"),
    ],
)
def test_what_cannot_be_understood_ends_with_2(full: Path, words: tuple[str, ...], said: str) -> None:
    ran = run(full, "history", *words)
    assert (ran.status, ran.out) == (2, b"")
    assert said in ran.err.decode()


def test_list_shows_newest_first_and_marks_what_is_not_plain(full: Path) -> None:
    lines = run(full, "history", "list").out.decode().splitlines()
    assert [line.split()[0] for line in lines] == ["5", "4", "3", "2", "1"]
    assert "pending" in lines[0]
    assert "simulated" in lines[1]
    assert f"{FABLE} → {OLD} (cyber)" in lines[4]
    assert "fallback" in lines[4]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (("--rerouted",), [1]),
        (("--verdict", "as_requested,fallback"), [4, 3, 2, 1]),
        (("--status", "pending", "--status", "failed"), [5]),
        (("--model", OLD), [1]),
        (("--model", "fable", "--limit", "1"), [5]),
        (("--category", "cyber"), [1]),
        (("--simulated",), [4]),
        (("--before", "3"), [2, 1]),
        (("--limit", "2"), [5, 4]),
        (("--since", "2000-01-01", "--until", "2001"), "error"),
        (("--until", "2001-01-01"), []),
    ],
)
def test_list_as_json(full: Path, options: tuple[str, ...], numbers: list[int] | str) -> None:
    ran = run(full, "history", "list", "--json", *options)
    if numbers == "error":
        assert ran.status == 2
        return
    assert [one["number"] for one in ran.json] == numbers
    lines = run(full, "history", "list", "--jsonl", *options).events
    assert lines == ran.json


def test_list_says_that_there_are_more(full: Path) -> None:
    kept(full / "data" / "history.db", *(answered(at=NOON + 900 + n) for n in range(20)))
    ran = run(full, "history", "list")
    assert len(ran.out.splitlines()) == 20
    assert "--before 6" in ran.lines[0]
    assert len(run(full, "history", "list", "--limit", "0").out.splitlines()) == 25
    assert len(run(full, "history", "list", "--before", "6").out.splitlines()) == 5


def test_show_and_json(full: Path) -> None:
    ran = run(full, "history", "show", "1")
    text = ran.out.decode()
    assert "fallback: requested claude-fable-5-2, answered by claude-opus-4-8" in text
    assert f"by {OLD}\nthe needle\n" in text
    assert (
        run(full, "history", "show", "1", "--json").json == run(full, "history", "list", "--rerouted", "--json").json[0]
    )
    assert run(full, "history", "show", "--json").json["number"] == 5


def test_text_is_what_the_model_wrote(full: Path) -> None:
    assert run(full, "history", "show", "3", "--text").out == (HOSTILE + "\n").encode()
    assert run(full, "history", "show", "5", "--text").out == b""


def test_a_conversation_has_a_badge_per_turn(full: Path) -> None:
    text = run(full, "history", "show", "3", "--conversation").out.decode()
    assert "turn 1 · 2 ·" in text
    assert "turn 2 · 3 ·" in text
    assert text.count(f"{FABLE} · as requested") == 2
    assert [one["number"] for one in run(full, "history", "show", "2", "--conversation", "--json").json] == [2, 3]


def test_retries_stand_beside_the_first(full: Path) -> None:
    path = full / "data" / "history.db"
    with History.open(path, read_only=True) as history:
        first = history.get("1")
    kept(path, answered("Break in?", "by the one asked", retry_of=first.id, at=NOON + 999))
    for number in ("1", "6"):
        text = run(full, "history", "show", number).out.decode()
        assert text.index("the needle") < text.index("by the one asked")
        assert f"{OLD} · fallback (cyber)" in text
        assert f"{FABLE} · as requested" in text


def test_search_marks_what_it_found(full: Path) -> None:
    ran = run(full, "history", "search", "needle")
    assert "    answer: Begun. the [needle]\n" in ran.out.decode()
    assert [one["number"] for one in run(full, "history", "search", "prompt", "--json").json] == [5, 4, 3, 2]
    assert [one["number"] for one in run(full, "history", "search", "--fts", "sec* NOT third", "--jsonl").events] == [2]
    assert run(full, "history", "search", "absent").lines == ["avow: note: no exchange matches"]


def test_stats(full: Path) -> None:
    ran = run(full, "history", "stats", "--json")
    assert (ran.json["total"]["requests"], ran.json["total"]["fallback"]) == (4, 1)
    text = run(full, "history", "stats").out.decode()
    assert "4 requests, 66.7 % answered as requested (0.0 % with strong evidence), cost at least $1.00" in text
    assert f"{FABLE}  {OLD}  cyber" in " ".join(text.split("\n"))


def test_export(full: Path) -> None:
    lines = run(full, "history", "export").events
    assert [one["number"] for one in lines] == [1, 2, 3, 5]
    assert lines == [*run(full, "history", "list", "--json").json[::-1][:3], lines[-1]]
    rows = list(csv.DictReader(io.StringIO(run(full, "history", "export", "--format", "csv").out.decode(), newline="")))
    assert [row["verdict"] for row in rows] == ["fallback", "as_requested", "as_requested", ""]
    without = run(full, "history", "export", "--no-text").out
    assert b"needle" not in without
    assert len(without.splitlines()) == 4


def test_path(home: Path) -> None:
    assert run(home, "history", "path").out.decode() == f"{home / 'data' / 'history.db'}\n"


def test_delete_by_what_search_finds(full: Path) -> None:
    ran = run(full, "history", "delete", "--search", "second", "--yes")
    assert ran.out == b"deleted 1 exchange\n"
    assert [one["number"] for one in run(full, "history", "list", "--json").json] == [5, 4, 3, 1]


def test_redact_keeps_the_routing(full: Path) -> None:
    assert run(full, "history", "redact", "1", "--yes").out == b"redacted 1 exchange\n"
    shown = run(full, "history", "show", "1", "--json").json
    assert (shown["verdict"], shown["category"], shown["prompt"], shown["text"]) == ("fallback", "cyber", None, None)
    assert b"needle" not in (full / "data" / "history.db").read_bytes()
    assert "(not kept" in run(full, "history", "show", "1").out.decode()


def test_all_conditions_must_hold(full: Path) -> None:
    ran = run(full, "history", "delete", "1", "2", "--rerouted", "--yes")
    assert ran.out == b"deleted 1 exchange\n"
    assert run(full, "history", "delete", "2", "--rerouted", "--yes").lines == ["avow: note: no exchange matches"]


def test_repair_sets_aside_on_the_users_word_only(full: Path) -> None:
    path = full / "data" / "history.db"
    path.write_bytes(b"no database " * 500)
    ran = run(full, "history", "repair")
    assert ran.status == 2
    assert path.read_bytes() == b"no database " * 500
    ran = run(full, "history", "repair", "--yes")
    assert ran.status == 1, "nothing of it came back"
    assert ran.lines[-1] == "avow: note: the damaged file still holds what was said; delete it when nothing is missing"
    assert b"history.db.damaged-" in ran.out
    assert run(full, "history", "list").status == 0


def test_a_newer_history_is_left_alone(full: Path) -> None:
    path = full / "data" / "history.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    for words in (("list",), ("delete", "1", "--yes"), ("repair", "--yes")):
        ran = run(full, "history", *words)
        assert ran.status == 1
        assert "newer avow" in ran.err.decode()
    assert path.read_bytes() == before


def test_json_never_guesses(full: Path) -> None:
    kept(full / "data" / "history.db", asked(None, at=NOON + 999, user_content=()))
    assert run(full, "history", "show", "6", "--json").json["text"] is None
