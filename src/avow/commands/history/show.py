"""`avow history show`: one exchange, its retries, or its conversation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from avow.commands.history.lines import result, route, style_of, when
from avow.commands.paging import page
from avow.context import Context
from avow.errors import UsageError
from avow.exchange.exchange import Exchange
from avow.exit_codes import ExitCode
from avow.terminal.cells import wrap
from avow.terminal.facts import BOLD, FAINT, Facts
from avow.terminal.notices import notices
from avow.terminal.sanitize import clean, clean_line
from avow.terminal.table import GAP, side_by_side
from avow.text.local_time import SECONDS

if TYPE_CHECKING:
    from avow.history.store import History

_SIDE_BY_SIDE_FROM = 100
_NOT_KEPT = "(not kept: history.content was none, or it was redacted)"


_PREVIEWED = 4_000
"""Characters of a text: more than a preview has room for."""


class _TextStyle(NamedTuple):
    """How texts are shown: with `renders` answers are Markdown, as they were shown at first; at most `most` characters
    of each text."""

    facts: Facts
    renders: bool = False
    most: int | None = None


@dataclass(frozen=True, slots=True)
class ShowOptions:
    """The options of `avow history show`: which exchange (None: the last one), and which part of it."""

    reference: str | None = None
    text_only: bool = False
    conversation: bool = False
    as_json: bool = False


def run_show(options: ShowOptions, context: Context) -> ExitCode:
    """Print it. Raises UsageError where there is no such exchange."""
    if options.as_json and options.text_only:
        raise UsageError("--json and --text contradict each other", hint="give one of them")
    settings = context.settings()
    history = context.history(settings, read_only=True)
    exchange = history.get_or_latest(options.reference)
    chosen = history.conversation(exchange.conversation_id) if options.conversation else (exchange,)
    if options.as_json:
        _print_json(chosen, context, as_list=options.conversation)
    elif options.text_only:
        for one in chosen:
            _print_text(one, context)
    else:
        from avow.asking.question import markdown

        facts = context.screen.out_facts
        wanted = markdown(settings)
        look = _TextStyle(facts, facts.interactive if wanted is None else wanted and facts.is_terminal)
        found = _conversation(chosen, look) if options.conversation else _one_with_retries(exchange, history, look)
        page("".join(found), context)
    return ExitCode.OK


def preview(exchange: Exchange, facts: Facts) -> str:
    """The beginning of what `show` prints, in rows that fit: who answered, the prompt, the answer as text."""
    look = _TextStyle(facts, most=_PREVIEWED)
    rows = (row for line in _said(exchange, look).splitlines() for row in wrap(line.expandtabs(4), facts.width))
    return "".join(f"{row}\n" for row in (*_head(exchange, facts), *rows))


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


def _conversation(turns: Sequence[Exchange], look: _TextStyle) -> Iterator[str]:
    for place, turn in enumerate(turns, 1):
        if place > 1:
            yield "\n"
        yield _heading(f"turn {place} · {turn.number} · {when(turn)} · {_badge(turn)}", look.facts)
        yield _said(turn, look)


def _one_with_retries(exchange: Exchange, history: "History", look: _TextStyle) -> Iterator[str]:
    facts = look.facts
    family = _family(exchange, history)
    yield _about(exchange, facts)
    if len(family) == 1:
        yield _said(exchange, look)
        return
    yield _heading("prompt", facts)
    yield _prompt(exchange, look)
    if facts.is_terminal and not facts.plain and facts.width >= _SIDE_BY_SIDE_FROM:
        yield _side_by_side(family, facts)
        return
    for one in family:
        yield "\n"
        yield _heading(f"{one.number} · {_badge(one)}", facts)
        yield _answer(one, look)


def _family(exchange: Exchange, history: "History") -> tuple[Exchange, ...]:
    """The exchange, the one it asks again, and all others that ask either again, by number."""
    roots = [exchange.id] if exchange.retry_of is None else [exchange.id, exchange.retry_of]
    found = {exchange.number: exchange}
    for root in roots:
        found.update((one.number, one) for one in history.retries_of(root))
    if exchange.retry_of is not None and (original := history.with_id(exchange.retry_of)):
        found[original.number] = original
    return tuple(found[number] for number in sorted(found, key=lambda number: number or 0))


def _head(exchange: Exchange, facts: Facts) -> list[str]:
    """When it was asked, how it ended, who answered, and its notes."""
    ended = result(exchange)
    first = _rows(f"{exchange.number}  {when(exchange, SECONDS)}  {ended}", facts, rest="    ")
    said = (route(exchange, facts), *(line.removeprefix("avow: ") for line in notices(exchange)))
    below = [row for line in said for row in _rows(line, facts, first="  ", rest="    ")]
    return [first[0].replace(ended, facts.styled(ended, style_of(exchange))), *first[1:], *below]


def _about(exchange: Exchange, facts: Facts) -> str:
    lines = _head(exchange, facts)
    facts_of_it = (
        ("id", exchange.id),
        ("conversation", exchange.conversation_id),
        ("retry of", exchange.retry_of),
        ("template", exchange.question.template),
        ("request", exchange.reply.request_id),
        ("attachments", ", ".join(clean_line(file.name) for file in exchange.question.attachments) or None),
        ("exit status", None if exchange.exit_code is None else str(exchange.exit_code)),
    )
    for name, value in facts_of_it:
        rows = _rows(f"{name}: {clean_line(value)}", facts, first="  ", rest="    ") if value else []
        lines += [facts.styled(row, FAINT) for row in rows]
    return "".join(f"{line}\n" for line in lines) + "\n"


def _said(exchange: Exchange, look: _TextStyle) -> str:
    system, facts = "", look.facts
    if exchange.question.system:
        system = _heading("system", facts) + _text(exchange.question.system, look)
    return (
        f"{system}{_heading('prompt', facts)}{_prompt(exchange, look)}{_heading('answer', facts)}"
        f"{_answer(exchange, look)}"
    )


def _prompt(exchange: Exchange, look: _TextStyle) -> str:
    prompt = exchange.question.prompt
    return _text(_NOT_KEPT if prompt is None else prompt, look)


def _answer(exchange: Exchange, look: _TextStyle) -> str:
    """Every part of the answer under the name of the model that wrote it, where there is more than one."""
    routing, facts = exchange.routing, look.facts
    if exchange.question.prompt is None and not routing.segments:
        return _text(_NOT_KEPT, look)
    parts = []
    for segment in routing.segments:
        if len(routing.segments) > 1:
            parts.append(_heading(f"by {clean_line(segment.model or 'a model not named')}", facts))
        parts.append((_rendered if look.renders else _text)(segment.text, look))
    if routing.withdrawn_text:
        parts += [_heading("withdrawn: its model declined", facts), _text(routing.withdrawn_text, look)]
    return "".join(parts) or "(no answer)\n"


def _side_by_side(family: Sequence[Exchange], facts: Facts) -> str:
    width = max((facts.width + len(GAP)) // len(family) - len(GAP), 1)
    look = _TextStyle(facts._replace(color=False, width=width))
    heads = side_by_side([wrap(f"{one.number} · {_badge(one)}", width) for one in family], [width] * len(family))
    answers = [wrap(_answer(one, look).removesuffix("\n").expandtabs(4), width) for one in family]
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
    return "".join(f"{facts.styled(row, BOLD)}\n" for row in _rows(f"{mark} {words}", facts, rest="   "))


def _text(text: str, look: _TextStyle) -> str:
    """`text` as it is, clean and in rows that break between words on a terminal."""
    text = text[: look.most]
    if look.facts.is_terminal:
        return "".join(f"{row}\n" for line in clean(text).splitlines() or [""] for row in _rows(line, look.facts))
    return text if text.endswith("\n") else f"{text}\n"


def _rendered(text: str, look: _TextStyle) -> str:
    """`text` as Markdown, as it was shown when it was written."""
    from avow.terminal.markdown_page import Page, parse

    lines = Page(look.facts, look.facts.width).blocks(parse(clean(text)))
    return "".join(f"{line}\n" for line in lines)


def _rows(line: str, facts: Facts, *, first: str = "", rest: str = "") -> list[str]:
    """A line as rows of a terminal; one row in a pipe. A word that is longer than a row stays whole, so that the
    terminal copies it as one."""
    if not facts.is_terminal:
        return [f"{first}{line}"]
    return wrap(line.expandtabs(4), facts.width, first=first, rest=rest, whole=True)
