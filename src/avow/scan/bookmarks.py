"""What a look at a running session has read and reported, kept for the next look: a small file a session."""

import json
import os
import time
import zlib
from pathlib import Path
from typing import NamedTuple

from avow.paths import make_private
from avow.wire.json_value import obj, parse, text

FOLDER = "looks"
KEPT_S = 30 * 24 * 3600
_MOST_TOLD = 500
_LONGEST = 100
_TROUBLE = "trouble.json"


class Bookmark(NamedTuple):
    """`places`: by a file's name, the place to which it was read; `told`: the ids of answers that were reported."""

    places: dict[str, int]
    told: tuple[str, ...] = ()


def load(folder: Path, session: str) -> Bookmark | None:
    """The last look at a session; None for the first. A damaged file counts as a missing one."""
    value = _read(_file(folder, session))
    if value is None:
        return None
    places = {name: place for name, place in obj(value.get("places")).items() if type(place) is int and place >= 0}
    told = value.get("told")
    return Bookmark(places, tuple(each for each in told if isinstance(each, str)) if isinstance(told, list) else ())


def save(folder: Path, session: str, look: Bookmark) -> None:
    """Keep a look, and drop those that are old. Raises OSError."""
    _write(_file(make_private(folder), session), {"places": look.places, "told": look.told[-_MOST_TOLD:]})
    oldest = time.time() - KEPT_S
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.stat().st_mtime < oldest:
                Path(entry.path).unlink(missing_ok=True)


def note_trouble(folder: Path, words: str) -> None:
    """Keep what went wrong, for `avow doctor`. Raises OSError."""
    _write(make_private(folder) / _TROUBLE, {"at": time.time(), "what": words[:500]})


def trouble(folder: Path) -> tuple[float, str] | None:
    """(Unix time, words) of what last went wrong; None where nothing did, or long ago."""
    value = _read(folder / _TROUBLE)
    at, words = (value.get("at"), text(value.get("what"))) if value else (None, None)
    if not isinstance(at, int | float) or words is None or at < time.time() - KEPT_S:
        return None
    return float(at), words


def _file(folder: Path, session: str) -> Path:
    # An id is a name of a file already; what is not may lead nowhere else. (`hashlib` takes 5 ms to load.)
    plain = session.isascii() and session.replace("-", "").isalnum() and len(session) <= _LONGEST
    name = session if plain else f"x{zlib.crc32(session.encode('utf-8', 'replace')):08x}"
    return folder / f"{name}.look.json"


def _read(path: Path) -> dict[str, object] | None:
    try:
        value = parse(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _write(path: Path, value: object) -> None:
    spare = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file)
    spare.replace(path)
