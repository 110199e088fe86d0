"""A run as people see it: one line for each item. Pure."""

from avow.exchange.exchange import Exchange
from avow.exit_codes import ExitCode
from avow.routing.verdict import NO_CATEGORY, Verdict
from avow.run.counts import counted_as
from avow.terminal.cells import cells, cut, wrap
from avow.terminal.facts import BOLD_RED, BOLD_YELLOW, GREEN, Facts
from avow.terminal.preview import fitting_surely
from avow.terminal.render import cost
from avow.terminal.sanitize import clean_line

_WIDEST_ID = 20
_WORD = len("as_requested")
_MOST_ROWS = 3


def item_line(exchange: Exchange, facts: Facts) -> str:
    """`✓ ID as_requested MODEL $0.0067`, no wider than the screen. An item that is not as requested shows both models
    and the reason. What does not fit beside the verdict gets lines of its own, three at most: who answered is never cut
    off."""
    name = item_name(exchange)
    name = name[: fitting_surely(name, _WIDEST_ID)] if name else ""
    word = counted_as(exchange)
    mark, style = _mark(exchange, facts)
    parts = [f"{name}{' ' * max(6 - cells(name), 0)}", f"{word:<{_WORD}}", what(exchange)]
    reply = exchange.reply
    parts.append(cost(reply.cost_usd, reply.cost_floor_usd))
    room = facts.width - cells(mark) - 1
    for shown in (parts, parts[:-1]):  # half a sum would be a wrong one
        line = "  ".join(part for part in shown if part)
        if fitting_surely(line, room) == len(line):
            return f"{facts.styled(mark, style)} {line}"
    head = f"{facts.styled(mark, style)} {line[: fitting_surely('  '.join(parts[:2]), room)].rstrip()}"
    if word == Verdict.AS_REQUESTED:
        return head
    rows = wrap(what(exchange), facts.width, first="  ", rest="    ")
    if len(rows) > _MOST_ROWS:
        rows[_MOST_ROWS - 1 :] = [cut(f"{rows[_MOST_ROWS - 1]} …", facts.width)]
    return "\n".join((head, *rows))


def item_name(exchange: Exchange) -> str:
    """The item's name, for a terminal; empty where the exchange is not of a run."""
    return clean_line(exchange.item.name) if exchange.item is not None else ""


def what(exchange: Exchange) -> str:
    """The models of an exchange in a few words, and why it was not as requested."""
    routing = exchange.routing
    asked = clean_line(exchange.requested_model)
    served = clean_line(routing.served_model or "")
    why = clean_line(routing.category or "") or NO_CATEGORY
    match counted_as(exchange):
        case Verdict.AS_REQUESTED:
            return asked
        case Verdict.REFUSED:
            return f"{asked} declined: {why}"
        case Verdict.FALLBACK:
            return f"{asked} -> {served or 'another model'} ({why})"
        case Verdict.SUBSTITUTED:
            return f"{asked} -> {served}"
        case Verdict.UNVERIFIED:
            return f"{asked}, answered by {served}" if served else asked
    return clean_line(exchange.error.message if exchange.error else "") or asked


def _mark(exchange: Exchange, facts: Facts) -> tuple[str, str]:
    if exchange.exit_code == ExitCode.OK and exchange.verdict is Verdict.AS_REQUESTED:
        return ("✓" if facts.unicode and not facts.plain else "ok"), GREEN
    if exchange.verdict is not None and counted_as(exchange) == exchange.verdict:
        return "!", BOLD_YELLOW
    return ("✗" if facts.unicode and not facts.plain else "x"), BOLD_RED
