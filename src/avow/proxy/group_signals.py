"""Finds out whether a signal was sent to the whole process group, the command included, or to this process alone."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Collection, Iterator

_COMMAND = ("cat",)
_SAME_SIGNAL_S = 1.0
_LATER_S = 0.05
_LOOKS = 10


class GroupSignalProbe:
    """A process in this process's group that does nothing and blocks signals: a signal to the group stays pending in
    it, and Linux shows that (proc_pid_status(5), ShdPnd). It ends with this process, because its stdin ends then."""

    def __init__(self, numbers: Collection[int]) -> None:
        """`numbers` are the signals to watch. Call it from the main thread. Raises OSError where no process can be
        started."""
        self._numbers = numbers
        self._seen: dict[int, float] = {}
        self._process = self._begin()
        try:
            self._look()
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """End the process."""
        _end(self._process)

    def was_sent(self, number: int) -> bool:
        """Whether the group was sent this signal within the last second. Takes 50 ms where it was not: `timeout` sends
        a signal to its child first, and at once to the group. Raises OSError where Linux does not say."""
        with _blocked(self._numbers):
            for _again in range(_LOOKS):
                self._look()
                if time.monotonic() - self._seen.get(number, float("-inf")) < _SAME_SIGNAL_S:
                    return True
                time.sleep(_LATER_S / _LOOKS)
        return False

    def _look(self) -> None:
        with open(f"/proc/{self._process.pid}/status", "rb") as lines:
            masks = [int(line.split()[1], 16) for line in lines if line.startswith(b"ShdPnd:")]
        if not masks:
            raise OSError("no ShdPnd in /proc")
        came = [number for number in self._numbers if masks[0] >> (number - 1) & 1]
        self._seen.update(dict.fromkeys(came, time.monotonic()))
        if came:  # what is pending stays pending: only a new process shows the next one
            before = self._process
            self._process = self._begin()
            _end(before)

    def _begin(self) -> "subprocess.Popen[bytes]":
        with _blocked(self._numbers):
            return subprocess.Popen(
                _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
            )


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()


@contextlib.contextmanager
def _blocked(numbers: Collection[int]) -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
