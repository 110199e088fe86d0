"""The key is searched for in every byte that any command writes or prints, failures included."""

from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.running import Ran, rows, run, start

ASKS = None
"""The command asks the API: it ends as the scenario says."""

COMMANDS: list[tuple[tuple[str, ...], int | None]] = [
    (("hi",), ASKS),
    (("--json", "--verbose", "hi"), ASKS),
    (("--output", "jsonl", "hi"), ASKS),
    (("--dry-run", "hi"), 0),
    (("--dry-run=curl", "hi"), 0),
    (("--fallback-by", "client", "hi"), ASKS),
    (("--simulate", "handover", "hi"), 10),
    (("history", "list", "--json"), 0),
    (("history", "show", "1"), 0),
    (("history", "export"), 0),
    (("why", "1"), 0),
    (("retry", "1"), ASKS),
    (("config", "list"), 0),
    (("auth", "status"), 0),
    (("--no-such-option",), 2),
    (("--max-tokens", "many", "hi"), 2),
]
LOOKS = [("--count", "hi"), ("models",), ("doctor", "--json")]
"""They ask the API too, but no model: they work where a model declines."""


def _check(ran: Ran, home: Path) -> None:
    secret = CANARY.encode()
    assert secret not in ran.out + ran.err
    assert b"Traceback" not in ran.err
    for path in home.rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("scenario", "asked", "looked"),
    [("handover", 10, (0, 0, 0)), ("unauthorised", 3, (3, 3, 1)), ("html", 5, (5, 5, 1))],
)
def test_no_command_shows_or_keeps_the_key(scenario: str, asked: int, looked: tuple[int, ...], home: Path) -> None:
    commands = [(arguments, asked if status is ASKS else status) for arguments, status in COMMANDS]
    with Simulator(scenario) as simulator:
        for arguments, status in (*commands, *zip(LOOKS, looked, strict=True)):
            ran = run(home, *arguments, base_url=simulator.base_url, AVOW_DEBUG="1")
            assert ran.status == status, (arguments, ran.err)
            assert ran.out or ran.err, arguments
            _check(ran, home)
        assert any(request.header("x-api-key") == CANARY for request in simulator.requests), "the key was in use"
    assert len(rows(home)) >= 5, "what was searched holds the exchanges"


@pytest.mark.parametrize("bad", [f"{CANARY}\nx: y", f"{CANARY}\u20ac"], ids=["a newline in it", "not ASCII"])
def test_a_key_that_no_header_can_carry_is_not_quoted(bad: str, home: Path) -> None:
    with Simulator() as simulator:
        ran = run(home, "hi", base_url=simulator.base_url, ANTHROPIC_API_KEY=bad)
    assert ran.status in (2, 3)
    _check(ran, home)


def test_the_key_is_no_process_argument(home: Path) -> None:
    with Simulator("slow:0.1") as simulator, start(home, "hi", base_url=simulator.base_url) as process:
        assert process.stdout is not None
        process.stdout.read(10)
        found = Path(f"/proc/{process.pid}/cmdline")
        if not found.exists():
            pytest.skip("this system has no /proc: process arguments are not looked at")
        assert CANARY.encode() not in found.read_bytes()
        process.kill()
