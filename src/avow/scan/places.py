"""Where other clients keep their records, and whose a file is, judged by its content."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from avow.errors import UsageError, system_words
from avow.paths import expanded
from avow.scan.llm import MAGIC
from avow.scan.records import Client
from avow.wire.json_value import parse

_SNIFFED = 64 * 1024
_TRANSCRIPT_KEYS = frozenset({"sessionId", "uuid", "parentUuid", "leafUuid", "message"})
_QUOTED_KEYS = (b'"sessionId"', b'"uuid"', b'"parentUuid"')
_DATABASE_SUFFIXES = (".db", ".sqlite", ".sqlite3")


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file to read, and the client that wrote it."""

    path: Path
    client: Client
    size: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that could not be read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScanSources:
    """The files to read; `looked_in` are the folders and files that were tried."""

    sources: tuple[RecordFile, ...]
    unreadable: tuple[Unreadable, ...]
    looked_in: tuple[str, ...]


def default_paths(home: Path, environ: Mapping[str, str], platform: str = sys.platform) -> tuple[Path, ...]:
    """Where the clients keep their records on this platform by default, whether they exist or not."""
    config = _folder(environ, "XDG_CONFIG_HOME", home / ".config")
    claude = (
        [expanded(environ["CLAUDE_CONFIG_DIR"])]
        if environ.get("CLAUDE_CONFIG_DIR")
        else [home / ".claude", config / "claude"]
    )
    if environ.get("LLM_USER_PATH"):
        llm = [expanded(environ["LLM_USER_PATH"])]
    else:
        # As click.get_app_dir has it.
        folder = {
            "darwin": home / "Library" / "Application Support",
            "win32": Path(environ.get("APPDATA") or home),
        }.get(platform, config)
        llm = [folder / "io.datasette.llm"]
    return (*(folder / "projects" for folder in claude), *(folder / "logs.db" for folder in llm))


def find(paths: Sequence[Path] | None, *, home: Path, environ: Mapping[str, str]) -> ScanSources:
    """The files to read, each once, in order of their names.

    Raises UsageError for a given path that does not exist, or holds no records of either client. None stands for the
    default places, which need not exist.
    """
    sources: dict[str, RecordFile] = {}
    unreadable: list[Unreadable] = []
    looked_in = default_paths(home, environ) if paths is None else tuple(paths)
    for path in looked_in:
        if not path.exists():
            if paths is not None:
                raise UsageError(f"{path}: there is no such file or folder")
            continue
        found, failed = _sources(path)
        if paths is not None and not found and not failed:
            raise UsageError(
                f"{path}: neither a Claude Code transcript (*.jsonl) nor a log of llm (logs.db), nor a folder with any",
                hint="without a PATH, scan looks where these clients keep their records",
            )
        for source in found:
            sources.setdefault(os.path.realpath(source.path), source)
        unreadable.extend(failed)
    return ScanSources(tuple(sources.values()), tuple(unreadable), tuple(str(path) for path in looked_in))


def kind(path: Path) -> Client | None:
    """Whose records a file holds, judged by its first bytes; None where they are nobody's. Raises OSError where it
    cannot be read."""
    with path.open("rb") as file:
        head = file.read(_SNIFFED)
    if head.startswith(MAGIC):
        return Client.LLM
    *complete, rest = head.split(b"\n")
    return Client.CLAUDE_CODE if any(map(_is_record, complete)) or _may_be_record(rest) else None


def _sources(path: Path) -> tuple[list[RecordFile], list[Unreadable]]:
    found: list[RecordFile] = []
    failed: list[Unreadable] = []
    for each in _files(path, failed) if path.is_dir() else (path,):
        try:
            client = kind(each) if each.is_file() else None
            if client is not None:
                found.append(RecordFile(each, client, each.stat().st_size))
        except OSError as error:
            failed.append(Unreadable(str(each), system_words(error)))
    return found, failed


def _files(folder: Path, failed: list[Unreadable]) -> Iterator[Path]:
    def note(error: OSError) -> None:
        failed.append(Unreadable(str(error.filename), system_words(error)))

    for parent, folders, names in os.walk(folder, onerror=note):
        folders.sort()
        for name in sorted(names):
            if name.endswith((".jsonl", *_DATABASE_SUFFIXES)):
                yield Path(parent, name)


def _is_record(line: bytes) -> bool:
    if not line.lstrip().startswith(b"{"):
        return False
    try:
        record = parse(line)
    except ValueError:
        return False
    return isinstance(record, dict) and isinstance(record.get("type"), str) and not _TRANSCRIPT_KEYS.isdisjoint(record)


def _may_be_record(line: bytes) -> bool:
    """Whether a line may be a record whose end was not read: a first prompt may be longer than the part that is
    read."""
    is_long = len(line) > _SNIFFED // 2
    return _is_record(line) or (is_long and line.startswith(b"{") and any(key in line for key in _QUOTED_KEYS))


def _folder(environ: Mapping[str, str], name: str, default: Path) -> Path:
    value = environ.get(name, "")
    return Path(value) if value and Path(value).is_absolute() else default
