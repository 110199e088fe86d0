"""A scan: every past answer in the given places, one by one, and the report once all are read."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import assert_never

from avow.errors import system_words
from avow.scan import claude_code, llm, sessions
from avow.scan.places import RecordFile, Unreadable, find
from avow.scan.records import Client, PastAnswer, SkipCounts
from avow.scan.report import ReportTally, ScanReport
from avow.scan.selection import EVERY_ANSWER, Selection

_BUFFER = 1024 * 1024
_PROGRESS_STEP = 4 * 1024 * 1024

Progress = Callable[[int, int], None]
"""Called with bytes read so far and bytes in all."""


class Scan(Iterator[PastAnswer]):
    """The answers as they are read; `report()` adds up those that came so far."""

    def __init__(
        self,
        paths: Sequence[Path] | None,
        home: Path,
        environ: Mapping[str, str],
        on_progress: Progress | None,
        selection: Selection,
    ) -> None:
        found = find(paths, home=home, environ=environ)
        self._sources: Sequence[RecordFile] = found.sources
        self._selection = selection
        self._sessions: set[str] = set()
        if selection.session is not None:
            if selection.session == sessions.LAST:
                self._selection = selection._replace(session=sessions.newest(found.sources))
            self._sources = sessions.holding(found.sources, self._selection.session or "")
        self._looked_in = found.looked_in
        self._unreadable = list(found.unreadable)
        self._on_progress = on_progress
        self._bytes_total = sum(source.size for source in self._sources)
        self._bytes_done = 0
        self._files_read = 0
        self._counts = SkipCounts()
        self._tally = ReportTally()
        self._seen: set[int] = set()
        self._answers = self._read()

    def __iter__(self) -> "Scan":
        return self

    def __next__(self) -> PastAnswer:
        return next(self._answers)

    def report(self) -> ScanReport:
        """What was found so far; everything, once the iteration has ended."""
        return self._tally.report(
            files_read=self._files_read,
            bytes_read=self._bytes_done,
            counts=self._counts,
            unreadable=self._unreadable,
            looked_in=self._looked_in,
        )

    def _read(self) -> Iterator[PastAnswer]:
        for source in self._sources:
            before = self._bytes_done
            try:
                for answer in self._read_one(source):
                    if self._is_new(answer) and self._is_meant(answer):
                        self._tally.add(answer)
                        yield answer
            except OSError as error:
                self._unreadable.append(Unreadable(str(source.path), system_words(error)))
            except llm.NotALog as error:
                self._unreadable.append(Unreadable(str(source.path), str(error)))
            else:
                self._files_read += 1
            self._progress(before + source.size)
        if self._selection.session is not None:
            sessions.check_one(self._sessions, self._selection.session)

    def _is_meant(self, answer: PastAnswer) -> bool:
        selection = self._selection
        if selection.session is not None and answer.session and answer.session.startswith(selection.session):
            self._sessions.add(answer.session)
        return selection.has(answer)

    def _read_one(self, source: RecordFile) -> Iterator[PastAnswer]:
        match source.client:
            case Client.LLM:
                yield from llm.read(source.path, self._counts)
            case Client.CLAUDE_CODE:
                with source.path.open("rb", buffering=_BUFFER) as file:
                    yield from claude_code.read(file, str(source.path), self._counts, self._advance)
            case other:
                assert_never(other)

    def _is_new(self, answer: PastAnswer) -> bool:
        """Whether this answer did not occur before: a resumed or forked session copies what came before it."""
        if not (answer.message_id or answer.request_id) or answer.time is None:
            return True
        if answer.client is not Client.CLAUDE_CODE:
            return True
        key = hash((answer.message_id, answer.request_id, answer.time))
        if key in self._seen:
            self._counts.duplicates += 1
            return False
        self._seen.add(key)
        return True

    def _advance(self, size: int) -> None:
        step = self._bytes_done // _PROGRESS_STEP
        self._bytes_done += size
        if self._bytes_done // _PROGRESS_STEP != step:
            self._progress(self._bytes_done)

    def _progress(self, done: int) -> None:
        self._bytes_done = done
        if self._on_progress:
            self._on_progress(min(done, self._bytes_total), self._bytes_total)


def scan(
    paths: Sequence[Path] | None,
    *,
    home: Path,
    environ: Mapping[str, str] | None = None,
    on_progress: Progress | None = None,
    selection: Selection = EVERY_ANSWER,
) -> Scan:
    """Read what Claude Code and llm left in `paths` (files or folders), or in their default places below `home`. Only
    the selected answers are given and counted; the selection's session may be `last`, the one with the newest answer.

    Raises UsageError before anything is read for a given path without records of either client; at the end for a
    session that does not exist.
    """
    return Scan(paths, home, os.environ if environ is None else environ, on_progress, selection)
