"""The clipboard: the platform's own command, else the terminal's (OSC 52, which works over ssh)."""

import base64
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from avow.errors import system_words
from avow.terminal.editor import TERMINAL

MOST_IN_OSC_52 = 74_994
"""Bytes that a terminal takes for its clipboard: xterm's limit of 100,000 characters of base64, which others kept."""

_LIMIT_S = 5.0


def copy(text: str, environ: Mapping[str, str]) -> str | None:
    """Put `text` on the clipboard; an error in words, None where it worked."""
    data = text.encode("utf-8", "replace")
    if command := _command(environ):
        return _run(command, data)
    if len(data) > MOST_IN_OSC_52:
        size = f"{len(data):,} bytes, a terminal's clipboard takes {MOST_IN_OSC_52:,}"
        return f"the answer was not copied: it has {size}"
    try:
        with open(TERMINAL, "wb", buffering=0) as terminal:
            terminal.write(b"\x1b]52;c;" + base64.b64encode(data) + b"\x07")
    except OSError:
        return "the answer was not copied: there is no clipboard command, and no terminal to ask"
    return None


def _command(environ: Mapping[str, str]) -> Sequence[str] | None:
    """The command that copies its stdin to the user's clipboard; None where only the terminal can."""
    found: list[Sequence[str]] = []
    if environ.get("TMUX"):
        found.append(("tmux", "load-buffer", "-w", "-"))  # tmux drops OSC 52 of programs unless told otherwise
    elif not (environ.get("SSH_CONNECTION") or environ.get("SSH_TTY")):
        if sys.platform == "darwin":
            found.append(("pbcopy",))
        if sys.platform == "win32":
            found.append(("clip",))
        if environ.get("WAYLAND_DISPLAY"):
            found.append(("wl-copy",))
        if environ.get("DISPLAY"):
            found += [("xclip", "-selection", "clipboard"), ("xsel", "--input", "--clipboard")]
    path = environ.get("PATH")
    return next((command for command in found if shutil.which(command[0], path=path)), None)


def _run(command: Sequence[str], data: bytes) -> str | None:
    quiet = subprocess.DEVNULL  # what serves a selection stays behind and would hold a pipe open
    try:
        done = subprocess.run(command, input=data, stdout=quiet, stderr=quiet, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"the answer was not copied: {command[0]} did not end within {_LIMIT_S:g} seconds"
    except OSError as error:
        return f"the answer was not copied: {command[0]}: {system_words(error)}"
    return f"the answer was not copied: {command[0]} ended with status {done.returncode}" if done.returncode else None
