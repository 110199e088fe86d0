"""The latest answers of a session that is running, read from the end of its transcript."""

import errno
import io
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from avow.scan import claude_code, claude_records
from avow.scan.records import PastAnswer, SkipCounts

_FIRST = 64 * 1024
_MOST = 16 * 1024 * 1024
_TRIES = 8
_MARKS = {
    b'_fallback"': (b'"model_refusal_fallback"', b'"model_fallback"', b'"model_consent_fallback"'),
    b"Set model to ": (b"<local-command-stdout>Set model to ", b"Set model to \\u001b"),
}
"""What the records hold that say which model is asked from then on, each below what is looked for: a search through a
long transcript costs more than all else here."""


class Latest(NamedTuple):
    """Answers, in order, and where in the file the whole lines end (the place of the next look)."""

    answers: list[PastAnswer]
    end: int


def since(path: Path, place: int | None) -> Latest:
    """The answers after `place`, as an earlier look left it; None: those to the last prompt. Raises OSError."""
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        begin = place if place is not None and place <= size else _last_prompt(file, size)
        return _read(file, str(path), max(begin, size - _MOST))


def last(path: Path) -> PastAnswer | None:
    """The last answer; None where the file has none near its end. Raises OSError."""
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        for begin in _steps(size):
            found = _read(file, str(path), begin).answers
            # The first one of a part may lack records that stand before it.
            if len(found) > 1 or (found and (begin == 0 or _has_prompt(file, begin))):
                return found[-1]
        return found[-1] if size and found else None


def _opened(path: Path) -> BinaryIO:
    """The file for reading. Raises OSError: for a pipe or a device too, which may keep silent, or never end."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "no ordinary file")
    return path.open("rb")


def _read(file: BinaryIO, source: str, begin: int) -> Latest:
    file.seek(begin)
    data = file.read()
    if begin and not _begins_line(file, begin):
        skipped = data.find(b"\n") + 1
        data, begin = data[skipped:], begin + skipped
    whole = data[: data.rfind(b"\n") + 1]
    before = b"".join(_choices(file, begin)) if begin else b""
    answers = list(claude_code.read(io.BytesIO(before + whole), source, SkipCounts()))
    return Latest(answers, begin + len(whole))


def _begins_line(file: BinaryIO, place: int) -> bool:
    file.seek(place - 1)
    return file.read(1) == b"\n"


def _steps(size: int) -> Iterator[int]:
    """Where ever larger parts of the end begin."""
    part = _FIRST
    while part < min(size, _MOST):
        yield size - part
        part *= 4
    yield max(0, size - _MOST)


def _last_prompt(file: BinaryIO, size: int) -> int:
    for begin in _steps(size):
        if (found := _prompt_after(file, begin)) is not None:
            return found
    return max(0, size - _MOST)


def _has_prompt(file: BinaryIO, begin: int) -> bool:
    return _prompt_after(file, begin) is not None


def _prompt_after(file: BinaryIO, begin: int) -> int | None:
    """Where the last prompt after `begin` stands."""
    file.seek(begin)
    data = file.read()
    end = data.rfind(b"\n")
    while end > 0:
        start = data.rfind(b"\n", 0, end) + 1
        if (start > 0 or begin == 0) and claude_records.is_prompt(data[start:end]):
            return begin + start
        end = start - 1
    return None


def _choices(file: BinaryIO, before: int) -> list[bytes]:
    """The last records before a place that say which model is asked, in order."""
    found: dict[int, bytes] = {}
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for seam, marks in _MARKS.items():
            tries = dict.fromkeys(marks, _TRIES)
            at = before
            while tries and (at := data.rfind(seam, 0, at)) >= 0:
                start = data.rfind(b"\n", 0, at) + 1
                line = data[start : data.find(b"\n", at) + 1]
                for mark in [mark for mark in tries if mark in line]:
                    if claude_records.says_choice(line):
                        found[start] = line
                        del tries[mark]
                    elif tries[mark] == 1:
                        del tries[mark]
                    else:
                        tries[mark] -= 1
                at = start
    return [found[start] for start in sorted(found)]
