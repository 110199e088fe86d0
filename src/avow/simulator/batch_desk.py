"""HTTP requests about message batches, and their responses."""

import threading
from collections.abc import Callable

from avow.simulator import batches
from avow.simulator.http import HttpReply, RawRequest
from avow.simulator.replies import failure, own_headers, posted, with_json
from avow.simulator.script import HttpError, Json, Scenario

Play = Callable[[Json, dict[str, str], Scenario, bool], Json]
"""Gives the `result` of one item, from its `params`, the headers of its batch, the scenario, and whether the model
declines."""


class BatchDesk:
    """One server's batches over HTTP. Safe for threads."""

    def __init__(self, base_url: str, play: Play) -> None:
        self._batches = batches.Batches(base_url)
        self._play = play
        self._lock = threading.RLock()
        self._has_lost = False

    def reply(self, wire: RawRequest, path: str, scenario: Scenario, request_id: str) -> HttpReply:
        """The response to a request for `path`, which is `/v1/messages/batches` or below it. `request_id` is empty
        where the scenario sends none."""
        if scenario.error is not None and scenario.error.times is None:
            return failure(scenario.error, request_id)
        batch_id, _slash, rest = path.removeprefix(batches.PATH).strip("/").partition("/")
        with self._lock:
            match wire.method, batch_id, rest:
                case "POST", "", "":
                    return self._create(wire, scenario, request_id)
                case "GET", "", "":
                    found: Json | HttpError = self._batches.page(wire.query())
                case "GET", _, "":
                    found = self._batches.retrieve(batch_id)
                case "DELETE", _, "":
                    found = self._batches.delete(batch_id)
                case "POST", _, "cancel":
                    found = self._batches.cancel(batch_id)
                case "GET", _, "results":
                    return self._results(batch_id, request_id)
                case _:
                    found = HttpError(404, "not_found_error", f"{wire.method} {path}: Not found")
        return failure(found, request_id) if isinstance(found, HttpError) else with_json(found, request_id)

    def _create(self, wire: RawRequest, scenario: Scenario, request_id: str) -> HttpReply:
        body = posted(wire)
        if isinstance(body, HttpError):
            return failure(body, request_id)
        headers = wire.named_headers()
        made = self._batches.create(
            body, scenario.batch, lambda params, declines: self._play(params, headers, scenario, declines)
        )
        if isinstance(made, HttpError):
            return failure(made, request_id)
        if scenario.batch.loses_create and not self._has_lost:
            self._has_lost = True
            return HttpReply(steps=["hangup"])
        return with_json(made, request_id)

    def _results(self, batch_id: str, request_id: str) -> HttpReply:
        lines = self._batches.results(batch_id)
        if isinstance(lines, HttpError):
            return failure(lines, request_id)
        return HttpReply(headers=[("content-type", "application/x-jsonl"), *own_headers(request_id)], steps=lines)
