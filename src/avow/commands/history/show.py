"""`avow history show`: one exchange, those that asked it again, or its conversation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from avow.commands.history.lines import result, route, style_of, when
from avow.commands.paging import page
from avow.context import Context
from avow.errors import UsageError
from avow.exchange.exchange import Exchange
from avow.exit_codes import ExitCode
from avow.local_time import SECONDS
from avow.terminal.cells import wrap
from avow.terminal.facts import BOLD, FAINT, Facts
from avow.terminal.notices import notices
from avow.terminal.sanitize import clean, clean_line
from avow.terminal.table import GAP, side_by_side

if TYPE_CHECKING:
    from avow.history.store import History

_SIDE_BY_SIDE_FROM = 100
_NOT_KEPT = "(not kept: history.content was none, or it was redacted)"


@dataclass(frozen=True, slots=True)
class ShowOptions:
    """Which exchange (None: the last one), and what of it."""

    reference: str | None = None
    text_only: bool = False
    conversation: bool = False
    as_json: bool = False


def run_show(options: ShowOptions, context: Context) -> ExitCode:
    """Print it. Raises UsageError where there is no such exchange."""
    history = context.history(context.settings(), read_only=True)
    exchange = history.get(options.reference) if options.reference else history.latest(simulated=True)
    if exchange is None:
        raise UsageError("the history is empty", hint="ask something first")
    chosen = history.conversation(exchange.conversation_id) if options.conversation else (exchange,)
    if options.as_json:
        _print_json(chosen, context, as_list=options.conversation)
    elif options.text_only:
        for one in chosen:
            _print_text(one, context)
    elif options.conversation:
        page("".join(_conversation(chosen, context.screen.out_facts)), context)
    else:
        page("".join(_one_with_retries(exchange, history, context.screen.out_facts)), context)
    return ExitCode.OK


def _print_json(exchanges: Sequence[Exchange], context: Context, *, as_list: bool) -> None:
    import json

    from avow.history.export import as_object
    from avow.wire.json_value import encodable

    shown = [as_object(exchange) for exchange in exchanges]
    text = encodable(json.dumps(shown if as_list else shown[0], indent=2, ensure_ascii=False)) + "\n"
    context.screen.data(text, is_json=True)


def _print_text(exchange: Exchange, context: Context) -> None:
    """The answer as `ask` prints it: unchanged to a pipe, with a newline where it lacks one at its end."""
    text = clean(exchange.text) if context.screen.is_terminal else exchange.text
    if text:
        context.screen.out(text if text.endswith("\n") else f"{text}\n")


def _conversation(turns: Sequence[Exchange], facts: Facts) -> Iterator[str]:
    for place, turn in enumerate(turns, 1):
        if place > 1:
            yield "\n"
        yield _heading(f"turn {place} · {turn.number} · {when(turn)} · {_badge(turn)}", facts)
        yield _said(turn, facts)


def _one_with_retries(exchange: Exchange, history: "History", facts: Facts) -> Iterator[str]:
    family = _family(exchange, history)
    yield _about(exchange, facts)
    if len(family) == 1:
        yield _said(exchange, facts)
        return
    yield _heading("prompt", facts)
    yield _prompt(exchange, facts)
    if facts.is_terminal and not facts.plain and facts.width >= _SIDE_BY_SIDE_FROM:
        yield _side_by_side(family, facts)
        return
    for one in family:
        yield "\n"
        yield _heading(f"{one.number} · {_badge(one)}", facts)
        yield _answer(one, facts)


def _family(exchange: Exchange, history: "History") -> tuple[Exchange, ...]:
    """The exchange, the one it asks again, and all that ask either again, by number."""
    roots = [exchange.id] if exchange.retry_of is None else [exchange.id, exchange.retry_of]
    found = {exchange.number: exchange}
    for root in roots:
        found.update((one.number, one) for one in history.retries_of(root))
    if exchange.retry_of is not None and (original := history.with_id(exchange.retry_of)):
        found[original.number] = original
    return tuple(found[number] for number in sorted(found, key=lambda number: number or 0))


def _about(exchange: Exchange, facts: Facts) -> str:
    ended = facts.styled(result(exchange), style_of(exchange))
    lines = [f"{exchange.number}  {when(exchange, SECONDS)}  {ended}", f"  {route(exchange, facts)}"]
    lines += [f"  {line.removeprefix('avow: ')}" for line in notices(exchange)]
    facts_of_it = (
        ("id", exchange.id),
        ("conversation", exchange.conversation_id),
        ("retry of", exchange.retry_of),
        ("template", exchange.question.template),
        ("request", exchange.reply.request_id),
        ("attachments", ", ".join(clean_line(file.name) for file in exchange.question.attachments) or None),
        ("exit status", None if exchange.exit_code is None else str(exchange.exit_code)),
    )
    lines += [facts.styled(f"  {name}: {clean_line(value)}", FAINT) for name, value in facts_of_it if value]
    return "".join(f"{line}\n" for line in lines) + "\n"


def _said(exchange: Exchange, facts: Facts) -> str:
    system = ""
    if exchange.question.system:
        system = _heading("system", facts) + _text(exchange.question.system, facts)
    return (
        f"{system}{_heading('prompt', facts)}{_prompt(exchange, facts)}{_heading('answer', facts)}"
        f"{_answer(exchange, facts)}"
    )


def _prompt(exchange: Exchange, facts: Facts) -> str:
    return f"{_NOT_KEPT}\n" if exchange.question.prompt is None else _text(exchange.question.prompt, facts)


def _answer(exchange: Exchange, facts: Facts) -> str:
    """Every part of the answer under the name of the model that wrote it, where there is more than one."""
    routing = exchange.routing
    if exchange.question.prompt is None and not routing.segments:
        return f"{_NOT_KEPT}\n"
    parts = []
    for segment in routing.segments:
        if len(routing.segments) > 1:
            parts.append(_heading(f"by {clean_line(segment.model or 'a model not named')}", facts))
        parts.append(_text(segment.text, facts))
    if routing.withdrawn_text:
        parts += [_heading("withdrawn: its model declined", facts), _text(routing.withdrawn_text, facts)]
    return "".join(parts) or "(no answer)\n"


def _side_by_side(family: Sequence[Exchange], facts: Facts) -> str:
    plain = facts._replace(color=False)
    width = max((facts.width + len(GAP)) // len(family) - len(GAP), 1)
    heads = side_by_side([wrap(f"{one.number} · {_badge(one)}", width) for one in family], [width] * len(family))
    answers = [wrap(_answer(one, plain).removesuffix("\n").expandtabs(4), width) for one in family]
    lines = (*(facts.styled(line, BOLD) for line in heads), *side_by_side(answers, [width] * len(family)))
    return "\n" + "".join(f"{line}\n" for line in lines)


def _badge(exchange: Exchange) -> str:
    served = clean_line(exchange.routing.served_model or "") or "no model named"
    if exchange.verdict is None or not exchange.routing.hops:
        served = clean_line(exchange.requested_model)
    reason = f" ({clean_line(exchange.routing.category)})" if exchange.routing.category else ""
    return f"{served} · {result(exchange)}{reason}"


def _heading(words: str, facts: Facts) -> str:
    mark = "──" if facts.unicode and not facts.plain else "--"
    return facts.styled(f"{mark} {words}", BOLD) + "\n"


def _text(text: str, facts: Facts) -> str:
    shown = clean(text) if facts.is_terminal else text
    return shown if shown.endswith("\n") else f"{shown}\n"
