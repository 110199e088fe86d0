"""The terminal session."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from avow import session

PRINT = "from avow import session; print(session.find())"


def ask(*, new_session: bool = False) -> str:
    """What a process of its own says, in this session or a new one."""
    ran = subprocess.run(
        [sys.executable, "-c", PRINT], capture_output=True, text=True, check=True, start_new_session=new_session
    )
    return ran.stdout.strip()


def test_processes_of_a_session_agree() -> None:
    assert ask() == ask() == session.find()


def test_sessions_differ() -> None:
    assert len({ask(new_session=True), ask(new_session=True), ask()}) == 3


def test_grandchildren_belong_to_it() -> None:
    script = f'"$0" -c "{PRINT}"; sh -c "\\"$0\\" -c \'{PRINT}\'" "$0"'
    ran = subprocess.run(
        ["bash", "-c", script, sys.executable], capture_output=True, text=True, check=True, start_new_session=True
    )
    first, second = ran.stdout.split()
    assert first == second != ask()


def test_the_name_begins_with_the_number() -> None:
    found = session.find()
    assert found is not None
    assert found.startswith(f"{os.getsid(0)}:")


def fake_proc(folder: Path, ticks: int, boot: str = "0123456789-x", name: str = "bash") -> Path:
    """A /proc with this session's leader in it."""
    fields = " ".join(str(n) for n in range(3, 22))
    here = folder / str(os.getsid(0))
    here.mkdir(parents=True, exist_ok=True)
    (here / "stat").write_text(f"{os.getsid(0)} ({name}) {fields} {ticks} 0 0\n")
    (folder / "sys/kernel/random").mkdir(parents=True, exist_ok=True)
    (folder / "sys/kernel/random/boot_id").write_text(boot + "\n")
    return folder


def test_the_same_number_later_or_after_a_boot_is_another_session(tmp_path: Path) -> None:
    first = session.find("linux", fake_proc(tmp_path, 100))
    assert first is not None
    assert first.endswith("+100")
    assert session.find("linux", fake_proc(tmp_path, 101)) != first
    assert session.find("linux", fake_proc(tmp_path, 100, boot="fedcba98-x")) != first


def test_a_name_with_brackets_and_blanks(tmp_path: Path) -> None:
    found = session.find("linux", fake_proc(tmp_path, 77, name="a) 1 2 (b"))
    assert found is not None
    assert found.endswith("+77")


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_where_the_system_does_not_tell(platform: str, tmp_path: Path) -> None:
    assert session.find(platform, tmp_path) is None


@pytest.mark.skipif(not Path("/bin/ps").exists(), reason="no ps here")
def test_by_ps() -> None:
    found = session.find("darwin")
    time.sleep(1.1)
    assert found is not None
    assert found == session.find("darwin")
    assert found.startswith(f"{os.getsid(0)}:")
