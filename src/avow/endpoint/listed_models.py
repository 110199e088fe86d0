"""The models an endpoint lists: asked page by page, kept for a day, and put before what avow itself knows."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from avow.errors import ExchangeError, FileError, Rejected, UnreadableFile
from avow.files.private import write_private
from avow.files.reading import Most, read_file
from avow.models import catalogue
from avow.models.catalogue import Model
from avow.wire.failure import not_an_answer, rejected
from avow.wire.json_value import JsonObject, items, obj, parse, text
from avow.wire.request import FALLBACK_BETA, Endpoint, Request

FRESH_S = 24 * 3600
"""How long a list is believed, in seconds."""

VERSION = 1
_MOST_PAGES = 100
_MOST = Most(16 * 1024 * 1024, "a list of models may be")
_NO_LIST = frozenset({404, 405, 501})
_KEPT = (
    *("id", "display_name", "created_at", "lifecycle", "deprecated_at", "retires_at", "line"),
    *("max_input_tokens", "max_tokens", "allowed_fallback_models"),
)

Send = Callable[[Request], AbstractContextManager[Any]]
"""The transport's: gives a response with `status`, lower-case `headers` and `read(limit)`."""


@dataclass(frozen=True, slots=True)
class ListedModels:
    """What one endpoint said. `models` are its list's objects, cut down to what avow uses, None where it was not
    asked or (`has_list` false) has none; `fetched_at` Unix seconds; `singles` what it said of one id, and when
    (None: it does not know the id)."""

    base_url: str
    fetched_at: float | None = None
    models: tuple[JsonObject, ...] | None = None
    has_list: bool = True
    singles: Mapping[str, tuple[float, JsonObject | None]] = field(default_factory=dict)

    def about(self, model: str) -> JsonObject | None:
        """What the endpoint said of `model`, under that name or its dated or undated one."""
        single = self.singles.get(model)
        if single is not None and single[1] is not None:
            return single[1]
        listed = self.models or ()
        for one in listed:
            if one["id"] == model:
                return one
        wanted = catalogue.find(model)
        return next((one for one in listed if wanted and catalogue.find(one["id"]) is wanted), None)


def fetch(endpoint: Endpoint, send: Send, now: float) -> ListedModels:
    """Ask for the whole list. Raises ExchangeError where the endpoint cannot be reached or rejects the request; an
    endpoint without a list gives `has_list` false."""
    models: dict[str, JsonObject] = {}
    cursor: str | None = None
    for _page in range(_MOST_PAGES):
        after = f"&after_id={_quoted(cursor)}" if cursor else ""
        page = _get(endpoint, f"/v1/models?limit=1000{after}", send)
        if page is None or not isinstance(page.get("data"), list):
            return ListedModels(endpoint.base_url, now, None, has_list=False)
        before = len(models)
        models |= {one["id"]: _reduced(one) for one in items(page["data"]) if text(one.get("id"))}
        following = text(page.get("last_id"))
        if page.get("has_more") is not True or following in (None, cursor) or len(models) == before:
            break
        cursor = following
    return ListedModels(endpoint.base_url, now, tuple(models.values()))


def fetch_one(endpoint: Endpoint, model: str, send: Send) -> JsonObject | None:
    """What the endpoint says of one model; None where it does not know it. Raises as `fetch` does."""
    said = _get(endpoint, f"/v1/models/{_quoted(model)}", send)
    return _reduced(said) if said is not None and text(said.get("id")) else None


def _get(endpoint: Endpoint, path: str, send: Send) -> JsonObject | None:
    """The JSON object there, None where there is nothing. An endpoint that does not know the beta header is asked
    again without it."""
    try:
        return _get_once(endpoint.request("GET", path, None, (FALLBACK_BETA,)), send)
    except Rejected as error:
        if error.failure.status != 400 or "beta" not in error.failure.message.lower():
            raise
    return _get_once(endpoint.request("GET", path), send)


def _get_once(request: Request, send: Send) -> JsonObject | None:
    with send(request) as response:
        if response.status in _NO_LIST:
            return None
        data = response.read(_MOST.size)
        if response.status >= 400:
            raise rejected(response.status, response.headers, data)
        try:
            value = parse(data)
        except ValueError:
            value = None
        if response.status >= 300 or not isinstance(value, dict):
            kind, request_id = response.headers.get("content-type", ""), response.headers.get("request-id")
            raise not_an_answer(response.status, kind, data, request_id)
        return value


def _reduced(said: JsonObject) -> JsonObject:
    kept: JsonObject = {key: said[key] for key in _KEPT if key in said}
    capabilities = obj(said.get("capabilities"))
    if efforts := _supported(obj(capabilities.get("effort"))):
        kept["efforts"] = efforts
    if forms := _supported(obj(obj(capabilities.get("thinking")).get("types"))):
        kept["thinking"] = forms
    return kept


def _supported(flags: JsonObject) -> list[str]:
    return [name for name, flag in flags.items() if isinstance(flag, dict) and flag.get("supported") is True]


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")


# -- kept for a day -------------------------------------------------------------------------------------------


def place(cache: Path, base_url: str) -> Path:
    """The file for one endpoint in the cache folder."""
    return cache / "models" / (re.sub(r"[^A-Za-z0-9.-]+", "_", base_url.rstrip("/"))[:150] + ".json")


def read(cache: Path, base_url: str, now: float, *, stale: bool = False) -> ListedModels:
    """What is kept of an endpoint and not older than a day (`stale`: of any age). A file that is missing, damaged,
    of another version or about another endpoint counts as empty."""
    nothing = ListedModels(base_url)
    try:
        kept = json.loads(read_file(place(cache, base_url), most=_MOST))
        if kept["version"] != VERSION or kept["base_url"] != base_url:
            return nothing
        fetched_at, models = kept["fetched_at"], kept["models"]
        singles = {name: (float(at), said) for name, (at, said) in kept["singles"].items() if at_most_a_day(at, now)}
        if any(said is not None and not isinstance(said["id"], str) for _at, said in singles.values()):
            return nothing
        if fetched_at is None or not (stale or at_most_a_day(fetched_at, now)):
            return replace(nothing, singles=singles)
        listed = None if models is None else tuple(one for one in models if isinstance(one["id"], str))
        return ListedModels(base_url, float(fetched_at), listed, kept["has_list"] is True, singles)
    except (UnreadableFile, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return nothing


def at_most_a_day(then: float, now: float) -> bool:
    """Whether `then` is still to be believed; a moment in the future is not."""
    return 0 <= now - then <= FRESH_S


def keep(cache: Path, known: ListedModels) -> None:
    """Keep it, readable by the user alone; a cache that cannot be written is nobody's concern."""
    body = {
        "version": VERSION,
        "base_url": known.base_url,
        "fetched_at": known.fetched_at,
        "has_list": known.has_list,
        "models": known.models,
        "singles": known.singles,
    }
    try:
        write_private(place(cache, known.base_url), json.dumps(body).encode())
    except FileError:
        return


# -- the three sources together -------------------------------------------------------------------------------


def find(cache: Path, base_url: str, model: str, now: float) -> Model | None:
    """The facts on `model` without asking anyone: what the endpoint said within a day, then the built-in data."""
    built_in = catalogue.find(model)
    if not place(cache, base_url).exists():
        return built_in
    said = read(cache, base_url, now).about(model)
    return built_in if said is None else merged(built_in, said)


def allowed_fallbacks(cache: Path | None, endpoint: Endpoint, model: str, send: Send, now: float) -> tuple[str, ...]:
    """The models that may answer for `model`, in order: asked of the endpoint once a day, else the built-in data.
    Without a `cache` nothing is kept."""
    known = read(cache, endpoint.base_url, now) if cache else ListedModels(endpoint.base_url)
    said = known.about(model)
    if (said is None or "allowed_fallback_models" not in said) and model not in known.singles:
        try:
            said = fetch_one(endpoint, model, send)
        except ExchangeError:
            return _of(catalogue.find(model))  # the question itself will meet the same trouble, and tell of it
        if cache:
            stale = read(cache, endpoint.base_url, now, stale=True)
            keep(cache, replace(stale, singles={**stale.singles, model: (now, said)}))
    built_in = catalogue.find(model)
    return _of(built_in if said is None else merged(built_in, said))


def _of(model: Model | None) -> tuple[str, ...]:
    return (model.allowed_fallbacks if model else None) or ()


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
    return model._replace(**found)
