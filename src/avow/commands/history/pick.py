"""`avow history pick`: type to narrow the history, look at an exchange, continue it or ask it again."""

import gc
from dataclasses import dataclass, field

from avow.asking.typed import Options
from avow.commands.history.filter_options import FilterOptions, filters_of
from avow.commands.history.lines import entries
from avow.commands.history.show import ShowOptions, preview, run_show
from avow.context import Context
from avow.errors import UsageError
from avow.exchange.exchange import Exchange
from avow.exit_codes import ExitCode
from avow.history.filters import Filters
from avow.history.incremental_search import IncrementalSearch, Matches
from avow.history.store import History
from avow.terminal.facts import Facts
from avow.terminal.picker import ExchangeViews, Picker, ask_key

_FIRST = 100
"""How many are shown before the thread has looked: more than a screen holds."""
_WHAT_NOW = "c continues it, r asks it again; Esc goes back to the list, Enter leaves"


@dataclass(frozen=True, slots=True)
class PickOptions:
    """The words to begin with, and the filters on the list."""

    words: tuple[str, ...] = ()
    filters: FilterOptions = field(default_factory=FilterOptions)


def run_pick(options: PickOptions, context: Context) -> ExitCode:
    """Let the person pick exchanges until they leave: 0, or the status of the question that was asked then.

    Raises UsageError where nobody can pick, and Interrupted at Ctrl-C.
    """
    settings = context.settings()
    facts = context.screen.out_facts
    if not (context.stdin_is_terminal and facts.interactive):
        raise UsageError(
            "history pick draws a list and reads keys, so it needs a terminal that can do both",
            hint="avow history list and avow history search print the same",
        )
    filters = filters_of(options.filters, context)
    history = context.history(settings, read_only=True)
    newest = tuple(history.rows(filters, limit=_FIRST, brief=True))
    if not newest:
        context.screen.note("nothing in the history" if options == PickOptions() else "no exchange matches")
        return ExitCode.OK
    gc.enable()  # unlike a single question, this may last for hours
    trouble: list[str] = []
    picked, key = _until_left(options, context, filters, newest, trouble)
    for words in dict.fromkeys(trouble):
        context.screen.note(words)
    if picked is None or key not in ("c", "r"):
        return ExitCode.OK
    context.close()  # what asks opens the history to write
    return _go_on(picked, context) if key == "c" else _ask_again(picked, context)


def _until_left(
    options: PickOptions, context: Context, filters: Filters, newest: tuple[Exchange, ...], trouble: list[str]
) -> tuple[Exchange | None, str]:
    """The exchange picked last and the key pressed below it; None where Esc left the list."""
    history, facts = context.history(context.settings(), read_only=True), context.screen.out_facts

    def whole(exchange: Exchange, facts: Facts) -> str:
        found = history.by_number(exchange.number or 0)
        return preview(found, facts) if found else "(deleted just now)"

    def tell(found: Matches) -> None:
        if search.trouble is not None:
            trouble.append(search.trouble.message)
        picker.show(found.words, found.exchanges, is_whole=found.is_whole)

    search = IncrementalSearch(lambda: _opened(context, trouble), filters, tell)
    words = " ".join(options.words)
    picker = Picker(ExchangeViews(entries, whole, facts), search.look_for, when_drawn=search.start, words=words)
    picker.show("", newest, is_whole=False)
    search.look_for(words)
    try:
        while (picked := picker.pick()) is not None:
            run_show(ShowOptions(str(picked.number)), context)
            key = ask_key(_WHAT_NOW, "crq", context.screen.out_facts)
            if key != "escape":
                return picked, key
    finally:
        search.close()
    return None, ""


def _opened(context: Context, trouble: list[str]) -> History:
    """The history, opened again: a connection belongs to the thread that made it."""
    return History.open(context.paths.history_file, read_only=True, on_damage=trouble.append)


def _go_on(picked: Exchange, context: Context) -> ExitCode:
    from avow.commands.chat import run

    return run(Options({}, conversation=str(picked.number)), context)


def _ask_again(picked: Exchange, context: Context) -> ExitCode:
    from avow.commands.retry import RetryOptions, run

    return run(RetryOptions(str(picked.number), Options({})), context)
