"""What the fork server runs is avow as a test expects it: a process of its own, with all that belongs to one."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.fork_server import ForkServer
from tests.raw_server import STALL, RawServer
from tests.running import environment, run


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (("--version",), None),
        (("--simulate", "echo", "--no-history", "--output", "text"), b"from a pipe" * 10_000),
        (("--simulate", "fallback", "--no-history", "hi"), None),
        (("config", "path"), None),
        (("chat", "--simulate", "echo", "--no-history"), "one\ntwo \N{GRINNING FACE}\n".encode()),
        (("no-such-command", "--no-such-option"), None),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_it_is_the_same_as_a_process_that_starts_by_itself(
    arguments: tuple[str, ...], stdin: bytes | None, home: Path
) -> None:
    forked = run(home, *arguments, stdin=stdin)
    started = run(home, *arguments, stdin=stdin, AVOW_TEST_FRESH="1")
    assert (forked.status, forked.out, forked.err) == (started.status, started.out, started.err)


def test_it_has_the_environment_and_the_folder_of_the_test(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.txt").write_text("found")
    monkeypatch.chdir(tmp_path)
    assert run(home, "--simulate", "echo", "-f", "here.txt", "which?").status == 0
    assert run(home, "config", "path").out != run(home, "config", "path", AVOW_CONFIG_DIR=str(tmp_path)).out


def test_one_that_takes_too_long_is_killed_and_the_next_one_runs(home: Path) -> None:
    with RawServer([STALL]) as server, pytest.raises(subprocess.TimeoutExpired):
        run(home, "hi", base_url=server.url, timeout=0.5)
    assert run(home, "--version").status == 0


def test_a_server_that_ended_is_an_error_and_no_wait(home: Path) -> None:
    server = ForkServer(environment(home))
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    with pytest.raises((RuntimeError, OSError)):
        server.fork(["--version"], environment(home), str(home), {})
