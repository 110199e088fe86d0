"""`avow completion words KIND`: what the scripts of the shells ask avow for while a line is typed."""

import time
from pathlib import Path

import pytest

from avow.commands.completion import MOST
from avow.endpoint.remembered import EndpointFacts, keep
from avow.simulator.scenarios import names
from tests.running import run


def words(home: Path, kind: str, base_url: str | None = None) -> dict[str, str]:
    """What is offered, each with what it is."""
    ran = run(home, "completion", "words", kind, base_url=base_url)
    assert (ran.status, ran.err) == (0, b"")
    return dict(line.split("\t") for line in ran.out.decode().splitlines())


def test_models_are_offered_with_aliases_those_of_the_config_first(home: Path) -> None:
    assert run(home, "config", "set", "aliases.opus", "claude-opus-4-8").status == 0
    assert run(home, "config", "set", "aliases.mine", "claude-fable-5-2").status == 0
    found = words(home, "models")
    assert found["mine"] == "claude-fable-5-2"
    assert found["opus"] == "claude-opus-4-8"
    assert {"fable", "sonnet", "haiku", "claude-fable-5-2"} <= set(found)


def test_models_are_those_that_the_endpoint_listed_within_a_day(home: Path) -> None:
    here, now = "http://127.0.0.1:9", time.time()
    keep(home / "cache", EndpointFacts(here, now - 60, ({"id": "house-model"},)))
    found = words(home, "models", here)
    assert "house-model" in found
    assert "claude-fable-5-2" not in found
    keep(home / "cache", EndpointFacts(here, now - 86_500, ({"id": "house-model"},)))
    found = words(home, "models", here)
    assert "house-model" not in found
    assert "claude-fable-5-2" in found


def test_scenarios_are_offered_with_the_users_own(home: Path) -> None:
    folder = home / "config" / "scenarios"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text("")
    found = words(home, "scenarios")
    assert {name for name, _about in names()} | {"mine"} == set(found)
    assert found["mine"] == "your own"


def test_templates_are_offered(home: Path) -> None:
    assert words(home, "templates") == {}
    assert run(home, "template", "save", "greet", "hello").status == 0
    assert set(words(home, "templates")) == {"greet"}


def test_a_conversation_is_offered_once_an_exchange_each_time(home: Path) -> None:
    assert run(home, "--simulate", "requested", "first").status == 0
    assert run(home, "--simulate", "requested", "--conversation", "1", "second").status == 0
    assert run(home, "--simulate", "requested", "third\x1b[31m \u202e" + "x" * 100).status == 0
    assert set(words(home, "conversations")) == {"2", "3"}
    found = words(home, "exchanges")
    assert list(found) == ["3", "2", "1"]
    assert found["2"] == "second"
    assert found["3"].isprintable()
    assert len(found["3"]) == 60


def test_not_more_than_a_screen_of_them(home: Path) -> None:
    lines = "\n".join(f"prompt {number}" for number in range(MOST + 5))
    assert run(home, "chat", "--simulate", "requested", stdin=lines.encode()).status == 0
    assert len(words(home, "exchanges")) == MOST


def test_words_of_a_prompt(home: Path) -> None:
    ran = run(home, "completion", "of", "bash")
    assert ran.status == 2
    assert "to send these words as a prompt: avow -- completion of bash" in ran.err.decode()


@pytest.mark.parametrize("kind", ["", "nonsense", "exchanges", "conversations"])
def test_what_cannot_be_told_is_silence(kind: str, home: Path) -> None:
    """A shell is in the middle of a line: no message, and no file is made."""
    (home / "data").mkdir()
    (home / "data" / "history.db").write_bytes(b"no database")
    ran = run(home, "completion", "words", *([kind] if kind else []))
    assert (ran.status, ran.out, ran.err) == (0, b"", b"")


def test_a_config_that_cannot_be_read_hides_no_models(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text("nonsense")
    assert "claude-fable-5-2" in words(home, "models")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("tcsh",), "one of bash, zsh, fish, powershell"),
        (("of", "a word"), "to send these words as a prompt: avow -- completion of 'a word'"),
    ],
    ids=["a shell", "a prompt"],
)
def test_what_is_no_shell_is_told_what_to_type(words: tuple[str, ...], hint: str, home: Path) -> None:
    ran = run(home, "completion", *words)
    assert (ran.status, ran.out) == (2, b"")
    assert ran.lines == [f"avow: error: there is no completion for '{words[0]}'", f"avow: note: {hint}"]
