"""A line an item, on stored screens."""

import pytest

from avow.exchange.exchange import RunItem
from avow.run.lines import item_line
from avow.terminal.cells import cells
from avow.terminal.facts import Facts
from tests.history.making import answered, rerouted
from tests.run.test_counts import failed, refused

ITEMS = [
    answered()._replace(item=RunItem(1, "capital-of-france", 0, 0, "k")),
    rerouted()._replace(item=RunItem(1, "2", 1, 1, "k")),
    refused()._replace(item=RunItem(1, "an-id-that-is-far-too-long-for-a-line", 2, 0, "k")),
    failed()._replace(item=RunItem(1, "x\x1b[31m", 3, 0, "k")),
]
SCREENS = {
    120: """\
✓ capital-of-france  as_requested  claude-fable-5-2  $0.2500
! 2 #2    fallback      claude-fable-5-2 -> claude-opus-4-8 (cyber)  at least $0.5000
! an-id-that-is-far-to  refused       claude-fable-5-2 declined: cyber
✗ x␛[31m  failed        no network""",
    60: """\
✓ capital-of-france  as_requested  claude-fable-5-2  $0.2500
! 2 #2    fallback
  claude-fable-5-2 -> claude-opus-4-8 (cyber)
! an-id-that-is-far-to  refused
  claude-fable-5-2 declined: cyber
✗ x␛[31m  failed        no network""",
    40: """\
✓ capital-of-france  as_requested
! 2 #2    fallback
  claude-fable-5-2 -> claude-opus-4-8
    (cyber)
! an-id-that-is-far-to  refused
  claude-fable-5-2 declined: cyber
✗ x␛[31m  failed        no network""",
}


@pytest.mark.parametrize("width", SCREENS)
def test_the_screen(width: int) -> None:
    lines = [item_line(one, Facts(is_terminal=True, width=width)) for one in ITEMS]
    assert "\n".join(line.rstrip() for line in lines) == SCREENS[width]
    assert all(cells(row) <= width for line in lines for row in line.split("\n"))


def test_without_unicode_and_in_colour() -> None:
    assert item_line(ITEMS[0], Facts(unicode=False)).startswith("ok capital")
    assert item_line(ITEMS[0], Facts(color=True)).startswith("\x1b[32m✓\x1b[0m")
