"""One file a command: a declaration that only parses, and a run function that knows no typer."""

COMMANDS = (
    "ask",
    "chat",
    "retry",
    "why",
    "history",
    "scan",
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
