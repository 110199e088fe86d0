"""One push at a time: which process sends now, which one is next, and how the last push went that nobody watched."""

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
    """Keep other processes from pushing meanwhile; `on_wait` is called if one pushes now and is waited for. Where the
    lock cannot be had the push goes on without it: two pushes at once send rows twice, with the same ids."""
    with _opened(str(paths.push_lock)) as descriptor:
        if descriptor is not None and not try_lock(descriptor):
            on_wait()
            with suppress(OSError):
                wait_for_lock(descriptor)
        yield


@contextmanager
def wait_for_push(paths: Paths, pause_s: float, queue: int | None = None) -> Iterator[bool]:
    """Wait until the running push ends, then push. False, and no wait, where another process waits already: its push
    sends these rows too. First `pause_s` seconds pass, so that one push sends several exchanges. `queue` is the
    inherited descriptor of the lock that a waiting process holds."""
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
    """Record how the push went."""
    with suppress(FileError):
        write_private(paths.last_push, json.dumps(last._asdict()).encode())


def last_push(paths: Paths) -> LastPush | None:
    """How the last push went; None where there was none, or the file is damaged."""
    try:
        value = obj(parse(paths.last_push.read_bytes()))
    except (OSError, ValueError):
        return None
    at, sent = value.get("at"), value.get("sent")
    if not isinstance(at, int | float) or not isinstance(sent, int):
        return None
    return LastPush(float(at), sent, text(value.get("trouble")))


def forget_trouble(paths: Paths) -> None:
    """Record that a later push went well."""
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
