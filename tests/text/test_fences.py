"""Where a block of code begins and ends: one reading, on the terminal and for `--extract`."""

import pytest
from markdown_it import MarkdownIt

from avow.prompt.schema import extract
from avow.text.fences import Fence, opened, parser
from tests.terminal.test_markdown import streamed


@pytest.mark.parametrize(
    ("line", "above", "language"),
    [
        pytest.param("```", [], "", id="plain"),
        pytest.param("```python title=x", [], "python", id="language"),
        pytest.param("  ~~~~ c", ["text"], "c", id="tildes-indented"),
        pytest.param("``` a`b", [], None, id="inline-code"),
        pytest.param("    ```", [], None, id="indented-code"),
        pytest.param("``", [], None, id="two"),
        pytest.param("  ```", ["intro", "- item"], None, id="in-a-list-item"),
        pytest.param("```", ["- item"], "", id="after-a-list-item"),
    ],
)
def test_opened(line: str, above: list[str], language: str | None) -> None:
    fence = opened(line, above)
    assert (fence.language if fence else None) == language


def test_what_closes_a_fence() -> None:
    fence = Fence("````", 2, "")
    assert [fence.take(line) for line in ("```", "~~~~", "```` x", "    deep", " little", "  `````  ")] == [
        True, True, True, True, True, False,
    ]  # fmt: skip
    assert fence.lines == ["```", "~~~~", "```` x", "  deep", "little"]


INNER = "# Title\n\n```sh\nmake\n```\n\nThe end.\n"
NESTED = {
    "markdown": (f"Here:\n\n```markdown\n{INNER}```\n\nBye.\n", INNER),
    "named-md": (f"```md\n{INNER}```\n", INNER),
    "capitals": (f"```Markdown\n{INNER}```\n", INNER),
    "two-inside": (f"```md\n{INNER}{INNER}```\n", INNER * 2),
    "tildes": ("~~~md\n~~~py\n1\n~~~\n~~~\n", "~~~py\n1\n~~~\n"),
    "other-language": ("```py\n```sh\n1\n```\nrest\n", "```sh\n1\n"),
    "in-a-list": ("- item\n\n  ```md\n  ```py\n  1\n  ```\n  end\n  ```\n", "```py\n1\n```\nend\n"),
    "in-a-quote": ("> ```md\n> ```py\n> 1\n> ```\n> end\n> ```\n", "```py\n1\n```\nend\n"),
    "indented": ("  ```md\n  ```py\n   1\n  ```\n  ```\n", "```py\n 1\n```\n"),
    "html-around": ("<div>\n```py\n1\n```\n</div>\n", "1\n"),
}


@pytest.mark.parametrize(("text", "inner"), NESTED.values(), ids=NESTED)
def test_extract_reads_fences_as_the_terminal_does(text: str, inner: str) -> None:
    assert extract(text) == inner
    shown = [line.strip("▌> \u2502") for line in streamed(text, list(range(len(text)))).splitlines()]
    marks = [line for line in inner.splitlines() if line.startswith(("```", "~~~", "#"))]
    assert [line for line in shown if line in marks] == marks  # shown as they stand, so as code


PLAIN = (
    "```\na\n```\n",
    "- a\n\n  ```\n  b\n```\nc\n",
    "> ```\n> a\nb\n",
    "    ```\na\n",
    "```a`b\n",
    "a\n```\nb",
)


@pytest.mark.parametrize("text", PLAIN)
def test_other_blocks_are_read_as_commonmark_says(text: str) -> None:
    want = MarkdownIt("commonmark", {"html": False}).parse(text)
    assert [token.as_dict() for token in parser().parse(text)] == [token.as_dict() for token in want]
