"""A push after each exchange costs the question itself next to nothing."""

import sys
from pathlib import Path

import pytest

from tests.benchmarks.bench_push import side_by_side

ALLOWED_MS = 20


@pytest.mark.slow  # a dozen processes
@pytest.mark.skipif(sys.platform == "win32", reason="has no wait4")
def test_it_costs_less_than_twenty_milliseconds(home: Path) -> None:
    """Of CPU time, which other work on the machine changes less than the time on the clock."""
    without, after = side_by_side(home, 6)
    assert min(after).cpu_ms - min(without).cpu_ms < ALLOWED_MS
