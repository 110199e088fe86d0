"""Folders and patterns as values of `-f`."""

import shutil
import subprocess
from pathlib import Path

import pytest

from avow.errors import UsageError
from avow.prompt import folders
from avow.prompt.attachments import read
from avow.prompt.folders import files_of
from avow.simulator.server import Simulator
from avow.wire.blocks import block
from tests.running import run


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name, data in {
        "b.py": b"b = 1\n",
        "a/deep/c.py": b"c = 1\n",
        "a/notes.md": "größer\n".encode() * 2000,
        "a/picture.bin": b"\x89PNG\0\0",
        "a/latin.txt": b"gr\xf6\xdfer",
        "empty.py": b"\n",
        "build/out.py": b"made\n",
        ".gitignore": b"build/\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def test_a_folder_stands_for_its_text_files(tree: Path) -> None:
    names = [".gitignore", "a/deep/c.py", "a/notes.md", "b.py"]
    assert files_of(str(tree)) == tuple(str(tree / name) for name in names)


def test_a_letter_that_the_look_cuts_is_no_end_of_a_text(tmp_path: Path) -> None:
    """The first 8,192 bytes are looked at; a file that itself ends within a letter is not text."""
    (tmp_path / "long.txt").write_bytes(b"x" * 8191 + "ü and more".encode())
    (tmp_path / "short.txt").write_bytes(b"x" * 100 + "ü".encode()[:1])
    (tmp_path / "odd.txt").write_bytes(b"x" * 8000 + b"\xff" * 500)
    assert files_of(str(tmp_path)) == (str(tmp_path / "long.txt"),)


def test_folders_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in "hbdacfge":
        (tmp_path / name).mkdir()
        (tmp_path / name / "t.txt").write_text("x")
    assert files_of(str(tmp_path)) == tuple(str(tmp_path / name / "t.txt") for name in "abcdefgh")


def test_a_pattern_too(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    assert files_of("**/*.py") == ("a/deep/c.py", "b.py")
    assert files_of("a/*.md") == ("a/notes.md",)


@pytest.mark.parametrize("spec", ["-", "https://x.example/a*.png", "no-such-file.txt", "b.py"])
def test_anything_else_stands_for_itself(spec: str, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    assert files_of(spec) == (spec,)


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tree: Path) -> None:
    (tree / "x[1].py").write_text("x")
    assert files_of(str(tree / "x[1].py")) == (str(tree / "x[1].py"),)


def test_nothing_and_too_much_are_errors(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no text file is in it"):
        files_of(str(tree / "build" / "*.py"))
    monkeypatch.setattr(folders, "MOST_FILES", 3)
    with pytest.raises(UsageError, match="these are 4 files"):
        files_of(str(tree))
    monkeypatch.setattr(folders, "MOST_FILES", 4)
    assert len(files_of(str(tree))) == 4


def test_each_is_titled_by_its_path(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    titles = [block(read(path))["title"] for path in files_of("a")]
    assert titles == ["a/deep/c.py", "a/notes.md"]


def test_all_are_sent(tree: Path, home: Path) -> None:
    with Simulator() as simulator:
        ran = run(home, "-f", str(tree / "**" / "*.py"), "What is this?", base_url=simulator.base_url)
        (request,) = simulator.requests
    assert ran.status == 0
    sent = request.json["messages"][0]["content"][:-1]
    assert [block["source"]["data"] for block in sent] == ["c = 1\n", "b = 1\n"]
