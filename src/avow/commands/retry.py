"""`avow retry`: the same request again, on the model asked for or another; both are kept and linked."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from avow.commands import declared as o
from avow.context import Context
from avow.errors import UsageError
from avow.exit_codes import ExitCode


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """Which exchange, and what is different this time."""

    reference: str | None
    given: o.Options


def command(
    context: typer.Context,
    reference: Annotated[str | None, typer.Argument(metavar="[ID]", show_default=False)] = None,
    model: o.Model = None,
    fallback: o.Fallback = None,
    fallback_by: o.FallbackBy = None,
    if_unavailable: o.IfUnavailable = None,
    accept_fallback: o.AcceptFallback = False,
    hold: o.Hold = False,
    output: o.Output = None,
    as_json: o.AsJson = False,
    report: o.Report = None,
    raw: o.Raw = False,
    markdown: o.Markdown = False,
    show_thinking: o.ShowThinking = False,
    timeout: o.Timeout = None,
    deadline: o.Deadline = None,
    retries: o.Retries = None,
    no_stream: o.NoStream = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    color: o.Color = None,
    plain: o.Plain = False,
    profile: o.Profile = None,
    simulate: o.Simulate = None,
) -> None:
    """Ask the same again, of the model asked for or (-m) another; both answers are kept and linked."""
    given: dict[str, Any] = locals()
    given.pop("reference")
    raise typer.Exit(run(RetryOptions(reference, o.options_from(given)), context.obj))


def run(options: RetryOptions, context: Context) -> ExitCode:
    """Ask again and give the exit status. Raises UsageError where there is nothing to ask again."""
    from avow.asking.earlier_turns import mention, settings_of, with_files
    from avow.asking.inquiry import Inquiry
    from avow.asking.question import configure, put
    from avow.exchange.conversation import path_to
    from avow.terminal import session

    given = options.given
    settings = context.settings(given.flags, profile=given.profile)
    configure(context, settings)
    history = context.history(settings)
    original = history.get(options.reference) if options.reference else history.latest()
    if original is None:
        raise UsageError("there is nothing to ask again yet", hint="ask something first, or name a simulated one")
    if not original.question.prompt and not original.question.user_content:
        raise UsageError(f"the text of exchange {original.number} was not kept", hint="ask it anew")
    by_id = {turn.id: turn for turn in history.conversation(original.conversation_id)}
    earlier = path_to(original, by_id)[:-1]
    (original, *earlier_with_files) = with_files([original, *earlier], history)
    settings = context.settings(given.flags, conversation=settings_of(original), profile=given.profile)
    inquiry = Inquiry(
        settings=settings,
        prompt=original.question.prompt or "",
        attachments=original.question.attachments,
        template=original.question.template,
        earlier=tuple(earlier_with_files),
        retry_of=original,
        simulate=given.simulate,
        fresh_model=given.flags.get("model") is not None,
        session=session.find(),
        notes=(f"asking {mention(original)} again",),
    )
    return put(inquiry, context)
