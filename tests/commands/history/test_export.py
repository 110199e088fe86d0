"""`avow history export` as a process: what was written before comes again only where it was not written whole."""

import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from avow.commands.history.declared import FORMS
from tests.benchmarks.make_history import fill
from tests.history.making import answered, kept, rerouted
from tests.running import AVOW, Ran, environment, in_pty, measured, run

FULL = Path("/dev/full")


@pytest.fixture
def home(home: Path) -> Path:
    (home / "data").mkdir(parents=True)
    kept(home / "data" / "history.db", answered("one"), rerouted("two"), answered(simulated=True))
    return home


def export(home: Path, *arguments: str) -> Ran:
    return run(home, "history", "export", "--since-last", str(home / "cursor"), *arguments)


def numbers(ran: Ran) -> list[int]:
    assert ran.status == 0, ran.err
    return [event["number"] for event in ran.events]


def test_what_the_simulator_answered_is_left_out_and_a_terminal_is_told(home: Path) -> None:
    told = in_pty(home, "history", "export", "--no-text")
    assert told.end() == 0
    assert "avow: note: left out: 1 of the simulator's; --simulated exports it alone" in told.text.replace("\n", " ")
    alone = in_pty(home, "history", "export", "--no-text", "--simulated")
    assert alone.end() == 0
    assert "left out" not in alone.text
    assert run(home, "history", "export").err == b""


def test_since_last(home: Path) -> None:
    assert numbers(export(home)) == [1, 2]
    assert numbers(export(home)) == []
    kept(home / "data" / "history.db", answered("three"))
    assert numbers(export(home)) == [4]
    assert sorted(path.name for path in home.iterdir() if "cursor" in path.name) == ["cursor"]


def test_an_export_is_not_written_over_by_its_cursor(home: Path) -> None:
    words = [*AVOW, "history", "export", "--since-last", str(home / "cursor")]
    with (home / "cursor").open("wb") as out:
        ran = subprocess.run(words, stdout=out, stderr=subprocess.PIPE, env=environment(home), check=False)
    assert (ran.returncode, (home / "cursor").read_bytes()) == (2, b"")
    assert b"the export itself is written to this file" in ran.stderr


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_what_could_not_be_written_comes_again(home: Path) -> None:
    words = [*AVOW, "history", "export", "--since-last", str(home / "cursor")]
    with FULL.open("wb") as full:
        assert subprocess.run(
            words, stdout=full, stderr=subprocess.DEVNULL, env=environment(home), check=False
        ).returncode
    reader, writer = os.pipe()
    os.close(reader)
    gone = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, env=environment(home), check=False)
    os.close(writer)
    assert gone.returncode < 0
    assert not (home / "cursor").exists()
    assert numbers(export(home)) == [1, 2]


def test_a_cursor_that_is_wrong_is_told(home: Path) -> None:
    (home / "cursor").write_text("{}")
    damaged = export(home)
    assert (damaged.status, damaged.out) == (2, b"")
    assert "is damaged, or not a cursor of avow's" in damaged.lines[0]
    (home / "cursor").unlink()
    assert numbers(export(home, "--rerouted")) == [2]
    assert export(home).status == 2
    assert numbers(export(home, "--rerouted")) == []


def test_parquet(home: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    ran = export(home, "--format", "parquet", "--no-text")
    assert ran.status == 0, ran.err
    assert pyarrow.ParquetFile(io.BytesIO(ran.out)).read().column("number").to_pylist() == [1, 2]
    assert pyarrow.ParquetFile(io.BytesIO(export(home, "--format", "parquet").out)).read().num_rows == 0
    pty = in_pty(home, "history", "export", "--format", "parquet")
    assert pty.end() == 2
    assert "stdout is a terminal" in pty.text


@pytest.mark.slow
def test_memory_is_bounded(home: Path) -> None:
    """Ten times the rows take no more memory."""
    most = []
    for count in (500, 12_000):
        place = home / str(count)
        (place / "data").mkdir(parents=True)
        fill(place / "data" / "history.db", count)
        for form in ("jsonl", "csv"):
            out, memory = measured(place, "history", "export", "--format", form)
            assert out.count(b"\n") >= count
            most.append(memory)
    assert max(most[2:]) < max(most[:2]) + 10_000_000, most


def test_the_form_says_what_it_is(home: Path) -> None:
    (line, *_rest) = run(home, "history", "export").out.splitlines()
    assert json.loads(line)["schema"] == "avow.answer/1"


def test_each_form_is_its_own(home: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    written = {run(home, "history", "export", "--format", form).out: form for form in FORMS}
    assert sorted(written.values()) == sorted(FORMS), "a form of FORMS is written as another one: run_export"
