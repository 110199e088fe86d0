"""What is known of Claude Code."""

import json
import subprocess
from pathlib import Path

import pytest

from avow.proxy import claude_code


@pytest.mark.parametrize(
    ("command", "is_it"),
    [
        (["claude", "-p", "hi"], True),
        (["/usr/bin/claude"], True),
        (["npx", "@anthropic-ai/claude-code", "-p"], True),
        (["python", "claude.py"], False),
    ],
)
def test_which_command_it_is(command: list[str], is_it: bool) -> None:
    assert claude_code.is_claude_code(command) is is_it


def test_the_strongest_settings_file_counts(tmp_path: Path) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    environ = {"HOME": str(home)}
    assert claude_code.own_base_url(environ, project) is None
    for number, path in enumerate((home / ".claude/settings.json", project / ".claude/settings.local.json")):
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"env": {"ANTHROPIC_BASE_URL": f"https://{number}.example"}}))
        assert claude_code.own_base_url(environ, project) == (f"https://{number}.example", path)
    elsewhere = {"HOME": str(home), "CLAUDE_CONFIG_DIR": str(tmp_path / "none")}
    assert claude_code.own_base_url(elsewhere, tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", "{broken", '{"env": 5}', '{"env": {"ANTHROPIC_BASE_URL": 5}}'])
def test_settings_that_say_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text(text)
    assert claude_code.own_base_url({"HOME": str(tmp_path)}, tmp_path / "none") is None


def test_settings_of_the_command_s_own() -> None:
    assert claude_code.names_settings(["claude", "--settings", "x"])
    assert claude_code.names_settings(["claude", "--settings=x"])
    assert not claude_code.names_settings(["claude", "-p", "settings"])


def test_clouds_are_named() -> None:
    assert claude_code.cloud({"CLAUDE_CODE_USE_BEDROCK": "1"}) == "CLAUDE_CODE_USE_BEDROCK"
    assert claude_code.cloud({"CLAUDE_CODE_USE_BEDROCK": "0"}) is None


def test_what_is_to_be_added_works_in_a_shell(tmp_path: Path) -> None:
    stub = tmp_path / "claude"
    stub.write_text('#!/bin/sh\nprintf "%s" "$2"\n')
    stub.chmod(0o755)
    url = "http://127.0.0.1:9/5ec2e7"
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "ANTHROPIC_BASE_URL": url}
    shell = ["/bin/sh", "-c", claude_code.settings_argument()]
    said = subprocess.run(shell, env=environ, capture_output=True, check=True)
    assert json.loads(said.stdout) == {"env": {"ANTHROPIC_BASE_URL": url}}
