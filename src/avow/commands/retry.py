"""`avow retry`: the same request again, on the model asked for or another; both are kept and linked."""

from dataclasses import dataclass

from avow.asking.typed import Options, Typed, options_from
from avow.context import Context
from avow.errors import UsageError
from avow.exit_codes import ExitCode


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """The options of `avow retry`: which exchange, and what to change."""

    reference: str | None
    typed: Options


def command(typed: Typed, context: Context) -> ExitCode:
    """Ask again."""
    return run(RetryOptions(typed.text("reference"), options_from(typed)), context)


def run(options: RetryOptions, context: Context) -> ExitCode:
    """Ask again and give the exit status. Raises UsageError where there is nothing to ask again."""
    from avow.asking.earlier_turns import mention, settings_of, with_files
    from avow.asking.inquiry import Inquiry
    from avow.asking.question import put
    from avow.exchange.conversation import path_to
    from avow.terminal import session

    typed = options.typed
    settings = context.settings(typed.flags, profile=typed.profile)
    history = context.history(settings)
    original = history.get(options.reference) if options.reference else history.latest()
    if original is None:
        raise UsageError(
            "there is no question to ask again yet",
            hint="ask something first; one of the simulator needs its number: avow retry 1",
        )
    if not original.question.prompt and not original.question.user_content:
        raise UsageError(f"the text of exchange {original.number} was not kept", hint="type it again")
    by_id = {turn.id: turn for turn in history.conversation(original.conversation_id)}
    earlier = path_to(original, by_id)[:-1]
    (original, *earlier_with_files) = with_files([original, *earlier], history)
    kept = settings_of(original, settings.base_url, simulated=typed.simulate is not None)
    settings = context.settings(typed.flags, conversation=kept, profile=typed.profile)
    inquiry = Inquiry(
        settings=settings,
        prompt=original.question.prompt or "",
        attachments=original.question.attachments,
        template=original.question.template,
        earlier=tuple(earlier_with_files),
        retry_of=original,
        simulate=typed.simulate,
        fresh_model=typed.flags.get("model") is not None,
        session=session.find(),
        notes=(f"asking again: exchange {mention(original)}",),
    )
    return put(inquiry, context)
