"""Responses of the simulator: whole messages, errors, lists of models, with the API's own headers."""

import json
from collections.abc import Iterable

from avow.simulator import models
from avow.simulator.form import Step, as_message, dump
from avow.simulator.headers import betas_of
from avow.simulator.http import HttpReply, RawRequest
from avow.simulator.playback import PlayedAnswer, fill
from avow.simulator.script import HttpError, Json, Scenario, bad_request
from avow.simulator.valid_request import ValidRequest


def posted(wire: RawRequest) -> Json | HttpError:
    """The JSON object in the body of a request, or the API's error where there is none."""
    try:
        body = json.loads(wire.body)
    except (ValueError, RecursionError):
        return bad_request("The request body is not valid JSON")
    return body if isinstance(body, dict) else bad_request("The request body must be a JSON object")


def failure(error: HttpError, request_id: str, ask: ValidRequest | None = None) -> HttpReply:
    """The response for an error. With `ask`, the names in its message's braces are filled in."""
    message = fill(error.message, ask) if ask else error.message
    inner: Json = {"type": error.type, "message": message}
    if error.code:
        inner["details"] = {"error_code": error.code}
    outer: Json = {"type": "error", "error": inner}
    if request_id:
        outer["request_id"] = request_id
    body = error.body if error.body is not None else dump(outer)
    own = own_headers(request_id) if error.body is None else []
    return HttpReply(error.status, [("content-type", error.content_type), *own, *error.headers], body)


def whole(answer: PlayedAnswer, scenario: Scenario, request_id: str, extra: list[tuple[str, str]]) -> HttpReply:
    """An answer that is not streamed, broken where the scenario says so."""
    body = dump(as_message(answer, scenario))
    headers = [("content-type", "application/json"), *own_headers(request_id), *extra]
    pause: list[Step] = [scenario.first_delay + sum(block.delay * len(block.deltas) for block in answer.blocks)]
    match scenario.fault.kind if scenario.fault else None:
        case None:
            return HttpReply(headers=headers, body=body, pause=float(pause[0]))
        case "error":
            return failure(HttpError(529, "overloaded_error", "Overloaded"), request_id)
        case "broken_json":
            return HttpReply(headers=headers, body=body[: len(body) // 2])
        case kind:
            # The length is promised in full and half of it is sent.
            ending = "hangup" if kind == "cut" else kind
            return HttpReply(headers=headers, steps=[body[: len(body) // 2], ending], length=len(body))


def with_json(value: object, request_id: str) -> HttpReply:
    """A response with status 200 and this value as JSON."""
    return HttpReply(headers=[("content-type", "application/json"), *own_headers(request_id)], body=dump(value))


def own_headers(request_id: str) -> list[tuple[str, str]]:
    """The headers that only the API itself sends; none where `request_id` is empty, as for gateways."""
    if not request_id:
        return []
    return [
        ("request-id", request_id),
        ("anthropic-organization-id", "0d5f5a8e-57a4-4d1b-a001-000000000000"),
        ("anthropic-ratelimit-requests-limit", "4000"),
        ("anthropic-ratelimit-requests-remaining", "3999"),
        ("anthropic-ratelimit-requests-reset", "2026-11-23T17:00:00Z"),
    ]


def list_models(wire: RawRequest, headers: dict[str, str], scenario: Scenario, request_id: str) -> HttpReply:
    """The list of models, or one model."""
    if scenario.error and scenario.error.times is None and scenario.error.status != 404:
        return failure(scenario.error, request_id)
    if scenario.silent:
        return HttpReply(steps=["stall"])
    with_fallbacks = any(beta.startswith("server-side-fallback-") for beta in betas_of(headers))
    name = wire.path.rstrip("/").removeprefix("/v1/models").lstrip("/")
    if scenario.models == "none":
        return failure(HttpError(404, "", "", body=b'{"error":{"code":"404","message":"Resource not found"}}'), "")
    if scenario.models == "openai" and not name:
        return with_json(models.openai_page(), request_id)
    if not name:
        page = models.page(wire.query(), with_fallbacks=with_fallbacks)
        return failure(bad_request(page), request_id) if isinstance(page, str) else with_json(page, request_id)
    found = models.find(name)
    if found is None or scenario.models == "openai":
        return failure(HttpError(404, "not_found_error", f"model: {name}"), request_id)
    return with_json(models.describe(found, with_fallbacks=with_fallbacks), request_id)


def sliced(steps: Iterable[Step], size: int) -> Iterable[Step]:
    """The same bytes in pieces of `size` bytes, cut anywhere; 0 leaves them as they are."""
    for step in steps:
        if size and isinstance(step, bytes):
            yield from (step[start : start + size] for start in range(0, len(step), size))
        else:
            yield step
