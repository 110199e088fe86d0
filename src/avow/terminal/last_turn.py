"""The last turn of a conversation that is continued: the question, the answer's beginning, and its author; pure."""

from avow.exchange.exchange import Exchange
from avow.terminal.badge import badge
from avow.terminal.cells import wrap
from avow.terminal.facts import FAINT, Facts
from avow.terminal.sanitize import clean, clean_line

_PROMPT_ROWS, _ANSWER_ROWS = 2, 6
_NOT_KEPT = "(its text was not kept)"
_MOST = 4_000
"""Characters of a text that are looked at: more than the rows hold."""


def last_turn(exchange: Exchange, facts: Facts) -> str:
    """A few rows with a newline at their end; where text is cut, a row says how to see all of it."""
    said = _NOT_KEPT if exchange.question.prompt is None else exchange.question.prompt
    asked = f"{clean_line(exchange.requested_model)}> {clean(said)[:_MOST].strip()}"
    prompt, more_prompt = _beginning(asked, _PROMPT_ROWS, facts)
    answer, more_answer = _beginning(clean(exchange.text[:_MOST]).strip(), _ANSWER_ROWS, facts)
    rows = [*prompt, *answer]
    if more_prompt or more_answer or len(exchange.text) > _MOST:
        dots = "…" if facts.unicode else "..."
        rows += wrap(f"{dots} avow history show {exchange.number} has all of it", facts.width, rest="  ", whole=True)
    shown = "".join(f"{facts.styled(row, FAINT)}\n" for row in rows)
    return shown + (f"{badge(exchange, facts)}\n" if exchange.verdict is not None else "")


def _beginning(text: str, most: int, facts: Facts) -> tuple[list[str], bool]:
    """The first rows without blank ones, and whether there are more."""
    rows = [row for row in wrap(text.expandtabs(4), facts.width) if row.strip()]
    return rows[:most], len(rows) > most
