"""`avow help` through the real program."""

import re
from pathlib import Path

import pytest

from avow.commands import COMMANDS
from avow.reference.topics import TOPICS
from tests.running import run


def test_the_overview_names_every_topic(home: Path) -> None:
    text = run(home, "help").out.decode()
    assert all(f"  {name} " in text for name in TOPICS)


def test_the_overview_names_every_command(home: Path) -> None:
    text = run(home, "help").out.decode()
    assert [name for name in COMMANDS if not re.search(rf"\b{name}\b", text.partition("Ask  ")[2])] == []


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_readable_in_80_columns(topic: str, home: Path) -> None:
    ran = run(home, "help", topic)
    assert (ran.status, ran.err) == (0, b"")
    assert max(len(line) for line in ran.out.decode().splitlines()) <= 80


def test_a_topic_there_is_not(home: Path) -> None:
    ran = run(home, "help", "exit-code")
    assert ran.status == 2
    assert "exit-codes" in ran.err.decode()


@pytest.mark.parametrize("words", [("run",), ("history", "pick")], ids=" ".join)
def test_a_command_s_page(words: tuple[str, ...], home: Path) -> None:
    told, page = run(home, "help", *words), run(home, *words, "--help")
    assert (told.status, told.out, told.err) == (0, page.out, b"")


def test_words_of_a_prompt(home: Path) -> None:
    ran = run(home, "help", "me", "write a poem")
    assert (ran.status, ran.out) == (2, b"")
    assert "to send these words as a prompt: avow -- help me 'write a poem'" in ran.err.decode()


def test_a_command_there_is_not(home: Path) -> None:
    ran = run(home, "help", "history", "pik")
    assert (ran.status, ran.out) == (2, b"")
    assert "did you mean history pick?" in ran.err.decode()
