"""A lock is one process's, for as long as a file is open."""

import os
import threading
from pathlib import Path

from avow.files.locking import try_lock, unlock, wait_for_lock


def opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def test_one_has_it_until_it_lets_go(tmp_path: Path) -> None:
    first, second = opened(tmp_path / "lock"), opened(tmp_path / "lock")
    assert try_lock(first)
    assert not try_lock(second)
    unlock(first)
    assert try_lock(second)
    os.close(second)
    assert try_lock(first)
    os.close(first)


def test_who_waits_gets_it(tmp_path: Path) -> None:
    first, second = opened(tmp_path / "lock"), opened(tmp_path / "lock")
    assert try_lock(first)
    let_go: list[bool] = []

    def close() -> None:
        let_go.append(True)
        os.close(first)

    threading.Timer(0.05, close).start()
    wait_for_lock(second)
    assert let_go
    os.close(second)
