"""What an answer must be apart from complete: JSON that fits a schema, or a text with a code block.

A refusal, an error and a stream that broke are not checked: they have an exit status of their own.
"""

from collections.abc import Callable

from avow.exchange.exchange import Exchange, Problem
from avow.exchange.plan import Check
from avow.exit_codes import ExitCode
from avow.prompt.schema import Schema, extract, fits


def fits_schema(schema: Schema, which: str | None = None) -> Check:
    """Whether an answer fits, or the code block of it that is printed (`which`: `first` or `last`)."""
    judged = "code block" if which else "answer"

    def check(exchange: Exchange) -> Problem | None:
        shown = extract(exchange.text, which) if which else exchange.text
        if shown is None or not exchange.status.is_answer:
            return None
        wrong = fits(schema, shown)
        return Problem(ExitCode.NO_FIT, f"the {judged} does not fit the schema: {wrong}") if wrong else None

    return check


def holds_code(which: str) -> Check:
    """Whether there is a fenced code block to print; `which` is `first` or `last`."""

    def check(exchange: Exchange) -> Problem | None:
        if not exchange.status.is_answer or extract(exchange.text, which) is not None:
            return None
        return Problem(ExitCode.NO_FIT, "the answer holds no fenced code block")

    return check


def code_of(which: str) -> Callable[[Exchange], str]:
    """What is printed of an answer of which only a code block is wanted."""
    return lambda exchange: extract(exchange.text, which) or ""
