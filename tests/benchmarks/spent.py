"""What a process spends: CPU time, which on a busy machine says more than a clock, and memory."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_START = """
import os, sys
to_file = (os.POSIX_SPAWN_OPEN, 1, sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ, file_actions=[to_file])
_, status, used = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
_UNIT = 1024**2 if sys.platform == "darwin" else 1024


class Spent(NamedTuple):
    """CPU time of user and system in seconds, and the peak RSS in MB."""

    cpu_s: float
    peak_mb: float


def spent(command: Sequence[str], environment: Mapping[str, str], out: Path) -> Spent:
    """Run a command, its stdout into the file `out`. Ends the benchmark where it failed: its figures mean nothing.

    A child's peak begins with that of the process it was made from, so a bare interpreter starts it.
    """
    words = [sys.executable, "-I", "-S", "-c", _START, str(out), *command]
    found = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    status, cpu_s, size = found.stdout.split()
    if status != "0":
        raise SystemExit(f"no figure: {' '.join(command[:6])} ended with status {status}: {found.stderr}")
    return Spent(float(cpu_s), int(size) / _UNIT)
