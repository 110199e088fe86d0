"""`show` on a real terminal."""

from pathlib import Path

import pytest

from avow.routing.verdict import Routing, Verdict
from avow.wire.blocks import Attachment
from tests.history.making import FABLE, NOON, OLD, answered, asked, kept, rerouted
from tests.running import in_pty, run


def family(home: Path) -> None:
    path = home / "data" / "history.db"
    (first,) = kept(path, rerouted("LEFTWORD", at=NOON))
    kept(path, answered("Break in?", "RIGHTWORD", retry_of=first.id, at=NOON + 9))


def test_retries_stand_side_by_side_where_there_is_room(home: Path) -> None:
    family(home)
    terminal = in_pty(home, "history", "show", "1", size=(80, 120))
    assert terminal.end() == 0
    rows = terminal.text.splitlines()
    (badges,) = (row for row in rows if f"1 · {OLD} · fallback (cyber)" in row and "─" not in row)
    assert f"2 · {FABLE} · as requested" in badges
    left, right = (next(row.index(word) for row in rows if word in row) for word in ("LEFTWORD", "RIGHTWORD"))
    assert left < 60 <= right


def test_and_one_below_the_other_where_there_is_none(home: Path) -> None:
    family(home)
    terminal = in_pty(home, "history", "show", "2", size=(80, 60))
    assert terminal.end() == 0
    rows = terminal.text.splitlines()
    assert sum("LEFTWORD" in row for row in rows) == sum("RIGHTWORD" in row for row in rows) == 1
    assert not any("LEFTWORD" in row and "RIGHTWORD" in row for row in rows)


def test_all_that_is_known_is_shown(home: Path) -> None:
    refused = Routing(Verdict.REFUSED, None, "bio", withdrawn_text="half a word")
    file = Attachment("notes.txt", "text", "text/plain", 5, "5e1f", b"hello")
    kept(
        home / "data" / "history.db",
        asked("PROMPT", status="refused", routing=refused, system="SYSTEM", attachments=(file,), template="tidy"),
    )
    text = run(home, "history", "show").out.decode()
    for wanted in ("SYSTEM", "PROMPT", "half a word", "withdrawn", "notes.txt", "template: tidy", "(bio)", "refused"):
        assert wanted in text


def test_an_empty_history_is_a_usage_error(home: Path) -> None:
    ran = run(home, "history", "show")
    assert (ran.status, ran.lines[0]) == (2, "avow: error: the history is empty")


LONG = "immediately thereafter somebody questioned everything "


@pytest.mark.parametrize("columns", [40, 80])
def test_lines_break_between_words_and_answers_are_markdown(home: Path, columns: int) -> None:
    path = home / "data" / "history.db"
    path.parent.mkdir()
    text = f"# Heading\n\n{LONG * 4}**strong**"
    fell_back = rerouted(text=text, prompt=LONG * 4, category="frontier_llm", system=LONG * 4)
    kept(path, fell_back, answered(LONG * 2, text, conversation_id=fell_back.conversation_id))
    for arguments in (["1"], ["2", "--conversation"]):
        pty = in_pty(home, "history", "show", *arguments, size=(200, columns))
        assert pty.end() == 0
        assert "**strong**" not in pty.text
        assert "strong" in pty.text
        rows = pty.text.splitlines()
        assert max(map(len, rows)) <= columns
        words = {*LONG.split(), "claude-fable-5-2", "claude-opus-4-8", "claude-opus-4-8:", "(cyber)"}
        long_ones = [word for row in rows for word in row.split() if word.isalpha() and len(word) > 3]
        assert {word for word in long_ones if LONG.find(word) >= 0} <= words, "no piece of a word"


def test_raw_in_the_config_holds_for_show_too(home: Path) -> None:
    (home / "data").mkdir()
    kept(home / "data" / "history.db", answered("why", "so **strong**"))
    pty = in_pty(home, "history", "show", AVOW_RAW="true")
    assert pty.end() == 0
    assert "so **strong**" in pty.text
    assert b"so **strong**" in run(home, "history", "show").out, "a pipe gets it as it is"
