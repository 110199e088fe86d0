"""What the process beside tells, in this very process group. With the whole program: `commands/test_proxy_signals`."""

import subprocess
import sys
from pathlib import Path

import pytest

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
    assert not [path for path in Path("/proc").glob("[0-9]*/stat") if is_in(path, number)]


def is_in(stat: Path, session: bytes) -> bool:
    try:
        return stat.read_bytes().rpartition(b")")[2].split()[3] == session
    except OSError:
        return False
