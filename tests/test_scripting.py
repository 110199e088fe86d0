"""The idioms of `avow help scripting`, taken from the text and run in `sh`."""

import json
import re
import textwrap
from pathlib import Path

import pytest

from avow.reference.topics import SCRIPTING
from avow.simulator.server import Simulator
from tests.running import Ran, rows, run, shell


def idiom(word: str) -> str:
    """The indented block of the text that holds `word`."""
    blocks = re.findall(r"(?:^  .*\n)+", SCRIPTING, re.MULTILINE)
    (found,) = [block for block in blocks if word in block]
    return textwrap.dedent(found)


def in_sh(home: Path, script: str, scenario: str) -> Ran:
    with Simulator(scenario) as simulator:
        return shell(home, script, base_url=simulator.base_url)


@pytest.mark.parametrize(
    ("scenario", "out", "last_words", "status"),
    [
        ("requested", True, None, 0),
        ("fallback", False, "a fallback model answered", 0),
        ("refused", False, "refused", 0),
        ("substituted", False, "failed with 12", 12),
        ("unauthorised", False, "failed with 3", 3),
    ],
)
def test_telling_a_reroute_from_an_answer(
    scenario: str, out: bool, last_words: str | None, status: int, home: Path
) -> None:
    ran = in_sh(home, idiom("case $status"), scenario)
    assert (ran.status, bool(ran.out)) == (status, out)
    assert (ran.lines[-1] if ran.lines else None) == last_words


@pytest.mark.parametrize(("scenario", "is_kept"), [("requested", True), ("handover", False), ("cut", False)])
def test_only_the_requested_models_answer_is_kept(scenario: str, is_kept: bool, home: Path) -> None:
    in_sh(home, idiom("--hold"), scenario)
    assert (home / "answer.txt").exists() is is_kept
    if is_kept:
        assert (home / "answer.txt").read_text()


def test_the_answer_and_the_object_beside_it(home: Path) -> None:
    ran = in_sh(home, idiom("fd:3"), "fallback")
    body = json.loads((home / "report.json").read_bytes())
    assert (ran.status, body["verdict"], body["text"]) == (10, "fallback", ran.out.decode().removesuffix("\n"))


def test_a_loop_reads_every_line(home: Path) -> None:
    (home / "names.txt").write_text("red\ngreen\nblue\n")
    ran = in_sh(home, idiom("while read"), "echo")
    assert ran.out.decode().splitlines() == ["describe red", "describe green", "describe blue"]


def test_every_reroute_is_told(home: Path) -> None:
    in_sh(home, idiom("config set on_reroute") + "avow hello\navow hello again\n", "fallback")
    assert [json.loads(line)["verdict"] for line in (home / "reroutes.jsonl").read_text().splitlines()] == [
        "fallback",
        "fallback",
    ]


SUITE = '[[item]]\nprompt = "a"\nrepeat = 20\n'


@pytest.mark.parametrize("word", ["GITHUB_STEP_SUMMARY", "script: avow run"])
@pytest.mark.parametrize(("scenario", "status"), [("requested", 0), ("fallback", 10)])
def test_a_job_fails_where_another_model_answered(word: str, scenario: str, status: int, home: Path) -> None:
    (home / "suite.toml").write_text(SUITE)
    found = re.search(r"avow run (?:.*\\\n)*.*", idiom(word))
    assert found is not None
    ran = in_sh(home, found[0], scenario)
    assert ran.status == status, ran.err
    assert (home / "avow.xml").read_text().count("<testcase ") == 20
    assert len((home / "answers.jsonl").read_text().splitlines()) == 20
    assert ran.err.count(b"::error") == (20 if status and "annotate" in found[0] else 0)


def test_a_run_goes_on(home: Path) -> None:
    (home / "suite.toml").write_text(SUITE)
    assert in_sh(home, idiom("suite.toml --resume"), "requested").status == 0
    assert len((home / "answers.jsonl").read_text().splitlines()) == 20


def test_trying_a_script_without_a_key(home: Path) -> None:
    command = idiom("--simulate fallback").splitlines()[0]
    assert shell(home, command).status == 10
    assert rows(home)[0]["simulated"] == 1


def test_the_text_on_the_screen_is_this_one(home: Path) -> None:
    assert run(home, "help", "scripting").out.decode() == SCRIPTING
