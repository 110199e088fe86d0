import os
import time
from pathlib import Path

import pytest

from avow.files.locking import try_lock
from avow.scan import bookmarks
from avow.scan.bookmarks import Bookmark
from avow.scan.latest import Reached

PLACE = Reached(7, 1234, 5678, (('"model_fallback"', 3),), "2026-11-23T18:01:29.213Z")


def test_a_look_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "looks"
    assert bookmarks.load(folder, "s1") is None
    bookmarks.save(folder, "s1", Bookmark({"s1.jsonl": PLACE}, ("msg_1",)))
    assert bookmarks.load(folder, "s1") == Bookmark({"s1.jsonl": PLACE}, ("msg_1",))
    assert bookmarks.load(folder, "s2") is None
    assert [each.stat().st_mode & 0o777 for each in (folder, *folder.iterdir())] == [0o700, 0o600]


@pytest.mark.parametrize("session", ["../s1", "/etc/passwd", "", "é", "x" * 300, "a b", "trouble"])
def test_any_id_stays_in_the_folder(tmp_path: Path, session: str) -> None:
    folder = tmp_path / "looks"
    bookmarks.save(folder, session, Bookmark({"a": PLACE}))
    assert bookmarks.load(folder, session) == Bookmark({"a": PLACE})
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


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b'{"places":{"a":-1,"b":true,"c":{"end":1}},"told":5}'])
def test_a_damaged_one_is_as_none(tmp_path: Path, data: bytes) -> None:
    bookmarks.save(tmp_path, "s1", Bookmark({"a": PLACE}))
    [path] = tmp_path.iterdir()
    path.write_bytes(data)
    assert bookmarks.load(tmp_path, "s1") in (None, Bookmark({}))


def test_looks_of_two_kinds_are_kept_apart(tmp_path: Path) -> None:
    bookmarks.save(tmp_path, "s1", Bookmark({"a": PLACE}), "line")
    assert bookmarks.load(tmp_path, "s1") is None
    assert bookmarks.load(tmp_path, "s1", "line") == Bookmark({"a": PLACE})


def test_one_look_keeps_another_out_for_a_moment(tmp_path: Path) -> None:
    with bookmarks.alone(tmp_path, "s1"):
        took = []
        for _time in range(5):  # a machine that is busy may be late now and then
            begun = time.monotonic()
            with bookmarks.alone(tmp_path, "s2"):
                took.append(time.monotonic() - begun)
        assert min(took) < 0.4
        begun = time.monotonic()
        with bookmarks.alone(tmp_path, "s1"):  # the first one may have been stopped for good
            assert time.monotonic() - begun > 0.4
        locks = sorted(tmp_path.iterdir())
        assert [lock.stat().st_mode & 0o777 for lock in locks] == [0o600, 0o600]
    with locks[0].open("rb+") as file:
        assert try_lock(file.fileno())


def test_a_folder_that_cannot_be_made_keeps_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with bookmarks.alone(tmp_path / "file", "s1"):
        pass


def test_trouble(tmp_path: Path) -> None:
    assert bookmarks.trouble(tmp_path) is None
    bookmarks.note_trouble(tmp_path, "it broke")
    found = bookmarks.trouble(tmp_path)
    assert found is not None
    assert found[1] == "it broke"
