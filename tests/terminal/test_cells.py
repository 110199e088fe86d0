"""Text in cells, counted by the terminals themselves."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avow.terminal.cells import cells, cut, fitting, folded, padded, wrap
from tests.examples import up_to
from tests.terminal.scripts import IN_PYTE, IN_TMUX, NAMES

WORDS = st.text(
    st.one_of(st.sampled_from("ab  \u0301\u200d👨🇩🇪日हि\n"), st.characters(exclude_categories=["Cc", "Cs"])),
    max_size=40,
)


@pytest.mark.parametrize("name", NAMES)
def test_cells(name: str) -> None:
    text, width = NAMES[name]
    assert cells(text) == width


@pytest.mark.parametrize("name", IN_PYTE)
def test_pyte_counts_the_same(name: str) -> None:
    text, width = NAMES[name]
    screen = pyte.Screen(40, 2)
    pyte.Stream(screen).feed(text)
    assert screen.cursor.x == width


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_tmux_counts_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window for each name: the cursor stands right behind it."""
    monkeypatch.chdir(tmp_path)  # the path of a socket may have about a hundred bytes
    tmux = ("tmux", "-u", "-f", "/dev/null", "-S", "socket")
    environ = {**os.environ, "LC_ALL": "C.UTF-8", "TMUX": ""}
    command = ["new-session", "-d", "-x40", "-y4", "sleep 60"]
    for number, name in enumerate(IN_TMUX, 1):
        Path(f"name{number}").write_text(NAMES[name][0], "utf-8")
        command += [";", "new-window", "-d", f"cat name{number}; sleep 60"]
    subprocess.run([*tmux, *command], env=environ, check=True, timeout=20)
    expected = {name: NAMES[name][1] for name in IN_TMUX}
    found: dict[str, int] = {}
    until = time.monotonic() + 20
    try:
        while found != expected and time.monotonic() < until:
            listed = [*tmux, "list-panes", "-a", "-F", "#{cursor_x}"]
            columns = subprocess.run(listed, env=environ, capture_output=True, check=True, timeout=20).stdout.split()
            found = dict(zip(IN_TMUX, map(int, columns[1:]), strict=True))
            time.sleep(0.05)
    finally:
        subprocess.run([*tmux, "kill-server"], env=environ, check=False, timeout=20)
    assert found == expected


@pytest.mark.parametrize("name", NAMES)
def test_padded_to_a_column(name: str) -> None:
    text, width = NAMES[name]
    assert padded(text, 12) == text + " " * (12 - width)
    assert padded(text, 12, right=True) == " " * (12 - width) + text
    assert padded(text, 1) == text


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        pytest.param("short", 5, "short", id="fits"),
        pytest.param("longer", 5, "long…", id="cut"),
        pytest.param("a longer", 3, "a…", id="no-space-before-the-ellipsis"),
        pytest.param("日本語", 5, "日本…", id="wide"),
        pytest.param("日本語", 4, "日…", id="half-a-letter-does-not-fit"),
        pytest.param("a👨‍👩‍👧b", 3, "a…", id="a-family-is-not-parted"),
        pytest.param("e\u0301e\u0301e\u0301", 2, "e\u0301…", id="a-letter-keeps-its-mark"),
        pytest.param("abc", 1, "…", id="one-cell"),
    ],
)
def test_cut(text: str, room: int, shown: str) -> None:
    assert cut(text, room) == shown


def test_fitting_takes_the_least_where_nothing_fits() -> None:
    assert fitting("日本", 1) == 0
    assert fitting("日本", 1, least=1) == 1
    assert fitting("👨‍👩‍👧b", 1, least=1) == 5
    assert fitting("abc", 0, least=1) == 1
    assert fitting("abc", -3) == 0


@pytest.mark.parametrize(
    ("text", "room", "rows"),
    [
        pytest.param("", 10, [""], id="empty"),
        pytest.param("one two three", 8, ["one two", "three"], id="at-a-space"),
        pytest.param("one onetwothree x", 4, ["one", "onet", "woth", "ree", "x"], id="a-long-word-on-rows-of-its-own"),
        pytest.param("12345678 x", 8, ["12345678", "x"], id="space-right-after-the-edge"),
        pytest.param("日本語", 4, ["日本", "語"], id="wide"),
        pytest.param("a\n\nb c", 2, ["a", "", "b", "c"], id="newlines-stay"),
        pytest.param("  in dent", 5, ["  in", "dent"], id="an-indent-stays"),
        pytest.param("     x", 4, ["x"], id="unless-it-leaves-no-room"),
        pytest.param("well-known --no-stdin", 10, ["well-known", "--no-stdin"], id="never-at-a-hyphen"),
        pytest.param("a 5\u00a0s", 4, ["a", "5\u00a0s"], id="never-at-a-no-break-space"),
    ],
)
def test_wrap(text: str, room: int, rows: list[str]) -> None:
    assert wrap(text, room) == rows


def test_wrap_with_indents_and_words_that_stay_whole() -> None:
    assert wrap("ab cd ef", 6, first="- ", rest="    ") == ["- ab", "    cd", "    ef"]
    assert wrap("see https://a.example/b now", 10, whole=True) == ["see", "https://a.example/b", "now"]


@settings(max_examples=up_to(200), deadline=None)
@given(WORDS, st.integers(2, 20))
def test_no_row_is_too_wide_and_only_spaces_are_lost(text: str, room: int) -> None:
    rows = wrap(text, room)
    assert [row for row in rows if cells(row) > room] == []
    assert "".join(rows).replace(" ", "") == text.replace(" ", "").replace("\n", "")


@settings(max_examples=up_to(200), deadline=None)
@given(st.lists(st.text(st.characters(categories=["L", "M", "N", "P"]), min_size=1, max_size=9), max_size=20))
def test_no_word_that_has_room_is_broken(words: list[str]) -> None:
    rows = wrap(" ".join(words), 18)
    assert [word for row in rows for word in row.split(" ") if word] == words


@settings(max_examples=up_to(200), deadline=None)
@given(WORDS, st.integers(2, 20))
def test_folded_code_loses_nothing(text: str, room: int) -> None:
    rows = [text[begin:end] for begin, end in folded(text, room)]
    assert "".join(rows) == text
    assert [row for row in rows if cells(row) > room] == []
