"""A signal that another thread took ends the waiting all the same. With a command: `commands/test_proxy_signals`."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from avow.proxy import waiting

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGCHLD"), reason="Windows")


def test_a_signal_that_another_thread_took() -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _frame: came.append(number))
    taking = threading.Thread(target=lambda: signal.pthread_kill(threading.get_ident(), signal.SIGUSR1))
    try:
        with waiting.signals() as wait:
            taking.start()
            while not came:
                wait()
    finally:
        signal.signal(signal.SIGUSR1, before)
        taking.join()
    assert came == [signal.SIGUSR1]


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_a_process_that_ends() -> None:
    handler = signal.getsignal(signal.SIGCHLD)
    files = open_files()
    with waiting.signals() as wait, subprocess.Popen([sys.executable, "-S", "-c", ""]) as process:
        while process.poll() is None:
            wait()
    assert signal.getsignal(signal.SIGCHLD) is handler
    assert open_files() == files
