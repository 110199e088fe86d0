"""The user's editor, run on the terminal itself even where stdin or stdout are redirected."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from avow.errors import FileError, system_words

TERMINAL = "/dev/tty"


def open_in_editor(path: Path, environ: Mapping[str, str]) -> None:
    """Open a file in the editor of `VISUAL` or `EDITOR` (else vi), and wait. Raises FileError where it cannot be run,
    or fails."""
    chosen = environ.get("VISUAL") or environ.get("EDITOR") or "vi"
    with ExitStack() as stack:
        terminal = None  # an editor that needs none may still do
        with suppress(OSError):
            terminal = stack.enter_context(open(TERMINAL, "r+b", buffering=0))
        try:
            command = [*shlex.split(chosen), str(path)]
            done = subprocess.run(command, env=dict(environ), stdin=terminal, stdout=terminal, check=False)
            code = done.returncode
        except (OSError, ValueError) as error:
            words = f"the editor {chosen} cannot be run: {system_words(error)}"
            raise FileError(words, hint="set VISUAL or EDITOR") from None
    if code:
        raise FileError(f"the editor {chosen} ended with status {code}", hint=f"what was written is in {path}")


def written(text: str, environ: Mapping[str, str]) -> Path:
    """The path of a new private file, after the user edited `text` in it. Raises as `open_in_editor` does."""
    descriptor, name = tempfile.mkstemp(prefix="avow-", suffix=".md")
    path = Path(name)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode("utf-8", "surrogateescape"))
    try:
        open_in_editor(path, environ)
    except FileError:
        if path.read_bytes() == text.encode("utf-8", "surrogateescape"):
            path.unlink(missing_ok=True)
        raise
    return path
