"""The text files that a folder or a pattern stands for, sorted, without what git ignores."""

import glob
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from avow.errors import UsageError

MOST_FILES = 1000
_LOOKED_AT = 8192
"""Bytes at a file's beginning that tell whether it is text."""


def files_of(spec: str) -> tuple[str, ...]:
    """The paths that a value of `-f` stands for: itself, unless it is a folder, or a pattern (`src/**/*.py`) and no
    file of that name exists.

    Raises UsageError where a folder or a pattern has no text file, or more than `MOST_FILES`.
    """
    path = Path(spec)
    if spec == "-" or "://" in spec or not (path.is_dir() or (glob.has_magic(spec) and not os.path.lexists(spec))):
        return (spec,)
    if path.is_dir():
        base, found = path, _below(path)
    else:
        base, found = _fixed_part(spec), (Path(name) for name in glob.iglob(spec, recursive=True))  # noqa: PTH207  (may be absolute)
    candidates = sorted(str(one) for one in found if one.is_file())
    ignored = _ignored(base, candidates)
    texts = [name for name in candidates if name not in ignored and _is_text(name)]
    if not texts:
        what = "this is a folder" if path.is_dir() else "this is a pattern"
        hint = "nothing was sent; binary and empty files, and what git ignores, do not count"
        raise UsageError(f"{spec}: {what}, and no text file is in it", hint=hint)
    if len(texts) > MOST_FILES:
        raise UsageError(
            f"{spec}: these are {len(texts):,} files, and at most {MOST_FILES:,} go with a question",
            hint="nothing was sent: name a smaller folder, or a pattern such as 'src/**/*.py'",
        )
    return tuple(texts)


def _below(folder: Path) -> Iterable[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        yield from (Path(where, name) for name in names)


def _fixed_part(pattern: str) -> Path:
    """The folder below which all that fits the pattern lies."""
    parts = Path(pattern).parts
    first = next(place for place, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:first])


def _ignored(base: Path, names: Iterable[str]) -> frozenset[str]:
    """Which of these git ignores, where `base` lies in a repository and there is a git. No program that the
    repository's own configuration names is run."""
    by_place = {os.path.relpath(name, base): name for name in names}
    if not by_place:
        return frozenset()
    command = ["git", "-C", str(base), "-c", "core.fsmonitor=false", "check-ignore", "-z", "--stdin"]
    told = b"\0".join(map(os.fsencode, by_place))
    try:
        ran = subprocess.run(command, input=told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return frozenset()
    places = (os.fsdecode(place) for place in ran.stdout.split(b"\0") if place)
    return frozenset(by_place[place] for place in places if place in by_place)


def _is_text(name: str) -> bool:
    """Whether the file begins as UTF-8 text; one that cannot be read counts, for its error to be told."""
    try:
        with Path(name).open("rb") as file:
            begin = file.read(_LOOKED_AT)
    except OSError:
        return True
    if not begin.strip() or b"\0" in begin:
        return False
    try:
        begin.decode()
    except UnicodeDecodeError as error:
        return len(begin) == _LOOKED_AT and error.start > _LOOKED_AT - 4
    return True
