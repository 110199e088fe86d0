"""The pager, on a real terminal."""

import shlex
import sys
from pathlib import Path

import pytest

from tests.history.making import NOON, answered, kept
from tests.running import in_pty, run

# A pager that says so, shows how much it got, and ends before it has read it all.
PAGER = f"{sys.executable} -c 'import sys; print(\"PAGED\", len(sys.stdin.readline()) > 0)'"


@pytest.fixture
def many(home: Path) -> Path:
    kept(home / "data" / "history.db", *(answered(f"prompt {n}", "line\n" * 60, at=NOON + n) for n in range(30)))
    return home


@pytest.mark.parametrize(
    ("size", "pager", "is_paged"),
    [
        ((10, 120), PAGER, True),
        ((100, 120), PAGER, False),
        ((10, 120), "cat", False),
        ((10, 120), "", False),
        ((10, 120), "no-such-pager-here", False),
        ((10, 120), "unbalanced '", False),
    ],
    ids=["does not fit", "fits", "cat", "empty", "missing", "broken"],
)
def test_a_pager_is_used_where_it_does_not_fit(many: Path, size: tuple[int, int], pager: str, is_paged: bool) -> None:
    terminal = in_pty(many, "history", "list", size=size, PAGER=pager)
    assert terminal.end() == 0
    assert ("PAGED True" in terminal.text) is is_paged
    assert ("prompt 29" in terminal.text) is not is_paged


def test_show_is_paged_too(many: Path) -> None:
    terminal = in_pty(many, "history", "show", "1", size=(20, 80), PAGER=PAGER)
    assert terminal.end() == 0
    assert "PAGED True" in terminal.text


def test_a_pipe_has_no_pager(many: Path) -> None:
    assert b"PAGED" not in run(many, "history", "list", PAGER=PAGER).out


def test_ctrl_c_belongs_to_the_pager(many: Path) -> None:
    script = many / "pager.py"
    script.write_text(
        "import signal, sys, time\n"
        "heard = []\n"
        "signal.signal(signal.SIGINT, lambda *_: heard.append(print('HEARD', flush=True)))\n"
        "sys.stdin.read(); print('READY', flush=True)\n"
        "while not heard: time.sleep(0.01)\n"
        "time.sleep(0.2); print('DONE', flush=True)\n"
    )
    terminal = in_pty(many, "history", "list", size=(10, 120), PAGER=shlex.join([sys.executable, str(script)]))
    terminal.until("READY")
    terminal.send("\x03")
    assert terminal.end() == 0
    assert terminal.text.index("HEARD") < terminal.text.index("DONE")
