"""Sums as tables and bars."""

import random
from pathlib import Path

import pytest

from avow.commands.history.stats import lines, money
from avow.history.stats import stats
from avow.history.store import History
from avow.history.sums import Latency, ModelPair, ModelUse, Stats, Tally
from avow.terminal.facts import Facts
from tests.benchmarks.make_history import make
from tests.history.making import FABLE, NOON, OLD, kept, rerouted
from tests.running import in_pty, run

STATS = Stats(
    by="month",
    total=Tally(None, 30, 25, fallback=5, cost_usd=12.5, unpriced=2, as_requested_strong=25),
    groups=(
        Tally("2026-09", 10, 10, cost_usd=2.5, as_requested_strong=10),
        Tally("2026-10", 20, 15, fallback=5, cost_usd=10.0, unpriced=2, as_requested_strong=15),
    ),
    pairs=(ModelPair(FABLE, OLD, "cyber", 5), ModelPair(FABLE, None, None, 1)),
    declines=(("cyber", 5), (None, 1)),
    latencies=(Latency(FABLE, 25, 400, 900, 3000, 9000), Latency(OLD, 5, None, None, 4000, 4000)),
    uses=(ModelUse(FABLE, 25, 5, 0, 1000, 2000, 0, 0, 12.25, 5), ModelUse(None, 0, 0, 1, 0, 0, 0, 0, 0.0, 0)),
)
PIPE = Facts()
TERMINAL = Facts(is_terminal=True, interactive=True, width=100)


def text_of(facts: Facts) -> str:
    return "\n".join(lines(STATS, facts))


def test_a_pipe_has_tables_and_no_bars() -> None:
    text = text_of(PIPE)
    assert "30 requests, 83.3 % answered as requested (83.3 % with strong evidence), cost at least $12.50" in text
    assert "█" not in text
    assert "\x1b" not in text
    assert "2026-10        20        75.0 %         5  at least $10.00" in text
    cells = [line.split() for line in text.splitlines()]
    assert [FABLE, OLD, "cyber", "5"] in cells
    assert [OLD, "5", "-", "-", "4.0", "4.0"] in cells


def test_a_terminal_has_bars_in_proportion() -> None:
    rows = text_of(TERMINAL).splitlines()
    small, large = (next(row for row in rows if row.startswith(month)) for month in ("2026-09", "2026-10"))
    assert large.count("█") == 2 * small.count("█") > 0
    ascii_only = "\n".join(lines(STATS, TERMINAL._replace(unicode=False)))
    assert "####" in ascii_only
    assert ascii_only.isascii()


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100])
def test_the_tables_are_legible_at_any_width(width: int) -> None:
    rows = "\n".join(lines(STATS, TERMINAL._replace(width=width))).splitlines()
    assert any("2026-10" in row for row in rows)
    if width >= 40:
        tables = [row for row in rows if row.startswith(("2026", "month", "cyber", "category"))]
        assert max(map(len, tables)) <= 2 * width


def test_no_line_is_broken_in_mid_word_and_no_column_is_empty() -> None:
    rows = "\n".join(lines(STATS, TERMINAL._replace(width=60))).splitlines()
    assert rows[:2] == [
        "30 requests, 83.3 % answered as requested (83.3 % with",
        "strong evidence), cost at least $12.50",
    ]
    assert "cache" not in text_of(TERMINAL)
    assert "cache read" in text_of(PIPE)


@pytest.mark.parametrize(
    ("usd", "unpriced", "expected"),
    [
        (0, 0, "$0.00"),
        (0.0123, 0, "$0.0123"),
        (1234.5, 0, "$1,234.50"),
        (2, 3, "at least $2.00"),
        (0, 1, "at least $0.00"),
    ],
)
def test_money(usd: float, unpriced: int, expected: str) -> None:
    assert money(usd, unpriced) == expected


def test_on_a_real_terminal(home: Path) -> None:
    kept(home / "data" / "history.db", rerouted(at=NOON))
    terminal = in_pty(home, "history", "stats", "--by", "day", size=(60, 40))
    assert terminal.end() == 0
    assert "1 fallback" in terminal.text
    assert "Who answered instead" in terminal.text


def test_the_generated_history_has_what_the_benchmark_needs(tmp_path: Path) -> None:
    dice = random.Random(7)
    with History.open(tmp_path / "history.db") as history:
        history.add([make(dice, n, 400) for n in range(400)])
        found = stats(history)
    assert found.total.requests == 400
    assert found.total.fallback > 0
    assert found.total.refused > 0
    assert len(found.groups) > 30


def test_what_is_not_counted_is_said(home: Path) -> None:
    kept(home / "data" / "history.db", rerouted(), rerouted(source="llm"))
    told, named = run(home, "history", "stats"), run(home, "history", "stats", "--source", "avow,llm")
    assert "--source all counts them too" in told.err.decode()
    assert (told.out.decode().split()[0], named.out.decode().split()[0], named.err) == ("1", "2", b"")
    assert [each["source"] for each in run(home, "history", "list", "--json", "--source", "llm").json] == ["llm"]
