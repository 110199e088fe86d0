"""Every command on a terminal, with hostile text in every field that it can show: nothing of it acts there."""

import json
import os
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from avow.commands.declared import TREE
from avow.commands.history.export import goes_to
from avow.endpoint.remembered import EndpointFacts, keep
from tests.in_part import in_part
from tests.raw_server import RawServer, http, stream
from tests.running import in_pty, run, shell
from tests.streams import answer, block, end, sse, start, words

EVIL = "\x1b]52;c;cm0gLXJm\x07\x1b[31m\x1b[2J\x9b2J\u202egnp.exe\u202c\x08\x7f\x0b\r\u2028zz"
TITLE = EVIL.replace("\r", "").replace("\u2028", "")
_ACTS = re.compile("\x1b\\]52|\x1b\\[31m|\x1b\\[2J|[\x80-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\x07\x08\x0b\x7f]")

COMMANDS: dict[str, list[list[str]]] = {
    "ask": [["--verbose", "--show-thinking", TITLE], ["--json", TITLE], ["--output", "jsonl", TITLE],
            ["--dry-run", TITLE], ["--dry-run=curl", TITLE], ["--count", TITLE]],
    "chat": [["chat", "--show-thinking"], ["chat", "-c"]],
    "retry": [["retry", "1"]],
    "why": [["why", "1"], ["why", "1", "--json"]],
    "history push": [["history", "push", "--dry-run"]],
    "history list": [["history", "list"], ["history", "list", "--json"], ["history", "list", "--jsonl"]],
    "history search": [["history", "search", "zz"], ["history", "search", "zz", "--json"]],
    "history pick": [],  # moves the cursor itself: see commands/history/test_pick.py
    "history show": [["history", "show", "1"], ["history", "show", "1", "--json"]],
    "history stats": [["history", "stats"], ["history", "stats", "--by", "category"], ["history", "stats", "--json"]],
    "history export": [["history", "export"], ["history", "export", "--format", "csv"]],
    "history redact": [["history", "redact", "1", "--yes", "--dry-run"], ["history", "redact", TITLE, "--yes"]],
    "history delete": [["history", "delete", TITLE, "--yes"], ["history", "delete", "--model", TITLE, "--yes"]],
    "history repair": [["history", "repair"]],
    "history path": [["history", "path"]],
    "models": [["models"], ["models", "--json"], ["models", f"m{TITLE}"]],
    "config list": [["config", "list"], ["config", "list", "--json"]],
    "config get": [["config", "get", "system"], ["config", "get", "aliases", "--json"]],
    "auth status": [["auth", "status"], ["auth", "status", "--json"], ["auth", "status", "--check"]],
    "template list": [["template", "list"], ["template", "list", "--json"]],
    "template show": [["template", "show", "evil"]],
    "doctor": [["doctor"], ["doctor", "--json"]],
    "scan": [["scan"], ["scan", "--json"]],
    "proxy": [["proxy", "--live", "--", "sh", "-c", f"{sys.executable} -m avow --no-history hi >/dev/null 2>&1"]],
    "completion": [["completion", "words", "models"], ["completion", TITLE]],
    "audit list": [["audit", "list"]],
    "audit show": [["audit", "show", TITLE]],
    "audit run": [["audit", "run", TITLE]],
    "audit verify": [["audit", "verify", TITLE]],
    "audit baseline": [["audit", "baseline", TITLE, "--yes"], ["audit", "baseline", "--pace", "0", "--yes"]],
    "audit demo": [["audit", "demo", TITLE]],
    "audit endpoint": [["audit", "endpoint", "--yes"], ["audit", "endpoint", "--yes", "--json"]],
    "run": [["run", "HOME/items.jsonl"], ["run", "--verbose", "HOME/items.jsonl", TITLE]],
    "judge": [["judge", "-m", TITLE, "HOME/said.sse"], ["judge", "-m", "x", "--json", "HOME/said.sse"]],
    "simulate list": [["simulate", "list"]],
    "help": [["help", TITLE]],
    "simulate serve": [["simulate", "serve", TITLE]],
}  # fmt: skip
"""By command, what is run; a command with nothing shows only numbers, folders, or what is typed right there."""
NOTHING_TO_SHOW = frozenset({"config set", "config unset", "config path", "config edit", "auth login", "auth logout",
                             "template save", "template delete"})  # fmt: skip


def test_every_command_is_here() -> None:
    single = {" ".join(command.path) for command in TREE.all() if command.path and not command.commands}
    assert single - NOTHING_TO_SHOW - set(COMMANDS) == set(), "add the new ones"


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home full of hostile text."""
    home = tmp_path_factory.mktemp("evil")
    for folder in ("config/templates", "data", "cache"):
        (home / folder).mkdir(parents=True, mode=0o700)
    quoted = json.dumps(TITLE)
    (home / "config/config.toml").write_text(f"system = {quoted}\n[aliases]\n{quoted} = {quoted}\n")
    (home / "config/templates/evil.toml").write_text(f"prompt = {quoted}\nsystem = {quoted}\n")
    said = sse(start(f"m{EVIL}"), *words(0, EVIL), *answer(EVIL, stop_reason=EVIL)[1:])
    (home / "said.sse").write_bytes(said)
    (home / "items.jsonl").write_text(json.dumps({"id": TITLE, "prompt": EVIL}))
    with RawServer(stream(said, "request-id: a\x9b2J")) as server:
        assert run(home, TITLE, base_url=server.url).status == 13, "unverified"
    with closing(sqlite3.connect(home / "data/history.db")) as database, database:
        database.execute("UPDATE exchange SET category = ?, source = ?, template = ?", (EVIL, EVIL, EVIL))
    return home


WAYS = {f"{name} / {number}": (name, way) for name, ways in COMMANDS.items() for number, way in enumerate(ways)}


@pytest.mark.parametrize(("command", "arguments"), in_part(WAYS, [name for name in WAYS if name.endswith("/ 0")]))
def test_nothing_hostile_acts_on_a_terminal(command: str, arguments: list[str], evil: Path) -> None:
    listed = {"data": [{"id": f"m{EVIL}", "display_name": EVIL, "type": "model"}], "has_more": False}
    served = sse(start(f"m{EVIL}"), *words(0, EVIL), *answer(EVIL, stop_reason=EVIL)[1:])
    wrong = {"type": "error", "error": {"type": f"x{EVIL}", "message": EVIL}}
    answers = {
        "models": [http(json.dumps(listed).encode())],
        "doctor": [http(json.dumps(wrong).encode(), "401 Unauthorized")],
        "auth status": [http(json.dumps(wrong).encode(), "401 Unauthorized")],
    }
    with RawServer(*answers.get(command, [stream(served)])) as server:
        keep(evil / "cache", EndpointFacts(server.url, 1.0, ({"id": EVIL},)))
        placed = [word.replace("HOME", str(evil)) for word in arguments]
        is_listed = arguments[0].startswith("--dry-run")
        more: dict[str, Any] = {"ANTHROPIC_CUSTOM_HEADERS": f"X-A: {TITLE}"} if is_listed else {}
        pty = in_pty(evil, *placed, base_url=server.url, NO_COLOR="1", **more)
        if arguments[0] == "chat":
            pty.settle("/help says")
            pty.enter("hi\r", "zz")
            pty.send("\x04")
        pty.end()
        shown = bytes(pty.raw).decode(errors="surrogateescape")
        assert shown.strip(), arguments
        assert _ACTS.search(shown) is None, (arguments, _ACTS.search(shown), shown)
        asks = arguments[-1] == "HOME/items.jsonl" or (command in ("ask", "chat", "retry") and not is_listed)
        assert server.requests or not asks, "nothing came that could be shown"


def test_thinking_is_not_taken_for_avows_own_words(home: Path) -> None:
    thought = {"type": "thinking_delta", "thinking": "so\r\navow: fallback: forged\u2028avow: error: forged\n"}
    more = {"type": "thinking_delta", "thinking": "avow: forged"}
    thinking = block(0, {"type": "thinking", "thinking": "", "signature": ""}, thought, more)
    with RawServer(stream(sse(start(), *thinking, *words(1, "ok"), *end()))) as server:
        ran = run(home, "-q", "--show-thinking", "hi", base_url=server.url)
    assert sum(line.endswith("forged") for line in ran.lines) == 3
    assert not [line for line in ran.lines if line.startswith("avow:") and "forged" in line]


def test_a_csv_file_is_guarded_by_itself(home: Path) -> None:
    with RawServer(stream(sse(*answer("=1+1")))) as server:
        assert run(home, "hi", base_url=server.url).status == 0
    for name, more, guarded in (
        ("a.csv", "", True),
        ("A.CSV", "", True),
        ("a.txt", "", False),
        ("b.csv", " --guard never", False),
        ("b.txt", " --guard always", True),
    ):
        ran = shell(home, f"avow history export --format csv{more} >{name}")
        assert (ran.status, ran.err) == (0, b"")
        assert (",'=1+1," in (home / name).read_text()) is guarded, name
    assert run(home, "history", "export", "--guard", "none").status == 2


def test_where_the_system_does_not_say_a_file_s_name_any_may_be_a_csv(tmp_path: Path) -> None:
    names = str(tmp_path / "none")
    with (tmp_path / "a.txt").open("wb") as stream:
        assert goes_to(stream, ".csv", names)
    read, write = os.pipe()
    with os.fdopen(read, "rb") as pipe, os.fdopen(write, "wb"):
        assert not goes_to(pipe, ".csv", names)
    assert not goes_to(None, ".csv", names)


def test_a_header_of_the_users_runs_nothing_in_the_command_for_curl(home: Path) -> None:
    names = ('x$(touch${IFS}P)";touch Q;"', "x`touch R`", "x';touch S;'", "9é-x")
    evil = "\n".join(f"{name}: 1" for name in names)
    ran = run(home, "--dry-run=curl", "hi", base_url="http://127.0.0.1:9", ANTHROPIC_CUSTOM_HEADERS=evil)
    assert ran.status == 0
    said = shell(home, ran.out.decode().replace("curl ", "echo ", 1)).out.decode()
    assert all(f"-H {name}: " in said for name in names), said
    assert not [name for name in "PQRS" if (home / name).exists()]


@pytest.mark.parametrize("arguments", [("history", "export"), ("history", "export", "--format", "csv")])
def test_what_is_piped_stays_as_it_is(arguments: tuple[str, ...], evil: Path) -> None:
    assert "\u202egnp" in run(evil, *arguments).out.decode()
