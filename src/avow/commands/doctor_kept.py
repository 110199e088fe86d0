"""The checks of `avow doctor` on the history, and on its push to a collector."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from avow.commands.doctor_finding import DoctorFinding
from avow.errors import AvowError
from avow.text.counts import counted
from avow.text.local_time import local

if TYPE_CHECKING:
    from avow.context import Context
    from avow.history.store import History
    from avow.settings.levels import Settings


_MOST_CHECKED_BYTES = 64_000_000
_PATIENCE_SECONDS = 2.0


def look(context: "Context", settings: "Settings") -> Iterator[DoctorFinding]:
    """Findings on the history's file, and on what waits for a collector."""
    path = context.paths.history_file
    if not settings.flag("history.enabled"):
        yield DoctorFinding("history", "kept", "note", "switched off")
    if not path.exists():
        yield DoctorFinding("history", "file", "ok", "none yet")
        return
    try:
        from avow.history.store import History

        history = History.open(path, read_only=True)  # as it is, not what could be saved of it
        found = history.read("PRAGMA quick_check(1)")
        problems = tuple(str(row[0]) for row in found if str(row[0]) != "ok")
        count = int(history.read("SELECT count(*) FROM exchange")[0][0])
        version = int(history.read("PRAGMA user_version")[0][0])
    except AvowError as error:
        yield DoctorFinding("history", "file", "broken", error.message, error.hint)
        return
    size = path.stat().st_size
    is_small = size <= _MOST_CHECKED_BYTES
    if not problems and is_small:
        problems = _found_by_repair(path)
    if problems:
        hint = "`avow history repair` saves what it can"
        yield DoctorFinding("history", "file", "broken", f"damaged: {problems[0]}", hint)
        return
    what = f"{counted(count, 'exchange')}, {size / 1e6:.1f} MB, schema {version}"
    if is_small:
        yield DoctorFinding("history", "file", "ok", f"whole; {what}")
    else:
        words = (
            "its pages are whole; `avow history repair` looks at rows, search index and sums too, which takes a while"
        )
        yield DoctorFinding("history", "file", "ok", f"{what}; {words}")
    yield from _pushes(context, settings, history)


def _found_by_repair(path: Path) -> tuple[str, ...]:
    """What `avow history repair` would find; empty where the file can only be read, because the check writes."""
    from avow.history import repair

    try:
        return repair.check(path, patience_seconds=_PATIENCE_SECONDS).problems
    except AvowError:
        return ()


def _pushes(context: "Context", settings: "Settings", history: "History") -> Iterator[DoctorFinding]:
    """How the last push after an exchange went; nobody saw its errors."""
    from avow.history.outbox import count_waiting
    from avow.telemetry.push_lock import last_push

    last = last_push(context.paths)
    if settings.text("telemetry.push") != "after" and (last is None or last.trouble is None):
        return
    count = count_waiting(history)
    wait = f"waiting to be sent: {counted(count, 'exchange')}"
    if last is None:
        yield DoctorFinding("telemetry", "push", "ok", f"no push after an exchange yet; {wait}")
        return
    moment = local(last.at)
    if last.trouble is None:
        yield DoctorFinding(
            "telemetry", "push", "ok", f"the last push after an exchange: {moment}, {last.sent} sent; {wait}"
        )
        return
    hint = "`avow history push` tries again, and says more"
    words = f"the last push after an exchange failed ({moment}): {last.trouble}; {wait}"
    yield DoctorFinding("telemetry", "push", "note", words, hint)
