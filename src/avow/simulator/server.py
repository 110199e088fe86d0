"""The simulator's HTTP server on loopback: it validates like the API, then plays a scenario."""

import _thread
import itertools
import json
import os
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from avow.errors import UsageError, system_words
from avow.simulator import batches, foreign, validation
from avow.simulator.batch_desk import BatchDesk
from avow.simulator.credits import Credits
from avow.simulator.form import as_message, as_steps
from avow.simulator.headers import betas_of, check_headers, is_here
from avow.simulator.http import Connection, HttpReply, RawRequest
from avow.simulator.playback import PlayedAnswer, compose, fill
from avow.simulator.prompt_cache import PromptCache
from avow.simulator.replies import failure, list_models, own_headers, posted, sliced, whole, with_json
from avow.simulator.scenarios import load
from avow.simulator.script import HttpError, Json, PlayedHop, Scenario, bad_request
from avow.simulator.valid_request import ValidRequest

Choice = str | Path | Scenario


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request as it was received. `headers` have their order, repetitions and spelling; `repr` shows neither
    headers nor body, because they may hold a key."""

    method: str
    path: str
    headers: list[tuple[str, str]] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        """The body as JSON; raises `ValueError` where it is not JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The value of a header, in any spelling; repeated ones are joined by commas."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(found) if found else None


class Simulator:
    """A simulator of the Messages API on a loopback port, in threads of this process.

    `scenario` is a name (`"handover"`, `"long:500"`), a path to a TOML file, a `Scenario`, or a list of these: each
    request to `/v1/messages` plays the next one, and the last repeats. A request's header `x-avow-scenario` outranks
    it. `port` 0 takes any free one. `record=False` keeps no `requests`, for long runs. `folder` has the user's
    scenarios. `for_this_machine`: requests with another `Host` header than this machine are refused. Raises
    `UsageError` for an unknown scenario, a host that is not this machine, or a port that is in use.
    """

    session: ClassVar[int | None] = None
    """Chooses what is random in the replies of every server; None: each server is another session. Tests set it."""

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
        self.requests: list[RecordedRequest] = []
        self._record = record
        self._tries: dict[tuple[str, int], int] = {}
        self._credits, self._cache = Credits(), PromptCache()
        self._numbers = itertools.count()
        self._session = int.from_bytes(os.urandom(6)) if self.session is None else self.session
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._connections: set[socket.socket] = set()
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._listener = socket.create_server((host, port), family=family, backlog=128)
        except (OSError, OverflowError) as error:
            reason = system_words(error).partition(" (")[0]
            hint = "take another port, or 0 for a free one"
            raise UsageError(f"cannot listen on {host}, port {port}: {reason}", hint=hint) from None
        shown = f"[{host}]" if ":" in host else host
        self.port: int = self._listener.getsockname()[1]
        self.base_url = f"http://{shown}:{self.port}"
        self._desk = BatchDesk(self.base_url, self._item)
        # In one step: a signal during Thread.start would be lost, because its lock would raise another error.
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
        """Play this scenario, or this list, from the next request on. Raises `UsageError` for an unknown scenario."""
        chosen = [scenario] if isinstance(scenario, str | Path | Scenario) else list(scenario)
        self._scenarios = [self._load(choice) for choice in chosen] or [load("requested")]
        self._played = 0

    def wait(self) -> None:
        """Block until `close` is called (from a signal handler or another thread)."""
        self._closing.wait()

    def _load(self, choice: Choice) -> Scenario:
        return choice if isinstance(choice, Scenario) else load(choice, self._folder)

    def _named(self, name: str) -> Scenario:
        """The scenario that a request names: never a path, because a client must not choose which file is opened."""
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
            while (wire := connection.read(validation.MAX_BODY, {batches.PATH: batches.MAX_BODY})) is not None:
                if self._record:
                    self.requests.append(RecordedRequest(wire.method, wire.target, wire.headers, wire.body))
                try:
                    reply = self._reply(wire)
                except RecursionError:
                    reply = failure(bad_request("The request body is nested too deeply"), "")
                if not connection.write(reply, wire):
                    return
        except (OSError, ValueError):
            return  # the client left, or speaks something else than HTTP
        finally:
            connection.close()
            self._connections.discard(accepted)

    def _reply(self, wire: RawRequest) -> HttpReply:
        request_id = f"req_011{os.urandom(10).hex()}"
        path, headers = wire.path.rstrip("/"), wire.named_headers()
        if wire.too_large:
            return failure(HttpError(413, "request_too_large", "Request exceeds the maximum size"), "")
        if self._for_this_machine and not is_here(headers.get("host", "")):
            # A web page may have let its own name point to this machine (DNS rebinding).
            words = "The Host header must name this machine, as in the address that was printed"
            return failure(HttpError(403, "permission_error", words), "")
        try:
            chosen = headers.get("x-avow-scenario")
            scenario = self._named(chosen) if chosen else self._next(advance=path == "/v1/messages")
        except UsageError as error:
            return failure(HttpError(400, "invalid_request_error", f"x-avow-scenario: {error.message}"), request_id)
        shown_id = request_id if scenario.own_headers else ""
        if problem := check_headers(headers):
            return failure(problem, shown_id)
        if wire.method == "POST" and path in ("/v1/messages", "/v1/messages/count_tokens"):
            return self._post(wire, headers, scenario, shown_id)
        if path == batches.PATH or path.startswith(f"{batches.PATH}/"):
            return self._desk.reply(wire, path, scenario, shown_id)
        if wire.method == "GET" and (path == "/v1/models" or path.startswith("/v1/models/")):
            return list_models(wire, headers, scenario, shown_id)
        return failure(HttpError(404, "not_found_error", f"{wire.method} {path}: Not found"), shown_id)

    def _next(self, *, advance: bool) -> Scenario:
        with self._lock:
            scenario = self._scenarios[min(self._played, len(self._scenarios) - 1)]
            self._played += advance
            return scenario

    def _post(self, wire: RawRequest, headers: dict[str, str], scenario: Scenario, request_id: str) -> HttpReply:
        counting = wire.path.rstrip("/").endswith("count_tokens")
        charset = headers.get("content-type", "").lower().partition("charset=")[2]
        if charset and charset.strip('"') not in ("utf-8", "utf8", "iso-8859-1", "us-ascii"):
            return failure(bad_request(f"unsupported charset {charset}", code="unsupported_charset"), request_id)
        body = posted(wire)
        if isinstance(body, HttpError):
            return failure(body, request_id)
        betas = betas_of(headers)
        if refused := foreign.refusal(scenario.refuses, body, betas):
            return failure(refused, request_id)
        version = headers["anthropic-version"]
        request = validation.ReceivedRequest(body, version, betas, counting, self._credits.knows_block)
        if problem := validation.check_body(request):
            return failure(problem, request_id)
        if scenario.silent:
            return HttpReply(steps=["stall"])
        if scenario.strict and (unknown := validation.unknown_model(request)):
            return failure(unknown, request_id)
        ask = self._valid(body, betas, scenario)
        if counting:
            error = self._due(scenario, scenario.error, ask)
            counted = {"input_tokens": ask.prompt_tokens if scenario.strict else max(9, len(wire.body) // 4)}
            return failure(error, request_id, ask) if error else with_json(counted, request_id)
        return self._message(scenario, ask, request_id)

    def _valid(self, body: Json, betas: frozenset[str], scenario: Scenario) -> ValidRequest:
        seed = scenario.pick_settings.seed
        return ValidRequest(body, betas, next(self._numbers), self._session if seed is None else seed)

    def _message(self, scenario: Scenario, ask: ValidRequest, request_id: str) -> HttpReply:
        answer = self._answer(scenario, ask)
        if isinstance(answer, HttpError):
            return failure(answer, request_id, ask)
        extra = [(name, fill(value, ask, ask.model)) for name, value in scenario.headers]
        if ask.stream and not scenario.whole:
            return HttpReply(
                headers=[("content-type", "text/event-stream; charset=utf-8"), *own_headers(request_id), *extra],
                steps=sliced(as_steps(answer, scenario, request_id), scenario.write_size),
            )
        return whole(answer, scenario, request_id, extra)

    def _answer(self, scenario: Scenario, ask: ValidRequest) -> PlayedAnswer | HttpError:
        """The answer of the scenario, before it becomes HTTP."""
        if error := self._due(scenario, scenario.error, ask):
            return error
        with self._lock:
            position = self._credits.position(ask)
            redeemed = self._credits.redeem(ask, scenario)
        if isinstance(redeemed, str):
            return bad_request(redeemed)
        hop = scenario.hops[min(position, len(scenario.hops) - 1)]
        if hop.error and (error := self._due(scenario, hop.error, ask)):
            with self._lock:
                self._credits.note(ask, None)
            return error

        def mint(declined: Any, content: list[Json]) -> str:
            with self._lock:
                return self._credits.mint(ask, content, claim=declined.claim and bool(content))

        answer = compose(scenario, ask, position, mint, redeemed, self._cache)
        with self._lock:
            self._credits.note(ask, answer)
        return answer

    def _due(self, scenario: Scenario, error: HttpError | None, ask: ValidRequest) -> HttpError | None:
        """The error that this try of the request gets, if any: every try gets `error`, or with `times` the first
        `times` of every `times` + 1 tries."""
        if error is None or error.times is None:
            return error
        with self._lock:
            key = (scenario.name, hash(json.dumps(ask.body, sort_keys=True)))
            tried = self._tries.get(key, 0)
            self._tries[key] = tried + 1
        return error if tried % (error.times + 1) < error.times else None

    def _item(self, params: Json, headers: dict[str, str], scenario: Scenario, declines: bool) -> Json:
        """The result of one item of a batch. Its params are checked only now; `declines`: the model declines, and no
        other answers."""
        betas = betas_of(headers)
        request = validation.ReceivedRequest(
            params, headers["anthropic-version"], betas, False, self._credits.knows_block
        )
        if words := batches.unsupported(params):
            return batches.errored("invalid_request_error", words)
        if problem := validation.check_body(request):
            return batches.errored(problem.type, problem.message)
        if scenario.strict and (unknown := validation.unknown_model(request)):
            return batches.errored(unknown.type, unknown.message)
        plain = replace(scenario, hops=(PlayedHop(declines=True),)) if declines else scenario
        ask = self._valid(params, betas, scenario)
        played = self._answer(plain, ask)
        if isinstance(played, HttpError):
            return batches.errored(played.type, fill(played.message, ask))
        message = as_message(played, scenario)
        if "usage" in message:
            message["usage"]["service_tier"] = "batch"
        return {"type": "succeeded", "message": message}
