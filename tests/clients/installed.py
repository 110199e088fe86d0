"""Where the real clients are that tests drive, and ClickHouse's engine.

They are in a folder that AVOW_TEST_CLIENTS names, filled by `.ci/clients`, each in an environment of its own; the
project depends on none of them.
"""

import os
import shutil
from pathlib import Path


def folder() -> Path:
    """The folder with the clients; one that does not exist where none is named."""
    return Path(os.environ.get("AVOW_TEST_CLIENTS") or "/nonexistent").absolute()


def python(name: str) -> str | None:
    """The Python in whose environment a client is installed."""
    path = folder() / name / "bin" / "python"
    return str(path) if path.exists() else None


def node_modules() -> str | None:
    """The folder with the packages of Node, where there is a Node to run them."""
    path = folder() / "node" / "node_modules"
    return str(path) if (path / "@anthropic-ai" / "sdk").is_dir() and shutil.which("node") else None


def claude() -> str | None:
    """Claude Code: as AVOW_TEST_CLAUDE says, from the folder, or that of PATH."""
    own = folder() / "node" / "node_modules" / ".bin" / "claude"
    return os.environ.get("AVOW_TEST_CLAUDE") or (str(own) if own.exists() else shutil.which("claude"))


def litellm() -> str | None:
    """The Python of LiteLLM: in LITELLM_VENV, else from the folder."""
    named = os.environ.get("LITELLM_VENV")
    return python("litellm") if not named else str(Path(named) / "bin" / "python")
