"""What is taken away is asked for first, on a real terminal."""

from pathlib import Path

import pytest

from tests.history.making import answered, kept
from tests.in_part import in_part
from tests.running import in_pty, run


@pytest.fixture
def three(home: Path) -> Path:
    kept(home / "data" / "history.db", *(answered(f"prompt {n}") for n in range(3)))
    return home


@pytest.mark.parametrize(
    ("answer", "left"),
    in_part(
        {"y": ("y\r", 1), "yes": ("yes\r", 1), "n": ("n\r", 3), "": ("\r", 3), "Yup": ("Yup\r", 3), "end": ("\x04", 3)},
        ["y", "", "Yup"],
    ),
)
def test_delete_asks_with_the_count(three: Path, answer: str, left: int) -> None:
    terminal = in_pty(three, "history", "delete", "1", "3")
    terminal.until("Delete 2 exchanges for good? [y/N]")
    terminal.send(answer)
    assert terminal.end() == 0
    assert ("deleted 2 exchanges" in terminal.text) is (left == 1)
    assert ("nothing was changed" in terminal.text) is (left == 3)
    assert len(run(three, "history", "list", "--json").json) == left


def test_copies_of_the_history_are_named_even_when_quiet_is_not_asked(three: Path) -> None:
    copy = three / "data" / "history.db.damaged-20260101-000000"
    copy.write_bytes(b"old")
    ran = run(three, "history", "redact", "1", "--yes")
    assert ran.status == 0
    assert str(copy) in ran.err.decode()


def test_a_sound_history_is_said_to_be(three: Path) -> None:
    assert run(three, "history", "repair").out.decode() == f"{three / 'data' / 'history.db'} is not damaged\n"
