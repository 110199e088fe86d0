"""One file a command: a declaration that only parses, and a run function that knows no typer."""

from collections.abc import Sequence

COMMANDS = (
    "ask",
    "chat",
    "retry",
    "why",
    "run",
    "history",
    "scan",
    "judge",
    "proxy",
    "audit",
    "models",
    "auth",
    "config",
    "template",
    "simulate",
    "doctor",
    "completion",
    "help",
)
"""Each lives in the module here with its name: as `app` where it has commands of its own, else as
`command`."""

GROUPS = ("audit", "auth", "config", "history", "simulate", "template")
"""Those that have commands of their own."""


def may_be_group(arguments: Sequence[str]) -> bool:
    """Whether the first of several words may be a group's name, misspelt: a quick look, which no plain question pays
    for; `tree` looks closely."""
    first = arguments[0] if len(arguments) > 1 else ""
    return any(first[:1] == group[0] and abs(len(first) - len(group)) <= 2 for group in GROUPS)
