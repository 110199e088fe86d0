"""What may be imported on the way to an answer: start-up is paid on every call."""

import subprocess
import sys
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.running import AVOW, environment

HEAVY = {
    "rich",
    "keyring",
    "pydantic",
    "prompt_toolkit",
    "jsonschema",
    "tomllib",
    "pypdf",
    "charset_normalizer",
    "click",
}


def _imported(home: Path, *arguments: str, base_url: str | None = None) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *AVOW[1:], *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment(home, base_url),
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_an_answer_to_a_pipe_imports_nothing_heavy(form: str, home: Path) -> None:
    with Simulator() as simulator:
        found = _imported(home, "--output", form, "hi", base_url=simulator.base_url)
    assert "httpx" in found
    assert {name.partition(".")[0] for name in found} & HEAVY == set()


def test_version_imports_almost_nothing(home: Path) -> None:
    found = _imported(home, "--version")
    assert {name for name in found if name.startswith("avow")} == {"avow"}
    assert found & (HEAVY | {"typer", "httpx", "sqlite3", "json"}) == set()
    assert len(found) < 60  # most of them are `python -m`'s own


def test_click_beside_avow_is_left_alone(home: Path, tmp_path: Path) -> None:
    # Importing httpx where click is installed imports httpx's own command line; this click says so by failing.
    (tmp_path / "click.py").write_text("raise SystemExit('click was imported')\n")
    with Simulator() as simulator:
        done = subprocess.run(
            [*AVOW, "hi"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**environment(home, simulator.base_url), "PYTHONPATH": str(tmp_path)},
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")
