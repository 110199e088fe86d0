"""What the fork server runs is avow as a test expects it: a process of its own, with all that belongs to one."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.fork_server import ForkServer
from tests.forked import ALL_FRESH, FRESH, may_fork
from tests.raw_server import STALL, RawServer
from tests.running import PATIENCE_S, environment, in_pty, run, shell, start


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        pytest.param(("--version",), None, marks=pytest.mark.slow),
        (("--simulate", "echo", "--no-history", "--output", "text"), b"from a pipe" * 10_000),
        pytest.param(("--simulate", "fallback", "--no-history", "hi"), None, marks=pytest.mark.slow),
        pytest.param(("config", "path"), None, marks=pytest.mark.slow),
        pytest.param(
            ("chat", "--simulate", "echo", "--no-history"),
            "one\ntwo \N{GRINNING FACE}\n".encode(),
            marks=pytest.mark.slow,
        ),
        pytest.param(("no-such-command", "--no-such-option"), None, marks=pytest.mark.slow),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_it_is_the_same_as_a_process_that_starts_by_itself(
    arguments: tuple[str, ...], stdin: bytes | None, home: Path
) -> None:
    forked = run(home, *arguments, stdin=stdin)
    started = run(home, *arguments, stdin=stdin, AVOW_TEST_FRESH="1")
    assert (forked.status, forked.out, forked.err) == (started.status, started.out, started.err)


SCRIPT = """
echo from a pipe | avow --simulate echo --no-history | cat
avow --simulate fallback --no-history --report fd:3 hi 3>report.json; echo $?
avow --simulate long:2000 --no-history hi | head -1; echo ${PIPESTATUS[0]}
cd bin; X="a  b" avow --simulate echo --no-history -f ../here.txt "c  d" 2>&1; avow config path >&2
exec avow no-such-command
"""


@pytest.mark.slow  # the scripts of tests/test_scripting.py are run by it anyway
def test_in_a_script_it_is_the_same_too(home: Path) -> None:
    (home / "here.txt").write_text("found")
    forked, started = (shell(home, SCRIPT, name="bash", **more) for more in ({}, {FRESH: "1"}))
    assert (forked.status, forked.out, forked.err) == (started.status, started.out, started.err)
    assert (home / "report.json").read_bytes().count(b'"verdict"') == 1


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


def test_in_a_terminal_it_is_the_same_too(home: Path) -> None:
    arguments = ("--simulate", "fallback", "--no-history", "hi")
    forked, started = in_pty(home, *arguments), in_pty(home, *arguments, AVOW_TEST_FRESH="1")
    assert (forked.end(), forked.text) == (started.end(), started.text) == (10, started.text)


def test_several_at_once_each_end_by_their_own_signal_and_leave_no_child(home: Path) -> None:
    with Simulator("silent") as api:
        processes = [start(home, "--no-history", "hi", base_url=api.base_url) for _ in range(3)]
        end = time.monotonic() + PATIENCE_S
        while len(api.requests) < 3 and time.monotonic() < end:
            time.sleep(0.02)
        numbers = [signal.SIGTERM, signal.SIGKILL, signal.SIGINT]
        for process, number in zip(processes, numbers, strict=True):
            assert process.poll() is None
            process.send_signal(number)
        assert [process.wait(30) for process in processes] == [-number for number in numbers]
    for process in processes:
        process.communicate()
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)


def test_it_has_the_descriptors_that_it_is_given_and_no_others(home: Path) -> None:
    read, write = os.pipe()
    with start(
        home, "--simulate", "requested", "--no-history", "--report", f"fd:{write}", "hi", pass_fds=[write]
    ) as ran:
        os.close(write)
        ran.communicate(timeout=60)
    assert b'"verdict"' in os.read(read, 65536)
    os.close(read)


def test_what_python_reads_as_it_starts_asks_for_a_fresh_one() -> None:
    assert (
        may_fork({"AVOW_RETRIES": "0", "PYTHON_KEYRING_BACKEND": "x", "TZ": "UTC"}, ("stdin", "cwd")) is not ALL_FRESH
    )
    for name in ("PYTHONPATH", "LC_ALL", "LANG", "LD_PRELOAD", FRESH):
        assert not may_fork({name: "x"})
    assert not may_fork({}, ("preexec_fn",))
