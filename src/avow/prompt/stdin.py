"""Reading stdin to its end: with a word when it stays silent, never past the limit or the deadline."""

import os
import sys
import time
from collections.abc import Callable
from typing import BinaryIO

from avow.errors import FileError, UsageError
from avow.prompt.limits import BODY_BYTES, too_large

SILENCE_S = 3.0
_CHUNK = 1 << 16

Arrivals = Callable[[float | None], bytes | None]
"""Waits at most so many seconds: the next bytes, empty at the end, None where none came."""


def read_to_end(
    stream: BinaryIO | None,
    waiting: Callable[[], None],
    *,
    limit: int = BODY_BYTES,
    silence: float = SILENCE_S,
    deadline: float | None = None,
) -> bytes:
    """All bytes of `stream`, unchanged; empty where it is closed (None).

    `waiting` is called once, when nothing came for `silence` seconds; `deadline` is a moment of `time.monotonic`.
    Raises UsageError past the deadline, and at once where there is more than `limit` bytes; FileError where it
    cannot be read.
    """
    if stream is None:
        return b""
    try:
        arrivals = arrivals_by_thread(stream) if sys.platform == "win32" else arrivals_by_select(stream)
        return _collect(arrivals, waiting, limit, silence, deadline)
    except OSError as error:
        raise FileError(f"stdin: {(error.strerror or str(error)).lower()}") from error


def arrivals_by_select(stream: BinaryIO) -> Arrivals:
    """What a file descriptor brings (POSIX: pipes, terminals and files alike)."""
    import select

    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return lambda _timeout: stream.read(_CHUNK)

    def arrive(timeout: float | None) -> bytes | None:
        if not select.select([descriptor], [], [], timeout)[0]:
            return None
        return os.read(descriptor, _CHUNK)

    return arrive


def arrivals_by_thread(stream: BinaryIO) -> Arrivals:
    """What a thread reads: Windows cannot wait for a pipe."""
    import queue
    import threading

    arrived: queue.Queue[bytes | OSError] = queue.Queue(maxsize=64)

    def pump() -> None:
        try:
            while chunk := stream.read(_CHUNK):
                arrived.put(chunk)
            arrived.put(b"")
        except OSError as error:
            arrived.put(error)

    threading.Thread(target=pump, daemon=True).start()

    def arrive(timeout: float | None) -> bytes | None:
        try:
            got = arrived.get(timeout=timeout)
        except queue.Empty:
            return None
        if isinstance(got, OSError):
            raise got
        return got

    return arrive


def _collect(
    arrivals: Arrivals, waiting: Callable[[], None], limit: int, silence: float, deadline: float | None
) -> bytes:
    data = bytearray()
    told = False
    heard_at = time.monotonic()
    while True:
        now = time.monotonic()
        if deadline is not None and now >= deadline:
            raise UsageError(
                "stdin did not end before the deadline; nothing was sent", hint="--no-stdin leaves stdin alone"
            )
        waits = [] if told else [heard_at + silence - now]
        waits += [] if deadline is None else [deadline - now]
        chunk = arrivals(max(0.0, min(waits)) if waits else None)
        if chunk is None:
            if not told and time.monotonic() - heard_at >= silence:
                told = True
                waiting()
        elif not chunk:
            return bytes(data)
        else:
            heard_at = time.monotonic()
            data += chunk
            if len(data) > limit:
                raise too_large("stdin", None, limit)
