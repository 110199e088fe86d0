"""The models as people read them: a table of all, or all facts on one; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from avow.models import catalogue
from avow.models.catalogue import Model
from avow.terminal.cells import wrap
from avow.terminal.facts import Facts
from avow.terminal.sanitize import clean_line
from avow.terminal.table import across, definitions, room, table
from avow.wire.api import CLAUDE

HEADINGS = ("ID", "LINE", "CONTEXT", "OUTPUT", "IN / OUT", "LIFECYCLE", "MAY DECLINE", "FALLBACKS")
_UNKNOWN = "?: not documented, and the endpoint does not say. avow says so whenever a model declines."
_MAY_DECLINE = {
    True: "yes: a safety classifier may refuse a request",
    False: "no: no safety classifier is documented for it",
    None: "not documented; avow says so whenever a model declines",
}


def prices_of(model: Model, own: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """USD per million tokens in and out; the user's own outrank the list's."""
    mine = own.get(model.id, {})
    rates = model.rates
    return mine.get("input", rates.input if rates else None), mine.get("output", rates.output if rates else None)


def _cells(model: Model, own: Mapping[str, Any]) -> tuple[str, ...]:
    entered, left = prices_of(model, own)
    return (
        clean_line(model.id),
        clean_line(model.line) or "?",
        _tokens(model.context),
        _tokens(model.max_output),
        "?" if entered is None or left is None else f"${_money(entered)} / ${_money(left)}",
        _lifecycle(model),
        _yes_no(model.may_decline),
        _fallbacks(model),
    )


def listing(models: Sequence[Model], own: Mapping[str, Any], facts: Facts) -> str:
    """One row for each model, and what a question mark means. A terminal that is too narrow shows less: first not the
    line and the vendor, which the ids name, then not how long a model stays."""
    full = [HEADINGS, *(_cells(model, own) for model in models)]
    short = _short(full)
    terse = [(*row[:4], row[4].partition(", not before")[0], *row[5:]) for row in short]
    space = room(facts)
    heads, *rows = next((form for form in (full, short) if space is None or across(form) <= space), terse)
    lines = table(rows, facts, heads=heads)
    if any("?" in row for row in rows):
        lines += ["", *(wrap(_UNKNOWN, space) if space else [_UNKNOWN])]
    return "".join(f"{line}\n" for line in lines)


def _short(rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    vendor = CLAUDE if all(row[0].startswith(CLAUDE) for row in rows[1:]) else ""
    found: list[tuple[str, ...]] = [(f"ID ({vendor})" if vendor else "ID", *rows[0][2:])]
    for name, _line, *others, fallbacks in rows[1:]:
        named = ", ".join(each.removeprefix(vendor) for each in fallbacks.split(", "))
        found.append((name.removeprefix(vendor), *others, named))
    return found


def detail(model: Model, aliases: Mapping[str, str], own: Mapping[str, Any], facts: Facts) -> str:
    """One line for each fact on a model; `aliases` and `own` are the user's aliases and prices."""
    name, line, context, output, _price, lifecycle, _declines, fallbacks = _cells(model, own)
    rows = [
        ("Id", name),
        ("Aliases", ", ".join(aliases_of(model, aliases)) or "none"),
        ("Line", line),
        ("Context", f"{model.context:,} tokens" if model.context else context),
        ("Output", f"{model.max_output:,} tokens at most" if model.max_output else output),
        ("Price", _price_words(model, own)),
        ("Released", clean_line(model.released) or "?"),
        ("Lifecycle", lifecycle),
        ("May decline", _MAY_DECLINE[model.may_decline]),
        ("Fallbacks", fallbacks),
        ("`fallbacks`", {True: "accepted", False: "not accepted", None: "?"}[model.takes_fallbacks]),
        ("Efforts", clean_line(", ".join(model.efforts)) or "none" if model.efforts is not None else "?"),
        ("Thinking", clean_line(", ".join(model.thinking)) or "none" if model.thinking is not None else "?"),
    ]
    rows = [(name, "not documented" if words == "?" else words) for name, words in rows]
    lines = definitions(rows, room(facts))
    return "".join(f"{line}\n" for line in lines)


def _price_words(model: Model, own: Mapping[str, Any]) -> str:
    entered, left = prices_of(model, own)
    if entered is None or left is None:
        return "?"
    words = f"${_money(entered)} in, ${_money(left)} out for a million tokens"
    if model.id in own:
        return f"{words} (your own)"
    if model.long_from is not None and model.long_rates is not None:
        dear = model.long_rates
        words += f"; above {model.long_from:,} tokens of prompt ${_money(dear.input)} and ${_money(dear.output)}"
    if model.fast_rates is not None:
        words += f"; fast ${_money(model.fast_rates.input)} and ${_money(model.fast_rates.output)}"
    return words


def aliases_of(model: Model, own: Mapping[str, str]) -> list[str]:
    """The names that stand for a model; the user's `own` outrank the built-in ones."""
    names = [*own, *(name for name in catalogue.ALIASES if name not in own)]
    return [clean_line(name) for name in names if catalogue.expand_alias(name, own) in (model.id, model.dated)]


def _lifecycle(model: Model) -> str:
    words = clean_line(model.lifecycle or "") or "?"
    if model.retires:
        return f"{words}, retires {clean_line(model.retires)}"
    return f"{words}, not before {model.not_before}" if model.not_before else words


def _fallbacks(model: Model) -> str:
    if model.allowed_fallbacks is None:
        return "?"
    return clean_line(", ".join(model.allowed_fallbacks)) or "none"


def _yes_no(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "?"}[value]


def _tokens(number: int | None) -> str:
    if number is None:
        return "?"
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= size and number % (size // 10) == 0:
            return f"{number / size:g}{unit}"
    return f"{number:,}"


def _money(usd: float) -> str:
    return f"{usd:g}" if usd == int(usd) else f"{usd:.2f}"
