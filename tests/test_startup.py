"""What may be imported on the way to an answer: start-up is paid on every call."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from avow.commands import COMMANDS, may_be_command
from avow.commands.typing_errors import TYPING_ERROR
from avow.errors import nearest
from avow.simulator.server import Simulator
from tests.running import AVOW, environment

HEAVY = {
    "rich",
    "keyring",
    "pydantic",
    "prompt_toolkit",
    "jsonschema",
    "tomllib",
    "pypdf",
    "charset_normalizer",
    "click",
    "typer",
    "uuid",
    "difflib",
    "asyncio",
    "subprocess",
    "tomli_w",
    "httpx",
    "certifi",
    "urllib.request",
    "email",
    "tempfile",
    "secrets",
    "random",
    "hashlib",
}
LOADED = """
avow avow.asking avow.asking.ask avow.asking.gathering avow.asking.inquiry avow.asking.keeper avow.asking.question
avow.asking.request_fields
avow.asking.typed avow.background avow.cli avow.commands avow.commands.quick avow.context avow.endpoint
avow.endpoint.connecting
avow.endpoint.credential avow.endpoint.keys avow.endpoint.patience avow.endpoint.remembered avow.endpoint.transport
avow.errors avow.exchange
avow.exchange.attempts avow.exchange.chain avow.exchange.conversation avow.exchange.exchange avow.exchange.outcome
avow.exchange.plan avow.exchange.response avow.exchange.run avow.exchange.saver avow.exit_codes avow.files
avow.files.reading avow.history avow.history.database avow.history.history_file
avow.history.rows avow.history.schema avow.history.store
avow.history.writing avow.models avow.models.catalogue avow.models.identity avow.models.pricing avow.paths avow.prompt
avow.prompt.limits avow.routing avow.routing.gateways avow.routing.judge avow.routing.message_evidence
avow.routing.runs avow.routing.verdict
avow.settings avow.settings.keys avow.settings.levels avow.settings.options avow.settings.value_checks
avow.terminal avow.terminal.commentary
avow.terminal.facts
avow.terminal.preview avow.terminal.screen avow.terminal.session avow.terminal.text_piped avow.terminal.watchers
avow.wire avow.wire.api avow.wire.blocks avow.wire.body avow.wire.events avow.wire.failure avow.wire.json_value
avow.wire.message avow.wire.message_fold avow.wire.names avow.wire.replay avow.wire.request avow.wire.secret
avow.values avow.wire.secret_forms avow.wire.sse
"""
"""What of avow a plain question loads; each line here is paid on every call, so one is added on purpose."""

SLOW_TO_DEFINE = """
import dataclasses, importlib, sys
for name in sys.argv[1:]:
    for found in vars(importlib.import_module(name)).values():
        if isinstance(found, type) and found.__module__ == name:
            if dataclasses.is_dataclass(found) or (found.__bases__ == (tuple,) and hasattr(found, "_make")):
                print(f"{name}.{found.__qualname__}")
"""
"""Python writes code for these while it runs: 0.2 ms for a named tuple of `typing`, 1 to 3 ms for a dataclass."""


def _imported(
    home: Path, *arguments: str, base_url: str | None = None, status: int = 0, stdin: int = subprocess.DEVNULL
) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *AVOW[1:], *arguments],
        stdin=stdin,
        capture_output=True,
        text=True,
        env=environment(home, base_url),
        check=False,
    )
    assert done.returncode == status, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_an_answer_to_a_pipe_imports_nothing_heavy(form: str, home: Path) -> None:
    with Simulator() as simulator:
        found = _imported(home, "--output", form, "hi", base_url=simulator.base_url)
    assert "httpcore" in found
    assert (found | {name.partition(".")[0] for name in found}) & (HEAVY | {"inspect", "traceback"}) == set()
    more = set() if form == "text" else {"avow.terminal.json_watchers"}
    more |= {"avow.history.summary", "avow.history.migrations"}  # once, where the history is made
    assert {name for name in found if name.partition(".")[0] == "avow"} == set(LOADED.split()) | more


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="avow.values has those of typing there")
def test_what_an_answer_defines_is_quick_to_define(home: Path) -> None:
    with Simulator() as simulator:
        modules = [name for name in _imported(home, "hi", base_url=simulator.base_url) if name.startswith("avow.")]
    found = subprocess.run(
        [sys.executable, "-c", SLOW_TO_DEFINE, *sorted(modules), "avow.history.search"],
        capture_output=True,
        text=True,
        env=environment(home),
        check=True,
    )
    assert found.stdout.split() == ["avow.values._Values", "avow.history.search.Query"]


def test_version_imports_almost_nothing(home: Path) -> None:
    found = _imported(home, "--version")
    assert {name for name in found if name.startswith("avow")} == {"avow"}
    assert found & (HEAVY | {"typer", "httpcore", "sqlite3", "json"}) == set()
    assert len(found) < 60  # most of them are `python -m`'s own


def test_click_beside_avow_is_left_alone(home: Path, tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('click was imported')\n")
    with Simulator() as simulator:
        done = subprocess.run(
            [*AVOW, "hi"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**environment(home, simulator.base_url), "PYTHONPATH": str(tmp_path)},
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_claude_code_calls_at_each_turn_is_quick_to_import(home: Path) -> None:
    """`dataclasses` brings `inspect`: a quarter of all that it loads."""
    found = _imported(home, "scan", "--hook")
    assert "avow.scan.latest" in found
    assert found & (HEAVY | {"typer", "httpcore", "sqlite3", "dataclasses", "inspect"}) == set()
    assert "avow.context" not in found


def test_the_proxy_stays_small(home: Path) -> None:
    """It runs beside its command for hours: each of these is megabytes."""
    found = _imported(home, "proxy", "--upstream", "http://127.0.0.1:9", "--quiet", "--", "true", status=13)
    assert "avow.proxy.relay" in found
    needed = {"asyncio", "subprocess", "random", "secrets", "hashlib"}
    assert found & (HEAVY - needed | {"typer", "httpcore", "avow.commands.tree", "avow.commands.declared"}) == set()
    assert not any(name.startswith("avow.asking.ask") for name in found)


def test_a_question_in_quotes_on_a_terminal_needs_no_typer(home: Path) -> None:
    """It is one word, but longer than any command misspelt."""
    terminal, typed = os.openpty()
    try:
        with Simulator() as simulator:
            found = _imported(home, "what is the answer?", base_url=simulator.base_url, stdin=typed)
    finally:
        os.close(typed)
        os.close(terminal)
    assert "httpcore" in found
    assert found & HEAVY == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_near_to_a_command_is_told_from_a_question(name: str) -> None:
    for word in (name, name * 2, f"{name} {name}"[:15], f"{name}{'x' * 9}", f"{name} of it all"):
        assert may_be_command(word) or nearest(word, [name], alike=TYPING_ERROR) is None
    assert may_be_command("")
    assert may_be_command("--continue-the-last-one")
