"""What `avow scan --hook` and `--statusline` cost, and `avow judge`: `python -m tests.benchmarks.bench_live`.

CPU time of whole processes, the best of nine; the hook's beside `python -c "import json, sqlite3"`.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.make_transcripts import make

RUNS = 9
LINES = 15_000
MODEL = "claude-opus-4-8"


def cpu(command: list[str], stdin: bytes, environ: dict[str, str], runs: int = RUNS) -> float:
    """Milliseconds of CPU, the best of `runs`."""
    found = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, input=stdin, env=environ, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found) * 1000


def results(lines: int) -> bytes:
    """Results of a batch, of 3.3 KB each."""
    content = [{"type": "text", "text": "The quick brown fox " * 150}]
    usage = {"input_tokens": 10, "output_tokens": 700, "service_tier": "batch"}
    message = {"type": "message", "role": "assistant", "model": MODEL, "content": content, "usage": usage}
    message |= {"stop_reason": "end_turn"}
    return b"".join(
        json.dumps({"custom_id": f"c{n}", "result": {"type": "succeeded", "message": {"id": f"msg_{n}", **message}}})
        .encode() + b"\n"
        for n in range(lines)
    )  # fmt: skip


def main() -> None:
    """Measure, and print a line each."""
    with tempfile.TemporaryDirectory(prefix="avow-bench-") as name:
        home = Path(name)
        make(home, 10_000_000)
        transcript = max(home.rglob("*.jsonl"), key=lambda path: path.stat().st_size)
        environ = {**os.environ, "HOME": name, "AVOW_DATA_DIR": str(home / "data")}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        event = {"session_id": "s", "transcript_path": str(transcript), "hook_event_name": "Stop"}
        handed = json.dumps(event).encode()
        avow = [sys.executable, "-m", "avow"]
        python = cpu([sys.executable, "-c", "import json, sqlite3"], b"", environ)
        for option in ("--hook", "--statusline"):
            extra = cpu([*avow, "scan", option], handed, environ) - python
            sys.stdout.write(f"scan {option}: {extra:.0f} ms of CPU over {python:.0f}\n")
        data = results(LINES)
        spent = cpu([*avow, "judge", "-m", MODEL], data, environ, runs=3)
        sys.stdout.write(f"judge: {len(data) / 1e6:.0f} MB in {spent:.0f} ms, {len(data) / 1e3 / spent:.0f} MB/s\n")


if __name__ == "__main__":
    main()
