"""Turns values into what a person sees: the panel, the footer, the rule at a handover; pure."""

import re

from avow.exchange.exchange import Exchange, HandedOver
from avow.models.pricing import price, saving
from avow.routing.verdict import NO_CATEGORY, Hop, Outcome
from avow.terminal.cells import cells, padded, wrap
from avow.terminal.facts import BOLD_RED, BOLD_YELLOW, FAINT, RED, YELLOW, Facts
from avow.terminal.notices import shown
from avow.terminal.sanitize import clean_line
from avow.terminal.words import ANYWHERE, AdviceContext, Explanation, explain
from avow.text.counts import counted
from avow.wire.json_value import JsonObject, whole

READABLE = 100
"""Columns beyond which a line of prose is hard to read."""

_UNIT, _KEPT = re.compile(r"(?<=\d) (?=\w)"), "\u00a0"


def panel(exchange: Exchange, facts: Facts, here: AdviceContext = ANYWHERE) -> str | None:
    """The notice in a box, with a newline at its end; None where everything is as requested. Without a box if `facts`
    say plain."""
    explanation = explain(exchange, here)
    if explanation is None:
        return None
    return _as_lines(explanation) if facts.plain else _boxed(explanation, facts)


def _as_lines(explanation: Explanation) -> str:
    lines = [f"Notice: {explanation.title}.", *explanation.facts]
    if explanation.advice:
        lines += ["What you can do:", *explanation.advice]
    return "".join(f"{line}\n" for line in lines)


def _boxed(explanation: Explanation, facts: Facts) -> str:
    width = min(facts.width, READABLE)
    room = width - len("| ") - len(" |")
    title = explanation.title[:1].upper() + explanation.title[1:]
    color, alarm = (RED, BOLD_RED) if explanation.grave else (YELLOW, BOLD_YELLOW)
    across, upright = ("━", "┃") if facts.unicode else ("-", "|")
    corners = (("┏", "┓"), ("┗", "┛")) if facts.unicode else (("+", "+"), ("+", "+"))
    rows = [
        *(facts.styled(padded(line, room), alarm) for line in wrap(title, room)),
        *(padded(line, room) for fact in explanation.facts for line in wrap(fact, room)),
        " " * room,
        *(padded(line, room) for step in explanation.advice for line in wrap(step, room, first="- ", rest="  ")),
    ]
    edge = facts.styled(upright, color)
    top, bottom = (facts.styled(f"{a}{across * (width - 2)}{b}", color) for a, b in corners)
    return "".join(f"{line}\n" for line in (top, *(f"{edge} {row} {edge}" for row in rows), bottom))


def footer(exchange: Exchange, facts: Facts) -> str:
    """One faint line: model, tokens, cost, seconds; in several rows where the terminal is narrower."""
    reply = exchange.reply
    parts = [shown(exchange.routing.served_model), by_name_only(exchange), "simulated" if exchange.simulated else ""]
    parts += [tokens(reply.usage), cost(reply.cost_usd, reply.cost_floor_usd), saved(exchange)]
    parts.append(f"{reply.total_ms / 1000:.1f} s" if reply.total_ms is not None else "")
    line = (" · " if facts.unicode and not facts.plain else ", ").join(part for part in parts if part)
    return facts.styled(folded(line, facts.width), FAINT)


def folded(line: str, width: int) -> str:
    """The line in rows that fit; a number and its unit stay together."""
    return "\n".join(wrap(_UNIT.sub(_KEPT, line), width)).replace(_KEPT, " ")


def by_name_only(exchange: Exchange) -> str:
    """`by name only` where nothing but a name says which model answered; empty elsewhere, and for the simulator's
    answers."""
    return "by name only" if exchange.routing.is_by_name_only and not exchange.simulated else ""


def tokens(usage: JsonObject | None) -> str:
    """`1,234 tokens in (1,000 from the cache, 200 into it), 56 out`; empty where unknown."""
    if not usage:
        return ""
    keys = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    read = [count for key in keys if (count := whole(usage.get(key))) is not None]
    written = whole(usage.get("output_tokens"))
    parts = [f"{counted(sum(read), 'token', grouped=True)} in{_of_cache(usage)}"] if read else []
    if written is not None:
        parts.append(f"{written:,} out" if parts else f"{counted(written, 'token', grouped=True)} out")
    return ", ".join(parts)


def _of_cache(usage: JsonObject) -> str:
    """How many of the input tokens came from the prompt cache and how many were written to it; empty where none."""
    into, out = (whole(usage.get(f"cache_{name}_input_tokens")) for name in ("creation", "read"))
    words = [f"{out:,} from the cache"] if out else []
    if into:
        words.append(f"{into:,} into {'it' if words else 'the cache'}")
    return f" ({', '.join(words)})" if words else ""


def saved(exchange: Exchange) -> str:
    """What the prompt cache saved of the list price; empty where it saved nothing, or where that is not known."""
    usd = [saved_by(hop) for hop in exchange.routing.hops if hop.outcome is Outcome.SERVED]
    known = sum(one for one in usd if one is not None)
    return f"the cache saved {_dollars(known)}" if None not in usd and known > 0 else ""


def saved_by(hop: Hop) -> float | None:
    """What the prompt cache saved of a hop's list price, in USD; below 0 where it cost more. None where the hop's cost
    is unknown, or is not the list price."""
    if hop.model is None or not hop.usage or hop.cost_usd is None or hop.cost_usd != price(hop.model, hop.usage):
        return None
    return saving(hop.model, hop.usage)


def cost(usd: float | None, at_least: float = 0.0) -> str:
    """A cost in US dollars, or the part of it that is known; empty where no part is."""
    if usd is not None:
        return _dollars(usd)
    return f"at least {_dollars(at_least)}" if at_least else ""


def figures(exchange: Exchange) -> str:
    """Times, tokens, cost and ids in one line, for `--verbose`."""
    reply = exchange.reply
    first = f"first token after {reply.first_token_ms} ms" if reply.first_token_ms is not None else ""
    total = f"{reply.total_ms} ms in all" if reply.total_ms is not None else ""
    request = f"request {reply.request_id}" if reply.request_id else ""
    price = cost(reply.cost_usd, reply.cost_floor_usd)
    facts = (first, total, tokens(reply.usage), price, request, f"exchange {exchange.id}")
    return "; ".join(fact for fact in facts if fact)


def _dollars(usd: float) -> str:
    if 0 < usd < 0.0001:
        return "under $0.0001"
    return f"${usd:.2f}" if usd >= 1 else f"${usd:.4f}"


def handover_rule(event: HandedOver, facts: Facts) -> str:
    """The line between the texts of two models, with a newline at its end."""
    source, target = shown(event.source, "the model"), shown(event.target, "another model")
    why = f"was not available ({clean_line(event.error)})" if event.error else f"declined ({_category(event)})"
    return rule(f"{source} {why}; {target} continues", facts)


def _category(event: HandedOver) -> str:
    return clean_line(event.category or "") or NO_CATEGORY


def withdrawn_rule(model: str | None, facts: Facts) -> str:
    """The line after a text that is not part of the answer, with a newline at its end."""
    return rule(f"the text above is withdrawn: {shown(model, 'its model')} declined", facts)


def rule(words: str, facts: Facts) -> str:
    """`words` between lines across the screen; in brackets if `facts` say plain."""
    if facts.plain:
        return f"[{words}]\n"
    width = min(facts.width, READABLE)
    dash = "─" if facts.unicode else "-"
    if cells(words) + 8 <= width:
        start = f"{dash * 3} {words} "
        lines = [start + dash * (width - cells(start))]
    else:
        lines = [dash * width, *wrap(words, width), dash * width]
    return "".join(f"{facts.styled(line, BOLD_YELLOW)}\n" for line in lines)
