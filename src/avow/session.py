"""Which terminal session this is: a name that every avow started in it shares, and no other session has."""

import os
import sys
from pathlib import Path


def find(platform: str = sys.platform, proc: Path = Path("/proc")) -> str | None:
    """The session's id and the moment its leader started, as `ID:START`; None where the system does not tell.

    The moment is there because numbers are used again; on Linux it comes with the boot it counts from.
    """
    if platform == "win32":
        return None
    number = os.getsid(0)
    if number == 0:  # the leader lives outside of this container
        return None
    start = _start_on_linux(number, proc) if platform.startswith("linux") else _start_by_ps(number)
    return f"{number}:{start}" if start else None


def _start_on_linux(number: int, proc: Path) -> str | None:
    """Field 22 of `stat`, in ticks since the boot (proc(5)). The name, field 2, may hold blanks and brackets."""
    try:
        fields = (proc / str(number) / "stat").read_bytes().rpartition(b")")[2].split()
        ticks = int(fields[19])
        boot = (proc / "sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, ValueError, IndexError):
        return None
    return f"{boot[:8]}+{ticks}"


def _start_by_ps(number: int) -> str | None:
    """What POSIX systems without /proc tell; the leader may have ended before its children."""
    import subprocess  # deferred: start-up

    try:
        ran = subprocess.run(
            ["/bin/ps", "-o", "lstart=", "-p", str(number)],
            capture_output=True,
            env={"LC_ALL": "C", "TZ": "UTC"},
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return "-".join(ran.stdout.decode("ascii", "replace").split()) or None
