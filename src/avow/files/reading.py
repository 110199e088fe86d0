"""Reading what the user names: a file, an open pipe or stdin; bounded in size and time, decoded by one rule."""

import os
import stat
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

from avow.errors import UnreadableFile, system_words
from avow.paths import expanded
from avow.values import NamedTuple

SILENCE_S = 3.0
_CHUNK = 1 << 16
_BOM_UTF16 = (b"\xff\xfe", b"\xfe\xff")
# Devices that are read like a pipe: a terminal, and nothing at all. Any other may never end, or do something.
_DEVICES = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/", "/dev/tty", os.devnull)

Arrivals = Callable[[float | None], bytes | None]
"""Waits at most that many seconds: the next bytes, empty at the end, None where none came."""

Inspect = Callable[[os.stat_result], None]
"""Looks at the file that was opened, and raises where it may not be used."""


class SizeLimit(NamedTuple):
    """The most bytes that are read, and whose limit that is, in words."""

    size: int
    words: str = "avow reads from such a file"


SMALL = SizeLimit(1 << 20)
"""For what a person writes by hand: a config, a scenario, a schema."""


def _untold(_text: str) -> None:
    """Says nothing."""


class PipeWait(NamedTuple):
    """How long a pipe may stay open: until that moment of `time.monotonic` (None: without limit). `notice` is called
    with one line if nothing arrived for `silence` seconds."""

    until: float | None = None
    notice: Callable[[str], None] = _untold
    silence: float = SILENCE_S


PATIENT = PipeWait()
"""Waits without limit, and says nothing."""


def read_file(
    path: str | Path,
    place: str | None = None,
    *,
    most: SizeLimit = SMALL,
    wait: PipeWait | None = None,
    inspect: Inspect | None = None,
) -> bytes:
    """The bytes of the file at `path`; `place` is what errors call it. A leading `~` is the home folder, unless
    there is a file of that name.

    A pipe is read where `wait` says how long, a named one too, whose writer may come later. Without a `wait` only a
    regular file is: nothing avow finds by itself may hold it up. Raises UnreadableFile.
    """
    place = str(path) if place is None else place
    try:
        there = expanded(str(path))
        facts = there.stat()
        if stat.S_ISREG(facts.st_mode):
            return _regular(there, place, most, inspect)
        check_kind(facts.st_mode, str(path), place, pipes=wait is not None)
        return _piped(there, stat.S_ISFIFO(facts.st_mode), place, most, wait or PATIENT)
    except (OSError, ValueError) as error:
        raise unreadable(place, error) from error


def read_text(
    path: str | Path, place: str | None = None, *, most: SizeLimit = SMALL, wait: PipeWait | None = None
) -> str:
    """The text in the file at `path`, by the rule of `as_text`; the same errors as both."""
    return as_text(read_file(path, place, most=most, wait=wait), str(path) if place is None else place)


def read_stdin(
    stream: BinaryIO | None, *, most: SizeLimit, wait: PipeWait, skip: str | None = "--no-stdin skips it"
) -> bytes:
    """All bytes of stdin, unchanged; empty where it is closed (None). `skip` says how to do without it.

    Raises UnreadableFile past the deadline, where there is too much of it, and where it cannot be read.
    """
    if stream is None:
        return b""
    try:
        return _collect(_arrivals(stream), "stdin", most, wait, skip)
    except OSError as error:
        raise unreadable("stdin", error) from error


def as_text(data: bytes, place: str) -> str:
    """The text that `data` holds: UTF-8, without a byte order mark, its lines ended by `\\n` where they were by
    `\\r\\n`.

    Raises UnreadableFile for another encoding and for NUL, which no text holds.
    """
    return decoded(data, place).replace("\r\n", "\n")


def decoded(data: bytes, place: str) -> str:
    """As `as_text`, with the ends of the lines as they are: for a file that is going to be written again."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wrong = f"this is not UTF-8 text (byte {error.start:,} is 0x{data[error.start]:02x})"
        is_utf16 = data.startswith(_BOM_UTF16)
        hint = "convert it: iconv -f UTF-16 -t UTF-8" if is_utf16 else "save it as UTF-8"
        raise UnreadableFile(f"{_in_line(place, data, error.start)}: {wrong}", hint=hint) from None
    if "\0" in text:
        offset = data.index(b"\0")
        raise UnreadableFile(
            f"{_in_line(place, data, offset)}: this is not text (byte {offset:,} is NUL)", hint="name a text file"
        )
    return text


def too_large(place: str, size: int | None, most: SizeLimit) -> UnreadableFile:
    """The error for what is over the limit; `size` None where reading stopped there."""
    told = "it is larger" if size is None else f"{size:,} bytes is more"
    return UnreadableFile(f"{place}: {told} than {most.words} ({most.size:,} bytes)", hint="take a smaller file")


# -- a file ---------------------------------------------------------------------------------------------------


def _regular(path: Path, place: str, most: SizeLimit, inspect: Inspect | None) -> bytes:
    # O_NONBLOCK: a pipe may have taken the file's place since it was looked at.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb", buffering=0) as stream:
        facts = os.fstat(stream.fileno())
        if inspect is not None:
            inspect(facts)
        if facts.st_size > most.size:
            raise too_large(place, facts.st_size, most)
        data = bytearray()
        while chunk := stream.read(min(1 << 20, most.size + 1 - len(data))):
            data += chunk
            if len(data) > most.size:  # it grew, or has no size (/proc)
                raise too_large(place, None, most)
        return bytes(data)


def check_kind(mode: int, path: str, place: str, *, pipes: bool) -> None:
    """Raise UnreadableFile for what is neither a regular file nor, where they may be read, a pipe."""
    if stat.S_ISDIR(mode):
        raise UnreadableFile(f"{place}: this is a folder", hint="name a file in it")
    if stat.S_ISFIFO(mode):
        if not pipes:
            raise UnreadableFile(f"{place}: this is a pipe, not a file", hint="put a file there")
    elif not (stat.S_ISCHR(mode) and pipes and path.startswith(_DEVICES)):
        kind = "socket" if stat.S_ISSOCK(mode) else "device"
        raise UnreadableFile(f"{place}: this is a {kind}, not a file", hint="name a file, or a pipe: <(command)")


def unreadable(place: str, error: Exception) -> UnreadableFile:
    """What is said of a file that the system does not open or read."""
    if isinstance(error, FileNotFoundError):
        return UnreadableFile(f"{place}: there is no such file", hint="check the path", missing=True)
    if isinstance(error, PermissionError):
        return UnreadableFile(f"{place}: this user may not read it", hint="change who may read it (chmod)")
    if isinstance(error, OSError):
        return UnreadableFile(f"{place}: it cannot be read: {system_words(error)}")
    return UnreadableFile(f"{place}: this is not a path: {system_words(error)}", hint="check the path")


def _in_line(place: str, data: bytes, offset: int) -> str:
    return f"{place}:{data.count(10, 0, offset) + 1}"


# -- what comes bit by bit ------------------------------------------------------------------------------------


def _piped(path: Path, is_pipe: bool, place: str, most: SizeLimit, wait: PipeWait) -> bytes:
    if is_pipe:
        # Opening waits for a writer, in a thread: whether one has come yet, no system call tells alike everywhere.
        return _collect(arrivals_by_thread(lambda: path.open("rb", buffering=0)), place, most, wait)
    with path.open("rb", buffering=0) as stream:
        return _collect(_arrivals(stream), place, most, wait)


def _arrivals(stream: BinaryIO) -> Arrivals:
    if sys.platform == "win32":
        return arrivals_by_thread(lambda: nullcontext(stream))
    return arrivals_by_select(stream)


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


def arrivals_by_thread(opened: Callable[[], AbstractContextManager[BinaryIO]]) -> Arrivals:
    """What a thread reads from what it opens: Windows cannot wait for a pipe, nor can any system for one without a
    writer. The thread is left behind where nobody asks any more; it does not keep the process."""
    import queue
    import threading

    arrived: queue.Queue[bytes | OSError] = queue.Queue(maxsize=64)

    def pump() -> None:
        try:
            with opened() as stream:
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


def _collect(arrivals: Arrivals, place: str, most: SizeLimit, wait: PipeWait, skip: str | None = None) -> bytes:
    data = bytearray()
    told = False
    heard_at = time.monotonic()
    while True:
        now = time.monotonic()
        if wait.until is not None and now >= wait.until:
            hint = skip or "a longer --deadline waits longer"
            raise UnreadableFile(f"{place}: it did not end before the deadline", hint=hint)
        waits = [] if told else [heard_at + wait.silence - now]
        waits += [] if wait.until is None else [wait.until - now]
        chunk = arrivals(max(0.0, min(waits)) if waits else None)
        if chunk is None:
            if not told and time.monotonic() - heard_at >= wait.silence:
                told = True
                wait.notice(f"waiting for {place} to end" + (f"; {skip}" if skip else ""))
        elif not chunk:
            return bytes(data)
        else:
            heard_at = time.monotonic()
            data += chunk
            if len(data) > most.size:
                raise too_large(place, None, most)
