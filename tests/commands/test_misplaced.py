"""What is typed instead, where a word stands without its option or an option where none is needed."""

import shlex
from pathlib import Path

import pytest

from avow.commands.declared import TREE
from avow.commands.misplaced import with_command, with_option, without_option
from avow.commands.tree import invoke
from avow.context import from_process
from avow.errors import UsageError
from tests.running import run

MEANT = {
    "simulate serve handover": "avow simulate serve --scenario handover",
    "simulate serve handovr": "avow simulate serve --scenario handover",
    "simulate serve long:20": "avow simulate serve --scenario long:20",
    "simulate serve mine.toml": "avow simulate serve --scenario mine.toml",
    "simulate serve 8080": "avow simulate serve --port 8080",
    "simulate fallback": "avow simulate serve --scenario fallback",
    "history list 20": "avow history list --limit 20",
    "history list opus": "avow history list --model opus",
    "history list today": "avow history list --since today",
    "history list --json rerouted": "avow history list --json --rerouted",
    "history stats by month": "avow history stats --by month",
    "history export csv": "avow history export --format csv",
    "history export a.csv": "avow history export --format csv > a.csv",
    "history export --format=csv a.csv": "avow history export --format=csv > a.csv",
    "history show --id 3": "avow history show 3",
    "history show --id=3": "avow history show 3",
    "history search --query rome": "avow history search rome",
    "why --id 3": "avow why 3",
    "retry 3 opus": "avow retry 3 --model opus",
    "models --id opus": "avow models opus",
    "judge --file x": "avow judge x",
    "scan --path x": "avow scan x",
    "doctor offline": "avow doctor --offline",
    "completion --shell bash": "avow completion bash",
    "completion bash x": "avow completion bash",
    "help --topic json": "avow help json",
    "audit demo 5": "avow audit demo --seed 5",
    "audit endpoint opus": "avow audit endpoint --model opus",
    "audit show --name x": "avow audit show x",
    "template save --name x hi": "avow template save x hi",
    "proxy --command claude": "avow proxy -- claude",
    "--prompt hi": "avow hi",
    "auth login file": "avow auth login --store file",
    "auth status https://x.example": "avow auth status --base-url https://x.example",
}


@pytest.mark.parametrize("typed", MEANT)
def test_a_slip_is_answered_with_the_line_to_type(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        invoke(shlex.split(typed), from_process())
    assert caught.value.hint == MEANT[typed]
    assert "did you mean" not in caught.value.message


@pytest.mark.parametrize(
    "typed",
    ["why is the sky blue", "history show 3 4", "models opus sonnet", "template list x", "chat hello", "run a b"],
)
def test_of_other_words_nothing_is_guessed(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        invoke(shlex.split(typed), from_process())
    assert caught.value.hint is not None
    assert " --help" in caught.value.hint or f"avow -- {typed}" in caught.value.hint


def test_a_key_that_is_typed_is_not_printed(home: Path) -> None:
    key = "sk-ant-api03-" + "Ab1_-" * 16
    for words in (("auth", "login", key), ("models", key), ("-f", key, "hi"), ("doctor", key), ("history", key)):
        ran = run(home, *words)
        assert ran.status == 2 or words[0] == "models"
        assert (key in ran.err.decode(), "•••" in ran.err.decode()) == (False, True), words
    assert "given on stdin" in run(home, "auth", "login", key).lines[1]


def test_nothing_is_meant_where_the_word_is_not_on_the_line() -> None:
    serve = TREE.at(("simulate", "serve"))
    assert with_option(("simulate", "serve"), serve, "handover") is None
    assert without_option(("simulate", "serve"), serve, "--name") is None
    assert with_command(("simulate", "xyzzy"), TREE.at(("simulate",)), "xyzzy") is None
