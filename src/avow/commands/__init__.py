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


_LONGEST_MISSPELT = max(map(len, COMMANDS)) * 3 // 2
"""Longer words are not alike enough to be asked about (`typing_errors.TYPING_ERROR`)."""


def may_be_command(word: str) -> bool:
    """Whether a single word may be the name of a command, perhaps misspelt: a quick check, `typing_errors` checks in
    full. A question in quotes, which is one word too, is nearly always longer."""
    return len(word) <= _LONGEST_MISSPELT or word.startswith("-")


def may_be_group(arguments: Sequence[str]) -> bool:
    """Whether the first of several words may be the name of a group, perhaps misspelt. A quick check that every plain
    question pays for; `tree` checks in full."""
    first = arguments[0] if len(arguments) > 1 else ""
    return any(abs(len(first) - len(group)) <= 2 and _begins_alike(first, group) for group in GROUPS)


def _begins_alike(word: str, name: str) -> bool:
    """Whether the first letter is right; or wrong, left out, doubled, or exchanged with the second."""
    return word[:1] == name[0] or word[1:3] in (name[1:3], name[:2]) or word[:2] in (name[1:3], name[1] + name[0])
