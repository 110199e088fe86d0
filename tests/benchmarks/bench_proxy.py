"""What `avow proxy` adds to a direct call, beside claude-tap: `python -m tests.benchmarks.bench_proxy`.

Client and server are raw sockets on loopback, so that what is measured is the relay; avow judges and keeps what passes,
as users have it. `--claude-tap PROGRAM` takes one that is installed; without it, it is installed into a folder of its
own, and left out where that fails. On Linux; a minute and a half.
"""

import argparse
import asyncio
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.benchmarks.bench_startup import install
from tests.running import environment
from tests.streams import sse, start

REQUESTS = 300
DELTAS = 20_000
ROUNDS = 3
STREAMS, STREAM_DELTAS, STREAM_PAUSE_S = 64, 150, 0.01
BODY = b'{"model":"claude-fable-5-2","max_tokens":64000,"stream":true,"messages":[{"role":"user","content":"hi"}]}'
DELTA = sse({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "and so it goes on "}})
BEGIN = sse(start(), {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
END = sse(
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 100}},
    {"type": "message_stop"},
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"


class Way(NamedTuple):
    """One row: what is between client and server, its address, and its process (None: nothing)."""

    name: str
    url: str
    process: int | None


class Taken(NamedTuple):
    """One way's figures: ms, s, µs of CPU a delta, ms, s, MB."""

    first_ms: float
    first_p99_ms: float
    deltas_s: float
    cpu_us: float | None
    streams_first_ms: float
    streams_s: float
    memory_mb: float | None


# -- the server: in a process of its own ----------------------------------------------------------------------


def chunk(data: bytes) -> bytes:
    """One chunk of HTTP."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each request with as many deltas, at such a pause, as its header `x-play` says."""
    delta = chunk(DELTA)
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while head := await reader.readuntil(b"\r\n\r\n"):
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
            await reader.readexactly(int(fields[b"content-length"]))
            number, pause = (float(part) for part in fields[b"x-play"].split(b","))
            writer.write(HEAD + chunk(BEGIN))
            for _ in range(int(number)):
                if pause:
                    await asyncio.sleep(pause)
                writer.write(delta)
                await writer.drain()
            writer.write(chunk(END) + LAST)
    writer.close()


async def serve() -> None:
    """Serve on a free port, which is printed."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


# -- the client -----------------------------------------------------------------------------------------------


class Connection:
    """A connection to one of the ways."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self._path, self._host = parts.path.rstrip("/"), parts.netloc
        self._socket = socket.create_connection((parts.hostname, parts.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, deltas: int, pause: float = 0.0) -> tuple[float, float]:
        """Seconds to the answer's first byte, and to its end."""
        head = (
            f"POST {self._path}/v1/messages HTTP/1.1\r\nHost: {self._host}\r\nx-api-key: k\r\n"
            f"anthropic-version: 2023-06-01\r\nContent-Type: application/json\r\nx-play: {deltas},{pause}\r\n"
            f"Content-Length: {len(BODY)}\r\n\r\n"
        )
        begun = time.perf_counter()
        self._socket.sendall(head.encode() + BODY)
        seen = self._socket.recv(65536)
        first = time.perf_counter() - begun
        assert seen.startswith(b"HTTP/1.1 200"), seen
        while not seen.endswith(LAST):
            piece = self._socket.recv(65536)
            assert piece, "ended too soon"
            seen = seen[-8:] + piece
        return first, time.perf_counter() - begun


def measure(way: Way) -> Taken:
    """All figures of one way."""
    connection = Connection(way.url)
    for _ in range(20):
        connection.ask(3)
    firsts = sorted(connection.ask(3)[0] * 1000 for _ in range(REQUESTS))
    before = cpu(way.process)
    long = [connection.ask(DELTAS)[1] for _ in range(ROUNDS)]
    spent = None if before is None else (cpu(way.process) or 0.0) - before
    streams = together(way.url)
    return Taken(
        statistics.median(firsts),
        firsts[int(len(firsts) * 0.99)],
        min(long),
        None if spent is None else spent / ROUNDS / DELTAS * 1e6,
        statistics.median(first for first, _end in streams) * 1000,
        max(end for _first, end in streams),
        memory(way.process),
    )


def together(url: str) -> list[tuple[float, float]]:
    """Many slow streams begun at once."""
    found: list[tuple[float, float]] = []
    gate = threading.Barrier(STREAMS)

    def one() -> None:
        connection = Connection(url)
        gate.wait()
        found.append(connection.ask(STREAM_DELTAS, STREAM_PAUSE_S))

    threads = [threading.Thread(target=one) for _ in range(STREAMS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == STREAMS
    return found


def cpu(process: int | None) -> float | None:
    """Seconds of CPU of a process so far."""
    if process is None:
        return None
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process: int | None) -> float | None:
    """MB of memory that it had at most."""
    if process is None:
        return None
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


# -- the ways -------------------------------------------------------------------------------------------------


@contextmanager
def running(command: list[str], environ: dict[str, str] | None = None) -> Iterator["subprocess.Popen[str]"]:
    """A process that is ended afterwards."""
    process = subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def line_of(process: "subprocess.Popen[str]") -> str:
    """The first line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def until_it_listens(port: int) -> None:
    """Wait until something listens there. Raises OSError after ten seconds."""
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def claude_tap(folder: Path) -> Path | None:
    """Install it; None where it cannot be had."""
    try:
        return install(folder / "tap", "claude-tap") / "claude-tap"
    except subprocess.CalledProcessError:
        return None


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claude-tap", type=Path)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve())
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(folder, given.claude_tap or claude_tap(folder))


def run(folder: Path, tap: Path | None) -> None:
    """Each way in turn, against a server of its own."""
    me = [sys.executable, "-m", "tests.benchmarks.bench_proxy", "--serve"]
    rows: list[tuple[str, Taken]] = []
    with running(me) as server:
        url = f"http://127.0.0.1:{line_of(server)}"
        rows.append(("direct", measure(Way("direct", url, None))))
        environ = environment(folder / "home", url)
        with running([sys.executable, "-m", "avow", "proxy"], environ) as proxy:
            rows.append(("`avow proxy`", measure(Way("avow", line_of(proxy), proxy.pid))))
        if tap is not None:
            port = free_port()
            words = ["--tap-no-launch", "--tap-no-live", "--tap-no-open", "--tap-host", "127.0.0.1"]
            with running([str(tap), *words, "--tap-port", str(port), "--tap-target", url], environ) as other:
                until_it_listens(port)
                rows.append(("claude-tap", measure(Way("claude-tap", f"http://127.0.0.1:{port}", other.pid))))
    print(f"{time.strftime('%Y-%m-%d')}, Python {sys.version.split()[0]}\n")
    print(table(rows))


def table(rows: list[tuple[str, Taken]]) -> str:
    """The table of the README; the first row is direct."""
    direct = rows[0][1]
    lines = [
        f"| | first byte, median of {REQUESTS} | added | 99 in 100 | {DELTAS:,} deltas | ratio | CPU a delta | "
        f"{STREAMS} streams at once: first byte, end | peak memory |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, taken in rows:
        added = "" if taken is direct else f"{taken.first_ms - direct.first_ms:.2f} ms"
        spent = "" if taken.cpu_us is None else f"{taken.cpu_us:.1f} µs"
        held = "" if taken.memory_mb is None else f"{taken.memory_mb:.0f} MB"
        lines.append(
            f"| {name} | {taken.first_ms:.2f} ms | {added} | {taken.first_p99_ms:.2f} ms | {taken.deltas_s:.2f} s | "
            f"{taken.deltas_s / direct.deltas_s:.1f} | {spent} | {taken.streams_first_ms:.0f} ms, "
            f"{taken.streams_s:.1f} s | {held} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
