"""What the process beside tells, in this very process group. With the whole program: `commands/test_proxy_signals`."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.running import PATIENCE_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc")

SCRIPT = """
import os, signal, subprocess, sys, time
from avow.proxy.group_signals import GroupSignalProbe
came = []
for number in (2, 15):
    signal.signal(number, lambda number, _frame: came.append(number))
here = GroupSignalProbe((2, 15))
print(os.getpid(), here.was_sent(2))
os.killpg(0, 2)
print(here.was_sent(15), here.was_sent(2), here.was_sent(2))
subprocess.Popen(["sh", "-c", f"kill -15 {os.getpid()}; kill -15 -{os.getpid()}"])
while 15 not in came:
    time.sleep(0.01)
print(here.was_sent(15))
here.close()
"""


def test_who_was_sent_a_signal() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, start_new_session=True, check=True, timeout=60
    )
    number, *told = ran.stdout.split()
    assert told == [b"False", b"False", b"True", b"True", b"True"]
    until = time.monotonic() + PATIENCE_S  # the shell may still be about to die
    while left := [path for path in Path("/proc").glob("[0-9]*/stat") if runs_in(path, number)]:
        assert time.monotonic() < until, left
        time.sleep(0.01)


def runs_in(stat: Path, session: bytes) -> bool:
    try:
        state, _parent, _group, its_session, *_more = stat.read_bytes().rpartition(b")")[2].split()
    except OSError:
        return False
    return its_session == session and state != b"Z"
