"""Write completions/ again from the command tree: python -m tests.reference.generate"""

from collections.abc import Callable, Mapping
from pathlib import Path

from avow.commands.declared import TREE
from avow.reference import bash, fish, manual, powershell, zsh
from avow.reference.tree import Command

AGAIN = "completions/ is not what the commands and settings say now: python -m tests.reference.generate"
"""What a test says of it."""
FOLDER = Path(__file__).parents[2] / "completions"
FILES: Mapping[str, Callable[[Command], str]] = {
    "avow.bash": bash.script,
    "_avow": zsh.script,
    "avow.fish": fish.script,
    "avow.ps1": powershell.script,
    "avow.1": manual.page,
}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (FOLDER / name).write_text(text(TREE), encoding="utf-8")
