"""The key that tests use is searched for in every byte that avow prints or writes while a test runs."""

import os
from collections.abc import Iterable
from pathlib import Path

CANARY = "sk-ant-api03-CANARY-do-not-show-7f3a"
"""It may stand in no output, file or error; only in the key file, where `auth login` puts it, and in what a test itself
writes."""

KEY_FILE = "key"
_BY_TESTS: set[Path] = set()


def written_by_the_test(path: Path) -> Path:
    """`path`, in which the test itself puts the key: there it is not searched for."""
    _BY_TESTS.add(path)
    return path


def assert_unprinted(*printed: bytes) -> None:
    """Fails where the key stands in what was printed."""
    for one in printed:
        assert CANARY.encode() not in one, f"the key was printed: {one.decode(errors='replace')}"


def assert_unwritten(folders: Iterable[Path]) -> None:
    """Fails where the key stands in a file below `folders`, or in a file's name. The tests' own bytecode has it."""
    for folder in folders:
        for place, inner, files in os.walk(folder):
            for name in (*inner, *files):
                assert CANARY not in name, f"the key is in a file's name: {Path(place, name)}"
            for name in files:
                path = Path(place, name)
                if name != KEY_FILE and path not in _BY_TESTS and path.suffix != ".pyc" and path.is_file():
                    assert not _holds_key(path), f"the key was written to {path}"


def _holds_key(path: Path) -> bool:
    """Whether the key stands in the file; of one with holes in it, such as a terabyte that was never written, only
    the beginning is looked at."""
    facts = path.stat()
    with path.open("rb") as file:
        return CANARY.encode() in file.read(-1 if facts.st_blocks * 512 >= facts.st_size else 1024 * 1024)
