"""Reads the command line of `ask` without typer, whose import takes as long as all of avow's own.

Only what is plain is read here; for anything else (a mistake, an empty value, a joined short option, a request for
help) the answer is None, and typer reads the same line. A test compares the table with typer's tree, and both readers
with each other.
"""

from collections.abc import Sequence
from typing import Any

FLAGS = {
    "--no-stdin": "no_stdin",
    "-c": "goes_on",
    "--continue": "goes_on",
    "--accept-fallback": "accept_fallback",
    "--hold": "hold",
    "--json": "as_json",
    "--raw": "raw",
    "--markdown": "markdown",
    "-x": "extract",
    "--extract": "extract",
    "--extract-last": "extract_last",
    "--show-thinking": "show_thinking",
    "--no-stream": "no_stream",
    "--no-history": "no_history",
    "-q": "quiet",
    "--quiet": "quiet",
    "--verbose": "verbose",
    "--plain": "plain",
    "--count": "count",
}
TEXTS = {
    "-m": "model",
    "--model": "model",
    "-s": "system",
    "--system": "system",
    "--system-file": "system_file",
    "-t": "template",
    "--template": "template",
    "--conversation": "conversation",
    "--fallback": "fallback",
    "--fallback-by": "fallback_by",
    "--if-unavailable": "if_unavailable",
    "--output": "output",
    "--report": "report",
    "--effort": "effort",
    "--speed": "speed",
    "--schema": "schema",
    "--color": "color",
    "--profile": "profile",
    "--auth-style": "auth_style",
    "--api-version": "api_version",
    "--dry-run": "dry_run",
    "--simulate": "simulate",
}
LISTS = {
    "-f": "files",
    "--file": "files",
    "-p": "variables",
    "--stop": "stop",
    "-o": "fields",
    "--header": "headers",
}
NUMBERS: dict[str, tuple[str, type[int] | type[float], int | None]] = {
    "--max-tokens": ("max_tokens", int, 1),
    "--timeout": ("timeout", float, None),
    "--deadline": ("deadline", float, None),
    "--retries": ("retries", int, 0),
}
"""Name, type and least value."""


def parse(arguments: Sequence[str]) -> dict[str, Any] | None:
    """The parameters of `ask` by name, those not given left out; None where typer must read the line."""
    given: dict[str, Any] = {}
    words: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            words += rest
            break
        if word == "-" or not word.startswith("-"):
            words.append(word)
        elif word in FLAGS:
            given[FLAGS[word]] = True
        elif not _take(word, rest, given):
            return None
    return {**given, "words": words}


def _take(word: str, rest: list[str], given: dict[str, Any]) -> bool:
    """Take an option with its value; whether that was plain."""
    name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
    if name == "--dry-run" and not equals:
        value = "request"
    elif not equals:
        if not rest:
            return False
        value = rest.pop(0)
    if not value and TEXTS.get(name) != "system":
        return False
    if name in TEXTS:
        given[TEXTS[name]] = value
    elif name in LISTS:
        given.setdefault(LISTS[name], []).append(value)
    elif name in NUMBERS:
        key, kind, least = NUMBERS[name]
        try:
            given[key] = kind(value)
        except ValueError:
            return False
        return least is None or given[key] >= least
    else:
        return False
    return True
