"""What a look at a running session has read and reported, kept for the next look, in a small file for each session."""

import json
import os
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from avow.files.locking import try_lock
from avow.paths import make_private
from avow.scan.latest import Reached
from avow.wire.json_value import obj, parse, text

FOLDER = "looks"
KEPT_S = 30 * 24 * 3600
_MOST_TOLD = 500
_LONGEST = 100
_MOMENT_S = 0.5
_TROUBLE = "trouble.json"


class Bookmark(NamedTuple):
    """`places` says how far each file was read, by the file's name; `told` are the ids of reported answers."""

    places: dict[str, Reached]
    told: tuple[str, ...] = ()


def load(folder: Path, session: str, kind: str = "look") -> Bookmark | None:
    """The last look at a session; None before the first. A damaged file counts as missing."""
    value = _read(_file(folder, session, kind))
    if value is None:
        return None
    places = {name: place for name, kept in obj(value.get("places")).items() if (place := _place(obj(kept)))}
    told = value.get("told")
    return Bookmark(places, tuple(each for each in told if isinstance(each, str)) if isinstance(told, list) else ())


def save(folder: Path, session: str, look: Bookmark, kind: str = "look") -> None:
    """Keep a look, and delete old ones. Raises OSError."""
    places = {name: place._asdict() | {"choices": dict(place.choices)} for name, place in look.places.items()}
    _write(_file(make_private(folder), session, kind), {"places": places, "told": look.told[-_MOST_TOLD:]})
    oldest = time.time() - KEPT_S
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # another look has dropped it, or given it its name
                if entry.stat().st_mtime < oldest:
                    Path(entry.path).unlink()


@contextmanager
def alone(folder: Path, session: str) -> Iterator[None]:
    """Keep other looks at a session out; the system lets them in when this process ends, however it does. Who has
    waited for half a second goes on all the same: told twice is better than not at all, and the session waits."""
    descriptor = None
    with suppress(OSError):
        descriptor = os.open(_file(make_private(folder), session, "lock"), os.O_WRONLY | os.O_CREAT, 0o600)
        os.utime(descriptor)  # so that it is not dropped as old
    try:
        end = time.monotonic() + _MOMENT_S
        while descriptor is not None and not try_lock(descriptor) and time.monotonic() < end:
            time.sleep(0.005)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def note_trouble(folder: Path, words: str) -> None:
    """Keep what went wrong, for `avow doctor`. Raises OSError."""
    _write(make_private(folder) / _TROUBLE, {"at": time.time(), "what": words[:500]})


def trouble(folder: Path) -> tuple[float, str] | None:
    """(Unix time, words) of the last error; None where there was none, or it is long ago."""
    value = _read(folder / _TROUBLE)
    at, words = (value.get("at"), text(value.get("what"))) if value else (None, None)
    if not isinstance(at, int | float) or words is None or at < time.time() - KEPT_S:
        return None
    return float(at), words


def _place(kept: dict[str, object]) -> Reached | None:
    end, file, check = (_whole(kept.get(name)) for name in ("end", "file", "check"))
    if end is None or file is None or check is None:
        return None
    choices = tuple((name, at) for name, value in obj(kept.get("choices")).items() if (at := _whole(value)) is not None)
    return Reached(end, file, check, choices, text(kept.get("newest")) or "")


def _whole(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _file(folder: Path, session: str, kind: str) -> Path:
    # An id is a name of a file already; what is not may lead nowhere else. (`hashlib` takes 5 ms to load.)
    plain = session.isascii() and session.replace("-", "").isalnum() and len(session) <= _LONGEST
    name = session if plain else f"x{zlib.crc32(session.encode('utf-8', 'replace')):08x}"
    return folder / f"{name}.{kind}.json"


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
