"""`avow history list`, `search` and `path`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from avow.asking.typed import Typed
from avow.commands.gate import Gate
from avow.commands.history.filter_options import FilterOptions, filters_of, typed_filters
from avow.commands.history.lines import entries, lines, marked
from avow.commands.paging import page
from avow.context import Context
from avow.exchange.exchange import Exchange
from avow.exit_codes import ExitCode
from avow.terminal.cells import cells
from avow.terminal.facts import Facts
from avow.terminal.sanitize import clean_line

if TYPE_CHECKING:
    from avow.history.search import Query
    from avow.history.store import History

DEFAULT_LIMIT = 20
_EXCERPT_IN_PIPE = 100


@dataclass(frozen=True, slots=True)
class ListOptions:
    """The options of `avow history list`: which exchanges, how many (None: the default, 0: all), where to begin, and in
    what form."""

    filters: FilterOptions = field(default_factory=FilterOptions)
    limit: int | None = None
    before: str | None = None
    as_json: bool = False
    as_jsonl: bool = False
    fail_on: tuple[str, ...] = ()

    @property
    def most(self) -> int | None:
        """The most exchanges to list; None for all."""
        return DEFAULT_LIMIT if self.limit is None else self.limit or None


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """The words to search for, and the options of `list`."""

    words: tuple[str, ...]
    listed: ListOptions = field(default_factory=ListOptions)
    fts: bool = False
    best: bool = False


def listed(typed: Typed) -> ListOptions:
    """The options that `list` and `search` share."""
    forms = (typed.flag("as_json"), typed.flag("as_jsonl"))
    return ListOptions(
        typed_filters(typed), typed.integer("limit"), typed.text("before"), *forms, typed.words("fail_on")
    )


def run_list(options: ListOptions, context: Context) -> ExitCode:
    """Print the newest exchanges. Raises UsageError for options that do not fit."""
    gate = Gate(options.fail_on)
    filters = filters_of(options.filters, context)
    history = _open(context)
    most = options.most
    found = history.rows(
        filters,
        limit=None if most is None else most + 1,
        before=_number(history, options.before),
        brief=not (options.as_json or options.as_jsonl),
    )
    newest = _Newest(found, options, context)
    shown = gate.watch(newest, lambda exchange: exchange.verdict)
    if options.as_json or options.as_jsonl:
        _print_json(shown, options, context)
        newest.tell()
        return gate.exit_code
    if most is None and not context.screen.is_terminal:
        for line in lines(shown, context.screen.out_facts):
            context.screen.out(line)
        return gate.exit_code
    text = "".join(lines(shown, context.screen.out_facts))
    page(text, context)
    newest.tell()
    if not text:
        context.screen.note("nothing in the history" if options == ListOptions() else "no exchange matches")
    return gate.exit_code


def run_search(options: SearchOptions, context: Context) -> ExitCode:
    """Print the exchanges found, each with the place where the words stand."""
    from avow.history.search import query_of, raw_query, search

    listed = options.listed
    query = raw_query(" ".join(options.words)) if options.fts else query_of(options.words)
    filters = filters_of(listed.filters, context)
    history = _open(context)
    most = listed.most
    limit = None if most is None else most + 1
    found = search(history, query, filters, best=options.best, limit=limit, before=_number(history, listed.before))
    newest = _Newest(found, listed, context)
    if listed.as_json or listed.as_jsonl:
        _print_json(newest, listed, context)
        newest.tell()
        return ExitCode.OK
    text = "".join(_with_excerpts(newest, query, context))
    page(text, context)
    newest.tell()
    if not text:
        context.screen.note("no exchange matches")
    return ExitCode.OK


def run_path(context: Context) -> ExitCode:
    """Print where the history is."""
    context.screen.line(str(context.paths.history_file))
    return ExitCode.OK


def _open(context: Context) -> "History":
    return context.history(context.settings(), read_only=True)


def _number(history: "History", reference: str | None) -> int | None:
    return None if reference is None else history.number_of(reference)


class _Newest:
    """The newest of the exchanges found, as many as were asked for; it can be iterated once, and `tell` then says how
    to see older ones."""

    def __init__(self, found: Iterable[Exchange], options: ListOptions, context: Context) -> None:
        self._found = iter(found)
        self._options = options
        self._context = context
        self._last: Exchange | None = None

    def __iter__(self) -> Iterator[Exchange]:
        for exchange in islice(self._found, self._options.most):
            self._last = exchange
            yield exchange

    def tell(self) -> None:
        if self._options.limit is None and self._last is not None and next(self._found, None) is not None:
            self._context.screen.note(f"older: --before {self._last.number}, or --limit N (0 for all)")


def _print_json(found: Iterable[Exchange], options: ListOptions, context: Context) -> None:
    from avow.history.export import as_object, json_lines, line

    if options.as_jsonl:
        _write(json_lines(found), context, is_json=True)
        return
    written = False
    for exchange in found:
        context.screen.data((",\n" if written else "[\n") + line(as_object(exchange)).removesuffix("\n"), is_json=True)
        written = True
    context.screen.out("\n]\n" if written else "[]\n")


def _write(pieces: Iterable[str], context: Context, size: int = 200, *, is_json: bool) -> None:
    """Write many lines, some at a time."""
    source = iter(pieces)
    while batch := "".join(islice(source, size)):
        context.screen.data(batch, is_json=is_json)


def _with_excerpts(found: Iterable[Exchange], query: "Query", context: Context) -> Iterator[str]:
    """The list, and below each exchange the places where the words stand; on a terminal the prompt is not printed
    twice."""
    facts = context.screen.out_facts
    for line, exchange in entries(found, facts):
        asked = exchange and _excerpt("asked", exchange.question.prompt, query, facts)
        if exchange is None or not facts.is_terminal or not asked:
            yield line
        elif line.count("\n") > 1:
            yield line[: line.rindex("\n", 0, -1) + 1]  # its last line is the prompt
        else:
            yield line
            asked = "" if line.rstrip("\n").endswith(clean_line(exchange.question.prompt or "")) else asked
        if exchange is not None:
            yield asked or ""
            yield _excerpt("answer", exchange.text, query, facts)


def _excerpt(name: str, text: str | None, query: "Query", facts: Facts) -> str:
    from avow.history.search import excerpt

    plain = facts._replace(color=False)
    space = facts.width - len(f"    {name}: ") if facts.is_terminal else _EXCERPT_IN_PIPE - len(name)
    room = space
    pieces = excerpt(text or "", query, room)
    # Marks, and signs for what is harmful, take room of their own.
    while facts.is_terminal and pieces and room > 1 and (over := cells(marked(pieces, plain)) - space) > 0:
        room = max(room - over, 1)
        pieces = excerpt(text or "", query, room)
    return f"    {name}: {marked(pieces, facts)}\n" if pieces else ""
