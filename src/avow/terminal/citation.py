"""A line that names who wrote an answer, to be put beside it: as text, as Markdown or as a git trailer; pure."""

from collections.abc import Callable

from avow.exchange.exchange import Exchange, Status
from avow.routing.verdict import NO_CATEGORY, Outcome, Routing, Verdict, reasons
from avow.terminal.notices import other_name, shown
from avow.terminal.sanitize import clean_line

FORMS = ("text", "markdown", "trailer")


def citation(exchange: Exchange, form: str) -> str:
    """`Answered by MODEL (asked: MODEL; declined: CATEGORY)`, without a newline, in one of `FORMS`.

    A model that is not proven to be the author is not named as the author: an unverified answer is cited as unverified.
    """
    name: Callable[[str], str] = _code if form == "markdown" else str
    facts = "; ".join(_facts(exchange, name))
    start = "Answered-by: " if form == "trailer" else "Answered by "
    return start + _author(exchange, name) + (f" ({facts})" if facts else "")


def _code(model: str) -> str:
    return f"`{model.replace('`', '')}`"


def _author(exchange: Exchange, name: Callable[[str], str]) -> str:
    routing = exchange.routing
    match routing.verdict:
        case None | Verdict.REFUSED:
            return "no model"
        case Verdict.UNVERIFIED:
            return "a model that cannot be verified"
    authors = [segment.model for segment in routing.segments] or [routing.served_model]
    return ", then ".join(name(shown(author)) for author in authors)


def _facts(exchange: Exchange, name: Callable[[str], str]) -> list[str]:
    routing = exchange.routing
    facts = []
    if routing.verdict is not Verdict.AS_REQUESTED:
        facts.append(f"asked: {name(shown(exchange.requested_model))}")
    facts += _why(routing)
    if routing.verdict is Verdict.SUBSTITUTED:
        facts.append("no fallback declared")
    if routing.verdict is Verdict.UNVERIFIED and (other := other_name(exchange)):
        facts.append(f"named: {name(shown(other))}")
    if routing.verdict is Verdict.AS_REQUESTED and routing.strength == "weak":
        facts.append("by name only")
    if exchange.error is not None:
        facts.append(f"{exchange.status}: {clean_line(exchange.error.type)}")
    elif exchange.status not in (Status.COMPLETE, Status.REFUSED):
        facts.append(str(exchange.status))
    return [*facts, "simulated"] if exchange.simulated else facts


def _why(routing: Routing) -> list[str]:
    """Each category in which a model declined, else the other reason for the reroute."""
    declined = [hop.category or NO_CATEGORY for hop in routing.hops if hop.outcome is Outcome.DECLINED]
    if declined:
        return [f"declined: {clean_line(', '.join(dict.fromkeys(declined)))}"]
    return [clean_line(phrase) for phrase in reasons(routing)] if routing.verdict is Verdict.FALLBACK else []
