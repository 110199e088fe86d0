"""Claude Code behind the relay: the base URL in its own settings, and how it behaves behind another host."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from avow.paths import home

FIRST_PARTY = "_CLAUDE_CODE_ASSUME_FIRST_PARTY_BASE_URL"
"""Private to Claude Code (seen in 2.1.332): it takes the base URL for the API's own. It may go."""

_CLOUDS = ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY")
_LARGEST = 1024 * 1024


class OwnSetting(NamedTuple):
    """A base URL in a settings file of Claude Code, which outranks the environment."""

    url: str
    path: Path


def is_claude_code(command: Sequence[str]) -> bool:
    """Whether the command is Claude Code, judged by its words."""
    return any(Path(word).name in ("claude", "claude.exe") or "@anthropic-ai/claude-code" in word for word in command)


def own_base_url(environ: Mapping[str, str], folder: Path) -> OwnSetting | None:
    """The base URL in its settings, from the file that outranks the others; None where no file has one."""
    user = Path(environ.get("CLAUDE_CONFIG_DIR") or home(environ) / ".claude")
    for path in (
        Path("/etc/claude-code/managed-settings.json"),
        folder / ".claude" / "settings.local.json",
        folder / ".claude" / "settings.json",
        user / "settings.json",
    ):
        if url := _base_url_in(path):
            return OwnSetting(url, path)
    return None


def names_settings(command: Sequence[str]) -> bool:
    """Whether the command has settings among its arguments, which outrank the files."""
    return any(word == "--settings" or word.startswith("--settings=") for word in command)


def cloud(environ: Mapping[str, str]) -> str | None:
    """The variable that makes Claude Code ask a cloud's own API, to which the base URL does not apply; None without
    one."""
    return next((name for name in _CLOUDS if environ.get(name) not in (None, "", "0", "false")), None)


def settings_argument() -> str:
    """What to add to the command so that it uses the relay, to be typed in a shell."""
    return """sh -c 'claude --settings "{\\"env\\":{\\"ANTHROPIC_BASE_URL\\":\\"$ANTHROPIC_BASE_URL\\"}}"'"""


def _base_url_in(path: Path) -> str | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    env = value.get("env") if isinstance(value, dict) else None
    url = env.get("ANTHROPIC_BASE_URL") if isinstance(env, dict) else None
    return url if isinstance(url, str) and url else None
