"""Where avow's folders are, and files there that only their owner may read."""

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from avow.errors import FileError


class Paths(NamedTuple):
    """The three folders, absolute. None of them need exist; `make_private` creates one with mode 0700."""

    config: Path
    data: Path
    cache: Path

    @property
    def config_file(self) -> Path:
        """The TOML file with the user's settings."""
        return self.config / "config.toml"

    @property
    def templates(self) -> Path:
        """The folder of the saved prompts."""
        return self.config / "templates"

    @property
    def history_file(self) -> Path:
        """The SQLite file with every exchange."""
        return self.data / "history.db"


def find(environ: Mapping[str, str], *, platform: str = sys.platform) -> Paths:
    """Folders for this environment: `AVOW_*_DIR`, else XDG Base Directory 0.8 (relative values are ignored)
    on Linux, `~/Library` on macOS, `%APPDATA%` and `%LOCALAPPDATA%` on Windows."""
    home = Path(environ.get("HOME") or Path.home())
    if platform == "darwin":
        library = home / "Library"
        config = state = library / "Application Support" / "avow"
        cache = library / "Caches" / "avow"
    elif platform == "win32":
        config = Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "avow"
        local = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "avow"
        state, cache = local, local / "cache"
    else:
        config = _xdg(environ, "XDG_CONFIG_HOME", home / ".config") / "avow"
        state = _xdg(environ, "XDG_STATE_HOME", home / ".local" / "state") / "avow"
        cache = _xdg(environ, "XDG_CACHE_HOME", home / ".cache") / "avow"
    return Paths(
        config=_override(environ, "AVOW_CONFIG_DIR", config),
        data=_override(environ, "AVOW_DATA_DIR", state),
        cache=_override(environ, "AVOW_CACHE_DIR", cache),
    )


def make_private(folder: Path) -> Path:
    """Create `folder` and its parents with mode 0700 where missing, and return it."""
    if not folder.is_dir():
        if folder.parent != folder:
            make_private(folder.parent)  # one by one: `parents=True` gives those above the umask's mode
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def write_private(path: Path, data: bytes) -> None:
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


def _xdg(environ: Mapping[str, str], name: str, default: Path) -> Path:
    value = environ.get(name, "")
    return Path(value) if value and Path(value).is_absolute() else default


def _override(environ: Mapping[str, str], name: str, default: Path) -> Path:
    value = environ.get(name, "")
    return Path(os.path.expanduser(value)).absolute() if value else default  # noqa: PTH111 - never raises
