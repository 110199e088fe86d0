"""Signals for `avow proxy`: the command gets each of them once, and how it ends is how avow ends."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from avow.simulator.server import Simulator
from tests.commands.test_proxy import ASK, proxied, within
from tests.proxy.relaying import post
from tests.running import environment, in_pty, rows, start
from tests.streams import ASKED

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")

TELLING = """
import os, signal, time
def tell(number, _frame):
    os.write(1, f"came {number}\\n".encode())
    if number == END:
        raise SystemExit(9)
for number in (1, 2, 15):
    signal.signal(number, tell)
os.write(1, b"up\\n")
while True:
    time.sleep(0.01)
"""
"""Tell each signal that comes, and end at one of them."""
HELLO = b'{"model": "%s", "messages": [{"role": "user", "content": "hi"}]}' % ASKED.encode()
NOBODY = "http://127.0.0.1:9"


def telling(end: int) -> tuple[str, ...]:
    return ("proxy", "--", sys.executable, "-I", "-c", f"END = {end}\n{TELLING}")


def is_dealt_with(pid: int, number: int) -> bool:
    """Whether no child of a process has the signal pending: avow has looked at its probe, and started another."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        states = [Path(f"/proc/{child}/status").read_text() for child in children]
    except OSError:  # the probe is being replaced
        return False
    masks = [line.split()[1] for state in states for line in state.splitlines() if line.startswith("ShdPnd:")]
    return len(masks) == 2 and not any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing tells who else was sent a signal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_for_the_group_reaches_the_command_once(home: Path, number: signal.Signals) -> None:
    """As a supervisor or a hangup sends it. avow stands still until the command has had it, so that another one from
    avow would be seen; what ends the command goes to avow alone, and comes after that."""
    process = start(home, *telling(signal.SIGTERM), base_url=NOBODY, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    for _time in range(2):
        process.send_signal(signal.SIGSTOP)
        os.killpg(process.pid, number)
        assert process.stdout.readline() == b"came %d\n" % number
        os.killpg(process.pid, signal.SIGCONT)
        assert within(10, lambda: is_dealt_with(process.pid, number))
    process.terminate()
    out, _err = process.communicate(timeout=30)
    assert (out, process.returncode) == (b"came 15\n", 9)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_a_signal_for_avow_alone_is_passed_on(home: Path, number: signal.Signals) -> None:
    process = start(home, *telling(number), base_url=NOBODY)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    process.send_signal(number)
    out, _err = process.communicate(timeout=30)
    assert (out, process.returncode) == (b"came %d\n" % number, 9)


def test_ctrl_c_on_a_terminal_reaches_the_command_once(home: Path) -> None:
    terminal = in_pty(home, *telling(signal.SIGTERM), base_url=NOBODY)
    terminal.until("up")
    terminal.child.kill(signal.SIGSTOP)
    terminal.send("\x03")
    terminal.until("came 2")
    terminal.child.kill(signal.SIGCONT)
    terminal.child.kill(signal.SIGTERM)
    assert terminal.end() == 9
    assert terminal.text.count("came 2") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing tells who else was sent a signal")
def test_an_interrupt_for_avow_alone_on_a_terminal_is_passed_on(home: Path) -> None:
    terminal = in_pty(home, *telling(signal.SIGINT), base_url=NOBODY)
    terminal.until("up")
    terminal.child.kill(signal.SIGINT)
    assert terminal.end() == 9
    assert terminal.text.count("came 2") == 1


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, -2), (signal.SIGTERM, -15), (signal.SIGKILL, 137)])
def test_a_command_that_a_signal_ended(home: Path, number: signal.Signals, status: int) -> None:
    ran = proxied(
        home, f"ask({ASKED!r}); import signal; signal.signal(2, signal.SIG_DFL); os.kill(os.getpid(), {number})"
    )
    assert ran.status == status
    assert ran.lines[0].startswith("avow: proxy: 1 answer: 1 as_requested")


def test_without_a_command_it_serves_until_ctrl_c(home: Path) -> None:
    with Simulator("handover") as api:
        process = start(home, "proxy", base_url=api.base_url)
        assert process.stdout is not None
        url = process.stdout.readline().decode().strip()
        asking = [sys.executable, "-I", "-c", ASK + f"ask({ASKED!r})"]
        subprocess.run(asking, env=environment(home, url), check=True)
        for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGCONT):  # any thread may take what waited
            process.send_signal(number)
        _out, err = process.communicate(timeout=30)
    assert process.returncode == -2
    assert err.decode().splitlines()[0] == "avow: proxy: 1 answer: 1 refused (frontier_llm 1)"


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG")
def test_the_command_does_not_outlive_a_killed_avow(home: Path) -> None:
    script = f"ask({ASKED!r}); print(os.getpid(), flush=True); import time; time.sleep(60)"
    with Simulator() as api:
        process = start(home, "proxy", "--", sys.executable, "-I", "-c", ASK + script, base_url=api.base_url)
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert within(30, lambda: [row["verdict"] for row in rows(home)] == ["as_requested"])
        process.kill()
        process.wait()
        assert within(30, lambda: is_gone(child))


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_a_request_just_passed_on_is_kept_whatever_signal_ends_avow(home: Path, number: signal.Signals) -> None:
    """Its row is written beside the passing, up to 50 ms later."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = start(home, "proxy", base_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert process.stdout is not None
        url = urlsplit(process.stdout.readline().decode().strip())
        assert url.port is not None
        with socket.create_connection(("127.0.0.1", url.port)) as client:
            client.sendall(post(HELLO).replace(b"BASE", url.path.encode()).replace(b"HOST", url.netloc.encode()))
            upstream, _address = listener.accept()
            with upstream:
                come = b""
                while not come.endswith(HELLO):
                    come += upstream.recv(4096)
                process.send_signal(number)
                _out, err = process.communicate(timeout=30)
    assert process.returncode == -number
    assert [(row["requested_model"], row["status"]) for row in rows(home)] == [(ASKED, "interrupted")], err
