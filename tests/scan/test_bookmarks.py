import os
import time
from pathlib import Path

import pytest

from avow.scan import bookmarks
from avow.scan.bookmarks import Bookmark


def test_a_look_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "looks"
    assert bookmarks.load(folder, "s1") is None
    bookmarks.save(folder, "s1", Bookmark({"s1.jsonl": 7}, ("msg_1",)))
    assert bookmarks.load(folder, "s1") == Bookmark({"s1.jsonl": 7}, ("msg_1",))
    assert bookmarks.load(folder, "s2") is None
    assert [each.stat().st_mode & 0o777 for each in (folder, *folder.iterdir())] == [0o700, 0o600]


@pytest.mark.parametrize("session", ["../s1", "/etc/passwd", "", "é", "x" * 300, "a b", "trouble"])
def test_any_id_stays_in_the_folder(tmp_path: Path, session: str) -> None:
    folder = tmp_path / "looks"
    bookmarks.save(folder, session, Bookmark({"a": 1}))
    assert bookmarks.load(folder, session) == Bookmark({"a": 1})
    assert len(list(folder.iterdir())) == len(list(tmp_path.iterdir())) == 1
    assert bookmarks.trouble(folder) is None


def test_old_ones_are_dropped(tmp_path: Path) -> None:
    bookmarks.save(tmp_path, "s1", Bookmark({}))
    [path] = tmp_path.iterdir()
    old = time.time() - bookmarks.KEPT_S - 10
    os.utime(path, (old, old))
    bookmarks.save(tmp_path, "s2", Bookmark({}))
    assert bookmarks.load(tmp_path, "s1") is None
    assert bookmarks.load(tmp_path, "s2") is not None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b'{"places":{"a":-1,"b":true},"told":5}'])
def test_a_damaged_one_is_as_none(tmp_path: Path, data: bytes) -> None:
    bookmarks.save(tmp_path, "s1", Bookmark({"a": 1}))
    [path] = tmp_path.iterdir()
    path.write_bytes(data)
    assert bookmarks.load(tmp_path, "s1") in (None, Bookmark({}))


def test_trouble(tmp_path: Path) -> None:
    assert bookmarks.trouble(tmp_path) is None
    bookmarks.note_trouble(tmp_path, "it broke")
    found = bookmarks.trouble(tmp_path)
    assert found is not None
    assert found[1] == "it broke"
