"""Where avow's folders are; only their owner can read them."""

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from avow.values import NamedTuple

KEY_FILE = "key"


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
    def scenarios(self) -> Path:
        """The folder of the user's own scenarios, which may be named without path and ending."""
        return self.config / "scenarios"

    @property
    def history_file(self) -> Path:
        """The SQLite file with every exchange."""
        return self.data / "history.db"

    @property
    def key_file(self) -> Path:
        """The API keys, where there is no keyring."""
        return self.config / KEY_FILE

    @property
    def kept(self) -> tuple[Path, ...]:
        """The files that cannot be made again: no output is written over them."""
        logs = tuple(self.data / f"{self.history_file.name}{end}" for end in ("-wal", "-shm"))
        return (self.config_file, self.key_file, self.history_file, *logs)

    @property
    def push_lock(self) -> Path:
        """Held by whoever sends the history to a collector."""
        return self.data / "push.lock"

    @property
    def push_queue(self) -> Path:
        """Held by whoever is next to do so, and has not looked yet what there is to send."""
        return self.data / "push.next"

    @property
    def last_push(self) -> Path:
        """How the last push went that nobody watched."""
        return self.data / "push.json"


def find(environ: Mapping[str, str], *, platform: str = sys.platform) -> Paths:
    """Folders for this environment: `AVOW_*_DIR`, else XDG Base Directory 0.8 (relative values are ignored)
    on Linux, `~/Library` on macOS, `%APPDATA%` and `%LOCALAPPDATA%` on Windows."""
    user = home(environ)
    if platform == "darwin":
        library = user / "Library"
        config = state = library / "Application Support" / "avow"
        cache = library / "Caches" / "avow"
    elif platform == "win32":
        config = Path(environ.get("APPDATA") or user / "AppData" / "Roaming") / "avow"
        local = Path(environ.get("LOCALAPPDATA") or user / "AppData" / "Local") / "avow"
        state, cache = local, local / "cache"
    else:
        config = _xdg(environ, "XDG_CONFIG_HOME", user / ".config") / "avow"
        state = _xdg(environ, "XDG_STATE_HOME", user / ".local" / "state") / "avow"
        cache = _xdg(environ, "XDG_CACHE_HOME", user / ".cache") / "avow"
    return Paths(
        config=_override(environ, "AVOW_CONFIG_DIR", config),
        data=_override(environ, "AVOW_DATA_DIR", state),
        cache=_override(environ, "AVOW_CACHE_DIR", cache),
    )


def home(environ: Mapping[str, str]) -> Path:
    """The user's own folder, absolute: `HOME`, else the account's, else (a container may have no account for its user)
    the root, where nobody but root can write."""
    named = Path(environ.get("HOME", ""))
    if named.is_absolute():
        return named
    try:
        import pwd
    except ImportError:  # Windows
        return Path.home()
    try:
        folder = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        folder = ""
    return Path(os.sep, folder)


def make_private(folder: Path) -> Path:
    """Create `folder` and its parents with mode 0700 where missing, and return it."""
    if not folder.is_dir():
        if folder.parent != folder:
            make_private(folder.parent)  # one by one: `parents=True` gives those above the umask's mode
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def exposed(path: Path) -> str | None:
    """How others may change what is in the file at `path`, by its own rights; None where they may not, or it is not
    there. Root reads whose file it wants."""
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return None
    if not hasattr(os, "geteuid"):
        return None
    if facts.st_mode & stat.S_IWOTH:
        return f"every user of this machine may change it (mode {stat.S_IMODE(facts.st_mode):04o})"
    if facts.st_uid not in (0, os.geteuid()) and os.geteuid() != 0:
        return "it belongs to another user"
    return None


def expanded(path: str) -> Path:
    """The path that a user typed: a leading `~` is the home folder, unless there is a file of that name. `~NAME` stays
    as it is where the system knows no such user."""
    return Path(os.path.expanduser(path) if path.startswith("~") and not os.path.lexists(path) else path)  # noqa: PTH111


def _xdg(environ: Mapping[str, str], name: str, default: Path) -> Path:
    value = environ.get(name, "")
    return Path(value) if value and Path(value).is_absolute() else default


def _override(environ: Mapping[str, str], name: str, default: Path) -> Path:
    value = environ.get(name, "")
    return expanded(value).absolute() if value else default
