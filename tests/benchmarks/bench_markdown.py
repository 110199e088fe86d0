"""CPU seconds that 100 KB of Markdown take on a terminal, by shape and by how the text comes in.

`python tests/benchmarks/bench_markdown.py`; no timed test. `at once` feeds the pieces as fast as they are taken,
`paced` by a clock that goes on as if 125 pieces of 8 characters came in each second (102 s), each tenth of a
second drawn; the other columns are one plain render of the whole text by Rich, for comparison.
"""

import io
import resource
import sys
import time
from collections.abc import Callable

from avow.terminal.facts import Facts
from avow.terminal.markdown import MarkdownStream, preload
from avow.terminal.screen import Screen

SIZE = 100_000
PIECE = 8


def _repeated(block: str, head: str = "", tail: str = "") -> str:
    count = (SIZE - len(head) - len(tail)) // len(block)
    return head + block * count + tail


SHAPES = {
    "mixed": _repeated(
        "## A heading\n\nSome **bold** prose with `code` and [a link](https://example.com), long enough to be "
        "wrapped at the edge of the screen.\n\n- one item\n- another, with *emphasis*\n\n```python\ndef f(x):\n"
        '    """Doc."""\n    return x + 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n'
    ),
    "one list": _repeated("- an item with **bold** words in it\n"),
    "one numbered list": _repeated("1. an item with **bold** words in it\n"),
    "one nested list": _repeated("  - an item with **bold** words in it\n", head="- all below this\n"),
    "one code block": _repeated("    value = compute(value, 12)  # next\n", head="```python\n", tail="```\n"),
    "one paragraph": _repeated("words and **bold** words go on and on, "),
    "one wide line": "x" * SIZE,
    "one table": _repeated("| a name | 12345 | some words |\n", head="| a | b | c |\n|---|--:|---|\n"),
    "one quote": _repeated("> a line that is **quoted**\n"),
    "blank lines": "\n" * SIZE,
    "short paragraphs": _repeated("a line\n\n"),
    "short fences": _repeated("```\nx\n```\n"),
    "lines that look like items": "text\n" + _repeated("2. no item\n"),
    "not ASCII": _repeated("Größe und 日本語の文字 in **einer** Zeile, lang genug. "),
}


def stream(text: str, *, color: bool, tick: float = 0.0) -> int:
    """Feed `text`; each piece takes `tick` seconds of a clock of our own, or no time. The bytes written."""
    now = [0.0]
    clock: Callable[[], float] = (lambda: now[0]) if tick else time.monotonic
    facts = Facts(is_terminal=True, interactive=True, color=color, width=100, height=40)
    out = io.BytesIO()
    screen = Screen(out, None, facts, Facts(), environ={"COLUMNS": "100", "LINES": "40"})
    markdown = MarkdownStream(screen, clock, late=not tick)
    for at in range(0, len(text), PIECE):
        now[0] += tick
        markdown.feed(text[at : at + PIECE])
    markdown.finish()
    return len(out.getvalue())


def rich_once(text: str) -> None:
    """One render of the whole by Rich itself."""
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(file=io.StringIO(), width=100, force_terminal=True, legacy_windows=False)
    console.print(Markdown(text, hyperlinks=False))


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds, of all threads."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    preload()
    wanted = sys.argv[1:] or list(SHAPES)
    print(f"{'CPU seconds':28}{'at once':>9}{'no color':>9}{'paced':>9}{'MB':>7}{'Rich once':>11}")
    for name in wanted:
        text = SHAPES[name]
        written = []
        at_once = cpu(lambda: stream(text, color=True))  # noqa: B023
        plain = cpu(lambda: stream(text, color=False))  # noqa: B023
        paced = cpu(lambda: written.append(stream(text, color=True, tick=PIECE / 1000)))  # noqa: B023
        rich = cpu(lambda: rich_once(text))  # noqa: B023
        print(f"{name:28}{at_once:9.2f}{plain:9.2f}{paced:9.2f}{written[0] / 1e6:7.1f}{rich:11.2f}", flush=True)


if __name__ == "__main__":
    main()
