"""Files that only their owner may read, replaced whole or not at all."""

import contextlib
import os
from pathlib import Path

from avow.errors import FileError
from avow.paths import make_private


def write(path: Path, data: bytes) -> None:
    """Put `data` in place of the file at `path` (mode 0600; folders it lacks are made, 0700), atomically.

    A symbolic link stays one: the file it leads to is replaced. Raises FileError.
    """
    scratch: Path | None = None
    try:
        target = Path(os.path.realpath(path))
        make_private(target.parent)
        scratch, descriptor = _beside(target)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(scratch, target)  # noqa: PTH105  (its error names both files)
    except (OSError, ValueError) as error:
        if scratch is not None:
            with contextlib.suppress(OSError):
                scratch.unlink()
        reason = (getattr(error, "strerror", None) or "not a valid path").lower()
        raise FileError(f"{path}: cannot be written: {reason}") from None


def _beside(target: Path) -> tuple[Path, int]:
    """A new empty file in the same folder, and its descriptor."""
    for number in range(100):
        scratch = target.with_name(f".{target.name}.{os.getpid()}-{number}")
        try:
            return scratch, os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
    raise FileExistsError(17, "too many unfinished copies beside it")
