"""Markdown as it streams in."""

import io
import re
import resource
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avow.terminal.facts import Facts
from avow.terminal.markdown import MarkdownStream, preload
from avow.terminal.screen import Screen
from tests.benchmarks import bench_markdown
from tests.examples import up_to
from tests.in_part import in_part
from tests.terminal.samples import Terminal

SAMPLE = """\
# Title with `code`

Some **bold** and *slanted* words, and [a link](https://example.com/x).
A second line.

- one
- two that is so long that it has to be folded at the edge of the screen, twice even perhaps, who knows
  - nested
- three

1. first
1. second
   ```python
   x = 1
   ```
1. third

> a quote

| a | b |
|---|--:|
| x | 1 |

````markdown
```
inner
```
````
---
The end"""


def streamed(text: str, cuts: list[int] | None = None, *, width: int = 60, interactive: bool = False) -> str:
    """What was written when `text` came in pieces that end at `cuts`, each drawn at once."""
    out = io.BytesIO()
    facts = Facts(is_terminal=True, interactive=interactive, width=width, height=20)
    screen = Screen(out, None, facts, Facts(), environ={"COLUMNS": str(width), "LINES": "20"})
    now = [0.0]
    markdown = MarkdownStream(screen, lambda: now[0], late=False)
    places = [0, *sorted(cut for cut in cuts or [] if 0 < cut < len(text)), len(text)]
    for begin, end in pairwise(places):
        now[0] += 1
        markdown.feed(text[begin:end])
    markdown.finish()
    return out.getvalue().decode()


def seen(written: str, *, width: int = 60) -> list[str]:
    """The lines a terminal shows, what has scrolled off included."""
    terminal = Terminal(columns=width, lines=20)
    terminal.stdout.write(written.encode())
    terminal.stdout.flush()
    lines = terminal.shown()
    while lines and not lines[-1]:
        lines.pop()
    return lines


def test_the_whole_sample() -> None:
    assert streamed(SAMPLE).splitlines() == [
        "# Title with code",
        "",
        "Some bold and slanted words, and a link",
        "(https://example.com/x).",
        "A second line.",
        "",
        "• one",
        "• two that is so long that it has to be folded at the edge",
        "  of the screen, twice even perhaps, who knows",
        "  • nested",
        "• three",
        "",
        "1. first",
        "2. second",
        "",
        "     x = 1",
        "3. third",
        "",
        "│ a quote",
        "",
        "a  b",
        "─  ─",
        "x  1",
        "",
        "  ```",
        "  inner",
        "  ```",
        "",
        "─" * 60,
        "",
        "The end",
    ]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 40, 300])
@pytest.mark.parametrize("interactive", [False, True], ids=["written", "previewed"])
def test_pieces_make_no_difference(step: int, interactive: bool) -> None:
    """However it comes in, and whatever was previewed: in the end the same stands there."""
    cuts = list(range(step, len(SAMPLE), step))
    written = streamed(SAMPLE, cuts, interactive=interactive)
    assert seen(written) == streamed(SAMPLE).splitlines()


@settings(max_examples=up_to(60), deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["word ", "**b** ", "\n", "\n\n", "- item\n", "  - sub\n", "1. num\n", "2. two\n", "```\n", "```py\n",
             "code\n", "    indented\n", "> quote\n", "| a | b |\n", "|---|---|\n", "# head\n", "---\n", "====\n",
             "[a]: http://b\n", "<div>\n", "\t", "~~~\n", "日本 ", "`", "x" * 70]
        ),
        max_size=40,
    ),
    st.lists(st.integers(0, 300), max_size=12),
)  # fmt: skip
def test_any_text_in_any_pieces_ends_with_all_its_words(parts: list[str], cuts: list[int]) -> None:
    text = "".join(parts)
    lines = seen(streamed(text, cuts, interactive=True))
    shown = "".join(lines)
    for word in ("word", "item", "sub", "num", "two", "code", "quote", "head", "indented"):
        assert shown.count(word) == text.count(word), word


def test_the_items_of_a_long_list_are_numbered_through() -> None:
    text = "".join(f"1. item {n}\n" for n in range(40))
    lines = seen(streamed(text, list(range(0, len(text), 11)), interactive=True))
    assert [line.split(" item ")[0].strip() for line in lines] == [f"{n}." for n in range(1, 41)]


def test_a_block_longer_than_the_screen_leaves_nothing_behind() -> None:
    text = "start\n\n" + "".join(f"word{n} " for n in range(800)) + "\n\nend"
    lines = seen(streamed(text, list(range(0, len(text), 50)), interactive=True))
    assert " ".join(lines).split() == text.split()


def test_long_code_is_written_while_it_comes() -> None:
    text = "```\n" + "".join(f"line {n}\n" for n in range(60)) + "```\n"
    lines = seen(streamed(text, list(range(0, len(text), 17)), interactive=True))
    assert lines == [f"  line {n}" for n in range(60)]


def test_finished_blocks_are_written_once() -> None:
    text = "".join(f"Paragraph {n} with **some** words.\n\n" for n in range(50))
    written = streamed(text, list(range(0, len(text), 5)), interactive=True)
    assert len(written) < 12 * len(text)
    assert len(re.findall("Paragraph 3 with some words", written)) == 1


def test_a_fence_stays_open_over_a_handover() -> None:
    out = io.BytesIO()
    screen = Screen(out, None, Facts(), Facts())
    markdown = MarkdownStream(screen)
    markdown.feed("Look:\n\n```python\nx = 1\ny =")
    markdown.finish()
    screen.out("~~~ rule ~~~\n")
    markdown.feed(" 2\n```\n**after**")
    markdown.finish()
    assert out.getvalue().decode() == "Look:\n\n  x = 1\n  y =\n~~~ rule ~~~\n   2\n\nafter\n"


def test_fences_within_quoted_markdown() -> None:
    text = "```markdown\n# no heading\n```python\nx\n```\nstill\n```\n**out**\n"
    assert streamed(text).splitlines() == ["  # no heading", "  ```python", "  x", "  ```", "  still", "", "out"]


def test_the_terminal_may_be_resized_meanwhile() -> None:
    terminal = Terminal(columns=80, lines=30)
    screen = terminal.screen(color="never")
    now = [0.0]
    markdown = MarkdownStream(screen, lambda: now[0], late=False)
    for n, columns in enumerate((80, 40, 40, 100, 60)):
        terminal.resize(columns, 30)
        now[0] += 1
        markdown.feed(f"piece {n} " + "words and words " * 6)
    markdown.finish()
    assert terminal.raw().rpartition("\x1b[J")[2].split("\n")[0].startswith("piece 0")


def test_a_note_from_elsewhere_does_not_tear_it() -> None:
    terminal = Terminal(columns=60)
    screen = terminal.screen(color="never")
    now = [0.0]
    markdown = MarkdownStream(screen, lambda: now[0], late=False)
    for piece in ("One **pa", "ragraph**.\n\nAnd ano", "ther one."):
        now[0] += 1
        markdown.feed(piece)
        screen.note("something")
    markdown.finish()
    assert [line for line in terminal.shown() if line and "note" not in line] == ["One paragraph.", "And another one."]


def test_what_came_late_is_drawn_by_the_timer_and_never_more_often_than_ten_times_a_second() -> None:
    terminal = Terminal()
    screen = terminal.screen()
    markdown = MarkdownStream(screen)
    began = time.monotonic()
    for n in range(200):
        markdown.feed(f"w{n} ")
        time.sleep(0.005)
    assert "w199" in terminal.so_far("w199")
    took = time.monotonic() - began
    markdown.finish()
    assert terminal.raw().count("\x1b[J") <= took * 10 + 3


def test_nothing_is_drawn_after_the_end() -> None:
    terminal = Terminal()
    markdown = MarkdownStream(terminal.screen())
    markdown.feed("a")
    markdown.feed("b")
    markdown.finish()
    time.sleep(0.2)
    assert terminal.raw() == "a\n\x1b[1A\r\x1b[Jab\n"


GIANT = ["one list", "one code block", "one paragraph", "one table", "one wide line"]


@pytest.mark.parametrize(
    ("part", "shape"),
    in_part(
        {f"{shape}, {word}": (part, shape) for shape in GIANT for word, part in (("a quarter", 4), ("whole", 1))},
        [f"{shape}, a quarter" for shape in GIANT],
    ),
)
def test_giant_blocks_do_not_take_forever(part: int, shape: str) -> None:
    """Ten times the benchmark's figures, to hold on a busy machine: what is quadratic takes minutes."""
    preload()
    text = bench_markdown.SHAPES[shape]
    before = resource.getrusage(resource.RUSAGE_SELF)
    bench_markdown.stream(text[: len(text) // part], color=True, tick=0.008)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_utime - before.ru_utime < 5 / part


_HEAVY = {
    repr(unit): (unit,) for unit in ("**a**\n", "- **a**\n", "**a** [b](c) ", "|**a**|\n", "**a**\n\n", "> **a**\n")
}


@pytest.mark.parametrize(
    "piece", [pytest.param(0, id="at-once", marks=pytest.mark.slow), pytest.param(997, id="in-pieces")]
)
@pytest.mark.parametrize("unit", in_part(_HEAVY, (repr("**a**\n"), repr("- **a**\n"))))
def test_what_would_take_long_to_render_is_shown_as_it_was_written(unit: str, piece: int) -> None:
    """20 seconds of CPU for some; the letters are all there, and nothing but blank lines between blocks is added."""
    text = unit * (120_000 // len(unit)) + "\n"
    written = streamed(text, list(range(piece, len(text), piece)) if piece else None)
    assert "**" in written
    assert re.sub("[^ab]", "", written) == re.sub("[^ab]", "", text)


def test_a_block_that_is_too_large_does_not_keep_others_from_being_rendered() -> None:
    written = streamed("**before**\n\n" * 1000 + "[" * 400_000 + "\n\n**after**\n")
    assert (written[:8], written[-8:]) == ("before\n\n", "\n\nafter\n")
    assert written.count("[") == 400_000


def test_a_long_answer_of_the_usual_kind_is_rendered_to_its_end() -> None:
    block = "Some words about **this** and `that`, as models write them in a line or two of prose.\n\n- one\n- two\n\n"
    assert "**" not in streamed(block * 1000)


def test_code_loses_its_colours_before_it_costs_too_much() -> None:
    out = io.BytesIO()
    facts = Facts(is_terminal=True, color=True, width=60, height=20)
    markdown = MarkdownStream(Screen(out, None, facts, Facts()), late=False)
    markdown.feed("```python\nx = 1\n```\n")
    begun = out.tell()
    markdown.finish()
    assert b"\x1b[" in out.getvalue()
    markdown.feed(f"```python\n{'x = 1; ' * 40_000}\n```\n")
    markdown.finish()
    assert b"\x1b[" not in out.getvalue()[max(begun, out.getvalue().index(b"\n") + 1) :]
