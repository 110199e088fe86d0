"""Lines of words and tables keep within a narrow terminal, and nothing is lost."""

from pathlib import Path

import pytest

from avow.reference.topics import TOPICS
from avow.terminal.facts import Facts
from avow.terminal.fitted import fit
from tests.running import in_pty

FORTY = Facts(is_terminal=True, interactive=True, color=False, width=40, height=24)

CASES: dict[str, tuple[str, str]] = {
    "short": ("a  b\n", "a  b\n"),
    "words": ("one two three four five six seven eight nine\n", "one two three four five six seven eight\nnine\n"),
    "a paragraph's indent": (
        "  one two three four five six seven eight\n",
        "  one two three four five six seven\n  eight\n",
    ),
    "below the second column": (
        "  name     what it is, in rather many words\n",
        "  name     what it is, in rather many\n           words\n",
    ),
    "a column too far to the right": (
        "a rather long name of a thing    what it is\n",
        "a rather long name of a thing  what it\n      is\n",
    ),
    "what goes on below such a column": (" " * 27 + "is\n", "      is\n"),
    "a paragraph is filled again": (
        f"{'one two three four ' * 4}five\nsix seven\n",
        "one two three four one two three four\none two three four one two three four\nfive six seven\n",
    ),
    "lines that are not full stay apart": (
        "one two three four five six seven eight nine\nten\n",
        "one two three four five six seven eight\nnine\nten\n",
    ),
    "a comment of SQL stays one": (
        f"-- {'one two three four ' * 4}five\nSELECT 1;\n",
        "-- one two three four one two three four\n-- one two three four one two three four\n-- five\nSELECT 1;\n",
    ),
    "one long word": (f"{'x' * 60}\n", f"{'x' * 60}\n"),
    "no newline at the end": ("x" * 30 + " " + "y" * 30, "x" * 30 + "\n" + "y" * 30),
}


@pytest.mark.parametrize("case", CASES)
def test_forty_columns(case: str) -> None:
    given, expected = CASES[case]
    assert fit(given, FORTY) == expected


def test_what_is_no_terminal_gets_it_as_it_is() -> None:
    text = "x " * 100
    piped = Facts(is_terminal=False, interactive=False, color=False, width=40, height=24)
    assert fit(text, piped) == text


@pytest.mark.parametrize("topic", TOPICS)
def test_no_word_of_a_topic_is_cut_or_lost(topic: str) -> None:
    text = TOPICS[topic][1]()
    narrow = fit(text, FORTY)
    assert [word for word in narrow.split() if word != "--"] == [word for word in text.split() if word != "--"]
    assert [line for line in narrow.splitlines() if len(line) > 40 and " " in line.strip()] == []


KEEPING = {
    "help": "help",
    "help privacy": "help privacy",
    "auth status": "auth status",
    "auth logout": "auth logout --base-url https://gateway.example.com",
    "simulate list": "simulate list",
    "run --dry-run": "run prompts.txt --dry-run --simulate requested",
}


@pytest.mark.parametrize("name", KEEPING)
def test_commands_keep_to_forty_columns(name: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    (home / "prompts.txt").write_text("one\ntwo\n")
    arguments = KEEPING[name].split()
    pty = in_pty(home, *arguments, size=(60, 40))
    pty.end()
    lines = [line.strip() for line in pty.raw.decode().splitlines() if "avow: " not in line]
    at_the_edge = [line for line in lines if len(line) > 40 and " " in line]
    assert at_the_edge == []
