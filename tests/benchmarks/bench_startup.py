"""Start-up, first byte, end and throughput beside their yardsticks: `python -m tests.benchmarks.bench_startup`."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.running import AVOW, environment

ROUNDS = 15
LOOP = """
import httpx, json, os, sys
with httpx.stream("POST", os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", timeout=60, headers={
        "x-api-key": "k", "anthropic-version": "2023-06-01"}, json={"model": "claude-fable-5-2", "max_tokens": 64000,
        "stream": True, "messages": [{"role": "user", "content": "hi"}]}) as response:
    for line in response.iter_lines():
        if line.startswith("data:"):
            event = json.loads(line[5:])
            if event["type"] == "content_block_delta":
                sys.stdout.write(event["delta"]["text"])
                sys.stdout.flush()
"""


PEAK = """
import os, sys
out = os.open(os.devnull, os.O_WRONLY)
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out, 1)])
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""
PEAK_UNIT = 1024**2 if sys.platform == "darwin" else 1024


def measure(command: list[str], environ: dict[str, str]) -> tuple[float, float]:
    """Seconds to the first byte of stdout and to the end. Ends the benchmark where the command failed: its time
    means nothing."""
    begun = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environ) as process:
        assert process.stdout is not None
        os.read(process.stdout.fileno(), 1)
        first = time.perf_counter() - begun
        while os.read(process.stdout.fileno(), 65536):
            pass
        status = process.wait()
        end = time.perf_counter() - begun
    _must_have_worked(command, status)
    return first, end


def peak(command: list[str], environ: dict[str, str]) -> float:
    """The peak RSS in MB. A child's figure begins with that of the process it was made from, so a bare
    interpreter starts it, which is smaller than anything measured here."""
    starter = [sys.executable, "-I", "-S", "-c", PEAK, *command]
    found = subprocess.run(starter, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environ, check=True)
    status, size = map(int, found.stdout.split())
    _must_have_worked(command, status)
    return size / PEAK_UNIT


def _must_have_worked(command: list[str], status: int) -> None:
    if status != 0:
        raise SystemExit(f"no figure: {command[:4]} ended with status {status}")


def interleaved(commands: dict[str, list[str]], environ: dict[str, str], rounds: int) -> None:
    """Measure side by side and print minimum and median of each, with the ratio to the last one's."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name].append(measure(command, environ))
    base = min(end for _, end in taken[list(commands)[-1]])
    for name, found in taken.items():
        first, end = min(f for f, _ in found), min(e for _, e in found)
        middle = statistics.median(e for _, e in found)
        print(
            f"| {name} | {first * 1000:.0f} | {end * 1000:.0f} | {middle * 1000:.0f} "
            f"| {first / base:.2f} | {end / base:.2f} | {max(peak(commands[name], environ) for _ in range(3)):.0f} |"
        )


def serve(scenario: str) -> tuple["subprocess.Popen[str]", str]:
    """A stand-in in a process of its own, and its address."""
    code = (
        f"import time; from avow.simulator.server import Simulator; s = Simulator({scenario!r}, record=False); "
        "print(s.base_url, flush=True); time.sleep(3600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def main() -> None:
    """Print one table a yardstick; the last row of each is the yardstick, against whose end the ratios stand."""
    python = sys.executable
    groups: list[tuple[str, str, int, dict[str, list[str]]]] = [
        ("--version", "requested", ROUNDS,
         {"avow --version": [*AVOW, "--version"], "python -c pass": [python, "-c", "pass"]}),
        ("an answer", "requested", ROUNDS,
         {"avow hi": [*AVOW, "hi"], "bare httpx": [python, "-c", LOOP],
          "import typer, httpx": [python, "-c", "import typer, httpx"]}),
        ("20,000 deltas", "long:20000", 5,
         {"avow hi": [*AVOW, "hi"], "bare httpx loop": [python, "-c", LOOP]}),
    ]  # fmt: skip
    for title, scenario, rounds, commands in groups:
        server, url = serve(scenario)
        print(f"\n{title}\n\n| | first ms | end ms | median | first ratio | end ratio | peak MB |")
        print("|---|---|---|---|---|---|---|", flush=True)
        try:
            with tempfile.TemporaryDirectory() as home:
                interleaved(commands, environment(Path(home), url), rounds)
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
