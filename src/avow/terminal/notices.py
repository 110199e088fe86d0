"""An exchange as the stable lines of stderr: one line for each fact that is not as requested."""

from collections.abc import Sequence

from avow.errors import DEADLINE_PASSED
from avow.exchange.exchange import Exchange, Status
from avow.exit_codes import ExitCode
from avow.models.identity import Identity, compare
from avow.routing.verdict import Evidence, Routing, Verdict, reasons
from avow.terminal.sanitize import clean_line
from avow.wire.names import REPEATED

MOST_PHRASES = 8
"""More than any chain of fallbacks that the API itself allows."""

_BROKE_HOW = {
    "stream_ended": "the stream ended before the answer did",
    "stalled": "the stream stalled before the answer ended",
    "timeout": "the stream stalled before the answer ended",
    "connection": "the stream broke before the answer ended",
    "interrupted": "avow stopped before the answer ended",
}

_TROUBLE = {
    "overloaded_error": "the API is overloaded",
    "rate_limit_error": "the API allows no more requests for now",
    "api_error": "the API failed",
}
_SAYS_NO_MORE = ("overloaded", "rate limited", "rate limit exceeded", "internal server error", "internal error")


def notices(exchange: Exchange) -> tuple[str, ...]:
    """Every line, without a final newline, in the order verdict, status, error; empty where everything is as requested.

    They begin with `avow: ` and a word that scripts look for (their form never changes).
    """
    lines = [*_verdict_line(exchange)]
    reply = exchange.reply
    match exchange.status:
        case Status.TRUNCATED:
            lines.append(f"avow: truncated: the answer stopped at {shown(reply.stop_reason, 'no reason given')}")
        case Status.INCOMPLETE:
            lines.append(f"avow: incomplete: {broke_how(exchange)}{in_request(reply.request_id)}")
        case Status.FAILED:
            lines.append(f"avow: error: {_failed(exchange)}{in_request(reply.request_id)}")
    if exchange.problem and exchange.problem.words:
        lines.append(f"avow: error: {clean_line(exchange.problem.words)}{in_request(reply.request_id)}")
    if is_held_back(exchange):
        lines.append(f"avow: withheld: {where_kept(exchange)}")
    return tuple(lines)


def few(phrases: Sequence[str]) -> list[str]:
    """The first of many phrases, and how many more there are: a server may declare thousands of hops."""
    left = len(phrases) - MOST_PHRASES
    return [*phrases] if left <= 0 else [*phrases[:MOST_PHRASES], f"and {left:,} more"]


def rerouted_line(requested: str, served: str | None, phrases: tuple[str, ...]) -> str:
    """The line for a declared fallback."""
    reason = clean_line("; ".join(few(phrases)))
    return f"avow: fallback: requested {shown(requested)}, answered by {shown(served, 'another model')} ({reason})"


def is_held_back(exchange: Exchange) -> bool:
    """Whether `--hold` kept a text from being shown. An answer without text is not withheld."""
    return exchange.withheld and bool(exchange.text or exchange.routing.withdrawn_text)


def where_kept(exchange: Exchange) -> str:
    """A clause that says where a withheld text is."""
    what = "the answer" if exchange.text else "the text that was withdrawn"
    if exchange.number is None:
        return f"{what} is not shown (--hold) and is not in the history"
    return f"{what} is not shown (--hold); avow history show {exchange.number} has it"


def in_request(request_id: str | None) -> str:
    """` (request req_…)`, or an empty text."""
    return f" (request {clean_line(request_id)})" if request_id else ""


def shown(text: str | None, unknown: str = "an unnamed model") -> str:
    """A name from outside on one harmless line."""
    return clean_line(text or "") or unknown


def other_name(exchange: Exchange) -> str | None:
    """The name in the response that may be another model's; None where it names no model but the requested one."""
    routing = exchange.routing
    names = [routing.served_model, *(name for e in routing.evidence if (name := _names_model(e)))]
    for name in names:
        if name and compare(exchange.requested_model, name) is not Identity.SAME:
            return name
    for name in (e.value for e in routing.evidence if e.field.endswith(".signature") and isinstance(e.value, str)):
        if compare(exchange.requested_model, name) is Identity.DIFFERENT:  # what else stands there proves nothing
            return name
    return None


def is_only_unfinished(exchange: Exchange) -> bool:
    """Whether the verdict is `unverified` only because the answer is incomplete: the requested model was named."""
    is_whole = exchange.status not in (Status.INCOMPLETE, Status.INTERRUPTED)
    return not is_whole and exchange.routing.served_model is not None and other_name(exchange) is None


def _verdict_line(exchange: Exchange) -> list[str]:
    routing, requested = exchange.routing, exchange.requested_model
    match routing.verdict:
        case Verdict.FALLBACK:
            return [rerouted_line(requested, routing.served_model, reasons(routing))]
        case Verdict.REFUSED:
            reason = clean_line("; ".join(few(reasons(routing)))) or "the model declined"
            return [f"avow: refused: {reason}; no model answered"]
        case Verdict.SUBSTITUTED:
            return [
                f"avow: substituted: requested {shown(requested)}, answered by {shown(routing.served_model)}; "
                "the response declares no fallback"
            ]
        case Verdict.AS_REQUESTED if exchange.is_unproven:
            return [f"avow: unproven: requested {shown(requested)}; only the name in the response speaks for it"]
        case Verdict.UNVERIFIED if not is_only_unfinished(exchange):
            return [f"avow: unverified: requested {shown(requested)}; {_doubt(exchange, routing)}"]
    return []


def _doubt(exchange: Exchange, routing: Routing) -> str:
    name = other_name(exchange) or routing.served_model
    if name is None:
        return "the response does not name the model that answered"
    return f"the response names {shown(name)}, which may be another model"


def _names_model(evidence: Evidence) -> str | None:
    """The model that a piece of evidence names, if its value is a plain name."""
    field = evidence.field.removesuffix(REPEATED)
    names_one = field == "model" or field.endswith((".model", "-model", "-model-name"))
    return evidence.value if names_one and isinstance(evidence.value, str) else None


def broke_how(exchange: Exchange) -> str:
    """A clause that says why an answer is not whole."""
    error = exchange.error
    if error is None:
        return _BROKE_HOW["stream_ended"]
    if error.message == DEADLINE_PASSED:
        return DEADLINE_PASSED
    how = _BROKE_HOW.get(error.type)
    return how or f"the stream broke before the answer ended: {_api_words(error.type, error.message)}"


def _failed(exchange: Exchange) -> str:
    """What the API said, or for an error of avow's own what it is, with the status and the number of attempts."""
    error, tries = exchange.error, exchange.reply.retries + 1
    message = shown(error.message if error else None, "no answer came")
    after = f", after {tries} tries" if tries > 1 else ""
    is_spent = exchange.exit_code == ExitCode.CREDENTIALS  # a spend limit: waiting does not help
    if error is None or is_spent or (words := _TROUBLE.get(error.type)) is None:
        return f"{message}{after}"
    status = f" ({error.status})" if error.status is not None and error.status >= 400 else ""
    rest = "" if message.rstrip(".").lower() in _SAYS_NO_MORE else f": {message}"
    return f"{words}{status}{after}{rest}"


def _api_words(kind: str, message: str) -> str:
    kind, message = clean_line(kind), clean_line(message)
    return message if not kind or kind in message else f"{kind}: {message}"
