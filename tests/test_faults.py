"""The fault matrix: every fault, streamed and whole: exit status, message, history row, no traceback and no key."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.fault_cases import CASES, FORMS, FaultCase, opened
from tests.running import Ran, in_pty, row, rows, run

MATRIX = [(case, form) for case in CASES for form in FORMS]


def survive(case: FaultCase, form: str, home: Path) -> Ran:
    """Ask into the fault, in this form."""
    shape = ("--no-stream",) if form == "whole" else ()
    with opened(case, home) as (url, more):
        arguments = ("--retries", "0", *case.arguments, *shape, "hi")
        return run(home, *arguments, base_url=url, timeout=60, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("case", "form"), MATRIX, ids=[f"{case.name} / {form}" for case, form in MATRIX])
def test_a_fault_comes_to_its_exit_status_and_is_kept(case: FaultCase, form: str, home: Path) -> None:
    ran = survive(case, form, home)
    came = case.came[form]
    kept = row(home)
    assert (ran.status, kept["exit_code"]) == (came.exit_code, came.exit_code), ran.err
    assert (kept["status"], kept["verdict"], kept["error_type"]) == (came.status, came.verdict, came.error)
    word = "incomplete" if came.status == "incomplete" else "error"
    assert any(line.startswith(f"avow: {word}: ") for line in ran.lines), ran.lines
    assert came.words in ran.err.decode()
    assert b"Traceback" not in ran.err
    assert CANARY.encode() not in ran.out + ran.err
    if came.status == "incomplete":
        assert ran.out.startswith(b"Hello "), "what arrived is shown"
        assert kept["text"].startswith("Hello "), "what arrived is kept"


@pytest.mark.parametrize("case", [c for c in CASES if c.name.startswith(("stall in", "reset in mid", "connection"))])
def test_a_fault_leaves_the_terminal_as_it_was(case: FaultCase, home: Path) -> None:
    with opened(case, home) as (url, more):
        pty = in_pty(home, "--retries", "0", *case.arguments, "hi", base_url=url, **more)  # type: ignore[arg-type]
        assert pty.end() == case.came["streamed"].exit_code
    screen = pty.screen
    assert not screen.cursor.hidden
    assert screen.cursor.x == 0
    assert screen.cursor.attrs.fg == "default"
    assert CANARY not in pty.raw.decode(errors="replace")


@pytest.fixture
def small_disk(home: Path) -> Iterator[Path]:
    """A folder on a full disk of 64 KB; skipped by name where none can be mounted."""
    folder = home / "data"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True)
    if made.returncode != 0:
        pytest.skip("no tmpfs can be mounted here: the full disk is not tried")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_never_spoils_an_answer(small_disk: Path, home: Path) -> None:
    (small_disk / "filler").write_bytes(b"x" * 60_000)
    with Simulator("fallback") as simulator:
        ran = run(home, "hi", base_url=simulator.base_url)
    assert (ran.status, b"stand-in for claude-opus-4-8" in ran.out) == (10, True)
    assert [line.startswith("avow: note: history not written: ") for line in ran.lines] == [True, False]
    assert b"Traceback" not in ran.err


@pytest.mark.parametrize("how", ["a file in its place", "a file that is no database", "read-only"])
def test_a_history_that_cannot_be_written_never_spoils_an_answer(how: str, home: Path) -> None:
    data = home / "data"
    match how:
        case "a file in its place":
            data.write_text("in the way")
        case "a file that is no database":
            data.mkdir()
            (data / "history.db").write_bytes(b"no database" * 1000)
        case _:
            data.mkdir()
            data.chmod(0o500)
            if os.access(data, os.W_OK):
                pytest.skip("this user may write anywhere: the read-only home is not tried")
    with Simulator("fallback") as simulator:
        ran = run(home, "hi", base_url=simulator.base_url)
    assert (ran.status, b"stand-in for claude-opus-4-8" in ran.out) == (10, True), ran.err
    assert sum(line.startswith("avow: note: history not written: ") for line in ran.lines) == 1
    assert b"Traceback" not in ran.err


def test_a_read_only_home_on_a_read_only_mount(home: Path) -> None:
    data = home / "data"
    data.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(data)], capture_output=True)
    if made.returncode != 0:
        pytest.skip("nothing can be mounted here: the read-only home is not tried")
    try:
        with Simulator("requested") as simulator:
            ran = run(home, "hi", base_url=simulator.base_url)
    finally:
        subprocess.run(["umount", "-l", str(data)], check=True)
    assert ran.status == 0
    assert [line.startswith("avow: note: history not written: ") for line in ran.lines] == [True]


def test_many_at_once_on_a_history_that_does_not_exist_yet(home: Path) -> None:
    from tests.running import start

    with Simulator("requested") as simulator:
        processes = [start(home, "hi", base_url=simulator.base_url) for _ in range(16)]
        ended = [(process.communicate(timeout=60), process.returncode) for process in processes]
    assert [(code, err) for (_out, err), code in ended] == [(0, b"")] * 16
    assert [kept["status"] for kept in rows(home)] == ["complete"] * 16
