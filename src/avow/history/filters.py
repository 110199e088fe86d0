"""The filters that `list`, `search`, `stats`, `export`, `redact` and `delete` share."""

from collections.abc import Sequence

from avow.history.schema import UNUSUAL
from avow.values import NamedTuple
from avow.wire.json_value import encodable

ALL_SOURCES = "all"
"""The word for every source."""


class Filters(NamedTuple):
    """Conditions on an exchange; None and empty set no condition. Times are in milliseconds since 1970, `until_ms`
    excluded. `model` is the requested or the answering model, with `*` for anything. `simulated` None: with and without
    the simulator. `run`: of this `avow run`, the last exchange of each item. `sources`: which programs asked;
    `ALL_SOURCES` means any."""

    rerouted: bool = False
    verdicts: Sequence[str] = ()
    statuses: Sequence[str] = ()
    model: str | None = None
    category: str | None = None
    template: str | None = None
    conversation_id: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    simulated: bool | None = None
    numbers: Sequence[int] = ()
    run: int | None = None
    sources: Sequence[str] = ()

    def where(self) -> tuple[str, list[object]]:
        """A condition on the table `exchange`, and its parameters; `1` without any condition."""
        terms: list[str] = []
        values: list[object] = []

        def add(term: str, *parameters: object) -> None:
            terms.append(term)
            values.extend(parameters)

        if self.rerouted:
            add(f"rerouted = 1 AND {UNUSUAL}")
        if self.verdicts:
            add(f"verdict IN ({_marks(self.verdicts)})", *self.verdicts)
        if self.statuses:
            add(f"status IN ({_marks(self.statuses)})", *self.statuses)
        if self.model is not None:
            pattern = _glob(self.model)
            add("(requested_model GLOB ? OR served_model GLOB ?)", pattern, pattern)
        for name in ("category", "template", "conversation_id"):
            value = getattr(self, name)
            if value is not None:
                add(f"{name} = ?", value)
        if self.since_ms is not None:
            add("created_ms >= ?", self.since_ms)
        if self.until_ms is not None:
            add("created_ms < ?", self.until_ms)
        if self.simulated is not None:
            add("simulated = ?", int(self.simulated))
        if self.sources and ALL_SOURCES not in self.sources:
            add(f"source IN ({_marks(self.sources)})", *self.sources)
        if self.run is not None:
            add("run = ? AND item_last = 1", self.run)
        if self.numbers:
            add(f"number IN ({_marks(self.numbers)})", *self.numbers)
        return " AND ".join(terms) or "1", [encodable(v) if isinstance(v, str) else v for v in values]


EVERYTHING = Filters()


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _glob(model: str) -> str:
    """SQLite's GLOB pattern in which only `*` has a meaning."""
    return "".join(f"[{character}]" if character in "?[" else character for character in model)
