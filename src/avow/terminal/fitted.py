"""Lines of words and of tables, fitted to the width of a terminal."""

import re
from typing import TYPE_CHECKING

from avow.terminal.cells import cells, wrap
from avow.terminal.facts import Facts

if TYPE_CHECKING:
    from avow.terminal.screen import Screen

_INDENT = 6
"""Of rows that continue a column too far to the right."""
_COMMENT = "-- "
"""What each line of a comment of SQL begins with."""
_FULL = 60
"""From how many cells on a line of our pages, which have 80 columns, was broken for its length."""


def say(text: str, screen: "Screen") -> None:
    """Write a sentence to stdout, fitted to it. Raises as `Screen.out` does."""
    screen.out(fit(f"{text}\n", screen.out_facts))


def fit(text: str, facts: Facts) -> str:
    """`text` with each line that is too long for the terminal broken between words; unchanged for a pipe. In a table
    the rest of a line continues below the second column, if that column has half of the width left. A paragraph is
    filled again as a whole."""
    if not facts.is_terminal:
        return text
    lines = _joined(text.splitlines(keepends=True), facts.width)
    return "".join(_line(line, facts.width) for line in lines)


def _joined(lines: list[str], width: int) -> list[str]:
    """The lines, those of a paragraph as one where a line of it is too long. A full line that begins at the margin goes
    on in the next one that does."""
    found: list[str] = []
    may_go_on = False
    for line in lines:
        is_prose = not line.startswith((" ", "\n", _COMMENT)) and "  " not in line
        if may_go_on and is_prose and cells(found[-1]) > width:
            found[-1] = f"{found[-1].rstrip()} {line}"
        else:
            found.append(line)
        may_go_on = is_prose and cells(line) >= _FULL
    return found


def _line(line: str, width: int) -> str:
    end = line[len(line.rstrip()) :]
    words = line.strip()
    leading = len(line.rstrip()) - len(words)
    if leading > width // 2:
        leading = _INDENT
    elif leading + cells(words) <= width:
        return line
    gap = re.search(r" {2,}", words)
    indent = leading
    if gap and leading + gap.end() <= width // 2:
        indent += gap.end()
    elif gap:
        indent = _INDENT
        words = f"{words[: gap.start()]}  {words[gap.end() :]}"
    rest = " " * indent + (_COMMENT if words.startswith(_COMMENT) else "")
    return "\n".join(wrap(words, width, first=" " * leading, rest=rest, whole=True)) + end
