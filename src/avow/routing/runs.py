"""The attempts that `usage.iterations` lists, and what each of them used (rules 4 and 12)."""

from collections.abc import Sequence

from avow.models.identity import Identity, compare
from avow.wire.json_value import JsonObject, obj, text, whole

_MODES = ("speed", "inference_geo", "service_tier", "server_tool_use")
"""What the price depends on apart from the counts; the iterations do not repeat it."""


def runs_in(
    entries: Sequence[JsonObject], sent: str, targets: Sequence[str | None], last: str | None
) -> list[tuple[str | None, JsonObject]]:
    """The attempts among `entries`, those of one model in a row as one, with their token counts added up. `sent`: the
    model that the request named; `targets`: whom the fallback blocks name; `last`: whom the response names at its end.

    Rule 12: one that names no model is the model that was asked, before any fallback; the fallback's own, after it; and
    a fallback's is what its block says, or the message, where only one is left to name.
    """
    served = [entry for entry in entries if entry.get("type") == "fallback_message"]
    runs: list[tuple[str, str | None, JsonObject]] = []
    for entry in entries:
        kind, model = entry.get("type"), text(entry.get("model"))
        if kind not in ("message", "fallback_message"):
            continue  # rule 4: a compaction or an advisor is not an attempt, whichever model it names
        if model is None and kind == "message":
            model = next((name for before, name, _ in runs[::-1] if before == "fallback_message"), sent)
        elif model is None:
            index = next(i for i, e in enumerate(served) if e is entry)
            model = targets[index] if len(targets) == len(served) else last if entry is served[-1] else None
        counts = {key: value for key, value in entry.items() if key not in ("type", "model")}
        if runs and runs[-1][1] == model and (model is not None or runs[-1][0] == kind):
            runs[-1] = (kind, model, _added(runs[-1][2], counts))
        else:
            runs.append((kind, model, counts))
    return [(model, counts) for _kind, model, counts in runs]


def _added(one: JsonObject, other: JsonObject) -> JsonObject:
    both = dict(one)
    for key, value in other.items():
        if isinstance(value, dict):
            both[key] = _added(obj(both.get(key)), value)
        elif (more := whole(value)) is not None and (so_far := whole(both.get(key))) is not None:
            both[key] = so_far + more
        else:
            both[key] = value
    return both


def usages_of(
    chain: Sequence[str | None], runs: Sequence[tuple[str | None, JsonObject]], usage: JsonObject
) -> list[JsonObject | None]:
    """The token counts of each model in `chain`: from the iterations, else the message's own, `usage`, for the last."""
    if len(runs) == len(chain) and all(_may_be_same(one, run[0]) for one, run in zip(chain, runs, strict=True)):
        modes: JsonObject = {key: usage[key] for key in _MODES if key in usage}
        return [{**modes, **counts} for _model, counts in runs]
    return [*([None] * (len(chain) - 1)), usage or None]


def _may_be_same(one: str | None, other: str | None) -> bool:
    """Whether two names in one response may mean one model: a block may have an alias, the iterations its id."""
    return one is None or other is None or compare(one, other) is not Identity.DIFFERENT
