"""What is kept of an exchange, and for how long, through the real program."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from avow.asking.keeper import Keeper
from avow.context import Context
from avow.errors import HistoryError
from avow.exchange.exchange import Exchange, ExchangeEvent, Noted
from avow.paths import find
from avow.settings.levels import Config, resolve
from avow.simulator.server import Simulator
from avow.terminal.facts import Facts
from avow.terminal.screen import Screen
from tests.in_part import crossed, in_part
from tests.raw_server import STALL, RawServer
from tests.running import PATIENCE_S, environment, rows, run, start
from tests.terminal.samples import exchange

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    connection.execute(statement)
connection.execute("BEGIN EXCLUSIVE")
connection.execute("UPDATE exchange SET prompt = prompt")
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""
LOCKS = {
    "to write": (),
    "also to read": ("PRAGMA locking_mode = EXCLUSIVE",),
    "without a log": ("PRAGMA journal_mode = DELETE",),
}
ASKING: dict[str, tuple[tuple[str, ...], bytes | None]] = {
    "text": (("words",), None),
    "json": (("--json", "words"), None),
    "a block of code": (("-x", "words"), None),
    "chat": (("chat",), b"words\n"),
}


@contextmanager
def held(home: Path, *statements: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The history, locked by another process until its stdin ends."""
    run(home, "--simulate", "requested", "first")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home / "data" / "history.db"), *statements],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    try:
        yield holder
    finally:
        holder.communicate()


def arrival(simulator: Simulator) -> float:
    """The moment at which the first request to the simulator has come."""
    until = time.monotonic() + PATIENCE_S
    while not simulator.requests and time.monotonic() < until:
        time.sleep(0.01)
    assert simulator.requests
    return time.monotonic()


def age(home: Path, days: int) -> None:
    """Make all exchanges that much older."""
    with closing(sqlite3.connect(home / "data" / "history.db")) as connection, connection:
        connection.execute("UPDATE exchange SET created_ms = ?", (int((time.time() - days * 86400) * 1000),))


def test_nothing_is_deleted_unless_asked_for(home: Path) -> None:
    run(home, "--simulate", "requested", "old")
    age(home, 4000)
    run(home, "--simulate", "requested", "new")
    assert len(rows(home)) == 2


def test_what_is_too_old_is_deleted_and_it_is_said(home: Path) -> None:
    run(home, "--simulate", "requested", "old words")
    age(home, 40)
    ran = run(home, "--simulate", "requested", "new", AVOW_HISTORY_KEEP_DAYS="30")
    assert [row["prompt"] for row in rows(home)] == ["new"]
    assert "avow: note: deleted 1 exchange older than 30 days from the history" in ran.lines
    assert ran.status == 0
    assert all(b"old words" not in path.read_bytes() for path in (home / "data").iterdir())


def test_routing_alone_where_no_content_is_wanted(home: Path) -> None:
    run(home, "--simulate", "fallback", "secret words", AVOW_HISTORY_CONTENT="none")
    (row,) = rows(home)
    assert (row["verdict"], row["prompt"], row["text"]) == ("fallback", None, None)
    assert all(b"secret words" not in path.read_bytes() for path in (home / "data").iterdir())


@pytest.mark.parametrize(
    ("arguments", "stdin", "lock"), crossed(ASKING, {name: (lock,) for name, lock in LOCKS.items()})
)
def test_a_locked_history_holds_no_question_up_and_is_written_once_it_is_free(
    home: Path, arguments: tuple[str, ...], stdin: bytes | None, lock: tuple[str, ...]
) -> None:
    with Simulator("code") as simulator, held(home, *lock) as holder:
        begun = time.monotonic()
        asking = start(home, *arguments, base_url=simulator.base_url, stdin=subprocess.PIPE)
        assert asking.stdin is not None
        asking.stdin.write(stdin or b"")
        asking.stdin.close()
        asking.stdin = None
        took = arrival(simulator) - begun
        assert holder.poll() is None
        holder.communicate()
        out, err = asking.communicate(timeout=20)
    assert b"history" not in err
    assert out
    (_, kept) = rows(home)
    assert (kept["prompt"], kept["status"]) == ("words", "complete")
    assert took < PATIENCE_S / 2, "it waited for the lock"


@pytest.mark.parametrize(("arguments", "stdin"), in_part(ASKING, ("json", "chat")))
def test_what_cannot_be_written_in_time_is_noted_and_changes_nothing_else(
    home: Path, arguments: tuple[str, ...], stdin: bytes | None
) -> None:
    free = run(home, *arguments, "--simulate", "code", stdin=stdin)
    with held(home):
        begun = time.monotonic()
        ran = run(home, *arguments, "--simulate", "code", "--deadline", "2", stdin=stdin)
        took = time.monotonic() - begun
    assert ran.status == free.status
    assert "another program keeps it locked" in ran.err.decode()
    assert [line for line in ran.lines if "the API" in line or "deadline" in line] == []
    assert len(ran.out.splitlines()) == len(free.out.splitlines())
    assert [row["prompt"] for row in rows(home)] == ["words", "first"]
    assert took < PATIENCE_S / 2


class FailsOnce:
    """A history that cannot be written at the first of the saves, as on a disk that is full for a moment."""

    def __init__(self) -> None:
        self.saved: list[Exchange] = []
        self.failing = True

    def begin(self, _exchange: Exchange, *, patience_seconds: float) -> int:
        return 7

    def save(self, exchange: Exchange, *, patience_seconds: float) -> None:
        if self.failing:
            self.failing = False
            raise HistoryError("the disk is full")
        self.saved.append(exchange)


def test_an_exchange_whose_row_was_begun_is_finished_though_it_could_not_be_saved_between() -> None:
    history, told = FailsOnce(), list[ExchangeEvent]()
    settings = resolve(flags={}, template={}, conversation={}, environ={}, config=Config(), profile=None)
    context: Any = SimpleNamespace(history=lambda _settings, opening_seconds: history)
    keeper = Keeper(context, settings, told.append)
    begun = keeper.begin(exchange())
    keeper.save(begun)
    assert keeper.finish(begun).number == 7
    assert [one.id for one in history.saved] == [begun.id]
    assert told == [Noted("history not written: the disk is full")]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_wait_for_the_history_at_the_end_is_told_and_ctrl_c_ends_it_without_loss(home: Path, form: str) -> None:
    with held(home):
        asking = start(home, "--simulate", "fallback", "--output", form, "words")
        assert asking.stderr is not None
        told = asking.stderr.readline().decode()
        asking.send_signal(signal.SIGINT)
        out, err = asking.communicate(timeout=20)
    assert told == "avow: note: waiting for the history: another program keeps it locked; Ctrl-C ends the wait\n"
    assert asking.returncode == -signal.SIGINT
    assert b"avow: fallback: requested claude-fable-5-2, answered by claude-opus-4-8" in err
    assert b"avow: note: history not written: " in err
    answer = json.loads(out) if form == "json" else {"status": "complete", "exit_code": 130, "text": out.decode()}
    assert (answer["status"], answer["exit_code"]) == ("complete", 130)
    assert answer["text"].rstrip().endswith("(Written by the simulator for claude-opus-4-8.)")
    assert out.endswith(b"\n")


def test_the_next_question_of_a_chat_waits_no_longer_for_a_history_that_was_waited_for_in_vain(home: Path) -> None:
    told: list[ExchangeEvent] = []
    with held(home):
        context = Context(None, None, None, {}, find(environment(home)), Screen(None, None, Facts(), Facts()))
        context.waited_in_vain = True
        keeper = Keeper(context, context.settings(), told.append)
        kept = keeper.finish(exchange())
        context.close()
    assert kept.number is None
    (only,) = told
    assert isinstance(only, Noted)
    assert only.text.startswith("history not written: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("retry", "1"),
        pytest.param(("-c", "--conversation", "1", "words"), marks=pytest.mark.slow),
        pytest.param(("run", "--resume", "-"), marks=pytest.mark.slow),
        pytest.param(("history", "list"), marks=pytest.mark.slow),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_what_needs_a_locked_history_says_that_it_waits_and_ends_by_the_deadline(
    home: Path, arguments: tuple[str, ...]
) -> None:
    with held(home, *LOCKS["also to read"]):
        begun = time.monotonic()
        ran = run(home, *arguments, base_url="http://127.0.0.1:9", stdin=b'"words"\n', AVOW_DEADLINE="0.8")
        took = time.monotonic() - begun
    assert ran.status == 1
    assert "avow: note: waiting for the history: another program keeps it locked" in ran.lines
    assert "another program keeps it locked" in ran.lines[-2] + ran.lines[-1]
    assert took < 10


def test_what_needs_the_history_goes_on_once_it_is_free(home: Path) -> None:
    with Simulator("requested") as simulator, held(home, *LOCKS["also to read"]) as holder:
        asking = start(home, "retry", "1", base_url=simulator.base_url)
        assert asking.stderr is not None
        assert "waiting for the history" in asking.stderr.readline().decode()
        holder.communicate()
        assert asking.wait(timeout=20) == 0


def test_a_question_after_a_wait_has_what_remains_of_its_deadline(home: Path) -> None:
    """The wait takes most of it, and the server says nothing."""
    with RawServer([STALL]) as server, held(home, *LOCKS["also to read"]) as holder:
        asking = start(home, "retry", "1", "--retries", "0", base_url=server.url, env={"AVOW_DEADLINE": "4"})
        assert asking.stderr is not None
        assert "waiting for the history" in asking.stderr.readline().decode()
        time.sleep(1.5)
        holder.communicate()
        assert asking.wait(timeout=60) == 6
    assert rows(home)[-1]["total_ms"] < 3500
