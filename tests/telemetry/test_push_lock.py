"""One push at a time, and none too few."""

import os
import threading
import time
from pathlib import Path

import pytest

from avow.files.locking import try_lock
from avow.paths import Paths
from avow.telemetry.push_lock import LastPush, forget_trouble, hold_push_lock, keep, last_push, wait_for_push
from tests.running import PATIENCE_S


def test_who_comes_while_one_waits_leaves(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path, tmp_path)
    came: list[bool] = []

    def come() -> None:
        with wait_for_push(paths, 0.02) as is_mine:
            came.append(is_mine)

    with hold_push_lock(paths):
        threads = [threading.Thread(target=come) for _ in range(3)]
        for thread in threads:
            thread.start()
        until = time.monotonic() + PATIENCE_S
        while len(came) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        assert came == [False, False]
    for thread in threads:
        thread.join(PATIENCE_S)
    assert came == [False, False, True]


def test_who_comes_while_one_sends_waits(tmp_path: Path) -> None:
    """What one that sends has not seen is sent by the next."""
    paths = Paths(tmp_path, tmp_path, tmp_path)
    heard: list[str] = []
    began = time.monotonic()
    with wait_for_push(paths, 0.02) as first:
        assert first
        assert time.monotonic() - began >= 0.02, "more exchanges may come together meanwhile"
        waiter = threading.Thread(target=lambda: _turn(paths, heard))
        waiter.start()
        until = time.monotonic() + PATIENCE_S
        while not heard and time.monotonic() < until:
            time.sleep(0.01)
        assert heard == ["waits"]
    waiter.join(PATIENCE_S)
    assert heard == ["waits", "sends"]


def _turn(paths: Paths, heard: list[str]) -> None:
    with hold_push_lock(paths, lambda: heard.append("waits")):
        heard.append("sends")


def test_a_folder_that_cannot_be_written_stops_none(tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.touch()
    paths = Paths(nowhere, nowhere, nowhere)
    with hold_push_lock(paths), wait_for_push(paths, 0.0) as is_mine:
        assert is_mine
    keep(paths, LastPush(1.0, 1))
    assert last_push(paths) is None


def test_how_it_went_is_kept(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path, tmp_path)
    assert last_push(paths) is None
    for last in (LastPush(1.5, 3), LastPush(2.5, 0, "it answers 503")):
        keep(paths, last)
        assert last_push(paths) == last
    for damaged in (b"", b"[]", b'{"at": "x", "sent": 1}', b"\xff"):
        paths.last_push.write_bytes(damaged)
        assert last_push(paths) is None
    forget_trouble(paths)
    forget_trouble(paths)
    assert not paths.last_push.exists()


@pytest.mark.parametrize("is_inherited", [False, True], ids=["own", "inherited"])
def test_who_sends_lets_the_next_wait(tmp_path: Path, is_inherited: bool) -> None:
    """What is kept from then on may not be seen by the one that sends."""
    paths = Paths(tmp_path, tmp_path, tmp_path)
    queue = os.open(paths.push_queue, os.O_RDWR | os.O_CREAT)
    assert not is_inherited or try_lock(queue)
    with wait_for_push(paths, 0.0, queue if is_inherited else None) as is_mine:
        assert is_mine
        another = os.open(paths.push_queue, os.O_RDWR)
        assert try_lock(another)
        os.close(another)
    os.close(queue)
