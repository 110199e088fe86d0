"""That the waterfall of a plain question has all its rows, and that they add up."""

import sys
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.benchmarks import waterfall
from tests.running import environment

STAGES = (
    *("interpreter", "imports: standard library", "imports: avow", "imports: the HTTP client"),
    *("settings", "credential"),
    *("history: the row before", "connect", "request", "waiting for the answer, and reading it"),
    *("history: the row at the end", "history: closed", "avow's own work between", waterfall.LEAVING),
)


def test_the_rows_of_a_plain_question_add_up(home: Path) -> None:
    with Simulator() as simulator:
        found = waterfall.fall([sys.executable], environment(home, simulator.base_url), rounds=1)
    names = [row.name for row in found.rows]
    assert set(STAGES) <= set(names)
    assert {"imports: avow.asking", "imports: avow.exchange", "imports: avow.wire"} <= set(names)
    assert all(row.lasts >= 0 for row in found.rows)
    assert sum(row.lasts for row in found.rows) == pytest.approx(found.end)
    assert 0 < found.first_byte <= found.end
    order = [names.index(name) for name in ("interpreter", "settings", "credential", "connect", "request")]
    assert order == sorted(order)
    printed = waterfall.table(found)
    assert all(f"| {name} |" in printed for name in names)
    assert "first byte" in printed
    assert "**end**" in printed
