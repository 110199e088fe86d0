"""The real Claude Code with avow's hook and status line in its settings, against the simulator. 2.1.332 was tried."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from avow.simulator.server import Simulator
from tests.canary import CANARY
from tests.clients import installed
from tests.clients.beside import FABLE, OPUS, QUIET, OfItself
from tests.running import AVOW, environment, in_pty, rows, run

CLAUDE = installed.claude()
ENVIRON: dict[str, Any] = {**QUIET, "PATH": os.environ["PATH"]}
SCAN = f"{shlex.quote(sys.executable)} -m avow scan"
SETTINGS = {
    "hooks": {"Stop": [{"hooks": [{"type": "command", "command": f"{SCAN} --hook", "timeout": 10}]}]},
    "statusLine": {"type": "command", "command": f"{SCAN} --statusline"},
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(500),
    pytest.mark.skipif(CLAUDE is None, reason="needs Claude Code (AVOW_TEST_CLIENTS, AVOW_TEST_CLAUDE)"),
]


def claude(home: Path, scenario: str) -> list[dict[str, Any]]:
    """One question in print mode, whose events tell what a hook says."""
    form = ("--output-format", "stream-json", "--verbose", "--settings", json.dumps(SETTINGS))
    with Simulator(scenario) as simulator:
        done = subprocess.run(
            [str(CLAUDE), "-p", "rebase or merge?", "--model", FABLE, *form],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=home,
            env=environment(home, simulator.base_url, **ENVIRON),
            timeout=240,
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


def used_before(home: Path) -> None:
    """As Claude Code leaves a home in which its first questions have been answered."""
    project = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
    key = {"approved": [CANARY[-20:]], "rejected": []}
    settings = {"hasCompletedOnboarding": True, "theme": "dark", "customApiKeyResponses": key}
    (home / ".claude.json").write_text(json.dumps(settings | {"projects": {str(home.resolve()): project}}))


def test_a_session_on_a_terminal_behind_avow_proxy(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hook, status line and proxy at once: each says who answered, and only the proxy when all is over."""
    used_before(home)
    monkeypatch.chdir(home)
    command = (*AVOW, "proxy", "--", str(CLAUDE), "--model", FABLE, "--settings", json.dumps(SETTINGS))
    with OfItself(["requested", "sticky"]) as api:
        terminal = in_pty(home, base_url=api.base_url, command=command, **ENVIRON)
        terminal.until("❯")
        terminal.send("rebase or merge?")
        terminal.until("rebase or merge?")
        terminal.send("\r")
        terminal.until(f"avow: {FABLE}")
        terminal.send("and now?")
        terminal.until("and now?")
        terminal.send("\r")
        sticky = "(sticky: no decline in this response)"
        terminal.until(f"avow: {OPUS} answered, {FABLE} was asked", "Stop says: avow: fallback: requested", sticky)
        assert "avow: proxy:" not in terminal.text
        terminal.send("/exit")
        terminal.until("/exit")
        terminal.send("\r")
        status = terminal.end()
    # The command's own name may be long: where the lines break is its matter.
    assert "avow: proxy: 2 answers: 1 as_requested, 1 fallback; " in " ".join(terminal.text.split())
    assert [row["verdict"] for row in rows(home)] == ["as_requested", "fallback"]
    assert status == 10
