"""What stands on a terminal, as text files: `python -m tests.screens.make` writes them again."""

from collections.abc import Callable
from pathlib import Path

from avow.commands.history.lines import lines
from avow.exchange.exchange import Exchange, Status
from avow.terminal.facts import Facts
from avow.terminal.render import panel
from avow.terminal.words import Here
from tests.changing import changed
from tests.history.making import NOON, answered, rerouted
from tests.terminal import samples

FOLDER = Path(__file__).parent
WIDTHS = (120, 80, 40)
_LONG = "How do I rebase a branch onto main when both have changed the same file?"


def _list(facts: Facts) -> str:
    found = [
        rerouted(number=31, prompt=_LONG, category="frontier_llm", at=NOON + 300),
        answered(_LONG, number=30, at=NOON + 200),
        answered("name three colours", number=9, status=Status.TRUNCATED, at=NOON),
    ]
    return "".join(lines(found, facts))


def _panel(exchange: Exchange, here: Here = Here()) -> Callable[[Facts], str]:  # noqa: B008
    return lambda facts: panel(exchange, facts, here) or ""


SCREENS: dict[str, Callable[[Facts], str]] = {
    "list": _list,
    "panel_fallback": _panel(samples.FELL_BACK),
    "panel_fallback_demo": _panel(samples.FELL_BACK._replace(simulated=True), Here(simulate="fallback")),
    "panel_fallback_chat": _panel(samples.FELL_BACK, Here(in_chat=True)),
    "panel_sticky": _panel(samples.STICKY),
    "panel_refused": _panel(samples.REFUSED),
    "panel_substituted": _panel(samples.SUBSTITUTED),
    "panel_unnamed": _panel(samples.UNNAMED),
    "panel_incomplete": _panel(samples.CUT),
    "panel_cut_short": _panel(changed(samples.FELL_BACK, status=Status.TRUNCATED, stop_reason="max_tokens")),
}


def drawn(name: str, width: int) -> str:
    """The screen of this name on a terminal of `width` cells, without colour."""
    return SCREENS[name](Facts(is_terminal=True, interactive=True, width=width))


def path(name: str, width: int) -> Path:
    """Where that screen is kept."""
    return FOLDER / f"{name}_{width}.txt"


if __name__ == "__main__":
    for name in SCREENS:
        for width in WIDTHS:
            path(name, width).write_text(drawn(name, width), encoding="utf-8")
