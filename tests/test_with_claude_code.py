"""The real Claude Code with avow's hook in its settings, against the simulator.

It is found as `claude` on PATH, or where AVOW_TEST_CLAUDE says (`npm install @anthropic-ai/claude-code`); 2.1.332 was
tried.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from avow.simulator.server import Simulator
from tests.running import environment, run

CLAUDE = os.environ.get("AVOW_TEST_CLAUDE") or shutil.which("claude")
FABLE, OPUS = "claude-fable-5-2", "claude-opus-4-8"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CLAUDE is None, reason="needs Claude Code (AVOW_TEST_CLAUDE)")]


def claude(home: Path, scenario: str) -> list[dict[str, Any]]:
    """One question in print mode, whose events tell what a hook says."""
    hook = f"{shlex.quote(sys.executable)} -m avow scan --hook"
    settings = {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": hook, "timeout": 10}]}]}}
    form = ("--output-format", "stream-json", "--verbose", "--settings", json.dumps(settings))
    with Simulator(scenario) as simulator:
        done = subprocess.run(
            [str(CLAUDE), "-p", "rebase or merge?", "--model", FABLE, *form],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=home,
            env=environment(home, simulator.base_url) | {"PATH": os.environ["PATH"]},
            timeout=60,
            check=False,
        )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]


def told(events: list[dict[str, Any]]) -> str:
    return "\n".join(str(e.get("content")) for e in events if e.get("subtype") == "informational")


@pytest.mark.parametrize(
    ("scenario", "verdict", "served", "status"),
    [
        ("requested", None, None, 0),
        ("sticky", "fallback", OPUS, 10),
        ("handover", "fallback", "claude-opus-5", 10),
        ("substituted", "substituted", OPUS, 12),
    ],
)
def test_the_hook_tells_in_the_same_turn(
    home: Path, scenario: str, verdict: str | None, served: str | None, status: int
) -> None:
    # After its own fallback's half Claude Code asks once more by itself ("continuing once with that noted").
    said = told(claude(home, scenario))
    if verdict is None:
        assert "avow" not in said
    else:
        assert f"avow: {verdict}: requested {FABLE}, answered by {served}" in said
    assert run(home, "scan", "--session", "last", "--fail-on", "rerouted").status == status
    assert b"scan --hook" not in run(home, "doctor", "--offline").out
