"""Programs that avow starts, made for a test; and those of the machine, where they are installed."""

import shutil
import sys
from pathlib import Path

import pytest


def editor(folder: Path, code: str) -> str:
    """A program that edits the file it is given: `text` is what it holds, and will hold."""
    script = folder / "an editor.py"
    script.write_text(
        "import sys, pathlib\npath = pathlib.Path(sys.argv[-1])\n"
        f"text = path.read_text()\n{code}\npath.write_text(text)\nsys.exit(globals().get('code', 0))\n"
    )
    return f"'{sys.executable}' '{script}'"


def needs(name: str) -> pytest.MarkDecorator:
    """Skips a test where this program is not installed."""
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed")


def program(folder: Path, name: str, script: str) -> str:
    """A PATH whose first folder has such a program."""
    path = folder / "clip" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return f"{path.parent}:/usr/bin:/bin"
