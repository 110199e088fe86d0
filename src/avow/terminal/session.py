"""Names the terminal session: every avow that is started in it has the same name, and no other session has it."""

import os
import sys
from pathlib import Path


def find(platform: str = sys.platform, proc: Path = Path("/proc")) -> str | None:
    """The session's id and the moment at which its leader started, as `ID:START`; None where the system does not say.

    The moment is there because ids are used again; on Linux it comes with the boot that it counts from.
    """
    if platform == "win32":
        return None
    return _by_proc(proc) if platform.startswith("linux") else _by_ps(os.getsid(0))


def _by_proc(proc: Path) -> str | None:
    """The id as /proc counts it, so that it fits the other ids there: a namespace may keep its parent's /proc.

    In a container the leader may be outside (`unshare`, `nsenter`), and its id is 0. Then the terminal and the
    container's first process distinguish sessions.
    """
    try:
        own = _fields(proc / "self/stat")
        session, terminal = own[3].decode("ascii"), own[4].decode("ascii")
        leader, name = (session, session) if session != "0" else ("1", f"0@{terminal}")
        ticks = int(_fields(proc / leader / "stat")[19])
        boot = (proc / "sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, ValueError, IndexError):
        return None
    return f"{name}:{boot[:8]}+{ticks}"


def _fields(stat: Path) -> list[bytes]:
    """The fields of a `stat` from the third on (proc(5)). The second, a name, may hold blanks and brackets."""
    return stat.read_bytes().rpartition(b")")[2].split()


def _by_ps(number: int) -> str | None:
    """What POSIX systems without /proc say; the leader may have ended before its children."""
    import subprocess

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
    start = "-".join(ran.stdout.decode("ascii", "replace").split())
    return f"{number}:{start}" if start else None
