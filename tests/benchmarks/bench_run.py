"""Many prompts by several ways, as one table: `python -m tests.benchmarks.bench_run [--items N]`.

Asked on loopback of a stand-in that takes 200 ms an answer, or none; 20 of the 200 items are answered by another model.
`--llm` names an installed `llm` with its Anthropic plug-in, `--promptfoo` that program as npm installs it; without
them their rows are left out.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.run.stand_in import Said, StandIn, answered
from tests.running import environment

SECONDS = 0.2
QUIET = {f"PROMPTFOO_DISABLE_{name}": "1" for name in ("TELEMETRY", "UPDATE", "REMOTE_GENERATION")}
PEAK_UNIT = 1024**2 if sys.platform == "darwin" else 1024


class Measured(NamedTuple):
    """Wall and processor time in seconds, the largest process in MB, the exit status, and the last thing said."""

    wall: float
    cpu: float
    peak: float
    status: int
    said: str


def measured(command: list[str], home: Path, base_url: str, stdin: Path | None = None) -> Measured:
    begun = time.monotonic()
    with (stdin or Path(os.devnull)).open("rb") as given, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(
            command, env=environment(home, base_url, **QUIET), stdin=given, stdout=subprocess.DEVNULL, stderr=err
        )
        _pid, status, usage = os.wait4(child.pid, 0)
        err.seek(0)
        lines = err.read().decode().splitlines()
    said = lines[-1] if lines else ""
    if len(lines) > 1:
        said += f" (the last of {len(lines)} lines)"
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(time.monotonic() - begun, cpu, usage.ru_maxrss / PEAK_UNIT, os.waitstatus_to_exitcode(status), said)


def rerouting(prompt: str) -> Said:
    """Each tenth prompt is answered by another model."""
    seconds = SECONDS
    return answered(seconds=seconds, **({"model": "claude-opus-4-8"} if prompt.endswith("0") else {}))


def row(name: str, found: Measured) -> None:
    figures = f"{found.wall:7.2f} s {found.cpu:7.2f} s CPU {found.peak:6.0f} MB  exit {found.status:3}"
    sys.stdout.write(f"{name:<34} {figures}  {found.said}\n")


def promptfoo_suite(home: Path, prompts: Path, base_url: str) -> Path:
    """The same prompts as a suite of promptfoo's, each with the assertion that there is an answer."""
    config = {"apiBaseUrl": base_url, "max_tokens": 100}
    suite = {
        "providers": [{"id": "anthropic:messages:claude-fable-5-2", "config": config}],
        "prompts": ["{{prompt}}"],
        "tests": [
            {"vars": {"prompt": line}, "assert": [{"type": "javascript", "value": "output.length > 0"}]}
            for line in prompts.read_text().splitlines()
        ],
    }
    path = home / "promptfooconfig.json"
    path.write_text(json.dumps(suite))
    return path


def throughput(avow: list[str], home: Path) -> None:
    """`-j 16` beside `-j 1`, by how far apart the stand-in saw the first and the last request."""
    rates = {}
    for jobs, items in ((1, 20), (16, 320)):
        path = home / "many.txt"
        path.write_text("".join(f"prompt {number}\n" for number in range(items)))
        with StandIn(lambda _prompt: answered(seconds=SECONDS)) as api:
            found = measured([*avow, "run", str(path), "-j", str(jobs)], home, api.base_url)
            rates[jobs] = (items - jobs) / (api.moments[-1] - api.moments[0])
        row(f"avow run -j {jobs}, {items} items", found)
    sys.stdout.write(f"-j 16 is {rates[16] / rates[1]:.1f} times -j 1\n")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--llm", default=shutil.which("llm"))
    parser.add_argument("--promptfoo", default=shutil.which("promptfoo"))
    asked = parser.parse_args()
    avow = [sys.executable, "-m", "avow"]
    with tempfile.TemporaryDirectory() as folder, StandIn(rerouting, streams=True) as api:
        home = Path(folder)
        path = home / "prompts.txt"
        path.write_text("".join(f"prompt-{number}\n" for number in range(asked.items)))
        row("avow run -j 4", measured([*avow, "run", str(path), "-j", "4"], home, api.base_url))
        by_xargs = ["xargs", "-P4", "-n1", *avow, "ask", "--no-stdin", "--fallback", "none"]
        row("xargs -P4 avow ask", measured(by_xargs, home, api.base_url, path))
        if asked.llm:
            model = "anthropic/claude-opus-5-5"  # the plug-in knows no newer one
            loop = f'while read -r p; do "{asked.llm}" -m {model} "$p" < /dev/null; done'
            row("llm in a loop", measured(["sh", "-c", loop], home, api.base_url, path))
        else:
            sys.stdout.write("llm is not installed: its row is left out\n")
        if asked.promptfoo:
            suite = promptfoo_suite(home, path, api.base_url)
            command = [asked.promptfoo, "eval", "-c", str(suite), "-j", "4", "--no-cache", "--no-table", "--no-write"]
            row("promptfoo eval -j 4", measured([*command, "--no-progress-bar"], home, api.base_url))
        else:
            sys.stdout.write("promptfoo is not installed: its row is left out\n")
        throughput(avow, home)


if __name__ == "__main__":
    main()
