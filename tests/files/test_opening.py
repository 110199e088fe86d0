"""Opening files and pipes to be read or written piece by piece."""

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from avow.errors import UnreadableFile, UsageError
from avow.files.opening import check_apart, is_written_to, open_to_read, open_to_write
from avow.files.reading import PipeWait


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def told_by(words: list[str]) -> PipeWait:
    return PipeWait(None, words.append, silence=0.02)


@pytest.mark.parametrize("silence", [0.02, 9])
def test_a_pipe_is_read_once_somebody_writes_it(pipe: Path, silence: float) -> None:
    told: list[str] = []
    writer = threading.Timer(0.1, pipe.write_bytes, [b"late"])
    writer.start()
    with open_to_read(str(pipe), "odd", PipeWait(None, told.append, silence)) as stream:
        assert stream.read() == b"late"
    writer.join()
    assert told == (["waiting for a program to write odd"] if silence < 1 else [])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _path: None, "odd: there is no such file"),
        (Path.mkdir, "odd: this is a folder"),
        (lambda path: path.symlink_to("/dev/zero"), "odd: this is a device"),
    ],
    ids=["missing", "folder", "device"],
)
def test_what_cannot_be_read(make: Callable[[Path], object], words: str, tmp_path: Path) -> None:
    make(tmp_path / "x")
    with pytest.raises(UnreadableFile, match=words):
        open_to_read(str(tmp_path / "x"), "odd")


def test_a_file_is_emptied_or_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for text, appends, after in ((b"one", False, b"one"), (b"two", True, b"onetwo"), (b"3", False, b"3")):
        with os.fdopen(open_to_write(str(path), "x", appends=appends), "wb") as stream:
            stream.write(text)
        assert path.read_bytes() == after


@pytest.mark.parametrize(("is_private", "mode"), [(True, 0o600), (False, 0o644)])
def test_who_may_read_what_is_made(is_private: bool, mode: int, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        os.close(open_to_write(str(tmp_path / "x"), "x", is_private=is_private))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == mode


def test_a_pipe_is_written_once_somebody_reads_it(pipe: Path) -> None:
    told: list[str] = []
    found: list[bytes] = []
    reader = threading.Timer(0.1, lambda: found.append(pipe.read_bytes()))
    reader.start()
    data = b"x" * 200_000  # more than a pipe holds: the descriptor blocks
    with os.fdopen(open_to_write(str(pipe), "odd", told_by(told)), "wb") as stream:
        stream.write(data)
    reader.join()
    assert (told, found) == (["waiting for a reader of odd"], [data])


@pytest.mark.parametrize("name", ["", "no/x", "nul\0"])
def test_what_cannot_be_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="odd: it cannot be written: ") as caught:
        open_to_write(f"{tmp_path}/{name}", "odd")
    assert caught.value.hint == "name another file"


def test_a_file_that_is_read_or_written_twice_would_be_lost(tmp_path: Path) -> None:
    path, new = tmp_path / "a", tmp_path / "new"
    path.write_bytes(b"mine")
    (tmp_path / "link").symlink_to(path)
    for name in ("a", "link", "./a", f"../{tmp_path.name}/a"):
        with pytest.raises(UsageError, match=r"^--out .*: .*a is read too, and would be lost$"):
            check_apart({"--out": str(tmp_path / name)}, ("-", None, str(path)))
    with pytest.raises(UsageError, match=r"^--junit .*new: --out .*new is written too"):
        check_apart({"--out": str(new), "--junit": str(tmp_path / "." / "new"), "--summary": None}, ())
    check_apart({"--out": str(new), "--junit": "/dev/null", "--summary": "/dev/null"}, (str(path), "/dev/null"))
    assert path.read_bytes() == b"mine"
    assert not new.exists()


def test_a_folder_that_is_gone_has_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    check_apart({"--out": "x", "--junit": "y"}, ("z",))
    assert not is_written_to(None, Path("x"))
    with (tmp_path / "file").open("wb") as stream:
        assert not is_written_to(stream, Path("x"))
