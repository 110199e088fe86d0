"""The list on a real terminal, and what it reads."""

import sys
from pathlib import Path

import pytest

from tests.commands.history.test_history import HOSTILE
from tests.history.making import NOON, answered, kept, rerouted
from tests.in_part import crossed
from tests.running import in_pty, measured


@pytest.mark.parametrize(
    ("words", "columns"),
    crossed(
        {words[0]: (words,) for words in (("list",), ("search", "dlrow"), ("show", "2"))},
        {str(columns): columns for columns in (140, 80, 40)},
    ),
)
def test_hostile_text_is_harmless(home: Path, columns: int, words: tuple[str, ...]) -> None:
    kept(home / "data" / "history.db", rerouted(at=NOON), answered(HOSTILE, HOSTILE * 3, at=NOON + 1))
    terminal = in_pty(home, "history", *words, size=(200, columns), NO_COLOR="1")
    assert terminal.end() == 0
    raw = bytes(terminal.raw)
    assert b"\x1b" not in raw
    assert b"\x07" not in raw
    assert not any(0x80 <= ord(letter) < 0xA0 or letter == "\u202e" for letter in raw.decode())
    assert "[bold]b[/bold]" in terminal.text or columns == 40 or (columns == 80 and words[0] == "list")
    assert max(map(len, terminal.text.splitlines())) <= columns
    assert "[bol\n" not in terminal.text


def test_a_reroute_is_seen_on_40_columns(home: Path) -> None:
    kept(home / "data" / "history.db", rerouted(at=NOON))
    terminal = in_pty(home, "history", "list", size=(40, 40))
    assert terminal.end() == 0
    assert "fallback" in terminal.text
    assert "claude-fable-5-2 → claude-opus-4-8" in terminal.text


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_search_says_the_prompt_once(home: Path, columns: int) -> None:
    kept(home / "data" / "history.db", answered("rebase or merge?", at=NOON))
    terminal = in_pty(home, "history", "search", "rebase", size=(40, columns), NO_COLOR="1")
    assert terminal.end() == 0
    assert terminal.text.count("rebase") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory in KiB")
def test_a_list_reads_no_answers(home: Path) -> None:
    kept(home / "data" / "history.db", *(answered("short", "word " * 2_000_000, at=NOON + n) for n in range(3)))
    _, small = measured(home, "history", "path")
    listed, peak = measured(home, "history", "list")
    assert listed.count(b"short") == 3
    assert peak - small < 0.8 * 10_000_000
