"""What is typed instead, where a word stands without its option or an option where none is needed."""

import shlex
from pathlib import Path

import pytest

from avow.commands.declared import TREE
from avow.commands.misplaced import with_command, with_option, without_option
from avow.commands.tree import invoke
from avow.commands.typing_errors import exchange_meant
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
    "retry opus 3": "avow retry --model opus 3",
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


IN_PLACE_OF_A_NUMBER = {
    "retry opus": "avow retry --model opus",
    "why opus": "avow history list --model opus",
    "why last": "without a number it is the last: avow why",
    "history show opus": "avow history list --model opus",
    "history delete 90d": "avow history delete --older-than 90d",
    "history delete 7 90d --yes": "avow history delete 7 --older-than 90d --yes",
    "history redact fallback": "avow history redact --verdict fallback",
    "history redact opus": "avow history redact --model opus",
    "history delete 3-5": "avow history delete 3 4 5",
    "history redact 3,7": "avow history redact 3 7",
}


@pytest.mark.parametrize("typed", IN_PLACE_OF_A_NUMBER)
def test_a_word_in_place_of_a_number_is_answered_with_the_line_to_type(typed: str) -> None:
    assert exchange_meant(typed.split(), typed.split()[3 if "7 90d" in typed else -1]) == IN_PLACE_OF_A_NUMBER[typed]


@pytest.mark.parametrize(
    "typed",
    ["history delete today", "history delete 2024-01-01", "history delete refused", "history delete last", "why 9-1"],
)
def test_of_what_may_be_removed_nothing_is_guessed(typed: str) -> None:
    meant = exchange_meant(typed.split(), typed.split()[-1])
    assert meant is None or meant.startswith("avow history list ")


def test_the_line_to_type_stands_below_the_error(home: Path) -> None:
    run(home, "--simulate", "requested", "words")
    ran = run(home, "history", "delete", "90d", "--yes")
    assert (ran.status, ran.lines) == (
        2,
        [
            "avow: error: there is no exchange `90d` in the history",
            "avow: note: avow history delete --older-than 90d --yes",
        ],
    )


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
