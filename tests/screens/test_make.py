"""The screens are those that were read by eye."""

from typing import Any

import pytest

from avow.terminal.cells import cells
from tests.screens.make import IN_A_PTY, SCREENS, drawn, path, widths

USUAL = 80
"""The width at which those that need a process of their own are drawn each time."""


def cases() -> list[Any]:
    here = [pytest.param(name, width, id=f"{name}-{width}") for name in SCREENS for width in widths(name)]
    rare = {name: [width for width in widths(name) if width != USUAL] for name in IN_A_PTY}
    here += [pytest.param(name, USUAL, id=f"{name}-{USUAL}") for name in IN_A_PTY if USUAL in widths(name)]
    return here + [
        pytest.param(name, width, id=f"{name}-{width}", marks=pytest.mark.slow)
        for name, others in rare.items()
        for width in others
    ]


@pytest.mark.parametrize(("name", "width"), cases())
def test_the_screen_is_the_kept_one(name: str, width: int) -> None:
    text = drawn(name, width)
    assert text == path(name, width).read_text(encoding="utf-8"), "python -m tests.screens.make writes them again"
    assert max(map(cells, text.splitlines())) <= width
