"""What `telemetry.push = "after"` costs a question: `python -m tests.benchmarks.bench_push [ROUNDS]`.

Whole processes until their end, with and without it in turns; the push that was started is over before the next.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from avow.simulator.server import Simulator
from tests.running import environment, rows
from tests.telemetry.collector import Collector

ROUNDS = 15
_OUT = ((os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0))
_LONGEST_S = 30


class Cost(NamedTuple):
    """CPU and wall time of a process until its end, in ms."""

    cpu_ms: float
    wall_ms: float


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        without, after = side_by_side(Path(folder), rounds)
    print(f"{'':<20}{'least CPU ms':>14}{'median':>9}{'least wall ms':>15}{'median':>9}")
    for name, costs in (("without", without), ("push after", after)):
        cpu, wall = ([cost[at] for cost in costs] for at in range(2))
        print(
            f"{name:<20}{min(cpu):>14.1f}{statistics.median(cpu):>9.1f}{min(wall):>15.1f}{statistics.median(wall):>9.1f}"
        )


def side_by_side(home: Path, rounds: int) -> tuple[list[Cost], list[Cost]]:
    """The costs of that many questions without a push, and with one after each."""
    found: tuple[list[Cost], list[Cost]] = [], []
    with Simulator() as simulator, Collector() as collector:
        without = environment(home, simulator.base_url)
        after = {**without, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "AVOW_TELEMETRY_PUSH": "after"}
        for _ in range(rounds + 1):
            for costs, environ in zip(found, (without, after), strict=True):
                costs.append(asked(environ))
            until = time.monotonic() + _LONGEST_S
            while len(set(collector.ids)) < len(rows(home)) and time.monotonic() < until:
                time.sleep(0.01)
    return found[0][1:], found[1][1:]  # the first has the history to make


def asked(environ: dict[str, str]) -> Cost:
    """One question in a process of its own."""
    words = [sys.executable, "-m", "avow", "hi"]
    started = time.perf_counter()
    process = os.posix_spawn(words[0], words, environ, file_actions=_OUT)
    _process, status, used = os.wait4(process, 0)
    wall = time.perf_counter() - started
    if status:
        raise RuntimeError(f"avow ended with {os.waitstatus_to_exitcode(status)}")
    return Cost(1000 * (used.ru_utime + used.ru_stime), 1000 * wall)


if __name__ == "__main__":
    main()
