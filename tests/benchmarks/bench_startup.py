"""Whole processes beside their yardsticks, as one table: `python -m tests.benchmarks.bench_startup [--rows N]`, or
where the time of a plain question goes: `--waterfall`.

Everything is installed as users have it, in environments of its own in a temporary folder, and asked on loopback of
the simulator. The history of a million rows takes ten minutes and 3 GB; `--rows 0` leaves it out, `--history FILE`
takes one that is there (and adds to it).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks import waterfall
from tests.benchmarks.make_history import fill
from tests.running import environment

ROOT = Path(__file__).parents[2]
ROUNDS = 15
ROUNDS_LONG = 5
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
BODY = '{"model":"claude-fable-5-2","max_tokens":64000,"stream":true,"messages":[{"role":"user","content":"hi"}]}'
PEAK = """
import os, sys
out = os.open(os.devnull, os.O_WRONLY)
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out, 1)])
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""
GOALS = {"an answer, by avow": (1.02, 1.05)}
"""What the ratios of a row should be at most, at its first byte and at its end."""
PEAK_UNIT = 1024**2 if sys.platform == "darwin" else 1024


class Contender(NamedTuple):
    """One row: a command and its environment. `measures_first`: its first byte means something."""

    name: str
    command: list[str]
    environ: dict[str, str]
    measures_first: bool = True


def main() -> None:
    """Print the table; the first row of each part is its yardstick, against whose end the ratios stand, with their
    goals where they have some."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--history", type=Path)
    parser.add_argument("--waterfall", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.waterfall:
            show_waterfall(Path(folder))
        else:
            run(Path(folder), given.rows, given.history)


def show_waterfall(folder: Path) -> None:
    """Where the time of a plain question goes, stage by stage, to the simulator on loopback."""
    plain = install(folder / "plain", str(ROOT))
    print(f"{time.strftime('%Y-%m-%d')}, Python {sys.version.split()[0]}, the quickest of {ROUNDS} questions, in ms\n")
    with SimulatorProcess("requested") as url:
        print(waterfall.table(waterfall.fall([f"{plain}/python"], clean(folder / "home", url), ROUNDS)))


def run(folder: Path, rows: int, history: Path | None) -> None:
    """Make the environments below `folder`, and measure."""
    plain = install(folder / "plain", str(ROOT))
    bare = install(folder / "bare", "httpx", "typer>=0.26,<0.29")
    crowded = install(folder / "crowded", str(ROOT), "httpx", "click", "llm", "flask")
    other = install(folder / "other", "llm", "llm-anthropic")
    if rows and history is None:
        history = folder / "million" / "history.db"
        fill(history, rows)
    print(f"{time.strftime('%Y-%m-%d')}, Python {sys.version.split()[0]}, least of {ROUNDS} rounds")
    print(f"({ROUNDS_LONG} for the 20,000 pieces); times in ms, memory in MB\n")
    print("| | first byte | end | ratio of first byte | ratio of end | peak memory |\n|---|---|---|---|---|---|")
    with SimulatorProcess("requested") as url:
        environ = clean(folder / "home", url)
        versions = [
            Contender("`python -c pass`", [f"{plain}/python", "-c", "pass"], environ, measures_first=False),
            Contender("`avow --version`", [f"{plain}/avow", "--version"], environ, measures_first=False),
        ]
        side_by_side(versions, ROUNDS)
        side_by_side(answering(bare, plain, crowded, other, environ, url, history), ROUNDS)
    with SimulatorProcess("long:20000") as url:
        environ = clean(folder / "home", url)
        pieces = [
            Contender("20,000 pieces of text, by a bare httpx loop", [f"{bare}/python", "-c", LOOP], environ),
            Contender("20,000 pieces of text, by avow", [f"{plain}/avow", "hi"], environ),
        ]
        side_by_side(pieces, ROUNDS_LONG)


def answering(
    bare: Path, plain: Path, crowded: Path, other: Path, environ: dict[str, str], url: str, history: Path | None
) -> list[Contender]:
    """The rows of one short answer."""
    alone, imports = ["-c", "import httpx"], ["-c", "import typer, httpx"]
    headers = ("x-api-key: k", "anthropic-version: 2023-06-01", "content-type: application/json")
    curl = ["curl", "-sN", f"{url}/v1/messages", "-d", BODY, *(word for h in headers for word in ("-H", h))]
    beside = "where click, llm and flask are installed too"
    found = [
        Contender('`python -c "import httpx"`', [f"{bare}/python", *alone], environ, measures_first=False),
        Contender('`python -c "import typer, httpx"`', [f"{bare}/python", *imports], environ, measures_first=False),
        Contender("an answer, as events, by curl", curl, environ),
        Contender("an answer, by a bare httpx script", [f"{bare}/python", "-c", LOOP], environ),
        Contender("an answer, by avow", [f"{plain}/avow", "hi"], environ),
        Contender(f"both imports {beside}", [f"{crowded}/python", *imports], environ, measures_first=False),
        Contender(f"an answer, by a bare httpx script {beside}", [f"{crowded}/python", "-c", LOOP], environ),
        Contender(f"an answer, by avow {beside}", [f"{crowded}/avow", "hi"], environ),
        Contender(
            "an answer, by llm with llm-anthropic", [f"{other}/llm", "-m", "anthropic/claude-opus-5-5", "hi"], environ
        ),
    ]
    if history is not None:
        full = {**environ, "AVOW_DATA_DIR": str(history.parent)}
        found.insert(5, Contender("an answer, by avow with a full history", [f"{plain}/avow", "hi"], full))
    return found


def install(folder: Path, *packages: str) -> Path:
    """The `bin` of a new environment with these packages, their bytecode written as pip does."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, env=environ)
    subprocess.run([folder / "bin" / "pip", "install", "-qq", *packages], check=True, env=environ)
    return folder / "bin"


def clean(home: Path, url: str) -> dict[str, str]:
    """The sealed environment, in which nothing of this interpreter's own is set."""
    home.mkdir(exist_ok=True)
    sealed = environment(home, url, LLM_USER_PATH=str(home / "llm"))
    return {name: value for name, value in sealed.items() if not name.startswith("PYTHON")}


class SimulatorProcess:
    """A simulator in a process of its own, and its address."""

    def __init__(self, scenario: str) -> None:
        code = (
            f"import time; from avow.simulator.server import Simulator; s = Simulator({scenario!r}, record=False); "
            "print(s.base_url, flush=True); time.sleep(3600)"
        )
        self._process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def side_by_side(contenders: list[Contender], rounds: int) -> None:
    """Measure in turns, so that whatever else the machine does meets all alike, and print the least of each."""
    taken: list[list[tuple[float, float]]] = [[] for _ in contenders]
    for number in range(rounds + 1):
        for found, contender in zip(taken, contenders, strict=True):
            times = measure(contender)
            if number:  # the first finds nothing in the disk's cache
                found.append(times)
    base = min(end for _first, end in taken[0])
    for found, contender in zip(taken, contenders, strict=True):
        first, end = min(f for f, _ in found), min(e for _, e in found)
        early = (f"{first * 1000:.0f}", f"{first / base:.2f}") if contender.measures_first else ("", "")
        most = max(peak(contender) for _ in range(3))
        goals = [f" (goal {goal:.2f})" for goal in GOALS.get(contender.name, ())] or ["", ""]
        ratios = f"{early[1]}{goals[0]} | {end / base:.2f}{goals[1]}"
        print(f"| {contender.name} | {early[0]} | {end * 1000:.0f} | {ratios} | {most:.0f} |", flush=True)


def measure(contender: Contender) -> tuple[float, float]:
    """Seconds to the first byte of stdout and to the end. Ends the benchmark where the command failed: its time
    means nothing."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
    begun = time.perf_counter()
    with subprocess.Popen(contender.command, env=contender.environ, **pipes) as process:  # type: ignore[call-overload]
        os.read(process.stdout.fileno(), 1)
        first = time.perf_counter() - begun
        while os.read(process.stdout.fileno(), 65536):
            pass
        status = process.wait()
        end = time.perf_counter() - begun
    _must_have_worked(contender, status)
    return first, end


def peak(contender: Contender) -> float:
    """The peak RSS in MB. A child's figure begins with that of the process it was made from, so a bare
    interpreter starts it, which is smaller than anything measured here but curl."""
    starter = [sys.executable, "-I", "-S", "-c", PEAK, *contender.command]
    found = subprocess.run(
        starter, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=contender.environ, check=True
    )
    status, size = map(int, found.stdout.split())
    _must_have_worked(contender, status)
    return size / PEAK_UNIT


def _must_have_worked(contender: Contender, status: int) -> None:
    if status != 0:
        raise SystemExit(f"no figure: {contender.command[:4]} ended with status {status}")


if __name__ == "__main__":
    main()
