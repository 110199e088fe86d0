"""What an endpoint said of itself, remembered for a day: its models, and what of avow's additions it refuses.

One file an endpoint. What cannot be read counts as empty, and what cannot be written is not kept: neither is worth a
word to the user.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from avow.errors import FileError, UnreadableFile
from avow.files.reading import SizeLimit, read_file
from avow.models import catalogue
from avow.models.catalogue import Model
from avow.values import NamedTuple
from avow.wire.json_value import JsonObject, text

FRESH_S = 24 * 3600
"""How long something is believed, in seconds."""

MOST = SizeLimit(16 * 1024 * 1024, "a list of models may be")
"""How much is read of what an endpoint says of its models, and of what is kept of it."""

VERSION = 3


class EndpointFacts(NamedTuple):
    """What one endpoint said. `models` are the objects of its list, reduced to what avow uses, None where it was not
    asked or (`has_list` false) has no list; `fetched_at` is in Unix seconds; `singles` is what it said of one id, and
    when (None: it does not know the id); `refused` are the names of the additions (`avow.wire.additions`) that it does
    not take, by model, and when it said so."""

    base_url: str
    fetched_at: float | None = None
    models: tuple[JsonObject, ...] | None = None
    has_list: bool = True
    singles: Mapping[str, tuple[float, JsonObject | None]] = MappingProxyType({})
    refused: Mapping[str, Mapping[str, float]] = MappingProxyType({})

    def about(self, model: str) -> JsonObject | None:
        """What the endpoint said of `model`, under that name or its dated or undated one."""
        single = self.singles.get(model)
        if single is not None and single[1] is not None:
            return single[1]
        listed = self.models or ()
        for one in listed:
            if one["id"] == model:
                return one
        wanted = catalogue.find(model) if listed else None
        return next((one for one in listed if wanted and catalogue.find(one["id"]) is wanted), None)

    def model(self, name: str) -> Model | None:
        """The facts on a model: what the endpoint said, then the built-in data."""
        said = self.about(name)
        built_in = catalogue.find(name)
        return built_in if said is None else merged(built_in, said)

    def listed(self) -> tuple[Model, ...]:
        """The models of its list."""
        return tuple(merged(catalogue.find(said["id"]), said) for said in self.models or ())


def place(cache: Path, base_url: str) -> Path:
    """The file for one endpoint in the cache folder."""
    return cache / "endpoints" / (re.sub(r"[^A-Za-z0-9.-]+", "_", base_url.rstrip("/"))[:150] + ".json")


def read(cache: Path | None, base_url: str, now: float, *, stale: bool = False) -> EndpointFacts:
    """What is kept of an endpoint and not older than a day (`stale`: its list, of any age); nothing without a `cache`.
    A file that is missing, damaged, of another version or about another endpoint counts as empty."""
    nothing = EndpointFacts(base_url)
    if cache is None:
        return nothing
    try:
        kept = json.loads(read_file(place(cache, base_url), most=MOST))
        if kept["version"] != VERSION or kept["base_url"] != base_url:
            return nothing
        singles = {name: (float(at), said) for name, (at, said) in kept["singles"].items() if is_fresh(at, now)}
        if any(said is not None and not isinstance(said["id"], str) for _at, said in singles.values()):
            return nothing
        refused = {model: _fresh(names, now) for model, names in kept["refused"].items()}
        facts = nothing._replace(singles=singles, refused={model: names for model, names in refused.items() if names})
        fetched_at, models = kept["fetched_at"], kept["models"]
        if fetched_at is None or not (stale or is_fresh(fetched_at, now)):
            return facts
        listed = None if models is None else tuple(one for one in models if isinstance(one["id"], str))
        return facts._replace(fetched_at=float(fetched_at), models=listed, has_list=kept["has_list"] is True)
    except (UnreadableFile, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return nothing


def _fresh(names: Mapping[str, float], now: float) -> dict[str, float]:
    return {name: float(at) for name, at in names.items() if is_fresh(at, now)}


def is_fresh(then: float, now: float) -> bool:
    """Whether what was learnt at `then` is still valid; a moment in the future never is."""
    return 0 <= now - then <= FRESH_S


def keep(cache: Path, facts: EndpointFacts) -> None:
    """Keep the facts in a file that only the user can read."""
    from avow.files.private import write_private

    body = facts._asdict() | {
        "version": VERSION,
        "singles": dict(facts.singles),
        "refused": {model: dict(names) for model, names in facts.refused.items()},
    }
    try:
        write_private(place(cache, facts.base_url), json.dumps(body).encode())
    except FileError:
        return


def keep_single(cache: Path, base_url: str, model: str, said: JsonObject | None, now: float) -> None:
    """Keep what the endpoint said of one model, beside all else."""
    facts = read(cache, base_url, now, stale=True)
    keep(cache, facts._replace(singles={**facts.singles, model: (now, said)}))


def keep_refused(cache: Path, base_url: str, model: str, names: Iterable[str], now: float) -> None:
    """Keep that the endpoint does not take the additions of these names for `model`, beside all else."""
    facts = read(cache, base_url, now, stale=True)
    known = {**facts.refused.get(model, {}), **dict.fromkeys(names, now)}
    keep(cache, facts._replace(refused={**facts.refused, model: known}))


def merged(built_in: Model | None, said: JsonObject) -> Model:
    """One model: what the endpoint says outranks the built-in data, thing by thing."""
    model = built_in or Model(str(said["id"]), "", None, None, None, None, "", None)
    found: dict[str, Any] = {"id": str(said["id"])}
    for name, key in (("line", "line"), ("lifecycle", "lifecycle")):
        if value := text(said.get(key)):
            found[name] = value
    for name, key in (("released", "created_at"), ("retires", "retires_at")):
        if value := text(said.get(key)):
            found[name] = value[:10]
    for name, key in (("context", "max_input_tokens"), ("max_output", "max_tokens")):
        number = said.get(key)
        if isinstance(number, int) and not isinstance(number, bool) and number > 0:
            found[name] = number
    for name, key in (
        ("allowed_fallbacks", "allowed_fallback_models"),
        ("efforts", "efforts"),
        ("thinking", "thinking"),
    ):
        words = said.get(key)
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            found[name] = tuple(words)
    if found.get("allowed_fallbacks") and model.may_decline is None:
        found["may_decline"] = True  # that is what they are for
    return model._replace(**found)
