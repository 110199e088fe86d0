"""Markdown to lines."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from avow.terminal.facts import Facts
from avow.terminal.markdown_page import Page, parse
from tests.examples import up_to


def lines(source: str, width: int = 40, **facts: bool) -> list[str]:
    return Page(Facts(width=width, **facts), width).blocks(parse(source))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        pytest.param("one\ntwo", ["one", "two"], id="a-line-break-is-one"),
        pytest.param("a **b** *c* ~~d~~ `e`", ["a b c d e"], id="inline"),
        pytest.param("## Two", ["## Two"], id="heading-keeps-its-marks"),
        pytest.param("[here](http://a.b/c)", ["here (http://a.b/c)"], id="a-link-shows-its-address"),
        pytest.param("[a.b](http://evil.c)", ["a.b (http://evil.c)"], id="a-link-that-lies"),
        pytest.param("<http://a.b>", ["http://a.b"], id="an-address-alone"),
        pytest.param("<me@a.b>", ["me@a.b"], id="mail"),
        pytest.param("![a picture](http://a.b/p.png)", ["a picture (http://a.b/p.png)"], id="image"),
        pytest.param("[![x](http://p)](http://l)", ["x (http://p) (http://l)"], id="image-in-a-link"),
        pytest.param("[a][r]\n\n[r]: http://x", ["a (http://x)"], id="reference"),
        pytest.param("use <div> & <b>x</b>", ["use <div> & <b>x</b>"], id="html-is-text"),
        pytest.param("<script>x</script>", ["<script>x</script>"], id="html-block-is-text"),
        pytest.param("[bold]x[/bold] [/]", ["[bold]x[/bold] [/]"], id="rich-markup-is-text"),
        pytest.param("&#x202e;&#8238;&lt;", ["⟨U+202E⟩⟨U+202E⟩<"], id="entities-are-cleaned"),
        pytest.param("<http://a/%E2%80%AE%1b>", ["http://a/⟨U+202E⟩␛", "(http://a/%E2%80%AE%1b)"], id="percent-signs"),
        pytest.param("a\n\n---\n\nb", ["a", "", "─" * 40, "", "b"], id="rule"),
        pytest.param("> a\n> > b", ["│ a", "│", "│ │ b"], id="quotes"),
        pytest.param("7. a\n8. b", ["7. a", "8. b"], id="numbers"),
        pytest.param("9. a\n1. b", [" 9. a", "10. b"], id="numbers-are-aligned"),
        pytest.param("- a\n  - b\n\n    c", ["• a", "  • b", "", "    c"], id="nested-list"),
        pytest.param("-", ["• "], id="empty-item"),
        pytest.param("    code\n      more", ["  code", "    more"], id="indented-code"),
        pytest.param("```\n" + "x" * 45 + "\n```", ["  " + "x" * 38, "  " + "x" * 7], id="long-code-is-folded"),
        pytest.param("```\na\n\n\nb\n\n```", ["  a", "  ", "  ", "  b", "  "], id="blank-lines-of-code"),
        pytest.param(
            "| a | b |\n|--:|:-:|\n| 1 | x | 3 |\n| 222 |",
            ["  a  b", "───  ─", "  1  x", "222"],
            id="table",
        ),
        pytest.param("| a |\n|---|", ["a", "─"], id="table-without-rows"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_lines(source: str, shown: list[str]) -> None:
    assert [line.rstrip() if not line.startswith("•") else line for line in lines(source)] == [
        line.rstrip() if not line.startswith("•") else line for line in shown
    ]


def test_a_table_gives_way_where_it_is_too_wide() -> None:
    source = "| name | what it is about |\n|---|---|\n| x | " + "words and more words " * 4 + "|"
    shown = lines(source, width=30)
    assert max(map(len, shown)) <= 30
    assert " ".join(" ".join(shown).split()).count("words") == 8


def test_ascii_where_nothing_else_can_be_drawn() -> None:
    shown = lines("- a\n\n> b\n\n---\n\n| c |\n|---|\n| d |", unicode=False)
    assert all(line.isascii() for line in shown)


def test_colour_only_where_it_may_be() -> None:
    source = "# A\n\n**b** `c`\n\n```python\ndef f(): pass  # d\n```\n"
    assert "\x1b" not in "".join(lines(source))
    coloured = lines(source, color=True)
    assert "\x1b[94" in "".join(coloured)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured] == lines(source)


@pytest.mark.parametrize("language", ["", "python", "nonsense", "../../x", "{.python}", "text", "c++", "日本"])
@pytest.mark.parametrize("code", ["", "x = 1", "a\n\n\nb", "\n\nlead", "tail\n\n", "\tif x:\n\t\ty", '"""open\nstring'])
def test_highlighting_changes_no_code(language: str, code: str) -> None:
    plain = Page(Facts(), 80).code(code, language)
    coloured = Page(Facts(color=True), 80).code(code, language)
    stripped = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in coloured]
    assert stripped == [line.rstrip() for line in plain]


@settings(max_examples=up_to(100), deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cn", "Co"]), max_size=200), st.integers(20, 60), st.booleans())
def test_any_text_gives_harmless_lines_that_fit(source: str, width: int, color: bool) -> None:
    for line in lines(source, width=width, color=color):
        rest = re.sub(r"\x1b\[[0-9;]*m", "", line)
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e]", rest)
        assert cell_len(rest) <= width or ">" in source or "-" in source or "." in source


def test_the_numbers_of_a_list_that_goes_on() -> None:
    page = Page(Facts(), 40)
    assert page.blocks(parse("1. x\n1. y"), start=12) == ["12. x", "13. y"]
