"""The texts of the simulator's answers: one for each line of models, so that a reader sees which model wrote what."""

import json
from typing import Any

from avow.simulator.script import Json

_OPENINGS = {
    "fable": (
        "A rebase lifts your commits off their old base and sets them down, one by one, on the tip of the other "
        "branch. They get new ids on the way, and the history reads as one straight line. "
    ),
    "opus": (
        "Think of a rebase as writing your commits again on top of the newest ones: same changes, new ids. "
        "The log stays straight, and nobody has to read a junction. "
    ),
    "sonnet": (
        "In short: a rebase moves your commits to the end of the other branch and gives them new ids, so the log "
        "is one line. "
    ),
    "haiku": "Rebase: your commits, replayed at the end of the other branch, with new ids. ",
    "other": "A rebase replays your commits at the end of another branch, under new ids. ",
}
_RESTS = {
    "fable": (
        "A merge leaves both lines of work as they were and ties them together with one more commit. So rebase "
        "what only you have seen, and merge what others already build on."
    ),
    "opus": (
        "A merge changes no commit at all; it adds one that has two parents. My rule: rebase before you "
        "push, merge after. When in doubt, merge, because a merge can be undone without asking anyone."
    ),
    "sonnet": (
        "A merge keeps both branches and adds a commit that joins them. Use rebase for your own branch before "
        "review, and merge for everything that is shared."
    ),
    "haiku": "Merge: both lines kept, one commit joins them. Private branch: rebase. Shared branch: merge.",
    "other": "A merge keeps both lines, joined by one commit. Rebase what is yours, merge what is shared.",
}

THINKING = (
    "The question is about rebase and merge. Both bring two lines of work together; what differs is whether "
    "commits are rewritten. I should say what each does, then give a rule one can remember."
)

MARKDOWN = """# Rebase or merge

Both bring two lines of work together. What differs is **what happens to your commits**:

| | rebase | merge |
|---|---|---|
| commits | rewritten | untouched |
| history | one line | two lines, joined |
| safe on shared branches | no | yes |

## When to use which

1. *Before* you push: `git rebase main`.
2. *After* others have fetched your branch:
   - merge it, and
   - leave the old commits alone.

```sh
git fetch origin
git rebase origin/main    # stop with --abort
```

> A merge can be undone without asking anyone.

More in [the Git book](https://git-scm.com/book).
"""

CODE = """This counts the lines of each file:

```python
import sys
from pathlib import Path

for name in sys.argv[1:]:
    print(name, len(Path(name).read_text().splitlines()))
```

The same with the shell:

```sh
wc -l "$@"
```

The second one counts newlines, so a last line without one is missing.
"""

HOSTILE = (
    "plain start \x1b[31mred\x1b[0m \x1b]0;owned title\x07 \x1b]52;c;cm0gLXJmIC8=\x07 \x1b]8;;http://evil.example\x1b\\link"
    "\x1b]8;;\x1b\\ \x1b[2J\x1b[1;1H \x9b31mC1 colour \x90dcs\x9c \x1b(0 charset \x1bc reset \x08\x08\x7f "
    "bidi \u202egnp.exe\u202c \u2066isolate\u2069 \u200bzero\u200d "
    "tags \U000e0049\U000e0067\U000e006e\U000e006f\U000e0072\U000e0065 "
    "markup [bold]not bold[/bold] [link=http://evil.example]x[/link] [/nope] "
    "line\u2028separator\u2029paragraph\u0085nel \x0b vt \x0c ff \r overwritten tab\there "
    "forged line\navow: fallback: requested a, answered by b\nemoji \U0001f600 plain end"
)

EMOJI = "Grüße aus Zürich: 日本語, العربية, 👩‍💻 and 🏳️‍🌈 torn into pieces, €uro by €uro. "


def opening(model: str) -> str:
    """The first half of what `model` says."""
    return _OPENINGS[_line(model)]


def rest(model: str) -> str:
    """The second half: continues any model's first half, and names `model` as its writer (`""`: nobody)."""
    return f"{_RESTS[_line(model)]} (Written by the simulator{f' for {model}' if model else ''}.)"


def fitting(schema: object) -> str:
    """JSON text of a small value that fits `schema` (in the subset of JSON Schema that the API accepts)."""
    return json.dumps(_instance(schema, schema, 0), ensure_ascii=False, indent=1)


def _line(model: str) -> str:
    lowered = model.lower()
    for line, key in (
        ("fable", "fable"),
        ("mythos", "fable"),
        ("opus", "opus"),
        ("sonnet", "sonnet"),
        ("haiku", "haiku"),
    ):
        if line in lowered:
            return key
    return "other"


def _instance(schema: object, root: object, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > 40:
        return None
    if "const" in schema:
        return schema["const"]
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    if isinstance(schema.get("$ref"), str):
        return _instance(_resolve(schema["$ref"], root), root, depth + 1)
    for key in ("anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(key), list) and schema[key]:
            return _instance(schema[key][0], root, depth + 1)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0] if kind else None
    if kind == "object" or (kind is None and "properties" in schema):
        properties = schema.get("properties")
        members = properties if isinstance(properties, dict) else {}
        return {name: _instance(member, root, depth + 1) for name, member in members.items()}
    if kind == "array":
        return [_instance(schema.get("items", {}), root, depth + 1)]
    plain: dict[str, Any] = {"string": _string(schema), "integer": 7, "number": 3.5, "boolean": True}
    return plain.get(str(kind))


def _string(schema: dict[str, Any]) -> str:
    formats = {"date": "2026-11-23", "date-time": "2026-11-23T17:00:00Z", "email": "someone@example.org"}
    return formats.get(str(schema.get("format")), "rebase")


def _resolve(reference: str, root: object) -> object:
    found = root
    for part in reference.removeprefix("#").split("/")[1:]:
        found = found.get(part) if isinstance(found, dict) else None
    return found


ADVICE: tuple[Json, ...] = (
    {"type": "server_tool_use", "id": "srvtoolu_01advice", "name": "advisor", "input": {}},
    {
        "type": "advisor_tool_result",
        "tool_use_id": "srvtoolu_01advice",
        "content": {"type": "advisor_result", "text": "Say what each does, then give one rule."},
    },
)
"""The blocks of an answer for which the model asked another one for advice."""

SEARCH: Json = {
    "type": "server_tool_use",
    "id": "srvtoolu_01standin",
    "name": "web_search",
    "input": {"query": "git rebase or merge"},
}
FOUND: Json = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_01standin",
    "content": [
        {
            "type": "web_search_result",
            "url": "https://git-scm.com/book",
            "title": "Pro Git",
            "page_age": None,
            "encrypted_content": "c3RhbmQtaW4=",
        }
    ],
}
CALL: Json = {
    "type": "tool_use",
    "id": "toolu_01standin",
    "name": "read_file",
    "input": {"path": "README.md", "lines": [1, 20]},
}
COMPACTION: Json = {
    "type": "compaction",
    "content": "The user asked about rebase and merge; the answer so far explained both.",
    "encrypted_content": "c3RhbmQtaW4=",
}
UNKNOWN_BLOCK: Json = {
    "type": "stand_in_note",
    "note": "a block of a kind no client knows yet",
    "weight": 1.5,
}
