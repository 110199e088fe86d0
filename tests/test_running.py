"""What tests wait for in a pty is what came after they typed, not what stood there before; and their environment."""

import os
from pathlib import Path

import pytest

from tests.conftest import replace_environment
from tests.running import in_pty


def test_a_text_that_stood_there_must_come_once_more(home: Path) -> None:
    pty = in_pty(home, command=("cat",))
    pty.send("one ")
    pty.until("one")
    pty.send("two ")
    pty.until("two")
    with pytest.raises(AssertionError, match="waited for 'one' once more, saw"):
        pty.until("one", timeout=0.1)
    pty.send("one ")
    pty.until("one")
    pty.child.close(force=True)


def test_what_was_so_before_it_typed_is_not_waited_for(home: Path) -> None:
    pty = in_pty(home, command=("cat",))
    pty.send("one ")
    pty.wait(lambda: "one" in pty.text)
    pty.send("two ")
    with pytest.raises(AssertionError, match="it was so before that was typed"):
        pty.wait(lambda: "one" in pty.text)
    pty.child.close(force=True)


def test_what_ends_without_it_says_what_is_missing(home: Path) -> None:
    pty = in_pty(home, "here", command=("echo",))
    with pytest.raises(AssertionError, match=r"ended without 'there':\nhere"):
        pty.until("here", "there")
    assert pty.end() == 0


def test_a_variable_that_another_fixture_has_removed_is_not_missed() -> None:
    before = dict(os.environ)
    replace_environment({**before, "NEW": "1"}, {**before, "GONE": "1"})
    assert os.environ.pop("NEW") == "1"
    assert dict(os.environ) == before
