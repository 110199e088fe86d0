"""The one place where an error becomes an exit status."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CANARY
from tests.running import environment, run

BUG = """
import sys
from avow.asking import question
def broken(options, context):
    secret = context.environ["ANTHROPIC_API_KEY"]
    raise KeyError(secret)
question.answer = broken
from avow.cli import main
main(["hello"], leave=sys.exit)
"""

SIGNAL_AT_START = """
import os, signal, sys
class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == "avow.context":
            os.kill(os.getpid(), signal.SIGTERM)
sys.meta_path.insert(0, Stop())
from avow.cli import main
main(["hello"], leave=sys.exit)
"""


def with_bug(home: Path, **more: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-c", BUG],
        capture_output=True,
        env=environment(home, "http://127.0.0.1:1", **more),
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_a_bug_has_a_status_of_its_own_and_a_line_to_report(home: Path) -> None:
    ran = with_bug(home)
    assert ran.returncode == 1
    first, second = ran.stderr.decode().splitlines()
    assert first.startswith("avow: error: unexpected failure: KeyError at ")
    assert "avow 0.1.0, Python 3." in second
    assert b"Traceback" not in ran.stderr
    assert CANARY.encode() not in ran.stderr


def test_the_traceback_on_request_shows_no_values(home: Path) -> None:
    ran = with_bug(home, AVOW_DEBUG="1")
    assert b"in _run" in ran.stderr
    assert CANARY.encode() not in ran.stderr


@pytest.mark.parametrize("most", [5, 6, 7, 8])
def test_few_open_files_are_said_so(most: int, home: Path) -> None:
    pytest.importorskip("resource")
    environ = environment(home, "http://127.0.0.1:9")
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({most}, {most}))\n"
        "import sys; sys.argv = ['avow', '--retries', '0', 'hi']\n"
        "from avow.__main__ import main; sys.exit(main())"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environ, stdin=subprocess.DEVNULL)
    err = ran.stderr.decode()
    assert "Traceback" not in err
    assert "please report" not in err
    assert "open no more files" in err or ran.returncode == 6, err


def test_errors_stand_on_stderr(home: Path) -> None:
    ran = run(home, "--no-such-option")
    assert ran.out == b""
    assert ran.lines[0].startswith("avow: error: ")


def test_a_signal_while_it_starts_ends_it_by_that_signal(home: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SIGNAL_AT_START],
        capture_output=True,
        env=environment(home, "http://127.0.0.1:1"),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (-signal.SIGTERM, b"", b"")
