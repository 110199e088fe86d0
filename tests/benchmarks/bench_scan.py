"""How fast transcripts are scanned: `python -m tests.benchmarks.bench_scan [MEGABYTES or FOLDER]`."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.make_transcripts import make

SCAN = """
import json, resource, sys, time
from pathlib import Path
from avow.scan.scanning import scan

begin = time.perf_counter()
answers = scan([Path(sys.argv[1])], home=Path(sys.argv[1]), environ={})
count = sum(1 for _ in answers)
seconds = time.perf_counter() - begin
report = answers.report()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"answers": count, "reroutes": len(report.reroutes), "bytes": report.bytes_read,
                  "seconds": seconds, "peak": peak}))
"""


def measure(folder: Path) -> dict[str, float]:
    """Scan `folder` in a process of its own."""
    ran = subprocess.run([sys.executable, "-c", SCAN, str(folder)], capture_output=True, check=True, text=True)
    result: dict[str, float] = json.loads(ran.stdout)
    return result


def main(argument: str) -> None:
    """Measure three times; the best counts, the machine may be busy."""
    made: Path | None = None
    expected: tuple[int, int] | None = None
    if argument.isdigit():
        made = Path(tempfile.mkdtemp(prefix="avow-bench-"))
        expected = make(made, int(argument) * 1_000_000)
    try:
        runs = [measure(made or Path(argument)) for _ in range(3)]
    finally:
        if made:
            shutil.rmtree(made)
    if expected and (runs[0]["answers"], runs[0]["reroutes"]) != expected:
        raise SystemExit(f"found {runs[0]}, expected {expected}")
    best = min(runs, key=lambda run: run["seconds"])
    size, peak = best["bytes"] / 1e6, max(run["peak"] for run in runs) / 1e6
    sys.stdout.write(
        f"{size:.0f} MB  {best['answers']:.0f} answers  {best['reroutes']:.0f} reroutes  {best['seconds']:.1f} s  "
        f"{size / best['seconds']:.0f} MB/s  peak {peak:.0f} MB\n"
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "1000")
