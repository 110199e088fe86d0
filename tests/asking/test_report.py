"""The file of `--report`."""

import json
import os
import shutil
import stat
import sys
import threading
import time
from pathlib import Path

import pytest

from avow.asking.report import Report
from avow.errors import UsageError
from avow.files.reading import PipeWait
from tests.in_part import crossed
from tests.raw_server import RawServer, Step, stream
from tests.running import run, start
from tests.streams import end, sse, words
from tests.streams import start as start_event


def test_a_report_is_private_and_takes_the_place_of_the_last(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    for body in ({"long": "x" * 1000}, {"a": "é"}):
        assert Report.open(str(path), PipeWait()).write(body) is None
        assert json.loads(path.read_bytes()) == body
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_leading_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Report.open("~/report", PipeWait()).write({}) is None
    assert (tmp_path / "report").read_bytes() == b"{}\n"


def test_a_descriptor_is_written_and_stays_open(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        assert Report.open(f"fd:{file.fileno()}", PipeWait()).write({}) is None
        file.write(b"more")
    assert (tmp_path / "file").read_bytes() == b"{}\nmore"


WRONG = {
    "fd:": "fd: needs the number",
    "fd:-1": "fd: needs the number",
    "fd:99999999999999999999": "it cannot be written",
    "fd:9999": "bad file descriptor",
    "no/file": "no such file",
    "nul\0": "it holds a NUL",
}


@pytest.mark.parametrize("target", WRONG)
def test_what_cannot_be_opened(target: str) -> None:
    with pytest.raises(UsageError, match=WRONG[target]):
        Report.open(target, PipeWait())


def test_a_descriptor_to_read_from(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (tmp_path / "file").open("rb") as file, pytest.raises(UsageError, match="open for reading"):
        Report.open(f"fd:{file.fileno()}", PipeWait())


def test_a_pipe_waits_for_its_reader_and_tells(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    told: list[str] = []
    with pytest.raises(UsageError, match="no program read this pipe before the deadline"):
        Report.open(str(path), PipeWait(time.monotonic() + 0.2, told.append, silence=0.05))
    assert told == [f"waiting for a reader of --report {path}"]
    found: list[bytes] = []
    reader = threading.Timer(0.1, lambda: found.append(path.read_bytes()))
    reader.start()
    report = Report.open(str(path), PipeWait())
    body = {"text": "x" * 200_000}  # more than a pipe holds
    assert report.write(body) is None
    reader.join()
    assert json.loads(found[0]) == body


@pytest.mark.parametrize("take_away", ["the file", "its folder"])
def test_a_report_that_was_deleted_meanwhile_was_not_written(tmp_path: Path, take_away: str) -> None:
    path = tmp_path / "folder" / "report.json"
    path.parent.mkdir()
    report = Report.open(str(path), PipeWait())
    path.unlink() if take_away == "the file" else shutil.rmtree(path.parent)
    assert report.write({}) == f"--report {path}: the file was deleted before it was written"


def test_a_report_on_a_file_without_a_name_is_its_owner_s(tmp_path: Path) -> None:
    with (tmp_path / "report.json").open("w+") as stream:
        (tmp_path / "report.json").unlink()
        assert Report.open(f"fd:{stream.fileno()}", PipeWait()).write({"a": 1}) is None
        stream.seek(0)
        assert json.load(stream) == {"a": 1}


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
ENDS = {"requested": 1, "fallback": 1, "refused": 1, "cut": 1, "overloaded": 5}


@FULL
@pytest.mark.parametrize(
    ("scenario", "form"),
    crossed(
        {scenario: scenario for scenario in ENDS},
        {"": ((),), **{word: ((word,),) for word in ("--json", "--no-stream", "--accept-fallback")}},
    ),
)
def test_no_answer_ends_well_without_its_report(home: Path, scenario: str, form: tuple[str, ...]) -> None:
    ran = run(home, "--simulate", scenario, "--retries", "0", *form, "--report", "/dev/full", "words")
    assert ran.status != 0
    assert "--report /dev/full: it cannot be written: no space left on device" in ran.err.decode()
    assert (ran.status == ENDS[scenario]) or "--no-stream" in form


@FULL
def test_a_retry_and_a_proxy_without_their_report(home: Path) -> None:
    run(home, "--simulate", "requested", "words")
    again = run(home, "retry", "1", "--simulate", "requested", "--report", "/dev/full")
    relayed = run(home, "proxy", "--report", "/dev/full", "--", sys.executable, "-c", "")
    for ran in (again, relayed):
        assert (ran.status, "it cannot be written: no space left" in ran.err.decode()) == (1, True)


def test_a_report_whose_folder_goes_away_while_the_answer_comes(home: Path) -> None:
    folder = home / "folder"
    folder.mkdir()
    go_on = threading.Event()
    steps: list[Step] = [stream(sse(start_event(), *words(0, "Hello "))), go_on, sse(*end())]
    with RawServer(steps) as server:
        asking = start(home, "--report", str(folder / "report.json"), "hi", base_url=server.url, bufsize=0)
        assert asking.stdout is not None
        assert asking.stdout.read(1)
        shutil.rmtree(folder)
        go_on.set()
        _, err = asking.communicate(timeout=60)
    assert (asking.returncode, b"the file was deleted" in err) == (1, True)


def test_a_reader_of_the_report_that_leaves(home: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    asking = start(home, "--simulate", "requested", "--report", f"fd:{writing}", "words", pass_fds=[writing])
    os.close(writing)
    _, err = asking.communicate(timeout=30)
    assert (asking.returncode, b"it cannot be written: broken pipe" in err) == (1, True)


@pytest.mark.parametrize("line", [("-f", "a", "hi"), ("--system-file", "a", "hi"), ("-f", "other", "-f", "a", "hi")])
def test_a_report_is_not_written_over_what_is_sent(line: tuple[str, ...], home: Path) -> None:
    for name in ("a", "other"):
        (home / name).write_bytes(b"mine")
    files = [str(home / word) if (home / word).is_file() else word for word in line]
    ran = run(home, *files, "--report", str(home / "a"), "--simulate", "requested")
    assert (ran.status, ran.out) == (2, b"")
    assert "is read too, and would be lost" in ran.lines[0]
    assert (home / "a").read_bytes() == b"mine"
