"""What `ask` does with its options: gather the prompt, then ask, count or show the request."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from avow.asking.inquiry import Inquiry, ask, count, failed_before_sending
from avow.asking.typed import Options
from avow.context import Context
from avow.errors import AvowError, CredentialsError, UsageError, ended_by
from avow.exchange.exchange import Exchange, ExchangeEvent, Finished, Problem, Question, Status, timestamp
from avow.exchange.run import Check
from avow.exit_codes import BySignal, ExitCode
from avow.settings.levels import Settings
from avow.wire.blocks import Attachment
from avow.wire.json_value import JsonObject

if TYPE_CHECKING:
    from avow.prompt.templates import Template


class Gathered(NamedTuple):
    """The prompt and its files, read."""

    prompt: str
    attachments: tuple[Attachment, ...]
    template: str | None = None
    system: str | None = None


def answer(options: Options, context: Context) -> ExitCode:
    """Ask, count or show the request, and give the exit status.

    Raises Interrupted or ReaderGone where a signal or a closed stdout ended it, after all is kept.
    """
    template = _template(options, context)
    saved = dict(template.settings) if template else {}
    settings = context.settings(options.flags, template=saved, profile=options.profile)
    configure(context, settings)
    earlier, notes, session = conversation_of(options, context, settings)
    gathered = _gather(options, context, settings, template)
    if gathered.system is not None:
        saved["system"] = gathered.system
    flags = {**options.flags, **system_from_file(options, settings)}
    conversation: Mapping[str, object] = {}
    if earlier:
        from avow.asking.earlier_turns import settings_of

        conversation = settings_of(earlier[-1])
    settings = context.settings(flags, template=saved, conversation=conversation, profile=options.profile)
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
    inquiry = _with_schema(inquiry, settings)
    if options.dry_run is not None:
        from avow.asking import dry_run

        return dry_run.show(inquiry, context, options.dry_run)
    if options.only_count:
        return _count(inquiry, context)
    return put(inquiry, context)


def configure(context: Context, settings: Settings) -> None:
    """Let the screen know how it is to look."""
    context.screen.configure(
        color=settings.text("color") or "auto",
        plain=settings.flag("plain"),
        quiet=settings.flag("quiet"),
        verbose=settings.flag("verbose"),
    )


def watcher_for(
    settings: Settings, context: Context, *, final_text: Callable[[Exchange], str] | None = None, badge: bool = False
) -> Callable[[ExchangeEvent], None]:
    """What shows an exchange in the form that was chosen; `final_text` is printed instead of the answer, `badge`
    names the model of every answer."""
    from avow.terminal.watchers import choose

    return choose(
        context.screen,
        settings.text("output") or "text",
        hold=settings.flag("hold"),
        show_thinking=settings.flag("show_thinking"),
        buffered=settings.text("fallback_by") == "client" and settings.words_or_text("fallback") != "none",
        markdown=_markdown(settings),
        final_text=final_text,
        badge=badge,
    )


def put(inquiry: Inquiry, context: Context) -> ExitCode:
    """Ask `inquiry`, print what comes in the form that was chosen, and give the exit status."""
    settings = inquiry.settings
    form = settings.text("output") or "text"
    report = _report(settings.text("report"), context)
    extract = settings.text("extract")
    watch = watcher_for(settings, context, final_text=_final_text(extract) if extract else None)
    if extract:
        inquiry = inquiry._replace(checks=(*inquiry.checks, _extractable(extract)))
    try:
        exchange = ask(inquiry, context, watch, report)
    except CredentialsError as error:
        if form == "text":
            raise
        watch(Finished(_never_sent(inquiry, error)))
        return error.exit_code
    if isinstance(exchange.exit_code, BySignal):
        raise ended_by(exchange.exit_code.signal)
    return exchange.exit_code or ExitCode.OK


def _never_sent(inquiry: Inquiry, error: AvowError) -> Exchange:
    """The object that says why nothing was sent."""
    from avow.exchange.exchange import new_id

    return Exchange(
        id=new_id(),
        conversation_id=new_id(),
        created_at=timestamp(time.time()),
        requested_model=inquiry.settings.text("model") or "",
        status=Status.FAILED,
        exit_code=error.exit_code,
        question=Question(prompt=inquiry.prompt),
        error=failed_before_sending(error),
    )


# -- what goes in ---------------------------------------------------------------------------------------------


def _gather(options: Options, context: Context, settings: Settings, template: "Template | None") -> Gathered:
    words = " ".join(options.words)
    from_stdin = options.words == ("-",)
    stdin_is_file = "-" in options.files
    if from_stdin and stdin_is_file:
        raise UsageError("stdin cannot be the prompt and a file at once", hint="give `-` once")
    wanted = not stdin_is_file and (from_stdin or (settings.flag("stdin") and not context.stdin_is_terminal))
    data = _read_stdin(context, settings) if wanted else b""
    attachments = [_attachment(spec, context) for spec in options.files]
    prompt, system = "" if from_stdin else words, None
    if template is not None:
        from avow.prompt.templates import fill

        filled = fill(template, options.variables, _as_text(data) if template.takes_input and data else None)
        prompt = "\n\n".join(part for part in (filled.prompt, prompt) if part)
        system = filled.system
        data = b"" if template.takes_input else data
    if from_stdin or (not prompt and data):
        prompt = "\n\n".join(part for part in (prompt, _as_text(data)) if part)
    elif data.strip():
        from avow.prompt.attachments import stdin_document

        attachments.insert(0, stdin_document(data))
    if not prompt.strip() and not attachments:
        raise UsageError(
            "there is nothing to send: no prompt, and nothing on stdin",
            hint='avow "why is the sky blue", or pipe a prompt in',
        )
    return Gathered(prompt, tuple(attachments), template.name if template else None, system)


def _attachment(spec: str, context: Context) -> Attachment:
    from avow.prompt.attachments import read

    return read(spec, stdin=context.stdin)


def _read_stdin(context: Context, settings: Settings) -> bytes:
    from avow.prompt.stdin import read_to_end

    deadline = settings.number("deadline")
    return read_to_end(
        context.stdin,
        lambda: context.screen.warn("waiting for stdin to end; --no-stdin skips it"),
        deadline=None if deadline is None else time.monotonic() + deadline,
    )


def _as_text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("stdin is not UTF-8 text", hint='to attach it: avow -f - "what is this?"') from None


def _template(options: Options, context: Context) -> "Template | None":
    if options.template is None:
        if options.variables:
            raise UsageError("-p needs a template", hint="-t NAME -p KEY=VALUE")
        return None
    from avow.asking.saved_templates import load_template

    return load_template(options.template, context)


def system_from_file(options: Options, settings: Settings) -> dict[str, object]:
    """The system prompt of `--system-file`, or of the setting where nothing else gives one."""
    path = options.system_file
    if path is None and settings.text("system") is None and options.flags.get("system") is None:
        path = settings.text("system_file")
    if path is None:
        return {}
    if options.flags.get("system") is not None:
        raise UsageError("--system and --system-file both give the system prompt", hint="give one of them")
    try:
        return {"system": Path(path).read_text(encoding="utf-8")}
    except OSError as error:
        raise UsageError(f"--system-file {path}: {(error.strerror or 'cannot be read').lower()}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--system-file {path}: not UTF-8 text") from None


def _with_schema(inquiry: Inquiry, settings: Settings) -> Inquiry:
    path = settings.text("schema")
    if path is None:
        return inquiry
    from avow.prompt import schema as answer_schema

    schema = answer_schema.load(path)

    def check(exchange: Exchange) -> Problem | None:
        if exchange.status is not Status.COMPLETE:
            return None
        why = answer_schema.fits(schema, exchange.text)
        return Problem(ExitCode.NO_FIT, f"the answer does not fit the schema: {why}") if why else None

    notes = (*inquiry.notes, *schema.notes)
    return inquiry._replace(response_format=answer_schema.response_format(schema), checks=(check,), notes=notes)


def conversation_of(
    options: Options, context: Context, settings: Settings
) -> tuple[tuple[Exchange, ...], tuple[str, ...], str | None]:
    if not settings.flag("history.enabled"):
        if options.goes_on or options.conversation:
            raise UsageError("a conversation needs the history, and it is switched off")
        return (), (), None
    from avow.terminal import session

    here = session.find()
    if not options.goes_on and options.conversation is None:
        return (), (), here
    from avow.asking.earlier_turns import turns_to_continue

    turns, note = turns_to_continue(context, settings, reference=options.conversation, session=here)
    return turns, (note,), here


# -- what comes out -------------------------------------------------------------------------------------------


def _markdown(settings: Settings) -> bool | None:
    """Always, never, or (None) where stdout is a terminal."""
    if settings.flag("raw"):
        return False
    return True if settings.flag("markdown") else None


def _final_text(which: str) -> Callable[[Exchange], str]:
    def extracted(exchange: Exchange) -> str:
        from avow.prompt import schema as answer_schema

        return answer_schema.extract(exchange.text, which) or ""

    return extracted


def _extractable(which: str) -> Check:
    def check(exchange: Exchange) -> Problem | None:
        from avow.prompt import schema as answer_schema

        found = answer_schema.extract(exchange.text, which)
        return Problem(ExitCode.NO_FIT, "the answer holds no fenced code block") if found is None else None

    return check


def _report(target: str | None, context: Context) -> Callable[[JsonObject], None] | None:
    """Opens the report before anything is sent. Raises UsageError where it cannot be opened."""
    if target is None:
        return None
    import json
    import os

    try:
        if target.startswith("fd:"):
            descriptor = os.dup(int(target[3:]))
        else:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        stream = os.fdopen(descriptor, "w", encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "not a number").lower()
        raise UsageError(f"--report {target}: cannot be opened: {reason}") from None

    def write(body: JsonObject) -> None:
        try:
            stream.write(json.dumps(body) + "\n")
            stream.close()
        except OSError as error:
            context.screen.error(f"--report {target}: {(error.strerror or 'cannot be written').lower()}")

    return write


def _count(inquiry: Inquiry, context: Context) -> ExitCode:
    context.screen.out(f"{count(inquiry, context)}\n")
    return ExitCode.OK
