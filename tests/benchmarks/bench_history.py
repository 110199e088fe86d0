"""What the history costs with a million exchanges: `python -m tests.benchmarks.bench_history [FILE] [N]`.

Each command is a whole process, measured beside a process that only imports what the command needs. FILE is made
where it is not there. `--exports` instead writes all of FILE in each form and tells the CPU time. `--kills N` instead
kills N writers at random moments and looks for lost rows.
"""

import compileall
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import avow
from avow.exchange.exchange import Status
from avow.history.privacy import delete
from avow.history.store import History
from tests.benchmarks.make_history import NEEDLE, fill, make
from tests.conftest import sealed_environment

RUNS = 15
_AVOW = (sys.executable, "-m", "avow", "history")
_LIBRARIES = "import typer, sqlite3"
_IMPORTS = f"{_LIBRARIES}, avow.cli, avow.context, avow.commands.tree, avow.commands.history, avow.history.store"
_BARE = {
    "list": f"{_IMPORTS}, avow.commands.history.list, avow.history.export",
    "show": f"{_IMPORTS}, avow.commands.history.show",
    "search": f"{_IMPORTS}, avow.commands.history.list, avow.history.search",
    "stats": f"{_IMPORTS}, avow.commands.history.stats, avow.history.stats, json",
}
_WRITER = """
import sys
from pathlib import Path
from avow.history.store import History
from tests.history.making import answered
with History.open(Path(sys.argv[1])) as history:
    while True:
        exchange = answered("word " * 40, "answer " * 200)
        number = history.begin(exchange._replace(status="pending"))
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
        history.save(exchange._replace(number=number, status="pending"))
        history.finish(exchange._replace(number=number))
"""


def main() -> None:
    if "--kills" in sys.argv:
        kills(int(sys.argv[sys.argv.index("--kills") + 1]))
        return
    given = [word for word in sys.argv[1:] if not word.startswith("-")]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(given[0]) if given else Path(folder) / "data" / "history.db"
        count = int(given[1]) if len(given) > 1 else 1_000_000
        (exports if "--exports" in sys.argv else measure)(path, count)


def measure(path: Path, count: int) -> None:
    """Print the table."""
    if not path.exists():
        started = time.perf_counter()
        fill(path, count)
        print(f"made in {time.perf_counter() - started:.0f} s")
    compileall.compile_dir(avow.__path__[0], quiet=1)  # as pip does
    with History.open(path, read_only=True) as history:
        held = history.count()
    print(f"{held} exchanges, {path.stat().st_size / 1e6:.0f} MB, {path.stat().st_size / held:.0f} bytes each")
    print(f"{'':<28}{'median ms':>10}{'least ms':>10}{'CPU ms':>10}{'over imports':>14}{'over libraries':>16}")
    libraries, _cpu = run(path, [sys.executable, "-c", _LIBRARIES])
    for name, seconds in (("add one: begin + finish", adding(path)), ("open + add + close", adding(path, anew=True))):
        print(f"{name:<28}{1000 * statistics.median(seconds):>10.1f}{1000 * min(seconds):>10.1f}")
    for words in (
        ("list",),
        ("list", "--json"),
        ("list", "--rerouted"),
        ("show", str(held // 2)),
        ("search", NEEDLE),
        ("search", "w00012"),
        *(("stats", "--by", by) for by in ("month", "day", "model")),
    ):
        whole, cpu = run(path, [*_AVOW, *words])
        bare, _cpu = run(path, [sys.executable, "-c", _BARE[words[0]]])
        over = [1000 * (min(whole) - min(other)) for other in (bare, libraries)]
        times = 1000 * statistics.median(whole), 1000 * min(whole), 1000 * cpu
        print(f"{' '.join(words):<28}{''.join(f'{one:>10.1f}' for one in times)}{over[0]:>14.1f}{over[1]:>16.1f}")
    with History.open(path) as history:
        started = time.perf_counter()
        delete(history, [held // 3])
        print(f"{'delete one, to the last byte':<28}{1000 * (time.perf_counter() - started):>10.1f}")


def exports(path: Path, count: int) -> None:
    """Print rows a second of CPU time (one core is used), and the peak memory so far, by form."""
    if not path.exists():
        fill(path, count)
    compileall.compile_dir(avow.__path__[0], quiet=1)  # as pip does
    with History.open(path, read_only=True) as history:
        held = history.count()
    environment = sealed_environment(path.parent.parent, AVOW_DATA_DIR=str(path.parent))
    print(f"{held} exchanges, {path.stat().st_size / 1e6:.0f} MB")
    print(f"{'':<22}{'CPU s':>8}{'wall s':>8}{'µs a row':>10}{'rows a s of CPU':>17}{'MB out':>8}{'peak MB':>9}")
    for form in ("csv", "jsonl", "parquet"):
        for more in (["--no-text"], []):
            before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            with tempfile.TemporaryFile() as out:
                command = [*_AVOW, "export", "--format", form, *more]
                subprocess.run(command, env=environment, stdout=out, check=True)
                size = out.seek(0, 2)
            wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            rate = f"{1e6 * cpu / held:>10.1f}{held / cpu:>17,.0f}{size / 1e6:>8.0f}{after.ru_maxrss / 1024:>9.0f}"
            print(f"{' '.join((form, *more)):<22}{cpu:>8.1f}{wall:>8.1f}{rate}")


def adding(path: Path, *, anew: bool = False) -> list[float]:
    """Seconds for one exchange, begun and finished; `anew` with opening and closing the file."""
    dice = random.Random(3)
    taken = []
    history = History.open(path)
    for n in range(100):
        exchange = make(dice, n, 100)
        exchange = exchange._replace(id=f"{exchange.id}-{dice.random()}-{time.time()}")
        if anew:
            history.close()
        started = time.perf_counter()
        if anew:
            history = History.open(path)
        number = history.begin(exchange._replace(status=Status.PENDING))
        history.finish(exchange._replace(number=number))
        if anew:
            history.close()
        taken.append(time.perf_counter() - started)
    history.close()
    return taken


def run(path: Path, command: list[str]) -> tuple[list[float], float]:
    """Seconds of whole processes, the first left out, and their mean CPU time."""
    environment = sealed_environment(path.parent.parent, AVOW_DATA_DIR=str(path.parent))

    def once() -> float:
        started = time.perf_counter()
        subprocess.run(command, env=environment, capture_output=True, check=True)
        return time.perf_counter() - started

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = repeated(once)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return taken, used / (RUNS + 1)


def repeated(once: Callable[[], float]) -> list[float]:
    once()
    return [once() for _ in range(RUNS)]


def kills(number: int) -> None:
    """Kill writers at random moments; every row they were told of must be there, and the file sound."""
    dice = random.Random(11)
    with tempfile.TemporaryDirectory() as folder:
        path, lost, told = Path(folder) / "history.db", 0, 0
        for _ in range(number):
            process = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE)
            assert process.stdout is not None
            lines = [process.stdout.readline()]
            time.sleep(dice.random() * 0.05)
            process.send_signal(signal.SIGKILL)
            lines += process.communicate()[0].splitlines(keepends=True)
            numbers = {int(line) for line in lines if line.endswith(b"\n")}
            with History.open(path) as history:
                there = {row[0] for row in history.read("SELECT number FROM exchange")}
            lost, told = lost + len(numbers - there), told + len(numbers)
        with History.open(path) as history:
            sound = history.read("PRAGMA integrity_check")[0][0]
            check = "INSERT INTO exchange_search(exchange_search, rank) VALUES ('integrity-check', 1)"
            history.write(history.connection.execute, check)
        print(f"{number} kills, {told} rows told of, {lost} lost, file: {sound}, search index: ok")


if __name__ == "__main__":
    main()
