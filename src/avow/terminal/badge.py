"""The badge of an answer in a conversation: which model wrote it, and which was asked if that is another; pure."""

from avow.exchange.exchange import Exchange
from avow.routing.verdict import Verdict
from avow.terminal.facts import FAINT, REVERSE, Facts
from avow.terminal.notices import shown
from avow.terminal.render import by_name_only, cost, folded, saved, tokens


def badge_words(exchange: Exchange) -> str:
    """`answered by S`. `, requested R` follows unless the verdict is that R answered; `, unverified` follows where the
    response names R and nothing proves it."""
    asked = _asked(exchange, "requested")
    return f"answered by {_author(exchange)}{asked and f', {asked}'}"


def badge(exchange: Exchange, facts: Facts) -> str:
    """`[S] asked R, tokens, cost, seconds` on one line, or in several rows where the terminal is narrower. R is left
    out where the verdict is that R answered; `unverified` is there where the response names R and nothing proves it."""
    reply = exchange.reply
    parts = [_asked(exchange, "asked"), by_name_only(exchange), "simulated" if exchange.simulated else ""]
    parts += [tokens(reply.usage), cost(reply.cost_usd, reply.cost_floor_usd), saved(exchange)]
    parts.append(f"{reply.total_ms / 1000:.1f} s" if reply.total_ms is not None else "")
    rest = (" · " if facts.unicode and not facts.plain else ", ").join(part for part in parts if part)
    head = f"[{_author(exchange)}]"
    text = folded(f"{head} {rest}".rstrip(), facts.width)
    if not text.startswith(head):
        return facts.styled(text, REVERSE)  # a name longer than the terminal is wide
    after = text[len(head) :]
    return f"{facts.styled(head, REVERSE)}{after[:1]}{facts.styled(after[1:], FAINT)}"


def _asked(exchange: Exchange, verb: str) -> str:
    if exchange.verdict is Verdict.AS_REQUESTED:
        return ""
    if exchange.routing.served_model == exchange.requested_model:
        return str(exchange.verdict)
    return f"{verb} {shown(exchange.requested_model)}"


def _author(exchange: Exchange) -> str:
    if exchange.verdict is Verdict.REFUSED:
        return "no model"
    return shown(exchange.routing.served_model)
