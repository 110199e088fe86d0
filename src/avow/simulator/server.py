"""The simulator's HTTP server on loopback: it validates like the API, then plays a scenario."""

import _thread
import itertools
import json
import os
import re
import socket
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from avow.errors import UsageError
from avow.simulator import foreign, models, validation
from avow.simulator.asked import Ask
from avow.simulator.credits import Credits
from avow.simulator.form import Step, as_message, as_steps, dump
from avow.simulator.http import Connection, HttpReply, Wire
from avow.simulator.playback import PlayedAnswer, compose, fill
from avow.simulator.scenarios import load
from avow.simulator.script import HttpError, Json, Scenario

Choice = str | Path | Scenario


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived. `headers` keeps order, repetition and spelling; a repr shows neither them nor the
    body, for they may hold a key."""

    method: str
    path: str
    headers: list[tuple[str, str]] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        """The body as JSON; raises `ValueError` where it is none."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The value of a header, in any spelling; repeated ones are joined by commas."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(found) if found else None


class Simulator:
    """A simulator of the Messages API on a loopback port, in threads of this process.

    `scenario` is a name (`"handover"`, `"long:500"`), a path to a TOML file, a `Scenario`, or a list of these:
    then successive requests to `/v1/messages` play successive ones, and the last repeats. A request's header
    `x-avow-scenario` outranks it. `port` 0 takes any free one. `record=False` keeps no requests, for long runs.
    `for_this_machine`: requests whose Host is another one are refused.
    Raises `UsageError` for an unknown scenario, a host that is not this machine, or a port in use.
    """

    def __init__(
        self,
        scenario: Choice | Sequence[Choice] = "requested",
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        record: bool = True,
        folder: Path | None = None,
        for_this_machine: bool = False,
    ) -> None:
        self._folder = folder
        self._for_this_machine = for_this_machine
        self.play(scenario)
        if host not in ("localhost", "::1") and not host.startswith("127."):
            raise UsageError(f"the simulator listens on this machine only, not on {host!r}", hint="use 127.0.0.1")
        self.requests: list[Received] = []
        self._record = record
        self._tries: dict[tuple[str, int], int] = {}
        self._credits = Credits()
        self._numbers = itertools.count()
        self._session = int.from_bytes(os.urandom(6))
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._connections: set[socket.socket] = set()
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._listener = socket.create_server((host, port), family=family, backlog=128)
        except (OSError, OverflowError) as error:
            reason = (getattr(error, "strerror", None) or str(error)).partition(" (")[0].lower()
            hint = "take another port, or 0 for a free one"
            raise UsageError(f"cannot listen on {host}, port {port}: {reason}", hint=hint) from None
        shown = f"[{host}]" if ":" in host else host
        self.port: int = self._listener.getsockname()[1]
        self.base_url = f"http://{shown}:{self.port}"
        # In one step: a signal in the midst of Thread.start would be lost to an error of its lock.
        _thread.start_new_thread(self._accept, ())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and end every open connection."""
        self._closing.set()
        for closing in (self._listener, *self._connections):
            # shutdown wakes the thread that waits in accept or recv; close alone does not.
            for act in (lambda it=closing: it.shutdown(socket.SHUT_RDWR), closing.close):
                try:
                    act()
                except OSError:
                    continue

    def play(self, scenario: Choice | Sequence[Choice]) -> None:
        """Play this scenario, or this list, from the next request on. Raises `UsageError` for an unknown one."""
        chosen = [scenario] if isinstance(scenario, str | Path | Scenario) else list(scenario)
        self._scenarios = [self._load(choice) for choice in chosen] or [load("requested")]
        self._played = 0

    def wait(self) -> None:
        """Block until `close` is called (from a signal handler or another thread)."""
        self._closing.wait()

    def _load(self, choice: Choice) -> Scenario:
        return choice if isinstance(choice, Scenario) else load(choice, self._folder)

    def _named(self, name: str) -> Scenario:
        """The scenario that a request names: never a path, for whoever asks must not choose what is opened."""
        if "/" in name or "\\" in name or name.endswith(".toml"):
            raise UsageError("a request may name a scenario, not a path")
        return self._load(name)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self._connections.add(accepted)
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted: socket.socket) -> None:
        connection = Connection(accepted, self._closing)
        try:
            while (wire := connection.read(validation.MAX_BODY)) is not None:
                if self._record:
                    self.requests.append(Received(wire.method, wire.target, wire.headers, wire.body))
                try:
                    reply = self._reply(wire)
                except RecursionError:
                    reply = _failure(_bad("The request body is nested too deeply"), "")
                if not connection.write(reply, wire):
                    return
        except (OSError, ValueError):
            return  # the client left, or speaks something else than HTTP
        finally:
            connection.close()
            self._connections.discard(accepted)

    def _reply(self, wire: Wire) -> HttpReply:
        request_id = f"req_011{os.urandom(10).hex()}"
        path, headers = wire.path.rstrip("/"), wire.named_headers()
        if wire.too_large:
            return _failure(HttpError(413, "request_too_large", "Request exceeds the maximum size"), "")
        if self._for_this_machine and not _is_here(headers.get("host", "")):
            # A page in a browser may point its own name here (DNS rebinding).
            words = "The Host header must name this machine, as in the address that was printed"
            return _failure(HttpError(403, "permission_error", words), "")
        try:
            chosen = headers.get("x-avow-scenario")
            scenario = self._named(chosen) if chosen else self._next(advance=path == "/v1/messages")
        except UsageError as error:
            return _failure(HttpError(400, "invalid_request_error", f"x-avow-scenario: {error.message}"), request_id)
        shown_id = request_id if scenario.own_headers else ""
        if problem := validation.check_headers(headers):
            return _failure(HttpError(problem.status, problem.type, problem.message), shown_id)
        if wire.method == "POST" and path in ("/v1/messages", "/v1/messages/count_tokens"):
            return self._post(wire, headers, scenario, shown_id)
        if wire.method == "GET" and (path == "/v1/models" or path.startswith("/v1/models/")):
            return _list_models(wire, headers, scenario, shown_id)
        return _failure(HttpError(404, "not_found_error", f"{wire.method} {path}: Not found"), shown_id)

    def _next(self, *, advance: bool) -> Scenario:
        with self._lock:
            scenario = self._scenarios[min(self._played, len(self._scenarios) - 1)]
            self._played += advance
            return scenario

    def _post(self, wire: Wire, headers: dict[str, str], scenario: Scenario, request_id: str) -> HttpReply:
        counting = wire.path.rstrip("/").endswith("count_tokens")
        charset = headers.get("content-type", "").lower().partition("charset=")[2]
        if charset and charset.strip('"') not in ("utf-8", "utf8", "iso-8859-1", "us-ascii"):
            return _failure(_bad(f"unsupported charset {charset}", code="unsupported_charset"), request_id)
        try:
            body = json.loads(wire.body)
        except (ValueError, RecursionError):
            return _failure(_bad("The request body is not valid JSON"), request_id)
        if not isinstance(body, dict):
            return _failure(_bad("The request body must be a JSON object"), request_id)
        betas = validation.betas_of(headers)
        if refused := foreign.refusal(scenario.refuses, body, betas):
            return _failure(refused, request_id)
        version = headers["anthropic-version"]
        request = validation.ReceivedRequest(body, version, betas, counting, self._credits.knows_block)
        if problem := validation.check_body(request):
            return _failure(HttpError(problem.status, problem.type, problem.message), request_id)
        if scenario.silent:
            return HttpReply(steps=["stall"])
        if scenario.strict and (unknown := validation.unknown_model(request)):
            return _failure(HttpError(unknown.status, unknown.type, unknown.message), request_id)
        seed = scenario.taste.seed
        ask = Ask(body, betas, next(self._numbers), self._session if seed is None else seed)
        if counting:
            error = self._due(scenario, scenario.error, ask)
            counted = {"input_tokens": ask.prompt_tokens if scenario.strict else max(9, len(wire.body) // 4)}
            return _failure(error, request_id, ask) if error else _json(counted, request_id)
        return self._message(scenario, ask, request_id)

    def _message(self, scenario: Scenario, ask: Ask, request_id: str) -> HttpReply:
        if error := self._due(scenario, scenario.error, ask):
            return _failure(error, request_id, ask)
        with self._lock:
            position = self._credits.position(ask)
            redeemed = self._credits.redeem(ask, scenario)
        if isinstance(redeemed, str):
            return _failure(_bad(redeemed), request_id)
        hop = scenario.hops[min(position, len(scenario.hops) - 1)]
        if hop.error and (error := self._due(scenario, hop.error, ask)):
            with self._lock:
                self._credits.note(ask, None)
            return _failure(error, request_id, ask)

        def mint(declined: Any, content: list[Json]) -> str:
            with self._lock:
                return self._credits.mint(ask, content, claim=declined.claim and bool(content))

        answer = compose(scenario, ask, position, mint, redeemed)
        with self._lock:
            self._credits.note(ask, answer)
        extra = [(name, fill(value, ask, ask.model)) for name, value in scenario.headers]
        if ask.stream and not scenario.whole:
            return HttpReply(
                headers=[("content-type", "text/event-stream; charset=utf-8"), *_own_headers(request_id), *extra],
                steps=_sliced(as_steps(answer, scenario, request_id), scenario.write_size),
            )
        return _whole(answer, scenario, request_id, extra)

    def _due(self, scenario: Scenario, error: HttpError | None, ask: Ask) -> HttpError | None:
        """The error this try of the request gets: all of them, or the first `times` of every `times` + 1."""
        if error is None or error.times is None:
            return error
        with self._lock:
            key = (scenario.name, hash(json.dumps(ask.body, sort_keys=True)))
            tried = self._tries.get(key, 0)
            self._tries[key] = tried + 1
        return error if tried % (error.times + 1) < error.times else None


def _bad(message: str, code: str | None = None) -> HttpError:
    return HttpError(400, "invalid_request_error", message, code=code)


def _is_here(host: str) -> bool:
    """Whether a Host header names this machine; HTTP/1.0 has none."""
    name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return name.lower() in ("", "localhost", "[::1]") or re.fullmatch(r"127(\.\d{1,3}){3}", name) is not None


def _failure(error: HttpError, request_id: str, ask: Ask | None = None) -> HttpReply:
    message = fill(error.message, ask) if ask else error.message
    inner: Json = {"type": error.type, "message": message}
    if error.code:
        inner["details"] = {"error_code": error.code}
    outer: Json = {"type": "error", "error": inner}
    if request_id:
        outer["request_id"] = request_id
    body = error.body if error.body is not None else dump(outer)
    own = _own_headers(request_id) if error.body is None else []
    return HttpReply(error.status, [("content-type", error.content_type), *own, *error.headers], body)


def _whole(answer: PlayedAnswer, scenario: Scenario, request_id: str, extra: list[tuple[str, str]]) -> HttpReply:
    body = dump(as_message(answer, scenario))
    headers = [("content-type", "application/json"), *_own_headers(request_id), *extra]
    pause: list[Step] = [scenario.first_delay + sum(block.delay * len(block.deltas) for block in answer.blocks)]
    match scenario.fault.kind if scenario.fault else None:
        case None:
            return HttpReply(headers=headers, body=body, pause=float(pause[0]))
        case "error":
            return _failure(HttpError(529, "overloaded_error", "Overloaded"), request_id)
        case "broken_json":
            return HttpReply(headers=headers, body=body[: len(body) // 2])
        case kind:
            # The length is promised in full and half of it is sent.
            ending = "hangup" if kind == "cut" else kind
            return HttpReply(headers=headers, steps=[body[: len(body) // 2], ending], length=len(body))


def _json(value: object, request_id: str) -> HttpReply:
    return HttpReply(headers=[("content-type", "application/json"), *_own_headers(request_id)], body=dump(value))


def _own_headers(request_id: str) -> list[tuple[str, str]]:
    """The headers of the API itself; gateways drop them."""
    if not request_id:
        return []
    return [
        ("request-id", request_id),
        ("anthropic-organization-id", "0d5f5a8e-57a4-4d1b-a001-000000000000"),
        ("anthropic-ratelimit-requests-limit", "4000"),
        ("anthropic-ratelimit-requests-remaining", "3999"),
        ("anthropic-ratelimit-requests-reset", "2026-11-23T17:00:00Z"),
    ]


def _list_models(wire: Wire, headers: dict[str, str], scenario: Scenario, request_id: str) -> HttpReply:
    if scenario.error and scenario.error.times is None and scenario.error.status != 404:
        return _failure(scenario.error, request_id)
    if scenario.silent:
        return HttpReply(steps=["stall"])
    with_fallbacks = any(beta.startswith("server-side-fallback-") for beta in validation.betas_of(headers))
    name = wire.path.rstrip("/").removeprefix("/v1/models").lstrip("/")
    if scenario.models == "none":
        return _failure(HttpError(404, "", "", body=b'{"error":{"code":"404","message":"Resource not found"}}'), "")
    if scenario.models == "openai" and not name:
        return _json(models.openai_page(), request_id)
    if not name:
        page = models.page(wire.query(), with_fallbacks=with_fallbacks)
        return _failure(_bad(page), request_id) if isinstance(page, str) else _json(page, request_id)
    found = models.find(name)
    if found is None or scenario.models == "openai":
        return _failure(HttpError(404, "not_found_error", f"model: {name}"), request_id)
    return _json(models.describe(found, with_fallbacks=with_fallbacks), request_id)


def _sliced(steps: Iterable[Step], size: int) -> Iterable[Step]:
    """The same bytes in pieces of `size`, torn anywhere; 0 leaves them as they are."""
    for step in steps:
        if size and isinstance(step, bytes):
            yield from (step[start : start + size] for start in range(0, len(step), size))
        else:
            yield step
