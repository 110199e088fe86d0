"""From the state of an exchange to the finished one: who answered, what it cost, its status and exit status. Pure."""

from collections.abc import Mapping, Sequence

from avow.errors import ExchangeError, Failure
from avow.exchange.exchange import Exchange, Problem, Reply, Status
from avow.exit_codes import BySignal, ExitCode, gravest
from avow.models.pricing import price, total
from avow.routing.judge import judge
from avow.routing.verdict import Attempt, Outcome, RequestFacts, Routing, Verdict
from avow.values import NamedTuple
from avow.wire.json_value import JsonObject, text
from avow.wire.message import Message


class ExchangeState(NamedTuple):
    """What is known of an exchange while it runs, or when it is over. `before` are attempts made another way (in a
    batch), before its own `attempts`; `error` is that of the last one; `signal` ended everything. Times in ms."""

    before: tuple[Attempt, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    error: ExchangeError | None = None
    signal: int | None = None
    stop_words: str = ""
    problem: Problem | None = None
    retries: int = 0
    first_token_ms: int | None = None
    total_ms: int | None = None
    request_id: str | None = None

    @property
    def message(self) -> Message | None:
        """The last message; where requests of its own were made, only theirs count."""
        own = self.attempts or self.before
        return next((attempt.message for attempt in reversed(own) if attempt.message is not None), None)


def so_far(
    exchange: Exchange, found: ExchangeState, asked: RequestFacts, prices: Mapping[str, Mapping[str, float]]
) -> Exchange:
    """The exchange as it is so far."""
    attempts = [*found.before, *found.attempts]
    routing, cost, floor = priced(judge(asked, attempts), prices)
    message = next((a.message for a in reversed(attempts) if a.message is not None), None)
    reply = Reply(
        content=tuple(_content(attempts)),
        stop_reason=message.stop_reason if message else None,
        usage=(message.own_usage or None) if message else None,
        cost_usd=cost,
        cost_floor_usd=floor,
        retries=found.retries,
        first_token_ms=found.first_token_ms,
        total_ms=found.total_ms,
        request_id=found.request_id,
        message_id=text(message.raw.get("id")) if message else None,
    )
    return exchange._replace(routing=routing, reply=reply)


def ended(exchange: Exchange, found: ExchangeState, *, accept_fallback: bool, require: str) -> Exchange:
    """The exchange with its status, and the exit status that follows from it: decided here and nowhere else."""
    status, failed_with, error = _status(found)
    if error is not None and found.error is not None:
        error = error._replace(hint=found.error.hint)
    exchange = exchange._replace(status=status, error=error, problem=found.problem)
    if found.signal is not None:
        return exchange._replace(exit_code=BySignal(found.signal))
    unshown = found.error is not None and found.error.exit_code is ExitCode.UNEXPECTED
    problems = [ExitCode.UNEXPECTED] if unshown else []
    problems += [exchange.problem.exit_code] if exchange.problem else []
    code = exit_code(
        status,
        exchange.verdict,
        accept_fallback=accept_fallback,
        proven=exchange.routing.is_proven(require),
        failed_with=failed_with,
        problems=problems,
    )
    return exchange._replace(exit_code=code)


def _status(found: ExchangeState) -> tuple[Status, ExitCode | None, Failure | None]:
    if found.signal is not None:
        return Status.INTERRUPTED, None, Failure("interrupted", None, found.stop_words)
    error, message = found.error, found.message
    failure = error.failure if error else None
    if message is None:
        return Status.FAILED, error.exit_code if error else None, failure
    if not message.whole:
        return Status.INCOMPLETE, None, failure
    if message.refused:
        return Status.REFUSED, None, None
    if message.truncated:
        return Status.TRUNCATED, None, None
    return Status.COMPLETE, None, None


def _content(attempts: Sequence[Attempt]) -> list[JsonObject]:
    """The blocks of the answer as received: those of the last message, after those it went on from."""
    with_message = [attempt for attempt in attempts if attempt.message is not None]
    kept: list[JsonObject] = []
    for attempt in with_message:
        kept = [*kept, *attempt.message.content] if attempt.message else kept
        if attempt is not with_message[-1] and not attempt.continued:
            kept = []
    return kept


_BY_VERDICT = {
    Verdict.AS_REQUESTED: ExitCode.OK,
    Verdict.FALLBACK: ExitCode.FALLBACK,
    Verdict.REFUSED: ExitCode.REFUSED,
    Verdict.SUBSTITUTED: ExitCode.SUBSTITUTED,
    Verdict.UNVERIFIED: ExitCode.UNVERIFIED,
}


def exit_code(
    status: Status,
    verdict: Verdict | None,
    *,
    accept_fallback: bool = False,
    proven: bool = True,
    failed_with: ExitCode | None = None,
    problems: Sequence[ExitCode] = (),
) -> ExitCode:
    """The exit status of an exchange that no signal ended: of all that apply, the first in `PRECEDENCE`.

    `proven`: the evidence is as strong as the user requires; `failed_with` is that of the error a `failed` one ended
    in, `problems` are those of what else went wrong (1 or 9).
    """
    codes = [*problems]
    if status is Status.FAILED:
        codes.append(failed_with or ExitCode.UNEXPECTED)
    if status is Status.INCOMPLETE:
        codes.append(ExitCode.INCOMPLETE)
    if status is Status.TRUNCATED:
        codes.append(ExitCode.TRUNCATED)
    if verdict is not None and not (accept_fallback and verdict is Verdict.FALLBACK):
        codes.append(_BY_VERDICT[verdict])
    if verdict is Verdict.AS_REQUESTED and not proven:
        codes.append(ExitCode.UNVERIFIED)
    return gravest(*codes)


def priced(
    routing: Routing, prices: Mapping[str, Mapping[str, float]], speed: str | None = None
) -> tuple[Routing, float | None, float]:
    """The routing with each hop's cost, the total (None when any hop's is unknown) and the sum of the known ones.

    A decline's cost is unknown: whether it is billed depends on the category.
    """
    hops = tuple(
        hop._replace(cost_usd=price(hop.model, hop.usage, speed=speed, overrides=prices))
        if hop.outcome is Outcome.SERVED and hop.model and hop.usage
        else hop
        for hop in routing.hops
    )
    ran = [hop.cost_usd for hop in hops if hop.outcome is not Outcome.SKIPPED]
    cost, floor = total(ran)
    return routing._replace(hops=hops), cost if ran else None, floor
