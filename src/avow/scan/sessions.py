"""Sessions: which files hold one, and which has the newest answer. Only the ends of a few files are read."""

from collections.abc import Sequence
from pathlib import Path

from avow.errors import UsageError
from avow.scan import llm
from avow.scan.claude_records import SUBAGENTS, is_answer, session_of
from avow.scan.ending import lines_from_end
from avow.scan.moment import utc
from avow.scan.places import RecordFile
from avow.scan.records import Client
from avow.wire.json_value import parse, text

LAST = "last"
_CLOCKS_APART_S = 2


def newest(sources: Sequence[RecordFile]) -> str:
    """The session with the newest answer. Raises UsageError where no session has an answer."""
    best: tuple[str, str] | None = None
    for source in sorted(sources, key=_changed, reverse=True):
        if best is not None and _changed(source) + _CLOCKS_APART_S < _seconds(best[0]):
            break  # no file has an answer that is newer than the file itself
        found = _newest_in(source)
        if found is not None and (best is None or found > best):
            best = found
    if best is None:
        raise UsageError("there is no session yet", hint="`avow scan` says where it looks")
    return best[1]


def holding(sources: Sequence[RecordFile], session: str) -> list[RecordFile]:
    """The files of the session with this name; all files where none has that name."""
    named = [source for source in sources if _is_named(source.path, session)]
    return named or list(sources)


def check_one(sessions: set[str], session: str) -> None:
    """Raises UsageError where `session` is the beginning of several ids, or of none."""
    if not sessions:
        raise UsageError(
            f"no session `{session}` has an answer",
            hint="`avow scan --jsonl` has the id of each answer's session",
        )
    if len(sessions) > 1 and session not in sessions:
        raise UsageError(
            f"{len(sessions)} sessions have ids that begin with `{session}`",
            hint=f"give more of the id: {min(sessions)}",
        )


def _newest_in(source: RecordFile) -> tuple[str, str] | None:
    """(time, session) of the last answer in a file."""
    try:
        if source.client is Client.LLM:
            return llm.newest(source.path)
        with source.path.open("rb") as file:
            for line in lines_from_end(file):
                found = _of_record(line, source) if is_answer(line) else None
                if found is not None:
                    return found
    except (OSError, llm.NotALog):
        pass  # the scan itself says that it cannot be read
    return None


def _of_record(line: bytes, source: RecordFile) -> tuple[str, str] | None:
    try:
        record = parse(line)
    except ValueError:
        return None
    if not isinstance(record, dict) or record.get("type") != "assistant":
        return None
    time = utc(record.get("timestamp"))
    session = text(record.get("sessionId")) or session_of(str(source.path))
    return (time, session) if time and session else None


def _is_named(path: Path, session: str) -> bool:
    name = path.parts[-3] if len(path.parts) > 2 and path.parent.name == SUBAGENTS else path.stem
    return name.startswith(session)


def _changed(source: RecordFile) -> float:
    try:
        return source.path.stat().st_mtime
    except OSError:
        return 0.0


def _seconds(time: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(time).timestamp()
