"""`telemetry.push = "after"`: an exchange is pushed once it is over, by a process that nobody waits for."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from avow.commands.history import push_alone
from avow.context import from_process
from avow.simulator.server import Simulator
from tests.canary import CANARY
from tests.commands.test_proxy import proxied
from tests.history.making import answered, kept
from tests.running import Ran, environment, row, rows, run, start
from tests.streams import ASKED
from tests.telemetry.collector import Collector

AFTER: dict[str, Any] = {"AVOW_TELEMETRY_PUSH": "after"}
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NOWHERE = "http://127.0.0.1:9"
of_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def ask(home: Path, url: str, *arguments: str, **more: Any) -> Ran:
    """One exchange with the stand-in at an address of its own, so that it counts as real."""
    with Simulator() as simulator:
        return run(
            home, *(arguments or ("hi",)), base_url=simulator.base_url, OTEL_EXPORTER_OTLP_ENDPOINT=url, **AFTER, **more
        )


@of_linux
def test_it_is_pushed_by_a_process_of_its_own(home: Path) -> None:
    """In another session, with no key at hand and nobody who waits for it; the home folder cannot be written."""
    with Collector() as collector:
        ran = ask(home, collector.url, HOME="/proc")
        (pusher,) = pushers(home)
        assert pusher.sid == pusher.group != os.getsid(0)
        assert (pusher.parent, pusher.state) != (os.getpid(), "Z")
        assert CANARY not in pusher.environ + pusher.words
        until(lambda: collector.ids == [row(home)["id"]])
    assert (ran.status, ran.err) == (0, b"")
    until(lambda: not pushers(home))
    assert json.loads((home / "data" / "push.json").read_text())["sent"] == 1


SPAWN_SEEN = """
import fcntl, os, sys, termios
def look(event, arguments):
    if event == "os.posix_spawn":
        waiting = fcntl.ioctl(1, termios.FIONREAD, bytes(4))
        os.write(2, b"spawned at %d\\n" % int.from_bytes(waiting, sys.byteorder))
sys.addaudithook(look)
sys.argv[0] = "avow"
from avow.__main__ import main
sys.exit(main())
"""


@of_linux
def test_it_is_started_after_the_last_byte(home: Path) -> None:
    """All of the answer lies in the pipe when the process is started, which nobody has read from yet."""
    more = {"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE, **AFTER}
    reader, writer = os.pipe()
    with Simulator() as simulator, open(reader, "rb") as answer:
        with open(writer, "wb") as stdout:
            ran = subprocess.run(
                [sys.executable, "-c", SPAWN_SEEN, "--output", "json", "hi"],
                stdout=stdout,
                stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                env=environment(home, simulator.base_url, **more),
                check=True,
            )
        assert ran.stderr.decode() == f"spawned at {len(answer.read())}\n"
    for pusher in pushers(home):  # it would try again for seconds
        os.kill(pusher.pid, signal.SIGKILL)
    until(lambda: not pushers(home))


@of_linux
def test_many_exchanges_share_a_push(home: Path) -> None:
    with Collector() as collector:
        ran = run_many(home, collector.url, 12)
        assert ran.status == 0, ran.err
        assert len(pushers(home)) <= 2  # one sends, one waits
        until(lambda: len(collector.ids) >= 12)
        until(lambda: not pushers(home))
    assert sorted(collector.ids) == sorted(one["id"] for one in rows(home))
    assert len(collector.requests) <= 3


def run_many(home: Path, url: str, count: int) -> Ran:
    lines = "".join(f'"question {n}"\n' for n in range(count)).encode()
    with Simulator() as simulator:
        return run(home, "run", stdin=lines, base_url=simulator.base_url, OTEL_EXPORTER_OTLP_ENDPOINT=url, **AFTER)


@of_linux
def test_a_chat_is_left_no_zombie(home: Path) -> None:
    with Collector() as collector, Simulator() as simulator:
        environ = {**AFTER, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        chat = start(home, "chat", base_url=simulator.base_url, env=environ, stdin=-1)
        assert chat.stdin is not None
        chat.stdin.write(b"hi\n")
        chat.stdin.flush()
        until(lambda: bool(pushers(home)))
        os.kill(pushers(home)[0].pid, signal.SIGKILL)
        until(lambda: not pushers(home))
        until(lambda: [one for one in processes() if one.parent == chat.pid] == [])
        chat.communicate(b"ho\n")
        until(lambda: len(collector.ids) == 2)


def test_what_the_proxy_keeps_is_pushed(home: Path) -> None:
    with Collector() as collector:
        more = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "TRACEPARENT": PARENT}
        ran = proxied(home, f"ask({ASKED!r})", **AFTER, **more)
        assert ran.status == 0, ran.err
        until(lambda: collector.ids == [row(home)["id"]])
        assert {span["traceId"] for span in collector.taken} == {PARENT.split("-")[1]}


def test_what_goes_wrong_is_seen_by_doctor_and_push_alone(home: Path) -> None:
    with Collector(always=404) as collector:
        ran = ask(home, collector.url)
        until(lambda: (home / "data" / "push.json").exists())
        assert (ran.status, ran.err) == (0, b"")
        assert "rejects everything: it answers 404; waiting to be sent: 1 exchange" in doctor(home)
        collector.always = None
        push = run(home, "history", "push", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        assert push.status == 0
        assert "failed: the collector rejects everything: it answers 404" in push.lines[0]
    assert doctor(home) == "no push after an exchange yet; waiting to be sent: 0 exchanges"


def doctor(home: Path) -> str:
    """What it says of the pushes."""
    findings = run(home, "doctor", "--offline", "--json", **AFTER).json["findings"]
    (words,) = (finding["words"] for finding in findings if finding["topic"] == "telemetry")
    return str(words)


@pytest.mark.parametrize(
    "more",
    [{"AVOW_TELEMETRY_PUSH": "never"}, {"AVOW_HISTORY_ENABLED": "false"}, {"OTEL_SDK_DISABLED": "true"}, {}],
    ids=["never", "not kept", "disabled", "simulated"],
)
def test_nothing_is_started_without_need(home: Path, more: dict[str, Any]) -> None:
    if more:
        with Simulator() as simulator:
            assert run(home, "hi", base_url=simulator.base_url, **{**AFTER, **more}).status == 0
    else:
        assert run(home, "--simulate", "requested", "hi", **AFTER).status == 0
    assert not (home / "data" / "push.next").exists()


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", NOWHERE, "the collector cannot be reached: "),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://x", "OTEL_EXPORTER_OTLP_ENDPOINT is not an address"),
        ("AVOW_TELEMETRY_PUSH", "often", "AVOW_TELEMETRY_PUSH"),
    ],
)
def test_its_troubles_in_words(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    (home / "data").mkdir()
    kept(home / "data" / "history.db", answered())
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    last = push_alone.push(from_process())
    assert last.sent == 0
    assert words in (last.trouble or "")
    assert "the API" not in (last.trouble or "")


class Process:
    """A process as /proc shows it."""

    def __init__(self, folder: Path) -> None:
        self.pid = int(folder.name)
        after_name = (folder / "stat").read_text().rpartition(")")[2].split()
        self.state, self.parent, self.group, self.sid = after_name[0], *map(int, after_name[1:4])
        self.words = words_of(folder)
        self.environ = (folder / "environ").read_text(errors="replace")


def words_of(folder: Path) -> str:
    return (folder / "cmdline").read_text(errors="replace")


def processes(are: Callable[[Path], bool] = lambda _folder: True) -> list[Process]:
    """Those whose folder in /proc is as asked."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if are(folder):
                found.append(Process(folder))
    return found


def pushers(home: Path) -> list[Process]:
    """Those that push the history below `home`."""
    found = processes(lambda folder: "push_alone" in words_of(folder))
    return [one for one in found if one.words.startswith(sys.executable) and str(home) in one.environ]


def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)
    assert is_so()
