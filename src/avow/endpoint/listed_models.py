"""The models an endpoint lists: asked page by page, or one by one."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from avow.endpoint.remembered import MOST, EndpointFacts, keep_single, read
from avow.errors import ExchangeError, Rejected
from avow.wire.failure import not_an_answer, rejected
from avow.wire.json_value import JsonObject, items, obj, parse, text
from avow.wire.request import FALLBACK_BETA, Endpoint, Request

_MOST_PAGES = 100
_NO_LIST = frozenset({404, 405, 501})
_KEPT = (
    *("id", "display_name", "created_at", "lifecycle", "deprecated_at", "retires_at", "line"),
    *("max_input_tokens", "max_tokens", "allowed_fallback_models"),
)

Send = Callable[[Request], AbstractContextManager[Any]]
"""The transport's: gives a response with `status`, lower-case `headers` and `read(limit)`."""


def fetch(endpoint: Endpoint, send: Send, now: float, known: EndpointFacts | None = None) -> EndpointFacts:
    """Ask for the whole list; everything else that is `known` is kept. An endpoint without a list gives `has_list`
    false.

    Raises ExchangeError where the endpoint cannot be reached or rejects the request.
    """
    facts = (known or EndpointFacts(endpoint.base_url))._replace(fetched_at=now, models=None, has_list=False)
    models: dict[str, JsonObject] = {}
    cursor: str | None = None
    for _page in range(_MOST_PAGES):
        after = f"&after_id={_quoted(cursor)}" if cursor else ""
        page = _get(endpoint, f"/v1/models?limit=1000{after}", send)
        if page is None or not isinstance(page.get("data"), list):
            return facts
        before = len(models)
        models |= {one["id"]: _reduced(one) for one in items(page["data"]) if text(one.get("id"))}
        following = text(page.get("last_id"))
        if page.get("has_more") is not True or following in (None, cursor) or len(models) == before:
            break
        cursor = following
    return facts._replace(models=tuple(models.values()), has_list=True)


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
        data = response.read(MOST.size)
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


def allowed_fallbacks(cache: Path | None, endpoint: Endpoint, model: str, send: Send, now: float) -> tuple[str, ...]:
    """The models that may answer for `model`, in order: asked of the endpoint once a day, else the built-in data.
    Without a `cache` nothing is kept."""
    facts = read(cache, endpoint.base_url, now)
    said = facts.about(model)
    if (said is None or "allowed_fallback_models" not in said) and model not in facts.singles:
        try:
            said = fetch_one(endpoint, model, send)
        except ExchangeError:
            # The question itself will meet the same trouble, and tell of it.
            facts = EndpointFacts(endpoint.base_url)
        else:
            facts = facts._replace(singles={model: (now, said)})
            if cache is not None:
                keep_single(cache, endpoint.base_url, model, said, now)
    known = facts.model(model)
    return (known.allowed_fallbacks if known else None) or ()
