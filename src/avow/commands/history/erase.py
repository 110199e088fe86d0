"""`avow history redact`, `delete` and `repair`: they change the history, and ask first."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from avow.asking.typed import Typed
from avow.commands.history.filter_options import FilterOptions, filters_of, typed_filters
from avow.context import Context
from avow.errors import HistoryError, UsageError
from avow.exit_codes import ExitCode
from avow.terminal.fitted import say
from avow.text.counts import counted
from avow.text.local_time import now

if TYPE_CHECKING:
    from avow.history.privacy import Erased
    from avow.history.store import History


_MANY = 50_000


@dataclass(frozen=True, slots=True)
class EraseOptions:
    """Which exchanges: by reference, by the words that `search` finds, by age, by filters. An exchange must match all
    that are given."""

    references: tuple[str, ...] = ()
    search: str | None = None
    older_than: str | None = None
    filters: FilterOptions = field(default_factory=FilterOptions)
    yes: bool = False


def erased(typed: Typed) -> EraseOptions:
    """The options that `redact` and `delete` share."""
    found = (typed.words("references"), typed.text("search"), typed.text("older_than"))
    return EraseOptions(*found, typed_filters(typed), typed.flag("yes"))


def run_redact(options: EraseOptions, context: Context) -> ExitCode:
    """Remove the text and keep the routing."""
    return _erase(options, context, "redact")


def run_delete(options: EraseOptions, context: Context) -> ExitCode:
    """Remove the exchanges."""
    return _erase(options, context, "delete")


def run_repair(context: Context, *, yes: bool = False) -> ExitCode:
    """Check the history and repair what can be repaired; exit 1 where it is damaged and was left as it is, or where
    exchanges were lost."""
    from avow.history import repair

    path = context.paths.history_file
    if not path.exists():
        context.screen.note(f"there is no history yet: {path}")
        return ExitCode.OK
    condition = repair.check(path)
    if not condition.problems:
        say(f"{path} is not damaged", context.screen)
        return ExitCode.OK
    if condition.mendable:
        repair.mend(path)
        what = " and ".join(condition.problems)
        say(f"damaged: {what}; rebuilt from the exchanges; none of them was lost", context.screen)
        return ExitCode.OK
    for problem in condition.problems:
        context.screen.note(problem)
    question = f"{path} is damaged. Set it aside and start a new one with what can be read?"
    if not _agreed(question, context, yes=yes):
        context.screen.note("nothing was changed")
        return ExitCode.UNEXPECTED
    done = repair.set_aside(path, datetime.now())
    lost = "nothing in it could be read" if done.lost is None else f"{done.lost} could not be read"
    say(f"saved {counted(done.saved, 'exchange')}; {lost}. The damaged file is {done.aside}", context.screen)
    context.screen.note("the damaged file still holds what was said; delete it when nothing is missing")
    return ExitCode.OK if done.lost == 0 else ExitCode.UNEXPECTED


def _erase(options: EraseOptions, context: Context, verb: str) -> ExitCode:
    from avow.history import privacy

    settings = context.settings()
    if not context.paths.history_file.exists():
        context.screen.note("nothing in the history")
        return ExitCode.OK
    history = context.history(settings)
    numbers = _numbers(options, context, history)
    if not numbers:
        context.screen.note("no exchange matches")
        return ExitCode.OK
    if not _agreed(f"{verb.capitalize()} {counted(len(numbers), 'exchange')} for good?", context, yes=options.yes):
        context.screen.note("nothing was changed")
        return ExitCode.OK
    if privacy.takes_long(history) and history.count() > _MANY:
        context.screen.note(
            "merging the search index, so that none of the words stay in it; this takes a while"
            " (it is quick with SQLite 3.42 or newer)"
        )
    erased = (privacy.redact if verb == "redact" else privacy.delete)(history, numbers)
    say(f"{'redacted' if verb == 'redact' else 'deleted'} {counted(erased.count, 'exchange')}", context.screen)
    tell_remains(erased, context)
    return ExitCode.OK


def tell_remains(erased: "Erased", context: Context) -> None:
    """Say on stderr where text may still be."""
    if erased.in_use:
        context.screen.warn(
            "another process has the history open; the text leaves its write-ahead log when that process ends"
            " and avow is used again"
        )
    if erased.copies:
        names = ", ".join(str(path) for path in erased.copies)
        context.screen.warn(f"these files beside the history keep what they held: {names}")


def _numbers(options: EraseOptions, context: Context, history: "History") -> tuple[int, ...]:
    """The numbers of the exchanges meant. Raises UsageError where nothing says which."""
    from avow.history import moments, privacy, search

    has_filter = options.filters != FilterOptions()
    if not (options.references or options.search or options.older_than or has_filter):
        raise UsageError(
            "which exchanges?",
            hint="give IDs, --search WORDS, --older-than AGE, or filters such as --since and --until",
        )
    chosen: list[set[int]] = []
    filters = filters_of(options.filters, context)
    if options.references:
        chosen.append({history.number_of(one) for one in options.references})
    if options.search:
        found = search.search(history, search.query_of([options.search]), filters, limit=None)
        chosen.append({exchange.number for exchange in found if exchange.number is not None})
    if options.older_than:
        until = moments.ago(options.older_than, now())
        chosen.append(set(privacy.numbers_of(history, privacy.older_than(until))))
    if has_filter:
        chosen.append(set(privacy.numbers_of(history, filters)))
    return tuple(sorted(set.intersection(*chosen)))


def _agreed(question: str, context: Context, *, yes: bool) -> bool:
    """Whether the user agrees. Raises UsageError where there is no terminal to ask on."""
    if yes:
        return True
    if not context.stdin_is_terminal or context.stdin is None:
        raise UsageError(f"{question} There is no terminal to ask on", hint="give --yes")
    context.screen.err(f"{question} [y/N] ")
    try:
        answer = context.stdin.readline()
    except OSError as error:
        raise HistoryError(f"no answer could be read: {error}") from None
    return answer.strip().lower() in (b"y", b"yes")
