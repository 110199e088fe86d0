"""The key file: what it may hold, who may read it, and how it is written."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from avow.endpoint.key_file import drop, put, read
from avow.errors import CredentialsError
from tests.conftest import CANARY

OTHER = "sk-ant-api03-OTHER-0000000000-zzzz"


def written(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o620])
def test_a_file_that_others_may_read_is_refused(mode: int, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    path = written(folder, CANARY, mode)
    with pytest.raises(CredentialsError, match="other users may read it") as caught:
        read(path)
    assert caught.value.hint == f"chmod 600 '{path}'"
    subprocess.run(["sh", "-c", caught.value.hint], check=True)
    assert read(path) == {"api.anthropic.com": CANARY}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, CANARY)
    os.chown(path, 12345, -1)
    with pytest.raises(CredentialsError, match="it belongs to another user"):
        read(path)


def test_files_that_hold_no_keys(tmp_path: Path) -> None:
    path = written(tmp_path, f"a b {CANARY}")
    with pytest.raises(CredentialsError, match=r"key:1: is neither KEY nor HOST KEY"):
        read(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(CredentialsError, match="not UTF-8"):
        read(path)
    path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(CredentialsError, match="this is a pipe, not a file"):
        read(path)


def test_what_a_line_may_be(tmp_path: Path) -> None:
    path = written(tmp_path, f"# mine\n\n  Gateway.example:8443 {CANARY}\n{OTHER}\n")
    assert read(path) == {"gateway.example:8443": CANARY, "api.anthropic.com": OTHER}
    assert read(tmp_path / "none") == {}


def test_the_file_is_written_private_and_kept_for_others(tmp_path: Path) -> None:
    path = tmp_path / "config" / "key"
    put(path, "api.anthropic.com", CANARY)
    put(path, "gateway.example", OTHER)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read(path) == {"api.anthropic.com": CANARY, "gateway.example": OTHER}
    assert drop(path, "api.anthropic.com")
    assert "CANARY" not in path.read_text()
    assert read(path) == {"gateway.example": OTHER}
    assert drop(path, "gateway.example")
    assert not path.exists()
    assert not drop(path, "gateway.example")


@pytest.mark.parametrize(("text", "mode"), [("a b c\n", 0o600), (f"{OTHER}\n", 0o644)], ids=["odd", "open to others"])
def test_a_file_of_no_use_is_replaced(text: str, mode: int, tmp_path: Path) -> None:
    path = written(tmp_path, text, mode)
    put(path, "gateway.example", CANARY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read(path) == {"gateway.example": CANARY}
