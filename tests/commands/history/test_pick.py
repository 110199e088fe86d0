"""`avow history pick` on a real terminal."""

import signal
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.history.making import NOON, answered, kept, rerouted
from tests.running import Pty, in_pty, rows, run
from tests.zone import KOLKATA

ENTER, ESC, CTRL_C, DOWN = "\r", "\x1b", "\x03", "\x1b[B"
EVIL = "evil \x1b]52;c;cm0gLXJm\x07\x1b[2J\u202egnp"


@pytest.fixture
def four(home: Path) -> Path:
    path = home / "data" / "history.db"
    path.parent.mkdir()
    kept(
        path,
        answered("What is Rust?", "# A language\n\nIt is *compiled*.", at=NOON),
        rerouted(prompt="Which one broke in?", at=NOON + 60),
        answered("Rebase or merge?", "It depends.", at=NOON + 120, params={"max_tokens": 64}),
        answered(EVIL, EVIL, at=NOON + 180),
    )
    return home


def opened(home: Path, *words: str, base_url: str | None = None, size: tuple[int, int] = (30, 100)) -> Pty:
    pty = in_pty(home, "history", "pick", *words, base_url=base_url, size=size, TZ=KOLKATA)
    pty.until("the newest 4" if not words else "found.", "Esc leaves")
    return pty


def now(pty: Pty) -> str:
    """What stands on the terminal at last: pyte knows no alternate screen."""
    return "\n".join(pty.screen.display)


def test_it_lists_the_newest_with_a_preview_by_the_local_clock(four: Path) -> None:
    pty = opened(four)
    pty.until("> 4  09-21 19:46  as requested", "fable-5-2 → opus-4-8 (cyber)", "4  2026-09-21 19:46:20  as requested")
    pty.send(DOWN * 2)
    pty.until("fallback: requested claude-fable-5-2, answered by claude-opus-4-8", "> 2  ")
    pty.send(ESC)
    assert pty.end() == 0


def test_what_is_typed_narrows_and_enter_shows(four: Path) -> None:
    pty = opened(four)
    pty.send("compi")
    pty.until("1 found.", "> 1  ")
    assert "Rebase" not in now(pty)
    pty.send(ENTER)
    pty.until("It is compiled.", "c continues it, r asks it again")
    for keys, drawn in ((ESC, b"find: "), (ENTER, b"continues it")):
        before = pty.raw.count(drawn)
        pty.send(keys)
        pty.wait(lambda: pty.raw.count(drawn) > before)  # noqa: B023
    pty.send(ENTER)
    assert pty.end() == 0
    assert pty.raw.count(b"exit status: 0") == 2


def test_r_asks_again_and_the_status_is_that_of_the_answer(four: Path) -> None:
    with Simulator("refused") as api:
        pty = opened(four, "rebase", base_url=api.base_url)
        pty.send(ENTER)
        pty.until("r asks it again")
        pty.send("r")
        assert pty.end() == 11, pty.text[-900:]
    assert [row["retry_of"] for row in rows(four)][4:] == [rows(four)[2]["id"]]


def test_c_goes_on_with_its_conversation(four: Path) -> None:
    with Simulator("echo") as api:
        pty = opened(four, "rebase", base_url=api.base_url)
        pty.send(ENTER)
        pty.until("c continues it")
        pty.send("c")
        pty.settle("claude-fable-5-2>")
        pty.enter("and why?\r")
        pty.send("\x04")
        assert pty.end() == 0
        sent = api.requests[-1].json["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "user"]
    assert rows(four)[4]["conversation_id"] == rows(four)[2]["conversation_id"]


def test_ctrl_c_ends_it_by_the_signal(four: Path) -> None:
    pty = opened(four)
    pty.send(CTRL_C)
    assert pty.end() == -signal.SIGINT


@pytest.mark.parametrize("columns", [40, 100])
def test_hostile_text_and_narrow_terminals(four: Path, columns: int) -> None:
    pty = opened(four, "evil", size=(24, columns))
    pty.wait(lambda: "evil ␛]52;c;cm0gLXJm␇␛[2J⟨U+202E⟩" in now(pty).replace("\n", ""))
    assert b"\x1b]52" not in pty.raw
    assert b"\x07" not in pty.raw
    pty.send(ESC)
    assert pty.end() == 0


def test_what_it_cannot_do(home: Path) -> None:
    ran = run(home, "history", "pick")
    assert (ran.status, ran.out) == (2, b"")
    assert ran.lines == [
        "avow: error: history pick draws a list and reads keys, so it needs a terminal that can do both",
        "avow: note: avow history list and avow history search print the same",
    ]
    dumb = in_pty(home, "history", "pick", TERM="dumb")
    assert dumb.end() == 2
    empty = in_pty(home, "history", "pick")
    assert empty.end() == 0
    assert "nothing in the history" in empty.text
