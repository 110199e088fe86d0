"""The idioms of `avow help scripting`, taken from the text and run in `sh`, `bash`, `make` and as CI runs them."""

import json
import re
import textwrap
from pathlib import Path

import pytest
import yaml

from avow.reference.scripting_topic import TEXT
from avow.simulator.server import Simulator
from tests.programs import needs
from tests.running import Json, Ran, rows, run, shell

SHELLS = {
    "sh": ("sh", ""),
    "sh -eu": ("sh", "set -eu\n"),
    "bash -euo pipefail": ("bash", "set -euo pipefail\n"),
}
STRICT_SHELLS = [
    pytest.param("sh", marks=pytest.mark.slow),
    "sh -eu",
    pytest.param("bash -euo pipefail", marks=pytest.mark.slow),
]
ANSWERED, REROUTED, FAILED = ["requested"], ["fallback", "requested"], ["unauthorised"]


def idiom(word: str) -> str:
    """The indented block of the text that begins with `word`, or else holds it."""
    blocks = re.findall(r"(?:^  .*\n)+", TEXT, re.MULTILINE)
    begun = [block for block in blocks if block.strip().startswith(word)]
    (found,) = begun or [block for block in blocks if word in block]
    return textwrap.dedent(found)


def in_sh(home: Path, script: str, scenario: str | list[str], form: str = "sh", **more: str) -> Ran:
    name, begin = SHELLS[form]
    with Simulator(scenario) as simulator:
        return shell(home, begin + script, base_url=simulator.base_url, name=name, **more)


def models_asked(home: Path) -> list[str]:
    return [row["requested_model"] for row in rows(home)]


@pytest.mark.parametrize("form", STRICT_SHELLS)
@pytest.mark.parametrize(("scenario", "status"), [(ANSWERED, 0), (REROUTED, 10), (FAILED, 3)], ids=str)
def test_stopping_where_another_model_answered(scenario: list[str], status: int, form: str, home: Path) -> None:
    script = idiom('answer=$(avow --hold "name three colours") || exit') + "echo goes on\n"
    ran = in_sh(home, script, scenario, form)
    assert (ran.status, ran.out.endswith(b"goes on\n"), len(rows(home))) == (status, status == 0, 1)
    assert (len(ran.out) > 20) is (status == 0)


@pytest.mark.parametrize("form", STRICT_SHELLS)
@pytest.mark.parametrize(("scenario", "status"), [(ANSWERED, 0), (REROUTED, 0), (FAILED, 3)], ids=str)
def test_taking_a_fallbacks_answer_and_keeping_a_line(scenario: list[str], status: int, form: str, home: Path) -> None:
    ran = in_sh(home, idiom("2>> avow.log) || exit"), scenario, form)
    assert (ran.status, bool(ran.out), ran.err) == (status, status == 0, b"")
    begins = {"requested": "", "fallback": "avow: fallback: requested ", "unauthorised": "avow: error: "}[scenario[0]]
    assert (home / "avow.log").read_text().startswith(begins)
    assert bool((home / "avow.log").read_text()) is bool(begins)


@pytest.mark.parametrize("form", STRICT_SHELLS)
@pytest.mark.parametrize(
    ("scenario", "status", "asked"),
    [(ANSWERED, 0, 1), (REROUTED, 0, 2), (["fallback", "refused"], 11, 2), (FAILED, 3, 1)],
    ids=str,
)
def test_asking_another_model(scenario: list[str], status: int, asked: int, form: str, home: Path) -> None:
    ran = in_sh(home, idiom("esac\n  printf"), scenario, form)
    assert (ran.status, bool(ran.out)) == (status, status == 0)
    assert models_asked(home) == ["claude-fable-5-2", "claude-sonnet-5-5"][:asked]


@pytest.mark.parametrize("form", STRICT_SHELLS)
@pytest.mark.parametrize(
    ("scenario", "out", "last_words", "status"),
    [
        ("requested", True, None, 0),
        ("fallback", False, "a fallback model answered", 0),
        ("refused", False, "refused", 0),
        pytest.param("substituted", False, "failed with 12", 12, marks=pytest.mark.slow),
        ("unauthorised", False, "failed with 3", 3),
    ],
)
def test_telling_all_cases_apart(
    scenario: str, out: bool, last_words: str | None, status: int, form: str, home: Path
) -> None:
    ran = in_sh(home, idiom("case $status"), scenario, form)
    assert (ran.status, bool(ran.out)) == (status, out)
    assert (ran.lines[-1] if ran.lines else None) == last_words


@needs("make")
@pytest.mark.parametrize(
    ("target", "scenario", "is_made", "asked"),
    [
        ("strict", ANSWERED, True, 1),
        ("strict", REROUTED, False, 1),
        ("strict", FAILED, False, 1),
        pytest.param("logged", ANSWERED, True, 1, marks=pytest.mark.slow),
        ("logged", REROUTED, True, 1),
        pytest.param("logged", FAILED, False, 1, marks=pytest.mark.slow),
        pytest.param("either", ANSWERED, True, 1, marks=pytest.mark.slow),
        ("either", REROUTED, True, 2),
        ("either", ["fallback", "refused"], False, 2),
        pytest.param("either", FAILED, False, 1, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_in_make(target: str, scenario: list[str], is_made: bool, asked: int, home: Path) -> None:
    (home / "Makefile").write_text(idiom(".DELETE_ON_ERROR:"))
    (home / "question.txt").write_text("name three colours\n")
    ran = in_sh(home, f"make -s {target}.txt", scenario)
    assert (ran.status, len(rows(home))) == (0 if is_made else 2, asked)
    made = home / f"{target}.txt"
    assert made.exists() is is_made
    assert not is_made or made.read_text()
    if target == "logged":
        assert ("avow: fallback:" in (home / "avow.log").read_text()) is (scenario == REROUTED)


def steps(word: str) -> list[str]:
    """What the steps of a job run."""
    found: Json = yaml.safe_load(idiom(word))
    return [step["run"] for step in found["steps"]]


@pytest.mark.parametrize(
    ("scenario", "statuses", "asked"), [(ANSWERED, [0, 0, 0], 1), (REROUTED, [10, 0, 0], 2), (FAILED, [3, 3, 3], 1)]
)
def test_in_github_actions(scenario: list[str], statuses: list[int], asked: int, home: Path) -> None:
    """Each step is a script that GitHub runs as `bash -e FILE`."""
    for step, status in zip(steps("::warning::"), statuses, strict=True):
        before = len(rows(home)) if (home / "data").exists() else 0
        ran = in_sh(home, f"cat > step.sh <<'END'\n{step}\nEND\nbash -e step.sh", scenario)
        assert ran.status == status, step
        assert len(rows(home)) - before == (asked if "either.txt" in step else 1)
        if "logged.txt" in step:
            told = {"requested": b"", "fallback": b"::warning::fallback: requested ", "unauthorised": b"::warning::err"}
            assert ran.out.startswith(told[scenario[0]])


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


def job(kind: str) -> str:
    """The script of the job that asks a whole suite, as its CI puts it together."""
    if kind == "github":
        (script,) = steps("--summary")
        return script
    (found,) = yaml.safe_load(idiom("audit-models")).values()
    assert found["artifacts"] == {"when": "always", "reports": {"junit": "avow.xml"}}
    return "\n".join(found["script"])


@pytest.mark.parametrize("kind", ["github", "gitlab"])
@pytest.mark.parametrize(("scenario", "status"), [("requested", 0), ("fallback", 10)])
def test_a_job_fails_where_another_model_answered(kind: str, scenario: str, status: int, home: Path) -> None:
    (home / "suite.toml").write_text(SUITE)
    script = job(kind)
    ran = in_sh(home, script, scenario, "sh -eu", GITHUB_STEP_SUMMARY=str(home / "summary.md"))
    assert ran.status == status, ran.err
    assert (home / "avow.xml").read_text().count("<testcase ") == 20
    assert len((home / "answers.jsonl").read_text().splitlines()) == 20
    assert ran.err.count(b"::error") == (20 if status and "annotate" in script else 0)
    assert (home / "summary.md").exists() is (kind == "github")


def test_a_run_goes_on(home: Path) -> None:
    (home / "suite.toml").write_text(SUITE)
    assert in_sh(home, idiom("avow run suite.toml --resume"), "requested").status == 0
    assert len((home / "answers.jsonl").read_text().splitlines()) == 20


def test_a_batch_is_sent_by_one_line_and_collected_by_the_next(home: Path) -> None:
    (home / "suite.toml").write_text(SUITE)
    assert in_sh(home, idiom("avow run suite.toml --batch"), "requested").status == 0
    assert len((home / "answers.jsonl").read_text().splitlines()) == 20


def test_trying_a_script_without_a_key(home: Path) -> None:
    command = idiom("--simulate fallback").splitlines()[0]
    assert shell(home, command).status == 10
    assert rows(home)[0]["simulated"] == 1


def test_the_text_on_the_screen_is_this_one(home: Path) -> None:
    assert run(home, "help", "scripting").out.decode() == TEXT
