"""The command that runs after a rerouted answer."""

import json
import os
import sys
import time
from pathlib import Path

import pytest

from avow.asking.hooks import run as run_hook
from tests.running import run

KEEP = 'cat > "$HOME/heard.json"; echo on stdout'


def hook(*words: str) -> str:
    return json.dumps(words)


@pytest.mark.parametrize("form", [(), ("--json",), ("--output", "jsonl"), ("--hold",)], ids=str)
def test_it_hears_the_object_of_a_rerouted_answer(form: tuple[str, ...], home: Path) -> None:
    ran = run(home, "--simulate", "fallback", *form, "hello", AVOW_ON_REROUTE=hook("sh", "-c", KEEP))
    heard = json.loads((home / "heard.json").read_bytes())
    assert ran.status == 10
    assert (heard["schema"], heard["verdict"], heard["exit_code"]) == ("avow.answer/1", "fallback", 10)
    assert heard["text"]
    assert b"on stdout" not in ran.out + ran.err


@pytest.mark.parametrize("scenario", ["requested", "refused", "unnamed", "unauthorised", "cut"])
def test_it_does_not_run_where_no_other_model_answered(scenario: str, home: Path) -> None:
    run(home, "--simulate", scenario, "hello", AVOW_ON_REROUTE=hook("sh", "-c", KEEP))
    assert not (home / "heard.json").exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (hook("false"), "on_reroute: false ended with status 1"),
        (hook("no-such-command-here"), "on_reroute: no-such-command-here cannot be run: no such file or directory"),
        (hook("sh", "-c", "kill -9 $$"), "on_reroute: sh was ended by signal 9"),
    ],
    ids=["fails", "missing", "killed"],
)
def test_its_failure_is_a_note_and_changes_nothing(command: str, words: str, home: Path) -> None:
    ran = run(home, "--simulate", "substituted", "hello", AVOW_ON_REROUTE=command)
    assert ran.status == 12
    assert f"avow: note: {words}" in ran.lines


def test_it_is_ended_after_its_time_with_all_it_started(tmp_path: Path) -> None:
    begun = time.monotonic()
    script = f"sleep 60 & echo $! > {tmp_path}/pid; wait"
    words = run_hook(("sh", "-c", script), {}, os.environ, 0.5)
    assert words == "on_reroute: sh did not end within 0.5 seconds and was ended"
    assert time.monotonic() - begun < 10
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists() and ") Z " in stat.read_text():
            return
        time.sleep(0.05)
    raise AssertionError("what it started still runs")


def test_it_need_not_read_what_it_gets() -> None:
    assert run_hook(("true",), {"text": "x" * 1_000_000}, os.environ, 10) is None


def test_an_avow_within_it_does_not_call_itself(home: Path) -> None:
    inner = f'"{sys.executable}" -m avow --simulate fallback again; echo . >> "$HOME/count"'
    run(home, "--simulate", "fallback", "hello", AVOW_ON_REROUTE=hook("sh", "-c", inner))
    assert (home / "count").read_text() == ".\n"
