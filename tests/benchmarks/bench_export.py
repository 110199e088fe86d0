"""What an export costs, by form: `python -m tests.benchmarks.bench_export FILE [--rows N] [--rounds R]`.

All of FILE is exported, to a file; it is made, with N exchanges, where it is not there. The least of R rounds counts,
in CPU time (one core is used). An export of nothing in the same form is the start-up, which is left out of the rows a
second.
"""

import argparse
import compileall
import sys
import tempfile
from pathlib import Path

import avow
from avow.history.store import History
from tests.benchmarks.make_history import fill
from tests.benchmarks.spent import spent
from tests.conftest import sealed_environment

FORMS = ("csv", "jsonl", "parquet")
_EXPORT = (sys.executable, "-m", "avow", "history", "export", "--format")
_NOTHING = ("--since", "9999-01-01")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    if not given.file.exists():
        fill(given.file, given.rows)
    compileall.compile_dir(avow.__path__[0], quiet=1)  # as pip does
    with History.open(given.file, read_only=True) as history:
        held = history.count()
    print(f"{held} exchanges, {given.file.stat().st_size / 1e6:.0f} MB, the least of {given.rounds} rounds\n")
    print("| | start-up, s | CPU, s | µs a row | rows a second of CPU time | MB written | peak memory, MB |")
    print(f"|{'---|' * 7}")
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMS:
            for more in ((), ("--no-text",), ("--since-last",)):
                print(row(given.file, Path(folder), (form, *more), held, given.rounds), flush=True)


def row(file: Path, folder: Path, words: tuple[str, ...], held: int, rounds: int) -> str:
    """A row of the table; with `--since-last` a new cursor begins with the first exchange, and then finds nothing."""
    environment = sealed_environment(folder, AVOW_DATA_DIR=str(file.parent))
    cursor, out = folder / "cursor", folder / "out"
    command = [*_EXPORT, *words, *([str(cursor)] if "--since-last" in words else [])]
    found, nothing = [], []
    for _ in range(rounds):
        cursor.unlink(missing_ok=True)
        found.append(spent(command, environment, out))
        size = out.stat().st_size
        nothing.append(spent([*command, *(() if "--since-last" in words else _NOTHING)], environment, out))
    cpu, start = min(found).cpu_s, min(nothing).cpu_s
    took = f"{start:.2f} | {cpu:.1f} | {1e6 * (cpu - start) / held:.1f} | {held / (cpu - start):,.0f}"
    return f"| `--format {' '.join(words)}` | {took} | {size / 1e6:.0f} | {max(one.peak_mb for one in found):.0f} |"


if __name__ == "__main__":
    main()
