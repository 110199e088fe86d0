"""Opening what the user names, to be read or written piece by piece; a named pipe waits for its other end."""

import errno
import os
import stat
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from avow.background import Latch, later
from avow.errors import UsageError, system_words
from avow.files.reading import PATIENT, PipeWait, check_kind, unreadable
from avow.paths import expanded

_POLL_S = 0.02
NO_STREAMS: Mapping[str, BinaryIO | None] = MappingProxyType({})


def open_to_read(path: str, place: str, wait: PipeWait = PATIENT) -> BinaryIO:
    """A file, or a pipe, which is waited for until somebody writes it; `place` is what errors call it. Raises
    UnreadableFile as `read_file` does, but for the size."""
    told = Latch()
    try:
        there = expanded(path)
        mode = there.stat().st_mode
        if not stat.S_ISREG(mode):
            check_kind(mode, path, place, pipes=True)
        if stat.S_ISFIFO(mode):
            told = later(wait.silence, lambda: wait.notice(f"waiting for a program to write {place}"))
        return there.open("rb")
    except (OSError, ValueError) as error:
        raise unreadable(place, error) from None
    finally:
        told.set()


def open_to_write(
    path: str, place: str, wait: PipeWait = PATIENT, *, appends: bool = False, is_private: bool = False
) -> int:
    """The descriptor of a file, which is made, and emptied unless it `appends`; or of a pipe, which is waited for until
    somebody reads it. Raises UsageError."""
    try:
        how = os.O_APPEND if appends else os.O_TRUNC
        return _opened(expanded(path), place, wait, how, 0o600 if is_private else 0o666)
    except (OSError, ValueError) as error:
        raise unwritable(place, error) from None


def check_apart(
    written: Mapping[str, str | None],
    read: Iterable[str | None],
    *,
    kept: Iterable[Path] = (),
    streams: Mapping[str, BinaryIO | None] = NO_STREAMS,
) -> None:
    """Raise UsageError if a file to be written (by the option that names it) is also read, is one in which avow keeps
    its own data (`kept`), is what stdin, stdout or stderr (`streams`, by name) stand for, or is written by another
    option: it would be lost. Pipes and devices may be named twice."""
    taken = {id_: f"{path} is read too, and would be lost" for path in read if path and (id_ := _identity(path))}
    taken |= {id_: f"{path} has data of avow's own, which would be lost" for path in kept if (id_ := _identity(path))}
    for name, stream in streams.items():
        if id_ := _identity_of_stream(stream):
            how = "is read from" if name == "stdin" else "is written to"
            taken[id_] = f"{name} {how} this file too, and something would be lost"
    for option, path in written.items():
        id_ = _identity(path) if path else None
        if path is None or id_ is None:
            continue
        if id_ in taken:
            raise UsageError(f"{option} {path}: {taken[id_]}", hint="name another file")
        taken[id_] = f"{option} {path} is written too, and would be lost"


def is_written_to(stream: BinaryIO | None, path: Path) -> bool:
    """Whether a stream is the file at `path`."""
    id_ = _identity_of_stream(stream)
    return id_ is not None and id_ == _identity(path)


def _identity(path: str | Path) -> tuple[int, int] | str | None:
    """What two names of one file have in common; None for what is no file."""
    there = expanded(path) if isinstance(path, str) else path
    try:
        return _identity_by(there.stat())
    except (OSError, ValueError):
        with suppress(OSError, ValueError):  # the folder one stands in may be gone
            return os.path.realpath(there)  # a link that leads nowhere makes the file that it names
    return None


def _identity_of_stream(stream: BinaryIO | None) -> tuple[int, int] | None:
    try:
        return _identity_by(os.fstat(stream.fileno())) if stream is not None else None
    except (OSError, ValueError):
        return None


def _identity_by(facts: os.stat_result) -> tuple[int, int] | None:
    return (facts.st_dev, facts.st_ino) if stat.S_ISREG(facts.st_mode) else None


def unwritable(place: str, error: Exception) -> UsageError:
    """What is said of a file that cannot be opened to be written."""
    return UsageError(f"{place}: it cannot be written: {system_words(error)}", hint="name another file")


def _opened(path: "os.PathLike[str]", place: str, wait: PipeWait, how: int, mode: int) -> int:
    flags = os.O_WRONLY | os.O_CREAT | how | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    begun = time.monotonic()
    told = False
    while True:
        try:
            descriptor = os.open(path, flags, mode)
            break
        except OSError as error:
            if error.errno != errno.ENXIO or not stat.S_ISFIFO(os.stat(path).st_mode):  # noqa: PTH116
                raise
        now = time.monotonic()
        if wait.until is not None and now >= wait.until:
            raise ValueError("no program read this pipe before the deadline")
        if not told and now - begun >= wait.silence:
            told = True
            wait.notice(f"waiting for a reader of {place}")
        time.sleep(_POLL_S)
    if hasattr(os, "set_blocking"):
        os.set_blocking(descriptor, True)
    return descriptor
