"""One push at a time: who sends now, who is next, and how the last one went that nobody watched."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import NamedTuple

from avow.errors import FileError
from avow.files.locking import try_lock, unlock, wait_for_lock
from avow.files.private import write_private
from avow.paths import Paths
from avow.wire.json_value import obj, parse, text


class LastPush(NamedTuple):
    """How the last push went that nobody watched: `at` in Unix seconds, how many exchanges were sent, and in words what
    went wrong (None: nothing)."""

    at: float
    sent: int
    trouble: str | None = None


@contextmanager
def hold_push_lock(paths: Paths, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Nobody else pushes meanwhile; `on_wait` hears that somebody does. Where no lock can be had it goes on without:
    two pushes at once send twice, by the same ids."""
    with _opened(str(paths.push_lock)) as descriptor:
        if descriptor is not None and not try_lock(descriptor):
            on_wait()
            with suppress(OSError):
                wait_for_lock(descriptor)
        yield


@contextmanager
def wait_for_push(paths: Paths, pause_s: float, queue: int | None = None) -> Iterator[bool]:
    """The turn after the one that runs. False, and no turn, where another waits for it, who will see all that is there
    now. For `pause_s` seconds more exchanges may come together. `queue`: the lock of who waits, inherited."""
    with _opened(str(paths.push_queue)) if queue is None else nullcontext(queue) as queued:
        if queue is None and queued is not None and not try_lock(queued):
            yield False
            return
        time.sleep(pause_s)
        with _opened(str(paths.push_lock)) as descriptor:
            if descriptor is not None:
                with suppress(OSError):
                    wait_for_lock(descriptor)
            if queued is not None:
                unlock(queued)  # before a row is read: what comes from now on may not be seen
            yield True


def keep(paths: Paths, last: LastPush) -> None:
    """Keep how it went."""
    with suppress(FileError):
        write_private(paths.last_push, json.dumps(last._asdict()).encode())


def last_push(paths: Paths) -> LastPush | None:
    """How it went; None where none ran, or the file is damaged."""
    try:
        value = obj(parse(paths.last_push.read_bytes()))
    except (OSError, ValueError):
        return None
    at, sent = value.get("at"), value.get("sent")
    if not isinstance(at, int | float) or not isinstance(sent, int):
        return None
    return LastPush(float(at), sent, text(value.get("trouble")))


def forget_trouble(paths: Paths) -> None:
    """All went well since."""
    with suppress(OSError):
        paths.last_push.unlink()


@contextmanager
def _opened(path: str) -> Iterator[int | None]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)
