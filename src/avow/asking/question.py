"""What `ask` does with its options: gather the prompt, then ask, count or show the request."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from avow.asking.ask import Outlet, ask, count
from avow.asking.gathering import GatheredPrompt, gather
from avow.asking.inquiry import Inquiry
from avow.asking.request_fields import avow_falls_back, with_ids
from avow.asking.typed import Options
from avow.context import Context
from avow.errors import CredentialsError, Failure, UsageError, ended_by
from avow.exchange.exchange import Exchange, ExchangeEvent, Finished, Question, Status, timestamp
from avow.exit_codes import BySignal, ExitCode
from avow.files.reading import PipeWait, read_text
from avow.prompt.limits import REQUEST
from avow.settings.levels import Settings

if TYPE_CHECKING:
    from avow.prompt.templates import Template


def answer(options: Options, context: Context) -> ExitCode:
    """Ask, count or show the request, and give the exit status.

    Raises Interrupted or ReaderGone where a signal or a closed stdout ended it, after all is kept.
    """
    if options.edit:
        from avow.asking.draft import draft

        if options.words == ("-",):
            raise UsageError("--edit and `-` both give the prompt", hint="give one of them")
        with draft(" ".join(options.words), context) as prompt:
            return answer(options._replace(words=(prompt,), edit=False), context)
    inquiry = _inquiry(options, context)
    if options.dry_run is not None:
        from avow.asking import dry_run

        return dry_run.show(inquiry, context, options.dry_run)
    if options.only_count:
        return _count(inquiry, context)
    return put(inquiry, context, copies=options.copy, read=(options.system_file,))


def _inquiry(options: Options, context: Context) -> Inquiry:
    """What was typed, piped in and saved, as a question. Raises AvowError for what cannot be asked so."""
    settings, template, wait = _first_settings(options, context)
    context.style(settings)
    earlier, notes, session = conversation_of(options, context, settings)
    gathered = gather(options, context, settings, template, wait)
    settings = _last_settings(options, context, settings, template, gathered, earlier, wait)
    inquiry = Inquiry(
        settings=settings,
        prompt=gathered.prompt,
        attachments=gathered.attachments,
        template=gathered.template,
        earlier=earlier,
        simulate=options.simulate,
        fresh_model=settings.origin("model").kind == "flag",
        session=session,
        notes=notes,
    )
    inquiry = with_schema(inquiry, wait)
    if options.dry_run is None and not options.only_count:
        return inquiry._replace(notes=(*inquiry.notes, *gathered.notes))  # told once all is read, and it is sent
    for note in gathered.notes:
        context.screen.note(note)
    return inquiry


def watcher_for(
    settings: Settings,
    context: Context,
    *,
    final_text: Callable[[Exchange], str] | None = None,
    badge: bool = False,
    simulate: str | None = None,
    reported: set[str] | None = None,
) -> Callable[[ExchangeEvent], None]:
    """What shows an exchange in the form that was chosen; `final_text` is printed instead of the answer, `badge`
    names the model of every answer, `simulate` and `reported` are the commentary's."""
    from avow.terminal.watchers import choose

    return choose(
        context.screen,
        settings.text("output") or "text",
        hold=settings.flag("hold"),
        show_thinking=settings.flag("show_thinking"),
        buffered=avow_falls_back(settings),
        markdown=markdown(settings),
        final_text=final_text,
        badge=badge,
        simulate=simulate,
        reported=reported,
    )


def put(inquiry: Inquiry, context: Context, *, copies: bool = False, read: tuple[str | None, ...] = ()) -> ExitCode:
    """Ask `inquiry`, print what comes in the form that was chosen (and put it on the clipboard), and give the exit
    status. `read` are files that were read for it and are not its attachments."""
    settings = inquiry.settings
    form = settings.text("output") or "text"
    outlets = _outlets(inquiry, context, copies=copies, read=read)
    extract = settings.text("extract")
    final_text = None
    if extract:
        from avow.asking.checks import code_of, holds_code

        final_text = code_of(extract)
        inquiry = inquiry._replace(checks=(*inquiry.checks, holds_code(extract)))
    on_event = watcher_for(settings, context, final_text=final_text, simulate=inquiry.simulate)
    try:
        exchange = ask(inquiry, context, on_event, outlets)
    except CredentialsError as error:
        _refuse_before_the_key(inquiry, context)
        if form == "text":
            raise
        on_event(Finished(_never_sent(inquiry, error)))
        return error.exit_code
    if isinstance(exchange.exit_code, BySignal):
        raise ended_by(exchange.exit_code.signal)
    return exchange.exit_code or ExitCode.OK


def _refuse_before_the_key(inquiry: Inquiry, context: Context) -> None:
    """Raises UsageError for what could not be sent with a key either: of the two reasons, usage counts
    (`exit_codes.PRECEDENCE`)."""
    from avow.asking.dry_run import prepared_to_show

    prepared_to_show(inquiry, context)


def _never_sent(inquiry: Inquiry, error: CredentialsError) -> Exchange:
    """The object that says why nothing was sent."""
    from avow.exchange.exchange import new_id

    return Exchange(
        id=new_id(),
        conversation_id=new_id(),
        created_at=timestamp(time.time()),
        requested_model=with_ids(inquiry.settings).text("model") or "",
        status=Status.FAILED,
        exit_code=error.exit_code,
        question=Question(prompt=inquiry.prompt),
        error=Failure("credentials", None, error.message),
    )


# -- what goes in ---------------------------------------------------------------------------------------------


def _first_settings(options: Options, context: Context) -> "tuple[Settings, Template | None, PipeWait]":
    """What flags, template, environment and config say, the template, and how long files are waited for."""
    settings = context.settings(options.flags, profile=options.profile)
    wait = context.wait(settings)
    if options.template is None:
        if options.variables:
            raise UsageError("-p needs a template", hint="-t NAME -p KEY=VALUE")
        return settings, None, wait
    from avow.asking.saved_templates import load_template

    template = load_template(options.template, context, wait)
    with_template = context.settings(options.flags, template=template.settings, profile=options.profile)
    if with_template.number("deadline") != settings.number("deadline"):
        wait = context.wait(with_template)
    return with_template, template, wait


def _last_settings(
    options: Options,
    context: Context,
    settings: Settings,
    template: "Template | None",
    gathered: GatheredPrompt,
    earlier: tuple[Exchange, ...],
    wait: PipeWait,
) -> Settings:
    """The settings with what the conversation says, and with the system prompt of the template or a file."""
    saved = {**template.settings, "system": gathered.system} if template else {}
    conversation: dict[str, object] = {}
    if earlier:
        from avow.asking.earlier_turns import settings_of

        conversation = settings_of(earlier[-1], settings.base_url, simulated=options.simulate is not None)

    def resolved(flags: dict[str, object]) -> Settings:
        return context.settings(flags, template=saved, conversation=conversation, profile=options.profile)

    if template or earlier:
        settings = resolved(options.flags)
    found = system_from_file(options, settings, wait)
    return resolved({**options.flags, **found}) if found else settings


def system_from_file(options: Options, settings: Settings, wait: PipeWait) -> dict[str, object]:
    """The system prompt of `--system-file`, or of the setting where nothing else gives one. Raises UsageError."""
    path, place = options.system_file, f"--system-file {options.system_file}"
    if path is not None and options.flags.get("system") is not None:
        raise UsageError("--system and --system-file both give the system prompt", hint="give one of them")
    if path is None and settings.text("system") is None and options.flags.get("system") is None:
        path, place = settings.text("system_file"), _place("system_file", settings)
    return {} if path is None else {"system": read_text(path, place, most=REQUEST, wait=wait)}


def _place(name: str, settings: Settings) -> str:
    """What errors call the file that a setting names: `--schema FILE`, and where that stands if not on the line."""
    origin = settings.origin(name)
    named = f"--{name.replace('_', '-')} {settings.text(name)}"
    return named if origin.kind == "flag" else f"{named} ({origin})"


def with_schema(inquiry: Inquiry, wait: PipeWait) -> Inquiry:
    """The inquiry whose answer must fit the schema of its settings, where they name one. Raises UsageError."""
    path = inquiry.settings.text("schema")
    if path is None:
        return inquiry
    from avow.asking.checks import fits_schema
    from avow.prompt.schema import load, response_format

    schema = load(path, _place("schema", inquiry.settings), wait)
    return inquiry._replace(
        response_format=response_format(schema),
        checks=(*inquiry.checks, fits_schema(schema, inquiry.settings.text("extract"))),
        notes=(*inquiry.notes, *schema.notes),
    )


def conversation_of(
    options: Options, context: Context, settings: Settings
) -> tuple[tuple[Exchange, ...], tuple[str, ...], str | None]:
    """The turns that the question continues, notes about them, and the terminal session (None: it has no name).

    Raises UsageError where a conversation is wanted and there is none.
    """
    if not settings.flag("history.enabled"):
        if options.continue_last or options.conversation:
            raise UsageError(
                "a conversation needs the history, and it is switched off",
                hint="leave --no-history out, or set history.enabled",
            )
        return (), (), None
    from avow.terminal import session

    here = session.find()
    if not options.continue_last and options.conversation is None:
        return (), (), here
    from avow.asking.earlier_turns import turns_to_continue

    turns, note = turns_to_continue(context, settings, reference=options.conversation, session=here)
    return turns, (note,), here


# -- what comes out -------------------------------------------------------------------------------------------


def markdown(settings: Settings) -> bool | None:
    """Always, never, or (None) where stdout is a terminal."""
    if settings.flag("raw"):
        return False
    return True if settings.flag("markdown") else None


def _outlets(inquiry: Inquiry, context: Context, *, copies: bool, read: tuple[str | None, ...]) -> list[Outlet]:
    settings = inquiry.settings
    target = settings.text("report")
    if target is None and not copies:
        return []
    from avow.asking import outlets

    found = []
    if target is not None:
        from avow.asking.apart import check_outputs, template_file
        from avow.asking.report import Report

        if not target.startswith("fd:"):
            sent = (*inquiry.attachments, *(file for turn in inquiry.earlier for file in turn.question.attachments))
            names = (*read, *(file.name for file in sent), template_file(inquiry.template, context))
            report = {"--report": target}
            check_outputs(report, context, settings, names, simulate=inquiry.simulate, stdout=context.stdout)
        found.append(outlets.to_report(Report.open(target, context.wait(settings))))
    if copies:
        found.append(outlets.to_clipboard(settings, context.environ))
    return found


def _count(inquiry: Inquiry, context: Context) -> ExitCode:
    try:
        context.screen.out(f"{count(inquiry, context)}\n")
    except CredentialsError:
        _refuse_before_the_key(inquiry, context)
        raise
    return ExitCode.OK
