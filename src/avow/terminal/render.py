"""Values to what a person sees: the panel, the footer, the rule at a hand-over; pure."""

import io
from typing import TYPE_CHECKING, Any

from avow.exchange.exchange import Exchange, HandedOver
from avow.routing.verdict import NO_CATEGORY
from avow.terminal.facts import Facts
from avow.terminal.notices import shown
from avow.terminal.sanitize import clean_line
from avow.terminal.words import Explanation, explain
from avow.wire.json_value import JsonObject

if TYPE_CHECKING:
    from rich.console import Console

READABLE = 100
"""Columns beyond which a line of prose is hard to read."""

_BOLD, _FAINT, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_ALARM = "\x1b[1;33m"


def console(facts: Facts, *, width: int | None = None) -> "Console":
    """A Rich console that writes into a string (`console.file`) and guesses nothing: no colour but the terminal's
    own sixteen, which suit light and dark backgrounds, and only where `facts` allow it."""
    from rich.console import Console

    return Console(
        file=_Page("utf-8" if facts.unicode else "ascii"),
        width=width or facts.width,
        height=facts.height,
        color_system="standard" if facts.color else None,
        force_terminal=facts.color,
        force_interactive=False,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},
    )


def drawn(renderable: Any, facts: Facts) -> str:
    """A Rich renderable as text, newline at the end."""
    page = console(facts)
    page.print(renderable)
    return text_of(page)


def text_of(page: "Console") -> str:
    """What was printed on a `console` so far; it is empty afterwards."""
    file = page.file
    assert isinstance(file, _Page)
    text = file.getvalue()
    file.seek(0)
    file.truncate()
    return text


def panel(exchange: Exchange, facts: Facts) -> str | None:
    """The notice that no one overlooks, newline at the end; None where all is as requested. Without a box where
    `facts` say plain."""
    explanation = explain(exchange)
    if explanation is None:
        return None
    return _as_lines(explanation) if facts.plain else _boxed(explanation, facts)


def _as_lines(explanation: Explanation) -> str:
    lines = [f"Notice: {explanation.title}.", *explanation.facts]
    if explanation.advice:
        lines += ["What you can do:", *explanation.advice]
    return "".join(f"{line}\n" for line in lines)


def _boxed(explanation: Explanation, facts: Facts) -> str:
    from rich import box
    from rich.console import Group
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    steps = Table.grid(padding=(0, 1))
    for step in explanation.advice:
        steps.add_row("-", Text(step, overflow="fold"))
    color = "red" if explanation.grave else "yellow"
    title = Text(explanation.title[:1].upper() + explanation.title[1:], style=f"bold {color}", overflow="fold")
    body = Group(title, *(Text(fact, overflow="fold") for fact in explanation.facts), "", steps)
    frame = box.HEAVY if facts.unicode else box.ASCII
    width = min(facts.width, READABLE)
    return drawn(Panel(body, box=frame, border_style=color, width=width, padding=(0, 1)), facts)


def footer(exchange: Exchange, facts: Facts) -> str:
    """One quiet line: model, tokens, cost, seconds."""
    parts = [shown(exchange.routing.served_model)]
    if exchange.simulated:
        parts.append("simulated")
    parts += [part for part in (tokens(exchange.usage), cost(exchange.cost_usd, exchange.cost_floor_usd)) if part]
    if exchange.total_ms is not None:
        parts.append(f"{exchange.total_ms / 1000:.1f} s")
    line = (" · " if facts.unicode and not facts.plain else ", ").join(parts)
    return f"{_FAINT}{line}{_PLAIN}" if facts.color else line


def tokens(usage: JsonObject | None) -> str:
    """`1,234 tokens in, 56 out`: what was read from and written to the cache counts as read. Empty where unknown."""
    if not usage:
        return ""
    keys = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    read = [usage[key] for key in keys if isinstance(usage.get(key), int)]
    written = usage.get("output_tokens")
    parts = [f"{sum(read):,} tokens in"] if read else []
    if isinstance(written, int):
        parts.append(f"{written:,} out" if parts else f"{written:,} tokens out")
    return ", ".join(parts)


def cost(usd: float | None, at_least: float = 0.0) -> str:
    """A cost in US dollars, or what is known of it; empty where nothing is."""
    if usd is not None:
        return _dollars(usd)
    return f"at least {_dollars(at_least)}" if at_least else ""


def _dollars(usd: float) -> str:
    if 0 < usd < 0.0001:
        return "under $0.0001"
    return f"${usd:.2f}" if usd >= 1 else f"${usd:.4f}"


def hand_over_rule(event: HandedOver, facts: Facts) -> str:
    """The line between two models' texts, newline at the end."""
    source, target = shown(event.source, "the model"), shown(event.target, "another model")
    why = f"could not be had ({clean_line(event.error)})" if event.error else f"declined ({_category(event)})"
    return rule(f"{source} {why}; {target} goes on", facts)


def _category(event: HandedOver) -> str:
    return clean_line(event.category or "") or NO_CATEGORY


def withdrawn_rule(model: str | None, facts: Facts) -> str:
    """The line after a text that is no part of the answer, newline at the end."""
    return rule(f"the text above is withdrawn: {shown(model, 'its model')} declined", facts)


def rule(words: str, facts: Facts) -> str:
    """`words` between lines across the screen; in brackets where `facts` say plain."""
    if facts.plain:
        return f"[{words}]\n"
    import textwrap

    width = min(facts.width, READABLE)
    dash = "─" if facts.unicode else "-"
    if len(words) + 8 <= width:
        lines = [f"{dash * 3} {words} ".ljust(width, dash)]
    else:
        lines = [dash * width, *textwrap.wrap(words, width, break_on_hyphens=False), dash * width]
    style, plain = (_ALARM, _PLAIN) if facts.color else ("", "")
    return "".join(f"{style}{line}{plain}\n" for line in lines)


class _Page(io.StringIO):
    """A text file in memory that says which characters can be drawn: Rich asks for `encoding`."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding
