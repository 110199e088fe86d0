"""`avow audit endpoint`: what a gateway passes on and what it makes up, a table of findings without a score."""

import json
import secrets
from dataclasses import dataclass

from avow.asking.ask import ask
from avow.asking.inquiry import Inquiry
from avow.audit import endpoint_checks as checks
from avow.audit.asking import SOURCE, CutShort
from avow.audit.endpoint_checks import CheckResult, PlainAnswer, ProbeResponse
from avow.audit.estimate import dollars
from avow.audit.request import request_for, settings_for
from avow.audit.screens import agree
from avow.commands.audit.starting import model_of, settings_of
from avow.commands.with_retries import with_retries
from avow.context import Context
from avow.endpoint.transport import Api
from avow.errors import Interrupted
from avow.exchange.exchange import Exchange
from avow.exit_codes import ExitCode
from avow.models import catalogue
from avow.models.pricing import price
from avow.settings.levels import Settings
from avow.terminal.fitted import say
from avow.terminal.sanitize import clean_line
from avow.terminal.table import table
from avow.text.counts import counted
from avow.wire.failure import rejected
from avow.wire.json_value import JsonObject, obj, parse
from avow.wire.request import Request, messages_body

HEADS = ("check", "result", "strength", "what was seen")
_QUESTION = "Which is larger, 17 times 23 or 19 times 21? Answer with the larger product only."
_MORE = "Thank you. And 18 times 22? Answer with the number only."
_MAX_TOKENS = 4096
_MOST_ANSWERED = 4  # all but the count of tokens
_NOT_ABOUT_IT = frozenset({401, 402, 403, 408, 429})
_TOKENS_IN = 400
_WORDS = (
    "at most {most} calls to {host}, asking for {model}: about {tokens} tokens in, {price}",
    "one question, two requests with models that do not exist, one count of tokens, one altered answer sent back",
)


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """The options of `avow audit endpoint`: which model to ask for."""

    model: str | None = None
    yes: bool = False
    as_json: bool = False
    profile: str | None = None
    quiet: bool = False


def run(options: EndpointOptions, context: Context) -> ExitCode:
    """Print the findings; exit 0 where every question could be asked. Raises ExchangeError where the endpoint rejects
    the key or cannot be reached."""
    settings = settings_of(context, options.profile, quiet=options.quiet)
    model = model_of(settings, options.model)
    settings = settings._replace(values={**settings.values, "retries": 0})  # a retry is a call, too
    with context.open(settings) as api:
        words = {"most": checks.MOST_CALLS, "host": api.endpoint.base_url, "model": model, "tokens": _TOKENS_IN}
        agree(context, [line.format(price=_price(settings, model), **words) for line in _WORDS], yes=options.yes)
        probing = _ProbeCalls(context, api, settings, model)
        try:
            findings = probing.findings()
        except CutShort as stop:
            for line in stop.lines:
                context.screen.statement(line)
            if stop.hint:
                context.screen.note(stop.hint)
            return stop.exit_code
        base_url = api.endpoint.base_url
    context.screen.clear()
    if options.as_json:
        context.screen.line(json.dumps(checks.as_json(base_url, model, probing.calls, findings), indent=2))
        return ExitCode.OK
    rows = [(each.check, each.result.replace("_", " "), each.strength, clean_line(each.detail)) for each in findings]
    for line in table(rows, context.screen.out_facts, heads=HEADS):
        context.screen.line(line)
    context.screen.line()
    say(
        f"{counted(probing.calls, 'call')}. Findings are not a score, and do not say which model answers.",
        context.screen,
    )
    return ExitCode.OK


def _price(settings: Settings, model: str) -> str:
    """The highest price, in words: four of the calls may be answered, each up to its limit."""
    usage = {"input_tokens": _TOKENS_IN, "output_tokens": _MOST_ANSWERED * _MAX_TOKENS}
    most = price(model, usage, overrides=settings.table("prices"))
    told = "price unknown" if most is None else f"{dollars(most)} at most"
    return f"at most {_MOST_ANSWERED * _MAX_TOKENS:,} out, {told}"


class _ProbeCalls:
    """Makes the calls to the endpoint, and counts them."""

    def __init__(self, context: Context, api: Api, settings: Settings, model: str) -> None:
        self.context = context
        self.api = api
        self.settings = settings
        self.model = model
        self.calls = 0
        request = request_for(model)
        request.pop("output_config", None)  # thinking is wanted here, and more of it than an audit needs
        self.request = {**request, "max_tokens": _MAX_TOKENS}
        self.unknown = f"claude-no-such-model-{secrets.token_hex(3)}"

    def findings(self) -> list[CheckResult]:
        """Make all calls; their results. Raises CutShort or ExchangeError where the endpoint cannot be asked."""
        plain = self._plain()
        unknown = self._probe(self._message(self.unknown, [_user(_QUESTION)]))
        tokens = self._probe(self.api.endpoint.count_tokens(self._body(self.model, [_user(_QUESTION)])))
        bogus = {"fallbacks": [{"model": self.unknown}]}
        asked = self._probe(self._message(self.model, [_user(_QUESTION)], bogus))
        altered = checks.with_altered_signature(plain.content)
        replayed = None
        if altered is not None:
            turn: JsonObject = {"role": "assistant", "content": altered}
            replayed = self._probe(self._message(self.model, [_user(_QUESTION), turn, _user(_MORE)]))
        known = catalogue.find(self.model)
        return [
            checks.names(plain, self.unknown, unknown),
            checks.usage(plain),
            checks.count_tokens(plain, tokens),
            checks.request_id(plain),
            checks.fallbacks(asked, takes_them=known.takes_fallbacks if known else None),
            checks.signature(replayed),
        ]

    def _plain(self) -> PlainAnswer:
        self._count()
        inquiry = Inquiry(
            settings_for(self.settings, self.model, self.request), _QUESTION, fresh_model=True, source=SOURCE
        )
        exchange: Exchange = ask(inquiry, self.context, lambda _event: None, api=self.api)
        if exchange.signal is not None:
            raise Interrupted(exchange.signal)
        if not exchange.status.is_whole:
            raise CutShort(exchange)
        return PlainAnswer(
            exchange.routing.served_model,
            exchange.verdict,
            exchange.reply.usage,
            exchange.reply.request_id,
            exchange.reply.content,
        )

    def _probe(self, request: Request) -> ProbeResponse:
        """The response to a request, whatever its status. Raises ExchangeError where it says nothing about the
        request."""
        self._count()

        def look() -> ProbeResponse:
            with self.api.send(request) as response:
                data = response.read(1024 * 1024)
                if response.status in _NOT_ABOUT_IT or response.status >= 500:
                    raise rejected(response.status, response.headers, data)
                try:
                    return ProbeResponse(response.status, obj(parse(data)))
                except ValueError:
                    return ProbeResponse(response.status, {"error": "not JSON"} if response.status < 400 else {})

        return with_retries(look, self.settings, self.context)

    def _body(self, model: str, messages: list[JsonObject]) -> JsonObject:
        params = {key: value for key, value in self.request.items() if key != "stream"}
        return messages_body(model, messages, params, stream=False)

    def _message(self, model: str, messages: list[JsonObject], more: JsonObject | None = None) -> Request:
        return self.api.endpoint.messages({**self._body(model, messages), **(more or {})})

    def _count(self) -> None:
        self.calls += 1
        self.context.screen.status(f"call {self.calls}")


def _user(words: str) -> JsonObject:
    return {"role": "user", "content": [{"type": "text", "text": words}]}
