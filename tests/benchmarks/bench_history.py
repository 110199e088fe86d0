"""What the history costs with a million exchanges: `python -m tests.benchmarks.bench_history [FILE] [N]`.

Each command is a whole process, measured in CPU time, in turns with one that only imports what the command needs. FILE
is made where it is not there. `--kills N` instead kills N writers at random moments and looks for lost rows.
"""

import compileall
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import avow
from avow.exchange.exchange import Status
from avow.history.privacy import delete
from avow.history.store import History
from avow.history.sums import GROUPS
from tests.benchmarks.make_history import NEEDLE, fill, make
from tests.benchmarks.spent import spent
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
from avow.history.sums import GROUPS
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
        measure(path, count)


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
    for name, seconds in (("add one: begin + finish", adding(path)), ("open + add + close", adding(path, anew=True))):
        print(f"{name:<28}median {1000 * statistics.median(seconds):.1f} ms, least {1000 * min(seconds):.1f} ms")
    print(f"{'':<28}{'CPU ms':>10}{'over imports':>14}{'over libraries':>16}")
    for words in (
        ("list",),
        ("list", "--json"),
        ("list", "--rerouted"),
        ("show", str(held // 2)),
        ("search", NEEDLE),
        ("search", "w00012"),
        *(("stats", "--by", by) for by in GROUPS),
    ):
        whole, bare, libraries = used(
            path, [*_AVOW, *words], *([sys.executable, "-c", code] for code in (_BARE[words[0]], _LIBRARIES))
        )
        print(f"{' '.join(words):<28}{whole:>10.1f}{whole - bare:>14.1f}{whole - libraries:>16.1f}")
    with History.open(path) as history:
        started = time.perf_counter()
        delete(history, [held // 3])
        print(f"{'delete one, to the last byte':<28}{1000 * (time.perf_counter() - started):>10.1f}")


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


def used(path: Path, *commands: Sequence[str]) -> list[float]:
    """The least CPU time of each command in ms, of runs in turns, so that whatever else the machine does meets all
    alike."""
    environment = sealed_environment(path.parent.parent, AVOW_DATA_DIR=str(path.parent))
    rounds = [[spent(command, environment, Path(os.devnull)).cpu_s for command in commands] for _ in range(RUNS)]
    return [1000 * min(taken) for taken in zip(*rounds, strict=True)]


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
