"""The search for the key finds it, wherever it is printed or written."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.canary import CANARY, assert_unprinted, assert_unwritten, written_by_the_test
from tests.running import Ran, in_pty, shell, start


def test_what_was_printed_is_searched() -> None:
    assert_unprinted(b"sk-ant-api03-", b"")
    with pytest.raises(AssertionError, match="was printed"):
        assert_unprinted(b"", f"\x1b[1m{CANARY}\x1b[0m".encode())


def test_what_was_written_is_searched(tmp_path: Path) -> None:
    folder = tmp_path / "searched"
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "key").write_text(CANARY)
    written_by_the_test(folder / "mine").write_text(CANARY)
    assert_unwritten([folder])
    for name, body in (("a.key", CANARY), (f"{CANARY}.json", ""), ("log.gz", f"\0{CANARY}\0")):
        (folder / name).write_text(body)
        with pytest.raises(AssertionError, match="the key"):
            assert_unwritten([folder])
        (folder / name).unlink()
    shutil.rmtree(folder)


def test_every_way_to_run_the_program_is_searched(home: Path) -> None:
    with pytest.raises(AssertionError, match="was printed"):
        Ran(0, CANARY.encode(), b"", home)
    with pytest.raises(AssertionError, match="was printed"):
        shell(home, f"echo {CANARY} >&2")
    with pytest.raises(AssertionError, match="was printed"):
        in_pty(home, "-c", f"print('{CANARY}')", command=(sys.executable,)).end()
    process = start(home, "--simulate", "echo", "hi")
    process.communicate()
    process = start(home, "--simulate", "echo", CANARY)
    with pytest.raises(AssertionError, match="was printed"):
        process.communicate()
    written_by_the_test(home / "data" / "history.db")
    written_by_the_test(home / "data" / "history.db-wal")
