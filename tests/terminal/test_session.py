"""The terminal session."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from avow.terminal import session

PRINT = "from avow.terminal import session; print(session.find())"


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


UNSHARE = ["unshare", "--fork", "--pid"]


def can_unshare() -> bool:
    """Whether this user may make namespaces here."""
    return shutil.which("unshare") is not None and subprocess.run([*UNSHARE, "true"], check=False).returncode == 0


@pytest.mark.skipif(sys.platform != "linux" or not can_unshare(), reason="namespaces cannot be made here")
@pytest.mark.parametrize("proc", ["--mount-proc", "--kill-child"], ids=["a /proc of its own", "its parent's /proc"])
def test_in_a_container_whose_leader_lives_outside(proc: str) -> None:
    """Its processes agree; a session begun inside is another one, and so is a second container."""
    script = f'"$0" -c "{PRINT}"; "$0" -c "{PRINT}"; setsid --wait "$0" -c "{PRINT}"'
    inside = [*UNSHARE, proc, "sh", "-c", script, sys.executable]
    first, second, other = subprocess.run(inside, capture_output=True, text=True, check=True).stdout.split()
    assert first == second != other
    assert "None" not in (first, other)
    if proc == "--mount-proc":
        assert first.startswith("0@")
        assert subprocess.run(inside, capture_output=True, text=True, check=True).stdout.split()[0] != first
    else:
        assert first == session.find()


def fake_proc(
    folder: Path, ticks: int, *, number: int = 42, terminal: int = 0, boot: str = "0123456789-x", name: str = "bash"
) -> Path:
    """A /proc with this process and its session's leader in it."""
    leader = number or 1
    for here, start in ((folder / "self", 5), (folder / str(leader), ticks)):
        here.mkdir(parents=True, exist_ok=True)
        fields = f"S 1 1 {number} {terminal} " + " ".join(str(n) for n in range(8, 22))
        (here / "stat").write_text(f"7 ({name}) {fields} {start} 0 0\n")
    (folder / "sys/kernel/random").mkdir(parents=True, exist_ok=True)
    (folder / "sys/kernel/random/boot_id").write_text(boot + "\n")
    return folder


def test_the_same_number_later_or_after_a_boot_is_another_session(tmp_path: Path) -> None:
    assert session.find("linux", fake_proc(tmp_path, 100)) == "42:01234567+100"
    assert session.find("linux", fake_proc(tmp_path, 101)) == "42:01234567+101"
    assert session.find("linux", fake_proc(tmp_path, 100, boot="fedcba98-x")) == "42:fedcba98+100"


def test_terminals_tell_sessions_apart_whose_leader_lives_outside(tmp_path: Path) -> None:
    assert session.find("linux", fake_proc(tmp_path, 9, number=0, terminal=34816)) == "0@34816:01234567+9"
    assert session.find("linux", fake_proc(tmp_path, 9, number=0, terminal=34817)) == "0@34817:01234567+9"


def test_a_name_with_brackets_and_blanks(tmp_path: Path) -> None:
    assert session.find("linux", fake_proc(tmp_path, 77, name="a) 1 2 (b")) == "42:01234567+77"


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_where_the_system_does_not_tell(platform: str, tmp_path: Path) -> None:
    assert session.find(platform, tmp_path) is None


@pytest.mark.skipif(not Path("/bin/ps").exists(), reason="no ps here")
def test_by_ps() -> None:
    script = """if True:
        import os, time
        from avow.terminal import session
        print(os.getsid(0), session.find("darwin"))
        time.sleep(1.1)
        print(session.find("darwin"))
    """
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, start_new_session=True
    )
    number, first, later = ran.stdout.split()
    assert first == later
    assert first.startswith(f"{number}:")
    assert len(first.split("-")) > 3
