"""The latest answers of a running session, read from the end of its transcript."""

import errno
import io
import mmap
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from avow.scan import claude_code, claude_records
from avow.scan.lines import LIMIT
from avow.scan.records import PastAnswer, SkipCounts

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_FIRST = 64 * 1024
_MOST = 16 * 1024 * 1024
_MOST_SINCE = 64 * 1024 * 1024
"""Bytes between two looks that are read: a turn that works for hours may write more than what a first look reads."""
_TRIES = 8
_CHECKED = 4096
_RENEWED = 4 * 1024 * 1024
_MARKS = {
    b'_fallback"': (b'"model_refusal_fallback"', b'"model_fallback"', b'"model_consent_fallback"'),
    b"Set model to ": (b"<local-command-stdout>Set model to ", b"Set model to \\u001b"),
}
"""What the records hold that say which model is asked from then on, each below what is looked for: a search through a
long transcript costs more than all else here."""


class Reached(NamedTuple):
    """How far a file was read, kept for the next time.

    `end`, in bytes: where its whole lines ended. `file`, its inode, and `check`, a CRC 32 of the last bytes before
    `end`, tell whether it is the same file. `choices`: where the last records before `end` begin that say which model
    is asked, by what they hold. `newest`: the time of the newest answer.
    """

    end: int
    file: int = 0
    check: int = 0
    choices: tuple[tuple[str, int], ...] = ()
    newest: str = ""


BEGINNING = Reached(0)


class Latest(NamedTuple):
    """Answers in order, and how far the file was read."""

    answers: list[PastAnswer]
    place: Reached


def since(path: Path, seen: Reached | None) -> Latest:
    """The answers after what an earlier look has `seen`; None: those after the last prompt. In a file that was replaced
    or rewritten: those newer than all answers of the earlier look. Raises OSError."""
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if seen is None:
            return _read(file, str(path), max(_last_prompt(file, size), size - _MOST))
        if _is_same(file, seen):
            return _read(file, str(path), max(seen.end, size - _MOST_SINCE), seen)
        answers, place = _read(file, str(path), max(0, size - _MOST_SINCE))
        new = [each for each in answers if each.time is None or each.time > seen.newest]
        return Latest(new, place._replace(newest=max(place.newest, seen.newest)))


def last(path: Path, seen: Reached | None = None) -> tuple[PastAnswer | None, Reached | None]:
    """The last answer, None where there is none near the end of the file; and, for a long file, what saves the next
    call from searching all of it. Raises OSError."""
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        known = seen if seen is not None and _is_same(file, seen) else None
        if size - (known.end if known else 0) > _MOST + _RENEWED:
            known = _placed(file, _line_begin(file, size - _MOST), known or BEGINNING)
        found: list[PastAnswer] = []
        for begin in _steps(size):
            found = _read(file, str(path), begin, known if known and known.end <= begin else BEGINNING).answers
            # The first one of a part may lack records that stand before it.
            if len(found) > 1 or (found and (begin == 0 or _has_prompt(file, begin))):
                break
        return (found[-1] if found else None), known


def _opened(path: Path) -> BinaryIO:
    """The file, opened for reading. Raises OSError, also for a pipe or a device, which may stay silent or never end."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file")
    return path.open("rb")


def _read(file: BinaryIO, source: str, begin: int, seen: Reached = BEGINNING) -> Latest:
    """The answers in the whole lines after `begin`, by the choices before it; `seen` is a place before it."""
    begin = _line_begin(file, begin)
    known = _placed(file, begin, seen)
    end = _last_line_end(file, begin)
    starts = sorted({start for _, start in known.choices})
    before = b"".join(_line_at(file, start) for start in starts)
    file.seek(begin)
    lines = io.BufferedReader(_Stretch(before, file, end - begin), _FIRST)
    answers = list(claude_code.read(lines, source, SkipCounts()))
    newest = max((each.time for each in answers if each.time), default="")
    place = _placed(file, end, known)
    return Latest(answers, place._replace(newest=max(newest, seen.newest)))


class _Stretch(io.RawIOBase):
    """Some bytes, and after them the next `length` of a file."""

    def __init__(self, before: bytes, file: BinaryIO, length: int) -> None:
        super().__init__()
        self._before = io.BytesIO(before)
        self._file = file
        self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer)
        data = self._before.read(len(view))
        if not data:
            data = self._file.read(min(len(view), self._left))
            self._left -= len(data)
        view[: len(data)] = data
        return len(data)


def _is_same(file: BinaryIO, seen: Reached) -> bool:
    """Whether it is the file that was read to this place, with more behind it at most."""
    facts = os.fstat(file.fileno())
    return facts.st_ino == seen.file and facts.st_size >= seen.end and _check(file, seen.end) == seen.check


def _check(file: BinaryIO, end: int) -> int:
    begin = max(0, end - _CHECKED)
    file.seek(begin)
    return zlib.crc32(file.read(end - begin))


def _placed(file: BinaryIO, end: int, seen: Reached) -> Reached:
    """A place in this file, after one that is known."""
    if end == seen.end and seen.file:
        return seen
    choices = dict(seen.choices) | (_choices(file, seen.end, end) if end > seen.end else {})
    inode = os.fstat(file.fileno()).st_ino
    return Reached(end, inode, _check(file, end), tuple(choices.items()), seen.newest)


def _line_begin(file: BinaryIO, place: int) -> int:
    """Where the first line begins at or after a place."""
    if place <= 0:
        return 0
    file.seek(place - 1)
    while (piece := file.readline(_FIRST)) and not piece.endswith(b"\n"):
        pass
    return file.tell()


def _last_line_end(file: BinaryIO, begin: int) -> int:
    """Where the whole lines after `begin` end; the last one may still be in the making."""
    end = file.seek(0, os.SEEK_END)
    while end > begin:
        start = max(begin, end - _FIRST)
        file.seek(start)
        if (found := file.read(end - start).rfind(b"\n")) >= 0:
            return start + found + 1
        end = start
    return begin


def _line_at(file: BinaryIO, start: int) -> bytes:
    file.seek(start)
    return file.readline(LIMIT)


def _steps(size: int) -> Iterator[int]:
    """Where larger and larger parts of the end begin."""
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
    """Where the last prompt after `begin` is."""
    file.seek(begin)
    data = file.read()
    end = data.rfind(b"\n")
    while end > 0:
        start = data.rfind(b"\n", 0, end) + 1
        if (start > 0 or begin == 0) and claude_records.is_prompt(data[start:end]):
            return begin + start
        end = start - 1
    return None


def _choices(file: BinaryIO, after: int, before: int) -> dict[str, int]:
    """Where the last records between two places begin that say which model is asked, by what they hold."""
    found: dict[str, int] = {}
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for seam, marks in _MARKS.items():
            tries = dict.fromkeys(marks, _TRIES)
            at = before
            while tries and (at := data.rfind(seam, after, at)) >= 0:
                start = data.rfind(b"\n", after, at) + 1 or after
                line = data[start : data.find(b"\n", at) + 1]
                for mark in [mark for mark in tries if mark in line]:
                    if claude_records.says_choice(line):
                        found[mark.decode()] = start
                        del tries[mark]
                    elif tries[mark] == 1:
                        del tries[mark]
                    else:
                        tries[mark] -= 1
                at = start
    return found
