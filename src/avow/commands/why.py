"""`avow why`: how an exchange was routed, hop by hop, with the evidence."""

from dataclasses import dataclass

from avow.asking.typed import Typed
from avow.context import Context
from avow.errors import UsageError
from avow.exchange.exchange import as_json
from avow.exit_codes import ExitCode
from avow.terminal.citation import FORMS, citation
from avow.terminal.support_report import support_report


@dataclass(frozen=True, slots=True)
class WhyOptions:
    """The options of `avow why`: which exchange (None: the last one), and `cite`, the form of the one line that is
    printed instead."""

    reference: str | None = None
    as_json: bool = False
    cite: str | None = None
    report: bool = False


def command(typed: Typed, context: Context) -> ExitCode:
    """Explain the exchange that was named."""
    reference, cite = typed.text("reference"), typed.text("cite")
    if cite is not None and reference in FORMS:  # `--cite trailer`: no exchange has such a name
        reference, cite = None, reference
    return run(WhyOptions(reference, typed.flag("as_json"), cite, typed.flag("report")), context)


def run(options: WhyOptions, context: Context) -> ExitCode:
    """Print how it was routed. Raises UsageError where there is no such exchange, and where two forms are asked for."""
    _check(options)
    settings = context.settings()
    history = context.history(settings, read_only=True)
    exchange = history.get_or_latest(options.reference)
    if options.as_json:
        import json

        context.screen.out(json.dumps(as_json(exchange), indent=2) + "\n")
        return ExitCode.OK
    if options.cite is not None:
        context.screen.out(citation(exchange, options.cite) + "\n")
        return ExitCode.OK
    if options.report:
        context.screen.out(support_report(exchange))
        return ExitCode.OK
    from avow.asking.request_fields import with_ids
    from avow.history.stickiness import origin
    from avow.terminal.why import why

    earlier = origin(history, exchange)
    context.screen.out(
        why(exchange, context.screen.out_facts, same_models=with_ids(settings).table("same_models"), earlier=earlier)
    )
    return ExitCode.OK


def _check(options: WhyOptions) -> None:
    if options.cite is not None and options.cite not in FORMS:
        raise UsageError(f"--cite={options.cite}: there is no such form", hint=f"one of {', '.join(FORMS)}")
    if (options.cite is not None) + options.report + options.as_json > 1:
        raise UsageError("only one of --json, --cite and --report can be printed", hint="name one of them")
