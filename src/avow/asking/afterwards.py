"""Starts a push of the history once an exchange is over, in a process of its own that nobody waits for."""

import contextlib
import os
import sys
from collections.abc import Mapping

from avow.background import in_background
from avow.files.locking import try_lock
from avow.paths import Paths

_PROGRAM = "avow.commands.history.push_alone"
_NEEDED = {
    *("HOME", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("APPDATA", "LOCALAPPDATA", "SYSTEMROOT", "USERPROFILE"),
}
_NEEDED_GROUPS = ("OTEL_", "AVOW_TELEMETRY_", "LC_", "LD_", "DYLD_", "PYTHON")


def push(environ: Mapping[str, str], paths: Paths, profile: str | None) -> None:
    """Start a push, unless one waits to begin, which will send this exchange too. Errors are not shown: `avow doctor`
    says how many exchanges wait."""
    if is_disabled(environ):
        return
    try:
        queue = os.open(paths.push_queue, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return
    try:
        if try_lock(queue):
            _start(queue, needed(environ, paths, profile))
    except OSError:
        return
    finally:
        os.close(queue)


def is_disabled(environ: Mapping[str, str]) -> bool:
    """Whether `OTEL_SDK_DISABLED` says that nothing is sent."""
    return environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def needed(environ: Mapping[str, str], paths: Paths, profile: str | None) -> dict[str, str]:
    """The variables that a push needs, and no others: no key is among them."""
    kept = {name: value for name, value in environ.items() if name in _NEEDED or name.startswith(_NEEDED_GROUPS)}
    folders = {
        "AVOW_CONFIG_DIR": str(paths.config),
        "AVOW_DATA_DIR": str(paths.data),
        "AVOW_CACHE_DIR": str(paths.cache),
    }
    return {**kept, **folders, **({"AVOW_PROFILE": profile} if profile else {})}


def _start(queue: int, environ: dict[str, str]) -> None:
    """Start the push in a session of its own, which neither Ctrl-C nor closing the terminal reaches. It inherits
    `queue`, which is locked, so that no second push is started before this one runs."""
    words = [sys.executable, "-P", "-m", _PROGRAM]
    if not hasattr(os, "posix_spawn"):
        _popen(words, environ)
        return
    inherited = 3 if queue != 3 else 4  # a descriptor put in its own place need not be inherited
    actions = (
        (os.POSIX_SPAWN_DUP2, queue, inherited),
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0),
        (os.POSIX_SPAWN_DUP2, 0, 1),
        (os.POSIX_SPAWN_DUP2, 0, 2),
    )
    words.append(str(inherited))
    try:
        process = os.posix_spawn(words[0], words, environ, file_actions=actions, setsid=True)
    except NotImplementedError:
        _popen(words[:-1], environ)
        return
    in_background(lambda: _reap(process))


def _reap(process: int) -> None:
    """Wait for the process in a thread, so that a long chat leaves no zombies. A process that ends earlier is not held
    up."""
    with contextlib.suppress(OSError):
        os.waitpid(process, 0)


def _popen(words: list[str], environ: dict[str, str]) -> None:
    import subprocess

    quiet = subprocess.DEVNULL
    own = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "DETACHED_PROCESS", 0)
    subprocess.Popen(
        words, stdin=quiet, stdout=quiet, stderr=quiet, env=environ, start_new_session=True, creationflags=own
    )
