"""Runs the command behind the relay: its environment, its signals, and its end."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

from avow.errors import UsageError, system_words
from avow.proxy import waiting
from avow.proxy.group_signals import GroupSignalProbe

_LOOPBACK = ("127.0.0.1", "localhost")
_PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP")
_PR_SET_PDEATHSIG = 1


def environment(environ: Mapping[str, str], base_url: str, **more: str) -> dict[str, str]:
    """The command's environment: with its base URL, with loopback among the hosts that need no proxy, and with
    `more`."""
    exempt = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    names = [name for name in exempt.split(",") if name.strip()]
    named = {name.strip() for name in names}
    extended = ",".join([*names, *(name for name in _LOOPBACK if name not in named)]) if "*" not in named else exempt
    return {**environ, "ANTHROPIC_BASE_URL": base_url, "NO_PROXY": extended, "no_proxy": extended, **more}


def run(command: Sequence[str], environ: Mapping[str, str], started: Callable[[], None]) -> int:
    """Run `command` on this process's own streams until it ends: its status, as a shell reports it. Call it from the
    main thread before any thread is started; `started` is called once the command runs.

    Meanwhile signals are for the command: those that do not reach it by themselves are passed on. On Linux the command
    does not outlive this process. Raises UsageError where it cannot be run.
    """
    with _signals() as bring_to:
        process = _start(command, environ)
        bring_to(process)
        started()
        status = _ended(process)
    return 128 - status if status < 0 else status


def _ended(process: "subprocess.Popen[bytes]") -> int:
    if not hasattr(signal, "SIGCHLD"):  # Windows
        return process.wait()
    with waiting.signals() as wait:
        while (status := process.poll()) is None:
            wait()
    return status


def _start(command: Sequence[str], environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    more: dict[str, Any] = {"preexec_fn": _bound_to_parent()} if sys.platform == "linux" else {}
    try:
        return subprocess.Popen(list(command), env=dict(environ), **more)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        reason = "cannot be run" if isinstance(error, subprocess.SubprocessError) else system_words(error)
        said = f"{command[0]}: {reason}" if command[0] else "the command's name is empty"
        raise UsageError(f"{said}; nothing was sent", hint="avow proxy -- COMMAND ARGUMENT…") from None


@contextlib.contextmanager
def _signals() -> "Iterator[Callable[[subprocess.Popen[bytes]], None]]":
    """Keep signals for the process that is named once it runs; those that come earlier wait for it."""
    processes: list[subprocess.Popen[bytes]] = []
    probes: list[GroupSignalProbe] = []
    early: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if not processes:
            early.append(number)
        elif not _reached_both(number, probes):
            _send(processes[0], number)

    def bring_to(process: "subprocess.Popen[bytes]") -> None:
        processes.append(process)
        for number in early:
            _send(process, number)

    before = {}
    for name in _PASSED_ON:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, pass_on)
    try:
        if sys.platform == "linux":  # before the command runs: from then on a signal to the group reaches it
            with contextlib.suppress(OSError):
                probes.append(GroupSignalProbe(tuple(before)))
        yield bring_to
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for probe in probes:
            probe.close()


def _send(process: "subprocess.Popen[bytes]", number: int) -> None:
    with contextlib.suppress(OSError, ValueError):  # ValueError: Windows has no such signal
        process.send_signal(number)


def _reached_both(number: int, probes: Sequence[GroupSignalProbe]) -> bool:
    """Whether the command got this signal too: both are in one process group, to which a terminal's Ctrl-C goes, and
    often a `kill`."""
    for probe in probes:
        with contextlib.suppress(OSError):
            return probe.was_sent(number)
    return number == signal.SIGINT and _is_in_foreground()


def _is_in_foreground() -> bool:
    """Whether a terminal sends its Ctrl-C to this process and the command."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _bound_to_parent() -> Callable[[], None]:
    """What the child does before it becomes the command: ask the kernel to kill it when its parent ends."""
    import ctypes

    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died in between
            os.kill(os.getpid(), signal.SIGKILL)

    return bind
