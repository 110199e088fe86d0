"""The screens are those that were read by eye."""

import pytest

from avow.terminal.cells import cells
from tests.screens.make import SCREENS, WIDTHS, drawn, path


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_is_the_kept_one(name: str, width: int) -> None:
    text = drawn(name, width)
    assert text == path(name, width).read_text(encoding="utf-8"), "python -m tests.screens.make writes them again"
    assert max(map(cells, text.splitlines())) <= width
