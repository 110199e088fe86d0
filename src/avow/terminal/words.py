"""Plain words for what is not as requested: what happened, what the category means, what the user can do next."""

import shlex
from collections.abc import Mapping
from types import MappingProxyType

from avow.exchange.exchange import Exchange, Status
from avow.models.identity import Identity, compare
from avow.models.names import parse_claude
from avow.routing.verdict import Hop, Outcome, Verdict, reasons
from avow.terminal.notices import (
    MOST_PHRASES,
    broke_how,
    few,
    in_request,
    is_held_back,
    is_only_unfinished,
    other_name,
    shown,
    where_kept,
)
from avow.terminal.sanitize import clean_line
from avow.values import NamedTuple

CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "cyber": "the request was classified as computer security; this can include defensive work.",
        "bio": "the request was classified as biology; this can include ordinary life science.",
        "frontier_llm": "the request was classified as work on large language models themselves.",
        "reasoning_extraction": "the request was classified as asking for the model's inner reasoning.",
        "general_harms": "the request was classified as harmful in general; no topic is given.",
    }
)
"""What the API's categories mean, judged by their names: the response says no more."""


class AdviceContext(NamedTuple):
    """Where the advice is read, because it names what can be done there. `simulate` is the scenario that is played, if
    known; `in_chat`: at the prompt of a chat."""

    simulate: str | None = None
    in_chat: bool = False

    def again(self, exchange: Exchange, model: str | None = None) -> str:
        """The command that asks the same question again."""
        if self.in_chat:
            return f"/retry {model}" if model else "/retry"
        name = model or shown(exchange.requested_model)
        if exchange.number is None:
            return f"avow -m {name}{self._demo(exchange)} …"
        return f"avow retry {exchange.number} -m {name}{self._demo(exchange)}"

    def next(self, exchange: Exchange, model: str | None = None) -> str:
        """The command that begins the next turn of the conversation."""
        # No session's last conversation is one with the simulator: it has to be named.
        named = f"--conversation {exchange.number}" if exchange.simulated and exchange.number is not None else "-c"
        return f"avow {named}{f' -m {model}' if model else ''}{self._demo(exchange)}"

    def _demo(self, exchange: Exchange) -> str:
        return f" --simulate {shlex.quote(self.simulate or 'SCENARIO')}" if exchange.simulated else ""


ANYWHERE = AdviceContext()


class Explanation(NamedTuple):
    """`title` is one phrase; `facts` say what happened and `advice` what the user can do, in one or two sentences each.
    `grave`: the answer is missing or incomplete, or its author is unknown."""

    title: str
    facts: tuple[str, ...]
    advice: tuple[str, ...]
    grave: bool


def explain(exchange: Exchange, here: AdviceContext = ANYWHERE) -> Explanation | None:
    """What is not as requested; None where everything is, and where an error message says it."""
    titles: list[str] = []
    said: list[str] = []
    advice: list[str] = []
    for title, facts, steps in (_of_verdict(exchange, here), _of_status(exchange, here)):
        titles += [title] if title else []
        said += facts
        advice += steps
    if not titles:
        return None
    if exchange.verdict is not None:
        titles[0] += f" ({exchange.verdict})"
    if is_held_back(exchange):
        said.append(f"{_sentence(where_kept(exchange))}.")
    if here.in_chat:
        advice.append("How this was routed: /why")
    elif exchange.number is not None:
        advice.append(f"How this was routed: avow why {exchange.number}")
    grave = exchange.verdict is not Verdict.FALLBACK or exchange.status is Status.INCOMPLETE
    return Explanation("; ".join(titles), tuple(said), tuple(dict.fromkeys(advice)), grave)


def meaning(category: str | None) -> str:
    """What the category of a decline means, in a clause."""
    if category is None:
        return "no category was given, so the reason is unknown."
    return CATEGORIES.get(category, "avow does not know this category.")


_STOPPED: Mapping[str, str] = MappingProxyType(
    {
        "max_tokens": "The answer stopped because it reached the limit of --max-tokens (max_tokens).",
        "model_context_window_exceeded": "The answer stopped because the context window is full.",
        "tool_use": "The model asked for a tool, which avow does not run.",
    }
)
_Part = tuple[str, list[str], list[str]]


def _of_verdict(exchange: Exchange, here: AdviceContext) -> _Part:
    match exchange.verdict:
        case Verdict.FALLBACK:
            return _fallback(exchange, here)
        case Verdict.REFUSED:
            return _refused(exchange, here)
        case Verdict.SUBSTITUTED:
            return _substituted(exchange, here)
        case Verdict.UNVERIFIED if not is_only_unfinished(exchange):
            return _unverified(exchange)
        case Verdict.AS_REQUESTED if exchange.is_unproven:
            return _unproven(exchange, here)
    return "", [], []


def _fallback(exchange: Exchange, here: AdviceContext) -> _Part:
    # Rule 7 of `avow.routing`: say who answered and what the response says of the reason, and nothing else.
    routing = exchange.routing
    requested, served = shown(exchange.requested_model), shown(routing.served_model, "another model")
    authors = few([shown(segment.model) for segment in routing.segments])
    facts = [f"You asked {requested}; {served} answered."]
    if len(authors) > 1:
        facts = [f"You asked {requested}; the answer is by {', then by '.join(authors)}."]
    declined = [hop for hop in routing.hops if hop.outcome is Outcome.DECLINED]
    facts += _declines(declined)
    others = few([phrase for phrase in reasons(routing) if " declined: " not in phrase])
    facts += [f"{_sentence(clean_line(phrase))}." for phrase in others]
    advice = [f"Ask {requested} again: {here.again(exchange)}"]
    if declined:
        advice = [f"Rephrase the question, or ask {requested} again: {here.again(exchange)}"]
        advice += [] if here.in_chat else ["Get no answer instead of another model's: --fallback none"]
    elif routing.is_sticky:
        facts.append("For about an hour, the API sends prompts that begin the same way to that model.")
        advice = [f"Begin the prompt in another way, or ask {requested} again in an hour: {here.again(exchange)}"]
    elif routing.pin is not None and here.in_chat:
        advice = [f"Go back to {requested} with your next question: /model {requested}"]
    elif routing.pin is not None:
        advice = [f"Go back to {requested} with your next question: {here.next(exchange, requested)} …"]
    return "another model answered", facts, advice


def _refused(exchange: Exchange, here: AdviceContext) -> _Part:
    routing = exchange.routing
    declined = [hop for hop in routing.hops if hop.outcome is Outcome.DECLINED]
    facts = [*_declines(declined), "There is no answer."]
    if routing.explanation:
        facts.append(f"The API explains: {clean_line(routing.explanation)}")
    if routing.withdrawn_text:
        where = "It had begun to answer; that text" if is_held_back(exchange) else "The text above"
        facts.append(f"{where} was withdrawn. Do not use it.")
    advice = ["Rephrase the question; sent again as it is, it will most likely be declined again."]
    model = clean_line(routing.recommended_model or "")
    if model:
        facts.append(f"The API recommends {model}, which was not available at that moment.")
    advice.append(f"Ask another model: {here.again(exchange, model or 'MODEL')}")
    return "no model answered", facts, advice


def _substituted(exchange: Exchange, here: AdviceContext) -> _Part:
    requested, served = shown(exchange.requested_model), shown(exchange.routing.served_model)
    facts = [
        f"You asked {requested}; {served} answered.",
        "The response declares no fallback and gives no reason.",
    ]
    advice = [f"Ask {requested} again: {here.again(exchange)}"]
    return "another model answered, and nothing says why", facts, advice


def _unverified(exchange: Exchange) -> _Part:
    name = other_name(exchange) or exchange.routing.served_model
    facts = [f"You asked {shown(exchange.requested_model)}."]
    if name is None:
        facts.append("The response does not name the model that answered.")
    elif name == exchange.requested_model:
        facts.append("The response names it, but its other evidence leaves that open.")
    else:
        facts.append(f"The response names {shown(name)}, which may be another model.")
    if odd := look_alike(exchange):
        facts.append(odd)
    return "avow cannot tell which model answered", facts, _vouching(exchange)


def _unproven(exchange: Exchange, here: AdviceContext) -> _Part:
    facts = [
        f"You asked {shown(exchange.requested_model)}, and the response names it.",
        "Only the name in the response speaks for it; --require strong asks for more.",
    ]
    return (
        "only a name says which model answered",
        facts,
        [] if here.in_chat else ["Accept a name as enough: --require weak"],
    )


def look_alike(exchange: Exchange) -> str | None:
    """A sentence on characters in the response's name or in the requested one that may only look like others; None
    where both are plain ASCII."""
    for name in (other_name(exchange), exchange.requested_model):
        odd = dict.fromkeys(f"U+{ord(character):04X}" for character in name or "" if not character.isascii())
        if odd and name and other_name(exchange):
            return f"The name {shown(name)} has characters that may only look like others: {', '.join(odd)}."
    return None


def vouching_line(exchange: Exchange) -> str | None:
    """The command with which a user vouches that both names mean one model, with the private name as its key. None
    where the user cannot decide that: only one name is there, the names differ, or one has look-alike characters."""
    requested, name = exchange.requested_model, other_name(exchange)
    if name is None or not (requested + name).isascii() or compare(requested, name) is not Identity.UNKNOWN:
        return None
    private, model = (name, requested) if parse_claude(name) is None else (requested, name)
    key, value = f'same_models."{_quoted(private)}"', f'["{_quoted(model)}"]'
    return f"avow config set {shlex.quote(key)} {shlex.quote(value)}"


def _vouching(exchange: Exchange) -> list[str]:
    line = vouching_line(exchange)
    return [f"If both names stand for one model, say so: {line}"] if line else []


def _of_status(exchange: Exchange, here: AdviceContext) -> _Part:
    number = _number(exchange)
    match exchange.status:
        case Status.TRUNCATED:
            return _truncated(exchange, here)
        case Status.INCOMPLETE:
            facts = [f"{_sentence(broke_how(exchange))}{in_request(exchange.reply.request_id)}."]
            facts += [f"To see what is kept: avow history show{number}"] if number else []
            is_said = exchange.verdict in (Verdict.FALLBACK, Verdict.SUBSTITUTED)  # with the advice on the model
            return "the answer is incomplete", facts, [] if is_said else [f"Ask again: {here.again(exchange)}"]
        case Status.INTERRUPTED if exchange.verdict in (Verdict.FALLBACK, Verdict.SUBSTITUTED):
            facts = [f"Interrupted; to see what is kept: avow history show{number}"] if number else ["Interrupted."]
            return "interrupted", facts, []
    return "", [], []


def _truncated(exchange: Exchange, here: AdviceContext) -> _Part:
    reason = shown(exchange.reply.stop_reason, "no reason given")
    facts = [_STOPPED.get(exchange.reply.stop_reason or "", f"The answer stopped before it was complete ({reason}).")]
    advice = []
    if exchange.reply.stop_reason == "max_tokens" and here.in_chat:
        advice = ["Let the model continue: ask it to"]
    elif exchange.reply.stop_reason == "max_tokens":
        advice = ["Allow a longer answer: --max-tokens N"]
        advice.append(f'Or let the model continue: {here.next(exchange)} "continue"')
    elif exchange.reply.stop_reason == "model_context_window_exceeded" and here.in_chat:
        advice = ["Begin a new conversation: /new", "Or ask a model with a larger context: /model MODEL"]
    elif exchange.reply.stop_reason == "model_context_window_exceeded":
        advice = ["Send less text, or ask a model with a larger context: avow models"]
    return "the answer was cut short", facts, advice


def _declines(declined: list[Hop]) -> list[str]:
    lines = []
    explained: set[str | None] = set()
    for hop in declined[:MOST_PHRASES]:
        category = clean_line(hop.category or "")
        said = f"{shown(hop.model)} declined" + (f" ({category})" if category else "")
        lines.append(f"{said}." if hop.category in explained else f"{said}: {meaning(hop.category)}")
        explained.add(hop.category)
    if len(declined) > MOST_PHRASES:
        lines.append(f"{len(declined) - MOST_PHRASES:,} more declined.")
    return lines


def _sentence(text: str) -> str:
    """`text` with a capital, unless it begins with a model's id."""
    first = text.partition(" ")[0]
    return text if "-" in first or any(c.isdigit() for c in first) else text[:1].upper() + text[1:]


def _number(exchange: Exchange) -> str:
    return f" {exchange.number}" if exchange.number is not None else ""


def _quoted(name: str) -> str:
    return clean_line(name).replace("\\", "\\\\").replace('"', '\\"')
