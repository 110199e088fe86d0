"""Writing files that only their owner may read: whole or not at all."""

import contextlib
import os
from pathlib import Path

from avow.errors import FileError, system_words
from avow.paths import make_private


def write_private(path: Path, data: bytes, *, replace: bool = True) -> bool:
    """Put `data` in place of the file at `path` (mode 0600; folders it lacks are made, 0700), atomically.

    A symbolic link stays one: the file it leads to is replaced. Without `replace` nothing is, and it gives False
    where there is something of that name. Raises FileError, and then all is as it was.
    """
    scratch: Path | None = None
    try:
        target = Path(os.path.realpath(path))
        make_private(target.parent)
        if target.exists() and not target.is_file():
            raise FileError(f"{path}: cannot be written: this is not a file")
        scratch, descriptor = _beside(target)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        return _put(scratch, target, replace=replace)
    except (OSError, ValueError) as error:
        raise FileError(f"{path}: cannot be written: {system_words(error)}") from None
    finally:
        if scratch is not None:
            with contextlib.suppress(OSError):
                scratch.unlink()


def _put(scratch: Path, target: Path, *, replace: bool) -> bool:
    """Give the finished file its name; whether it could have it."""
    if not replace:
        try:
            os.link(scratch, target)  # unlike a rename it never takes another file's place
            return True
        except OSError:  # taken, or a file system without hard links
            if os.path.lexists(target):
                return False
    os.replace(scratch, target)  # noqa: PTH105  (its error names both files)
    return True


def _beside(target: Path) -> tuple[Path, int]:
    """A new empty file in the same folder, and its descriptor."""
    for number in range(100):
        scratch = target.with_name(f".{target.name}.{os.getpid()}-{number}")
        try:
            return scratch, os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
    raise OSError(17, "too many unfinished copies beside it")
