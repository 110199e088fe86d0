"""How an exchange was routed, for people: hop by hop, with evidence, times and prices; pure."""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from avow.exchange.exchange import Exchange
from avow.routing.gateways import names_may_be_rewritten, strength_of_name
from avow.routing.verdict import NO_CATEGORY, Evidence, Hop, Outcome, Verdict, reasons
from avow.terminal.cells import wrap
from avow.terminal.facts import Facts
from avow.terminal.notices import few, in_request, notices, shown
from avow.terminal.render import READABLE, cost, saved_by, tokens
from avow.terminal.sanitize import clean_line
from avow.terminal.words import look_alike, meaning, vouching_line
from avow.text.counts import counted
from avow.text.local_time import SECONDS, local
from avow.wire.json_value import obj, text

_SAID: Mapping[Verdict | None, str] = {
    Verdict.AS_REQUESTED: "the requested model wrote the whole answer",
    Verdict.FALLBACK: "a declared fallback model wrote the answer or part of it",
    Verdict.REFUSED: "every model declined; there is no answer",
    Verdict.SUBSTITUTED: "another model answered and the response declares no fallback",
    Verdict.UNVERIFIED: "the response does not prove which model answered",
    None: "none: the response had not begun",
}
_NAME_IS_WORTH = {
    "strong": "names the model that was used, according to its documentation; it may switch models for any reason",
    "weak": "may repeat the request or be a gateway's own name, so it is weak evidence on its own",
    "none": "is the name of a deployment and says nothing about the model behind it",
}
_MOST_SHOWN = 200
"""Characters of a value or a prompt that are shown."""


def why(
    exchange: Exchange,
    facts: Facts,
    *,
    same_models: Mapping[str, Sequence[str]] | None = None,
    earlier: Exchange | None = None,
) -> str:
    """The explanation as lines with a newline at the end; wrapped on a terminal only.

    `same_models` are the names that the user vouched for; `earlier` is the last exchange in which the requested model
    declined, which explains a turn that was sent straight to the fallback.
    """
    lines = [*_head(exchange), "", *_verdict(exchange, earlier), "", "Hops", *_hops(exchange)]
    lines += ["", "Evidence", *_evidence(exchange), *_worth(exchange, same_models or {}), "", *_figures(exchange)]
    if facts.is_terminal:
        lines = [row for line in lines for row in _wrapped(line, min(facts.width, READABLE))]
    return "".join(f"{line}\n" for line in lines)


def _head(exchange: Exchange) -> list[str]:
    name = f"Exchange {exchange.number}" if exchange.number is not None else f"Exchange {exchange.id}"
    marks = [clean_line(local(exchange.created_at, SECONDS))]
    marks += ["simulated: answered by the built-in simulator"] if exchange.simulated else []
    marks += [f"from {clean_line(exchange.source)}"] if exchange.source != "avow" else []
    lines = [f"{name}, {', '.join(marks)}"]
    if exchange.question.prompt:
        lines.append(f"Prompt: {_short(clean_line(exchange.question.prompt))}")
    return lines


def _verdict(exchange: Exchange, earlier: Exchange | None) -> list[str]:
    routing = exchange.routing
    verdict = f"{routing.verdict} ({_SAID[routing.verdict]})" if routing.verdict else _SAID[None]
    lines = [f"Verdict: {verdict}", f"Status: {exchange.status}"]
    if exchange.exit_code is not None:
        lines[-1] += f", exit status {exchange.exit_code}"
    lines.append(f"Asked: {shown(exchange.requested_model)}")
    if exchange.sent_model and exchange.sent_model != exchange.requested_model:
        lines[-1] += f"; sent to {shown(exchange.sent_model)}"
    nobody = "nobody" if routing.verdict is Verdict.REFUSED else "not known"
    lines.append(f"Answered: {shown(routing.served_model, nobody)}")
    if phrases := reasons(routing):
        lines.append(f"Reason: {clean_line('; '.join(few(phrases)))}")
    if routing.explanation:
        lines.append(f"The API explains: {clean_line(routing.explanation)}")
    if routing.recommended_model:
        lines.append(f"The API recommends: {clean_line(routing.recommended_model)}")
    if earlier is not None and _explains(earlier, exchange):
        phrase = clean_line("; ".join(few(reasons(earlier.routing))))
        lines.append(
            f"Before that: exchange {earlier.number}, {clean_line(local(earlier.created_at, SECONDS))} ({phrase})"
        )
    said = [line for line in notices(exchange) if not line.startswith(f"avow: {routing.verdict}:")]
    return [*lines, *(line.removeprefix("avow: ")[:1].upper() + line.removeprefix("avow: ")[1:] for line in said)]


def _explains(earlier: Exchange, exchange: Exchange) -> bool:
    """Whether the decline in `earlier` may be the reason why this turn went straight to the fallback."""
    has_declined = any(hop.outcome is Outcome.DECLINED for hop in earlier.routing.hops)
    return exchange.routing.is_sticky and has_declined and earlier.created_at < exchange.created_at


def _hops(exchange: Exchange) -> list[str]:
    if not exchange.routing.hops:
        return ["  unknown"]
    lines = []
    for index, hop in enumerate(exchange.routing.hops, 1):
        lines.append(f"  {index}. {shown(hop.model)}: {_outcome(hop)}")
        price = cost(hop.cost_usd) or "cost not known"
        used = tokens(hop.usage) or "tokens not known"
        if hop.outcome is not Outcome.SKIPPED:
            lines.append(f"     {used}; {price}{_cached(hop)}{_credit(hop)}")
    return lines


def _cached(hop: Hop) -> str:
    """What the prompt cache saved, or what it cost to fill it for later questions."""
    usd = saved_by(hop)
    if not usd:
        return ""
    return f"; the cache saved {cost(usd)}" if usd > 0 else f"; {cost(-usd)} of it for filling the cache"


def _credit(hop: Hop) -> str:
    """Whether the refusal's credit token paid for the cache that the next model had to fill again."""
    status = obj(obj((hop.usage or {}).get("fallback_credit")).get("status"))
    match text(status.get("type")):
        case None:
            return ""
        case "redeemed":
            return "; the refusal's credit was redeemed"
        case kind:
            reason = text(status.get("reason"))
            return f"; the refusal's credit: {clean_line(kind)}{f' ({clean_line(reason)})' if reason else ''}"


def _outcome(hop: Hop) -> str:
    match hop.outcome:
        case Outcome.SERVED:
            return "served"
        case Outcome.DECLINED:
            return f"declined ({clean_line(hop.category or '') or NO_CATEGORY}): {meaning(hop.category)}"
    if hop.error is None:
        return "skipped: it was not available"
    return f"skipped: {clean_line(hop.error.type)}: {clean_line(hop.error.message)}"


def _evidence(exchange: Exchange) -> list[str]:
    if not exchange.routing.evidence:
        return ["  none"]
    return [f"  {e.strength:6}  {clean_line(e.field)} = {_value(e)}" for e in exchange.routing.evidence]


def _value(evidence: Evidence) -> str:
    return _short(clean_line(json.dumps(evidence.value, ensure_ascii=False, default=str)))


def _worth(exchange: Exchange, same_models: Mapping[str, Sequence[str]]) -> list[str]:
    """What a name is worth on the host that answered, and which other evidence there is."""
    lines = []
    host = urlsplit(exchange.base_url or "").hostname
    if exchange.simulated:
        lines.append("The simulator answered, so nothing here says anything about the API.")
    elif host and not names_may_be_rewritten(host):
        lines.append("The API itself answered: the name is its own, and enough while no other evidence contradicts it.")
    elif host:
        worth = _NAME_IS_WORTH[strength_of_name(host)]
        lines.append(f"{clean_line(host)} is not the API's own host and may rewrite names; there `model` {worth}.")
        fields = [clean_line(e.field) for e in exchange.routing.evidence if e.strength == "strong"]
        lines.append(f"Other evidence: {', '.join(fields)}." if fields else "No other evidence supports the name.")
    if "fallbacks" in exchange.question.params:
        from avow.routing.known_gateways import advice, known

        if said := advice(known(host or "", [e.field for e in exchange.routing.evidence])):
            lines.append(f"{said}.")
    names = {exchange.requested_model, exchange.routing.served_model, exchange.sent_model}
    for private, models in same_models.items():
        if private in names:
            lines.append(f"Your config vouches that {clean_line(private)} stands for {clean_line(', '.join(models))}.")
    if exchange.verdict is Verdict.UNVERIFIED and (odd := look_alike(exchange)):
        lines.append(odd)
    if exchange.verdict is Verdict.UNVERIFIED and (line := vouching_line(exchange)):
        lines.append(f"If both names stand for one model, say so: {line}")
    return ["", *lines] if lines else []


def _figures(exchange: Exchange) -> list[str]:
    lines = []
    reply = exchange.reply
    times = []
    if reply.first_token_ms is not None:
        times.append(f"first token after {reply.first_token_ms:,} ms")
    if reply.total_ms is not None:
        times.append(f"{reply.total_ms:,} ms in all")
    times += [counted(reply.retries, "retry")] if reply.retries else []
    if times:
        lines.append(f"Time: {', '.join(times)}")
    price = cost(reply.cost_usd, reply.cost_floor_usd) or "not known"
    lines.append(f"Cost: {price}{', at list prices' if price != 'not known' else ''}")
    lines.append(f"Fallback: {policy_words(exchange)}")
    if exchange.base_url and not exchange.simulated:
        lines.append(f"Asked at: {clean_line(exchange.base_url)}")
    if reply.request_id or reply.message_id:
        message = f"message {clean_line(reply.message_id)}" if reply.message_id else ""
        ids = (in_request(reply.request_id).strip(" ()"), message)
        lines.append(f"Ids: {', '.join(one for one in ids if one)}")
    return lines


def policy_words(exchange: Exchange) -> str:
    """Which models were allowed to answer instead, and who was to ask them."""
    policy = exchange.fallback_policy
    words = clean_line(policy if isinstance(policy, str) else ", ".join(policy))
    return words if words == "none" else f"{words}, by {'the API' if exchange.fallback_by == 'server' else 'avow'}"


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} …"


def _wrapped(line: str, width: int) -> list[str]:
    """`line` in rows; the rows after the first are indented a little more."""
    indent = " " * (len(line) - len(line.lstrip(" ")))
    return wrap(line.lstrip(" "), max(width, 20), first=indent, rest=f"{indent}   ")
