"""Which exchanges a command over the history means: the words of its options as filters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from avow.errors import UsageError

if TYPE_CHECKING:
    from avow.context import Context
    from avow.history.filters import Filters

VERDICTS = ("as_requested", "fallback", "refused", "substituted", "unverified")
STATUSES = ("complete", "refused", "truncated", "incomplete", "failed", "interrupted", "pending")


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """The filters as they were typed."""

    rerouted: bool = False
    verdicts: Sequence[str] | None = None
    statuses: Sequence[str] | None = None
    model: str | None = None
    category: str | None = None
    template: str | None = None
    since: str | None = None
    until: str | None = None
    simulated: bool = False


def filters_of(choice: FilterOptions, context: "Context", *, both_kinds: bool = True) -> "Filters":
    """The filters meant. Without `simulated`, those of the stand-in are in or out by `both_kinds`.

    Raises UsageError for a word that names nothing, with the nearest that does.
    """
    from avow.history import moments
    from avow.history.filters import Filters
    from avow.models.catalogue import expand_alias

    now = datetime.now().astimezone()
    model = choice.model
    if model is not None and "*" not in model:
        aliases = context.settings().table("aliases")
        model = expand_alias(model, {name: str(value) for name, value in aliases.items()})
    others = None if both_kinds else False
    return Filters(
        rerouted=choice.rerouted,
        verdicts=_words(choice.verdicts, VERDICTS, "verdict"),
        statuses=_words(choice.statuses, STATUSES, "status"),
        model=model,
        category=choice.category,
        template=choice.template,
        since_ms=None if choice.since is None else moments.since(choice.since, now),
        until_ms=None if choice.until is None else moments.until(choice.until, now),
        simulated=True if choice.simulated else others,
    )


def nearest(word: str, known: Sequence[str], what: str) -> UsageError:
    """The error for a word that is none of the `known`."""
    import difflib

    near = difflib.get_close_matches(word, known, 1, 0.5)
    meant = f"; did you mean `{near[0]}`?" if near else ""
    return UsageError(f"there is no {what} `{word}`{meant}", hint=f"one of {', '.join(known)}")


def _words(given: Sequence[str] | None, known: Sequence[str], what: str) -> tuple[str, ...]:
    """The words given, repeated or with commas between them."""
    words = [word.strip() for item in given or () for word in item.split(",") if word.strip()]
    for word in words:
        if word not in known:
            raise nearest(word, known, what)
    return tuple(words)
