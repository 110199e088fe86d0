"""The key is searched for in every byte that any command writes or prints, failures included."""

from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.fault_cases import CASES, FaultCase, opened
from tests.running import Ran, run, start

COMMANDS = [
    ("hi",),
    ("--json", "--verbose", "hi"),
    ("--output", "jsonl", "hi"),
    ("--dry-run", "hi"),
    ("--dry-run=curl", "hi"),
    ("--count", "hi"),
    ("--fallback-by", "client", "hi"),
    ("--simulate", "handover", "hi"),
    ("history", "list", "--json"),
    ("history", "show", "1"),
    ("history", "export"),
    ("why", "1"),
    ("retry", "1"),
    ("config", "list"),
    ("auth", "status"),
    ("models",),
    ("doctor", "--json"),
    ("--no-such-option",),
    ("--model", "", "hi"),
]


def _check(ran: Ran, home: Path) -> None:
    secret = CANARY.encode()
    assert secret not in ran.out + ran.err
    assert b"Traceback" not in ran.err
    for path in home.rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes(), path


@pytest.mark.parametrize("scenario", ["handover", "unauthorised", "html"])
def test_no_command_shows_or_keeps_the_key(scenario: str, home: Path) -> None:
    with Simulator(scenario) as simulator:
        for arguments in COMMANDS:
            _check(run(home, *arguments, base_url=simulator.base_url, AVOW_DEBUG="1"), home)
        assert any(request.header("x-api-key") == CANARY for request in simulator.requests), "the key was in use"


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_no_fault_shows_or_keeps_the_key(case: FaultCase, home: Path) -> None:
    with opened(case, home) as (url, more):
        ran = run(home, "--retries", "0", *case.arguments, "--verbose", "hi", base_url=url, **more)  # type: ignore[arg-type]
    assert ran.status == case.came["streamed"].exit_code, ran.err
    _check(ran, home)


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
