"""Which model a user chose in Claude Code, read from the records that its `/model` command leaves."""

import re

_TERMINAL = re.compile(r"\x1b\[[0-9;]*m")
_SET = re.compile(r"\s*<local-command-stdout>\s*Set model to (?P<name>[^<\n]+)")
_DISPLAYED = re.compile(r"(?P<line>Fable|Mythos|Opus|Sonnet|Haiku) (?P<version>[0-9]{1,2}(?:\.[0-9]{1,2})?)(?![0-9.])")
_ID = re.compile(r"[a-z0-9][a-z0-9._:/@~\[\]-]*(?![^\s(])", re.IGNORECASE)


def is_command(content: str) -> bool:
    """Whether a user record is a command or its output, not a prompt."""
    return content.lstrip().startswith(("<command-", "<local-command-", "<bash-"))


def chosen(content: str) -> tuple[bool, str | None]:
    """(whether `content` says that the model was set, the model's id or alias if it can be told).

    The client prints an id, an alias, or a name for people: `Opus 4.6 (1M context)` is `claude-opus-4-6`.
    """
    found = _SET.match(_TERMINAL.sub("", content))
    if found is None:
        return False, None
    name = found["name"].strip()
    if shown := _DISPLAYED.match(name):
        return True, f"claude-{shown['line'].lower()}-{shown['version'].replace('.', '-')}"
    if (plain := _ID.match(name)) and plain[0].lower() != "default":
        return True, plain[0]
    return True, None
