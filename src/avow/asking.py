"""From an inquiry to a finished exchange that is kept: what `ask`, `chat` and `retry` have in common."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from avow import catalogue, limits
from avow.chain import Policy
from avow.context import Context
from avow.conversation import Pinned, Replayed, pinned, replay
from avow.converse import Plan, converse
from avow.errors import AvowError, Failure, UsageError
from avow.exchange import (
    Attachment,
    Exchange,
    Finished,
    Happening,
    Noted,
    as_json,
    exit_code,
    new_id,
    timestamp,
)
from avow.exit_codes import ExitCode
from avow.gateways import API_HOST, asked_for
from avow.keeping import Keeper
from avow.settings import Settings
from avow.transport import Patience, Transport
from avow.verdict import Asked, reasons
from avow.wire.blocks import block
from avow.wire.failure import not_an_answer, rejected
from avow.wire.json_value import JsonObject, obj, parse
from avow.wire.request import (
    CURRENT_VERSION,
    OAUTH_BETA,
    OLD_VERSION,
    Endpoint,
    Request,
    betas_for,
    count_body,
    encoded,
    messages_body,
)

if TYPE_CHECKING:
    from avow.catalogue import Model
    from avow.credential import Credential

MAX_TOKENS = 64_000
MAX_TOKENS_WHOLE = 16_000
NOT_OPTIONS = ("model", "messages", "stream", "fallbacks")


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is to be asked. `earlier`: the turns of the conversation it goes on with, oldest first.

    `fresh_model`: the model was named for this question (`-m`), which ends a conversation's stay on another one.
    `finish`: looks at the finished exchange and may find a problem with it (exit 9) or change what is printed.
    """

    settings: Settings
    prompt: str
    attachments: tuple[Attachment, ...] = ()
    template: str | None = None
    earlier: tuple[Exchange, ...] = ()
    retry_of: Exchange | None = None
    simulate: str | None = None
    fresh_model: bool = False
    response_format: JsonObject | None = None
    session: str | None = None
    notes: tuple[str, ...] = ()
    check: Callable[[Exchange], Exchange] = field(default=lambda exchange: exchange)


@dataclass(frozen=True, slots=True)
class Host:
    """Where questions go, and what carries them; one serves many questions. `simulated`: it is the stand-in."""

    base_url: str
    transport: Transport
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """An inquiry with everything decided, before anything is sent."""

    inquiry: Inquiry
    plan: Plan
    exchange: Exchange
    request: Request
    replayed: Replayed
    notes: tuple[str, ...] = ()


def prepare(
    inquiry: Inquiry, context: Context, base_url: str, *, simulated: bool = False, transport: Transport | None = None
) -> Prepared:
    """Decide everything about `inquiry` that can be decided before it is sent. With a `transport` the endpoint is
    asked which models may answer, where avow itself falls back and that is not known yet.

    Raises UsageError where it cannot be sent as it is.
    """
    settings = inquiry.settings
    requested = expand(settings.text("model") or catalogue.DEFAULT_MODEL, settings)
    stay = pinned(inquiry.earlier, time.time(), requested if inquiry.fresh_model else None)
    sent = stay.model if stay and stay.requested_model == requested else requested
    endpoint = endpoint_for(settings, base_url, context, transport.credential if transport else None)
    cache = None if simulated else context.paths.cache
    known = _known(cache, base_url, sent)
    replayed = replay(
        inquiry.earlier,
        model=sent,
        system=settings.text("system"),
        same_models=settings.table("same_models"),
    )
    user_content = content_of(inquiry)
    message: JsonObject = {"role": "user", "content": _expanded(user_content, inquiry.attachments)}
    params = parameters(inquiry, known)
    if inquiry.retry_of is not None:
        # The same request again: only who may answer is asked anew.
        same = {key: value for key, value in inquiry.retry_of.params.items() if key != "fallbacks"}
        params = {**same, **({"fallbacks": params["fallbacks"]} if "fallbacks" in params else {})}
    unsupported = _leave_out_fallbacks(params, cache, base_url, sent)
    stream = settings.flag("stream")
    body = messages_body(sent, [*replayed.messages, message], params, stream=stream)
    request = endpoint.request("POST", "/v1/messages", body, betas_for(body))
    limits.check((*replayed.attachments, *inquiry.attachments), known.context if known else None, len(encoded(body)))
    policy, by = settings.words_or_text("fallback"), settings.text("fallback_by") or "server"
    published: tuple[str, ...] = (known.allowed_fallbacks if known else None) or ()
    if by == "client" and policy == "default" and transport is not None:
        published = _published(cache, endpoint, sent, transport)
    deadline = settings.number("deadline")
    conversation_id = inquiry.earlier[-1].conversation_id if inquiry.earlier else None
    if inquiry.retry_of is not None:
        conversation_id = inquiry.retry_of.conversation_id
    exchange_id = new_id()
    exchange = Exchange(
        id=exchange_id,
        conversation_id=conversation_id or new_id(),
        created_at=timestamp(time.time()),
        requested_model=requested,
        sent_model=sent,
        simulated=simulated,
        prompt=inquiry.prompt,
        system=settings.text("system"),
        template=inquiry.template,
        attachments=inquiry.attachments,
        fallback_policy=policy,
        fallback_by=by,
        retry_of=inquiry.retry_of.id if inquiry.retry_of else None,
        parent_id=inquiry.earlier[-1].id if inquiry.earlier else None,
        base_url=base_url,
        params=params,
        user_content=user_content,
        session=inquiry.session,
    )
    plan = Plan(
        endpoint=endpoint,
        body=body,
        asked=Asked(
            requested,
            pinned_since=stay.since_turn if stay and sent != requested else None,
            host=urlsplit(base_url).hostname or "",
            same_models=settings.table("same_models"),
        ),
        policy=chain_policy(settings, published if policy == "default" else policy, by),
        retries=settings.integer("retries") or 0,
        deadline=None if deadline is None else time.monotonic() + deadline,
        accept_fallback=settings.flag("accept_fallback"),
        credit=by == "client" and policy != "none",
        prices=settings.table("prices"),
        learn=lambda model: _learn(cache, base_url, model),
    )
    notes = (*inquiry.notes, *_notes(replayed, stay, sent), *unsupported)
    return Prepared(inquiry, plan, exchange, request, replayed, notes)


def ask(
    inquiry: Inquiry,
    context: Context,
    watch: Callable[[Happening], None],
    report: Callable[[JsonObject], None] | None = None,
    host: Host | None = None,
) -> Exchange:
    """Ask, keep it, and give the finished exchange; `watch` hears all that happens, `Finished` last. Without a
    `host` one is opened for this question alone.

    Raises AvowError where nothing was sent.
    """
    with nullcontext(host) if host else host_for(inquiry.settings, context, inquiry.simulate) as there:
        prepared = prepare(inquiry, context, there.base_url, simulated=there.simulated, transport=there.transport)
        keeper = Keeper(context, inquiry.settings, watch)
        exchange = keeper.begin(prepared.exchange)
        for note in prepared.notes:
            watch(Noted(note))
        patience = _patience(inquiry.settings, prepared.plan)
        finished = converse(
            prepared.plan,
            exchange,
            send=lambda request: there.transport.send(request, patience),
            watch=watch,
            save=keeper.save,
        )
        return _finish(inquiry, context, finished, keeper, watch, report)


def count(inquiry: Inquiry, context: Context) -> int:
    """How many input tokens the prompt has, by the API's own count; no model sees it.

    Raises ExchangeError where the API does not say.
    """
    with host_for(inquiry.settings, context, inquiry.simulate) as host:
        prepared = prepare(inquiry, context, host.base_url, simulated=host.simulated)
        body = count_body(prepared.plan.body)
        request = prepared.plan.endpoint.request("POST", "/v1/messages/count_tokens", body, betas_for(body))
        with host.transport.send(request, _patience(inquiry.settings, prepared.plan)) as response:
            data = response.read(1024 * 1024)
            if response.status >= 400:
                raise rejected(response.status, response.headers, data)
            try:
                number = obj(parse(data)).get("input_tokens")
            except ValueError:
                number = None
            if not isinstance(number, int):
                kind = response.headers.get("content-type", "")
                raise not_an_answer(response.status, kind, data, response.headers.get("request-id"))
            return number


def _finish(
    inquiry: Inquiry,
    context: Context,
    exchange: Exchange,
    keeper: Keeper,
    watch: Callable[[Happening], None],
    report: Callable[[JsonObject], None] | None,
) -> Exchange:
    exchange = inquiry.check(exchange)
    if exchange.problem is not None and exchange.signal is None:
        code = exit_code(
            exchange.status,
            exchange.verdict,
            accept_fallback=inquiry.settings.flag("accept_fallback"),
            failed_with=ExitCode(exchange.exit_code) if exchange.exit_code is not None else None,
            problem=exchange.problem,
        )
        exchange = replace(exchange, exit_code=int(code))
    keeper.finish(exchange)
    if earlier := keeper.earlier_decline(exchange):
        phrases = "; ".join(reasons(earlier.routing))
        watch(Noted(f"sticky since {earlier.created_at}, exchange {earlier.number}: {phrases}"))
    if report is not None:
        report(as_json(exchange))
    if inquiry.settings.flag("hold") and exchange.exit_code != 0:
        exchange = replace(exchange, withheld=True)
    watch(Finished(exchange))
    _run_hook(inquiry.settings, context, exchange)
    return exchange


def _run_hook(settings: Settings, context: Context, exchange: Exchange) -> None:
    """Run the user's command after a rerouted answer; what goes wrong with it is only noted."""
    command = settings.words("on_reroute")
    if not command or not exchange.routing.rerouted or exchange.signal is not None:
        return
    from avow import hooks  # deferred: start-up

    body = as_json(replace(exchange, withheld=False))
    problem = hooks.run(command, body, context.environ, settings.number("on_reroute_timeout") or 10.0)
    if problem is not None:
        context.screen.note(problem)


def expand(name: str, settings: Settings) -> str:
    """The id that an alias stands for; the user's own aliases outrank the built-in ones."""
    return catalogue.expand_alias(name, settings.table("aliases"))


def endpoint_for(
    settings: Settings, base_url: str, context: Context, credential: "Credential | None" = None
) -> Endpoint:
    """Where and how the API is spoken to: the API's own host in the current version, others in the old one. A bearer
    token that is no API key needs a beta on the API's own host."""
    from avow import __version__

    host = urlsplit(base_url).hostname or ""
    is_token = credential is not None and credential.style == "bearer" and not credential.is_api_key
    version = settings.text("api_version") or (CURRENT_VERSION if host == API_HOST else OLD_VERSION)
    return Endpoint(
        base_url,
        version,
        headers=(*custom_headers(context), *settings.table("headers").items()),
        user_agent=f"avow/{__version__}",
        betas=(OAUTH_BETA,) if is_token and host == API_HOST else (),
        extra=asked_for(host),
    )


def custom_headers(context: Context) -> tuple[tuple[str, str], ...]:
    """`ANTHROPIC_CUSTOM_HEADERS`: one `Name: value` a line; lines without a colon are ignored."""
    lines = context.environ.get("ANTHROPIC_CUSTOM_HEADERS", "").splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return tuple((name.strip(), value.strip()) for name, value in pairs if name.strip())


def content_of(inquiry: Inquiry) -> tuple[JsonObject, ...]:
    """The new user turn: the files first, then the question."""
    files = [{"type": "attachment", "index": index} for index in range(len(inquiry.attachments))]
    words = [{"type": "text", "text": inquiry.prompt}] if inquiry.prompt.strip() else []
    return (*files, *words)


def _expanded(content: tuple[JsonObject, ...], attachments: tuple[Attachment, ...]) -> list[JsonObject]:
    return [block(attachments[b["index"]]) if b["type"] == "attachment" else b for b in content]


def parameters(inquiry: Inquiry, known: "Model | None") -> JsonObject:
    """The body's fields besides model, messages and stream; `known` is what is known of the model."""
    settings = inquiry.settings
    most = settings.integer("max_tokens")
    if most is None:
        most = MAX_TOKENS if settings.flag("stream") else MAX_TOKENS_WHOLE
        most = min(most, known.max_output) if known and known.max_output else most
    params: JsonObject = {"max_tokens": most}
    if system := settings.text("system"):
        params["system"] = system
    output: JsonObject = {}
    if effort := settings.text("effort"):
        output["effort"] = effort
    if inquiry.response_format is not None:
        output["format"] = inquiry.response_format
    if output:
        params["output_config"] = output
    if stops := settings.words("stop"):
        params["stop_sequences"] = list(stops)
    if speed := settings.text("speed"):
        params["speed"] = speed
    if settings.flag("show_thinking"):
        params["thinking"] = {"type": "adaptive", "display": "summarized"}
    if (fallbacks := server_fallbacks(settings)) is not None:
        params["fallbacks"] = fallbacks
    for key, value in settings.table("options").items():
        if key in NOT_OPTIONS:
            raise UsageError(f"-o {key}: this field has an option of its own", hint=_OPTION_FOR.get(key))
        params[key] = value
    return params


_OPTION_FOR = {
    "model": "use -m MODEL",
    "messages": "the prompt and -c make the messages",
    "stream": "use --no-stream",
    "fallbacks": "use --fallback",
}


def server_fallbacks(settings: Settings) -> object:
    """The `fallbacks` field: None where the API is not to fall back by itself."""
    policy = settings.words_or_text("fallback")
    if policy == "none" or settings.text("fallback_by") == "client":
        return None
    if isinstance(policy, str):
        return policy
    overrides = settings.table("overrides")
    return [{"model": model, **override_fields(overrides.get(model, {}))} for model in policy]


def override_fields(override: JsonObject) -> JsonObject:
    """A model's overrides from the config as fields of the body."""
    fields: JsonObject = {key: override[key] for key in ("max_tokens", "thinking", "speed") if key in override}
    if "effort" in override:
        fields["output_config"] = {"effort": override["effort"]}
    return fields


def chain_policy(settings: Settings, policy: str | tuple[str, ...], by: str) -> Policy:
    """What avow itself does when a model declines or cannot be had. `policy` is the models to ask, or `none`."""
    models = policy if by == "client" and isinstance(policy, tuple) else ()
    overrides = {name: override_fields(value) for name, value in settings.table("overrides").items()}
    unavailable = tuple(expand(name, settings) for name in settings.words("if_unavailable"))
    return Policy(tuple(expand(name, settings) for name in models), unavailable, overrides)


@contextmanager
def host_for(settings: Settings, context: Context, simulate: str | None = None) -> Iterator[Host]:
    """Where questions go: the base URL with the user's credential; for `simulate`, the stand-in that plays this
    scenario, with a key of its own. Raises UsageError or CredentialsError."""
    if simulate is not None:
        from avow.credential import Credential  # deferred: start-up
        from avow.simulator.server import Simulator  # deferred: start-up

        with Simulator(scenario=simulate) as simulator:
            transport = Transport(Credential("sk-ant-simulated", "x-api-key", "the stand-in"), context.screen.sending)
            try:
                yield Host(simulator.base_url, transport, simulated=True)
            finally:
                transport.close()
    else:
        base_url, credential = context.destination(settings)
        transport = Transport(credential, context.screen.sending)
        try:
            yield Host(base_url, transport)
        finally:
            transport.close()


def _patience(settings: Settings, plan: Plan) -> Patience:
    between = settings.number("timeout")
    whole = not plan.body.get("stream")
    first = between if between is not None else 600.0
    return Patience(first, first if whole else (between if between is not None else 120.0), plan.deadline)


def _known(cache: Path | None, base_url: str, model: str) -> "Model | None":
    """The facts on `model`, without asking anyone."""
    if cache is None or not (cache / "models").exists():
        return catalogue.find(model)
    from avow import models_list  # deferred: start-up

    return models_list.find(cache, base_url, model, time.time())


def _published(cache: Path | None, endpoint: Endpoint, model: str, transport: Transport) -> tuple[str, ...]:
    """The models that the endpoint lets answer for `model`."""
    from avow import models_list  # deferred: start-up

    patience = Patience(10.0, 10.0)
    return models_list.allowed_fallbacks(
        cache, endpoint, model, lambda request: transport.send(request, patience), time.time()
    )


def _leave_out_fallbacks(params: JsonObject, cache: Path | None, base_url: str, model: str) -> list[str]:
    """Take `fallbacks` out of `params` where the endpoint said within a day that it does not know it; a note then."""
    if cache is None or "fallbacks" not in params or not (cache / "endpoints.json").exists():
        return []
    from avow import endpoints  # deferred: start-up

    if endpoints.without_fallbacks(cache, base_url, model, time.time()) is None:
        return []
    del params["fallbacks"]
    return ["this endpoint does not support `fallbacks` (it said so within a day); asked without it"]


def _learn(cache: Path | None, base_url: str, model: str) -> None:
    if cache is not None:
        from avow import endpoints  # deferred: start-up

        endpoints.remember_without_fallbacks(cache, base_url, model, time.time())


def _notes(replayed: Replayed, stay: Pinned | None, sent: str) -> list[str]:
    notes = [
        f"turn {number} of the conversation is left out: {reason}"
        if number
        else f"earlier turns are left out: {reason}"
        for number, reason in replayed.left_out
    ]
    if stay is not None and stay.model == sent:
        notes.append(f"this conversation stays on {stay.model} since turn {stay.since_turn}; -m goes back")
    return notes


def failed_before_sending(error: AvowError) -> Failure:
    """An error that kept the request from leaving, as the failure of an answer."""
    kind = "credentials" if error.exit_code is ExitCode.CREDENTIALS else "connection"
    return Failure(kind, None, error.message)
