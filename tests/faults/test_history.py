"""A history that cannot be written never spoils an answer, and one that is not there yet is made once."""

from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.running import rows, run, start


@pytest.mark.parametrize("how", ["a file in its place", "a file that is no database"])
def test_a_history_that_cannot_be_written_never_spoils_an_answer(how: str, home: Path) -> None:
    data = home / "data"
    if how == "a file in its place":
        data.write_text("in the way")
    else:
        data.mkdir()
        (data / "history.db").write_bytes(b"no database" * 1000)
    with Simulator("fallback") as simulator:
        ran = run(home, "hi", base_url=simulator.base_url)
    assert (ran.status, b"simulator for claude-opus-4-8" in ran.out) == (10, True), ran.err
    assert sum(line.startswith("avow: note: history not written: ") for line in ran.lines) == 1
    assert b"Traceback" not in ran.err


def test_many_at_once_on_a_history_that_does_not_exist_yet(home: Path) -> None:
    with Simulator("requested") as simulator:
        processes = [start(home, "hi", base_url=simulator.base_url) for _ in range(16)]
        ended = [(process.communicate(timeout=60), process.returncode) for process in processes]
    assert [(code, err) for (_out, err), code in ended] == [(0, b"")] * 16
    assert [kept["status"] for kept in rows(home)] == ["complete"] * 16
