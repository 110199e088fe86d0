"""The user's editor, run on the terminal itself even where stdin or stdout are redirected."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from avow.errors import UsageError, system_words

TERMINAL = "/dev/tty"


def open_in_editor(path: Path, begun: bytes, environ: Mapping[str, str]) -> None:
    """Open a file in the editor of `VISUAL` or `EDITOR` (else vi), and wait. Raises UsageError where it cannot be run,
    or fails: the file stays then where something was written, and is deleted where it still is as it was `begun`."""
    chosen = environ.get("VISUAL") or environ.get("EDITOR") or "vi"
    problem = _run(chosen, path, environ)
    if problem is None:
        return
    if not path.exists() or path.read_bytes() == begun:
        path.unlink(missing_ok=True)
        raise UsageError(f"the editor {chosen} {problem}", hint="set VISUAL or EDITOR")
    raise UsageError(f"the editor {chosen} {problem}", hint=f"what was written is in {path}")


def _run(chosen: str, path: Path, environ: Mapping[str, str]) -> str | None:
    """What went wrong with the editor, in words."""
    with ExitStack() as stack:
        terminal = None  # an editor that needs none may still do
        with suppress(OSError):
            terminal = stack.enter_context(open(TERMINAL, "r+b", buffering=0))
        try:
            command = [*shlex.split(chosen), str(path)]
            done = subprocess.run(command, env=dict(environ), stdin=terminal, stdout=terminal, check=False)
        except (OSError, ValueError) as error:
            return f"cannot be run: {system_words(error)}"
    return f"ended with status {done.returncode}" if done.returncode else None


def written(text: str, environ: Mapping[str, str]) -> Path:
    """The path of a new private file, after the user edited `text` in it. Raises as `open_in_editor` does."""
    descriptor, name = tempfile.mkstemp(prefix="avow-", suffix=".md")
    path, begun = Path(name), text.encode("utf-8", "surrogateescape")
    with os.fdopen(descriptor, "wb") as file:
        file.write(begun)
    open_in_editor(path, begun, environ)
    return path
