"""Which exchanges a command over the history means: the words of its options as filters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from avow.commands.history.declared import SOURCES, STATUSES
from avow.commands.outside_options import VERDICTS
from avow.errors import unknown_word

if TYPE_CHECKING:
    from avow.asking.typed import Typed
    from avow.context import Context
    from avow.history.filters import Filters


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """The filters as they were typed."""

    rerouted: bool = False
    verdicts: Sequence[str] = ()
    statuses: Sequence[str] = ()
    model: str | None = None
    category: str | None = None
    template: str | None = None
    since: str | None = None
    until: str | None = None
    simulated: bool = False
    run: int | None = None
    sources: Sequence[str] = ()


def typed_filters(typed: "Typed") -> FilterOptions:
    """The options of `declared.FILTERS` among those of a command."""
    return FilterOptions(
        rerouted=typed.flag("rerouted"),
        verdicts=typed.words("verdict"),
        statuses=typed.words("status"),
        model=typed.text("model"),
        category=typed.text("category"),
        template=typed.text("template"),
        since=typed.text("since"),
        until=typed.text("until"),
        simulated=typed.flag("simulated"),
        run=typed.integer("run"),
        sources=typed.words("source"),
    )


def filters_of(typed: FilterOptions, context: "Context", *, both_kinds: bool = True) -> "Filters":
    """The filters that were typed. Without `simulated`, `both_kinds` says whether answers of the simulator are
    included.

    Raises UsageError for an unknown word, with the nearest known one.
    """
    from avow.history import moments
    from avow.history.filters import Filters
    from avow.models.catalogue import expand_alias
    from avow.text.local_time import now as local_now

    since_ms, until_ms = moments.between(typed.since, typed.until, local_now())
    model = typed.model
    if model is not None and "*" not in model:
        aliases = context.settings().table("aliases")
        model = expand_alias(model, {name: str(value) for name, value in aliases.items()})
    others = None if both_kinds or typed.run is not None else False  # a run that is named is meant, whoever answered
    return Filters(
        rerouted=typed.rerouted,
        verdicts=_words(typed.verdicts, VERDICTS, "verdict"),
        statuses=_words(typed.statuses, STATUSES, "status"),
        model=model,
        category=typed.category,
        template=typed.template,
        since_ms=since_ms,
        until_ms=until_ms,
        simulated=True if typed.simulated else others,
        run=typed.run,
        sources=_words(typed.sources, SOURCES.words, "source"),
    )


def _words(typed: Sequence[str], known: Sequence[str], noun: str) -> tuple[str, ...]:
    """The words typed, repeated or with commas between them."""
    words = _split(typed)
    for word in words:
        if word not in known:
            raise unknown_word(word, known, noun)
    return tuple(words)


def _split(typed: Sequence[str]) -> list[str]:
    return [word.strip() for item in typed for word in item.split(",") if word.strip()]
