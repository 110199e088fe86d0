"""Private files, replaced whole."""

import os
import stat
from pathlib import Path

import pytest

from avow.errors import FileError
from avow.files.private import write_private


def test_file_and_folder_are_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_private(path, b"x")
    assert path.read_bytes() == b"x"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_open_file_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_private(path, b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_private(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@pytest.mark.parametrize("name", ["folder", "file/below", "nul\0"])
def test_what_cannot_be_written_is_said_and_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="cannot be written"):
        write_private(tmp_path / name, b"x")
    assert sorted(one.name for one in tmp_path.rglob("*")) == ["file", "folder"]


def test_without_replacing_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert write_private(path, b"one", replace=False)
    assert not write_private(path, b"two", replace=False)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("file", b"one")]


def test_what_is_not_a_file_stays(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    with pytest.raises(FileError, match="this is not a file"):
        write_private(tmp_path / "link", b"x")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
