"""`avow why`: how an exchange was routed, hop by hop, with the evidence."""

from dataclasses import dataclass

from avow.asking.typed import Typed
from avow.context import Context
from avow.errors import UsageError
from avow.exchange.exchange import as_json
from avow.exit_codes import ExitCode


@dataclass(frozen=True, slots=True)
class WhyOptions:
    """Which exchange; None is the last one."""

    reference: str | None = None
    as_json: bool = False


def command(typed: Typed, context: Context) -> ExitCode:
    """Explain what was named."""
    return run(WhyOptions(typed.text("reference"), typed.flag("as_json")), context)


def run(options: WhyOptions, context: Context) -> ExitCode:
    """Print the account. Raises UsageError where there is no such exchange."""
    settings = context.settings()
    history = context.history(settings, read_only=True)
    exchange = history.get(options.reference) if options.reference else history.latest(simulated=True)
    if exchange is None:
        raise UsageError("the history is empty", hint="ask something first")
    if options.as_json:
        import json

        context.screen.out(json.dumps(as_json(exchange), indent=2) + "\n")
        return ExitCode.OK
    from avow.asking.request_fields import with_ids
    from avow.history.stickiness import origin
    from avow.terminal.why import why

    earlier = origin(history, exchange)
    context.screen.out(
        why(exchange, context.screen.out_facts, same_models=with_ids(settings).table("same_models"), earlier=earlier)
    )
    return ExitCode.OK
