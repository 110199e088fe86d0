"""The file of `--report`."""

import json
import os
import stat
import threading
import time
from pathlib import Path

import pytest

from avow.asking.report import Report
from avow.errors import UsageError
from avow.files.reading import Wait


def test_a_report_is_private_and_takes_the_place_of_the_last(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    for body in ({"long": "x" * 1000}, {"a": "é"}):
        assert Report.open(str(path), Wait()).write(body) is None
        assert json.loads(path.read_bytes()) == body
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_leading_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Report.open("~/report", Wait()).write({}) is None
    assert (tmp_path / "report").read_bytes() == b"{}\n"


def test_a_descriptor_is_written_and_stays_open(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        assert Report.open(f"fd:{file.fileno()}", Wait()).write({}) is None
        file.write(b"more")
    assert (tmp_path / "file").read_bytes() == b"{}\nmore"


WRONG = {
    "fd:": "fd: stands before the number",
    "fd:-1": "fd: stands before the number",
    "fd:99999999999999999999": "it cannot be written",
    "fd:9999": "bad file descriptor",
    "": "no such file",
    "nul\0": "null byte",
}


@pytest.mark.parametrize("target", WRONG)
def test_what_cannot_be_opened(target: str) -> None:
    with pytest.raises(UsageError, match=WRONG[target]):
        Report.open(target, Wait())


def test_a_descriptor_to_read_from(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (tmp_path / "file").open("rb") as file, pytest.raises(UsageError, match="open for reading"):
        Report.open(f"fd:{file.fileno()}", Wait())


def test_a_pipe_waits_for_its_reader_and_tells(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    told: list[str] = []
    with pytest.raises(UsageError, match="nobody read this pipe before the deadline"):
        Report.open(str(path), Wait(time.monotonic() + 0.2, told.append, silence=0.05))
    assert told == [f"waiting for a reader of --report {path}"]
    found: list[bytes] = []
    reader = threading.Timer(0.1, lambda: found.append(path.read_bytes()))
    reader.start()
    report = Report.open(str(path), Wait())
    body = {"text": "x" * 200_000}  # more than a pipe holds
    assert report.write(body) is None
    reader.join()
    assert json.loads(found[0]) == body
