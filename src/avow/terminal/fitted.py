"""Lines of words and of tables, fitted to the width of a terminal."""

import re

from avow.terminal.cells import cells, wrap
from avow.terminal.facts import Facts

_INDENT = 6
"""Of rows that continue a column too far to the right."""


def fit(text: str, facts: Facts) -> str:
    """`text` with each line that is too long for the terminal broken between words; unchanged for a pipe. In a table
    the rest of a line continues below the second column, if that column has half of the width left."""
    if not facts.is_terminal:
        return text
    return "".join(_line(line, facts.width) for line in text.splitlines(keepends=True))


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
    return "\n".join(wrap(words, width, first=" " * leading, rest=" " * indent, whole=True)) + end
