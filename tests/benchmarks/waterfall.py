"""Where the time of a plain question goes, as a table: `python -m tests.benchmarks.bench_startup --waterfall`."""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

STAGED = Path(__file__).with_name("staged.py")
LEAVING = "the process ends"


class Row(NamedTuple):
    """One stage: when it began first, after the start of the process, and how long it was under way. In ms."""

    name: str
    begins: float
    lasts: float


class Waterfall(NamedTuple):
    """All stages in the order in which they begin, the first byte of stdout, and the end. In ms; the rows add up to
    the end."""

    rows: tuple[Row, ...]
    first_byte: float
    end: float


def fall(python: Sequence[str], environ: dict[str, str], rounds: int) -> Waterfall:
    """That of the quickest of so many questions. Ends the benchmark where one fails."""
    return min((_once(python, environ) for _ in range(rounds)), key=lambda found: found.end)


def table(found: Waterfall) -> str:
    """The rows as Markdown, each with its share of the whole and a bar at its place."""
    lines = ["| | begins | lasts | share | |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.name} | {row.begins:.1f} | {row.lasts:.1f} | {row.lasts / found.end:.1%} | `{_bar(row, found.end)}` |"
        for row in found.rows
    ]
    lines.append(f"| first byte of the answer | {found.first_byte:.1f} | | | |")
    lines.append(f"| **end** | | **{found.end:.1f}** | {1:.0%} | |")
    return "\n".join(lines)


def _bar(row: Row, whole: float, width: int = 40) -> str:
    start = min(round(row.begins / whole * width), width - 1)
    return f"{' ' * start}{'█' * max(1, round(row.lasts / whole * width))}".ljust(width)


def _once(python: Sequence[str], environ: dict[str, str]) -> Waterfall:
    reads, writes = os.pipe()
    begun = time.monotonic()
    command = [*python, "-P", str(STAGED), str(writes), repr(begun), "hi"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environ, pass_fds=(writes,), **pipes) as process:  # type: ignore[call-overload]
        os.close(writes)
        os.read(process.stdout.fileno(), 1)
        first = time.monotonic()
        process.stdout.read()
        status = process.wait()
        end = time.monotonic()
    with open(reads, "rb") as said:
        told = said.read()
    if status != 0 or not told:
        raise SystemExit(f"no figure: {command[:3]} ended with status {status}")
    stages = json.loads(told)
    rows = [Row(name, 1000 * (stages["first"][name] - begun), 1000 * s) for name, s in stages["spent"].items()]
    counted = sum(row.lasts for row in rows)
    whole = 1000 * (end - begun)
    rows.append(Row(LEAVING, 1000 * (stages["ended"] - begun), whole - counted))
    return Waterfall(tuple(sorted(rows, key=lambda row: row.begins)), 1000 * (first - begun), whole)
