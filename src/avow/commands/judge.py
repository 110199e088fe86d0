"""`avow judge`: a response that another program got, judged as if avow had asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from avow.asking.typed import Typed
from avow.context import Context
from avow.errors import UnreadableFile, UsageError, system_words
from avow.exit_codes import ExitCode, gravest
from avow.files.opening import is_written_to, open_to_read
from avow.files.reading import PipeWait
from avow.paths import expanded

if TYPE_CHECKING:
    from avow.exchange.exchange import Exchange
    from avow.proxy.judging import JudgingContext
    from avow.proxy.question import ClientQuestion
    from avow.received.intake import ReceivedAnswer
    from avow.settings.levels import Settings

_PIECE = 1024 * 1024
_KEPT_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """The options of `avow judge`: where the response is (None and "-": stdin), which model was asked at which host,
    and what is printed."""

    file: str | None = None
    model: str | None = None
    request: str | None = None
    host: str | None = None
    require: str | None = None
    accept_fallback: bool = False
    as_json: bool = False
    keep: bool = False
    quiet: bool = False


def command(typed: Typed, context: Context) -> ExitCode:
    """Judge the response that was named."""
    options = JudgeOptions(
        file=typed.text("file"),
        model=typed.text("judged_model"),
        request=typed.text("request"),
        host=typed.text("host"),
        require=typed.text("require"),
        accept_fallback=typed.flag("accept_fallback"),
        as_json=typed.flag("as_json"),
        keep=typed.flag("keep"),
        quiet=typed.flag("quiet"),
    )
    return run(options, context)


def run(options: JudgeOptions, context: Context) -> ExitCode:
    """Judge each answer as it comes, and give the gravest exit status.

    Raises UsageError where no model is named, or where the input is not a response; UnreadableFile.
    """
    flags: dict[str, object] = {"quiet": True} if options.quiet else {}
    if options.require is not None:
        flags["require"] = options.require
    settings = context.settings(flags)
    question = _question(options, context, settings)
    judging_context = _judging_context_of(options, settings)
    code = ExitCode.OK
    kept: list[Exchange] = []
    try:
        for exchange in _judged(options, context, question, judging_context):
            _tell(exchange, options, context)
            code = gravest(code, ExitCode(exchange.exit_code or 0))
            if options.keep:
                kept.append(exchange)
                if len(kept) == _KEPT_AT_ONCE:
                    _keep(kept, context, settings)
    finally:
        _keep(kept, context, settings)
    return code


def _judged(
    options: JudgeOptions, context: Context, question: "ClientQuestion", judging_context: "JudgingContext"
) -> "Iterator[Exchange]":
    """The exchange of each answer; where only problems are printed, answers whose result equals an earlier good one are
    left out."""
    from avow.received.judging import SameResult, judged

    alike = SameResult()
    every = options.as_json or options.keep
    for number, received in enumerate(_received(options, context)):
        if every or not alike.has(received):
            exchange = judged(received, question, judging_context, number)
            alike.add(received, exchange)
            yield exchange


def _received(options: JudgeOptions, context: Context) -> "Iterator[ReceivedAnswer]":
    from avow.received.intake import Intake

    intake = Intake()
    with _opened(options.file, context) as source:
        for data in _pieces(source, options.file):
            yield from intake.feed(data)
    yield from intake.end()


@contextmanager
def _opened(file: str | None, context: Context) -> Iterator[BinaryIO]:
    if file not in (None, "-"):
        if is_written_to(context.stdout, expanded(str(file))):
            raise UsageError(
                f"{file}: stdout is written to this file, and would be judged too",
                hint="write the output to another file",
            )
        with open_to_read(str(file), str(file), PipeWait(notice=context.screen.warn)) as source:
            yield source
        return
    if context.stdin is None or (file is None and context.stdin_is_terminal):
        raise UsageError(
            "there is nothing to judge", hint="give a FILE, or a pipe: curl -sN … | avow judge -m claude-fable-5-2"
        )
    yield context.stdin


def _pieces(source: BinaryIO, file: str | None) -> Iterator[bytes]:
    """The bytes of the source as they arrive."""
    read = getattr(source, "read1", source.read)
    while True:
        try:
            data = read(_PIECE)
        except OSError as error:
            raise UnreadableFile(f"{file or 'stdin'}: {system_words(error)}") from None
        if not data:
            return
        yield data


def _question(options: JudgeOptions, context: Context, settings: "Settings") -> "ClientQuestion":
    """The question that was asked. Raises UsageError where nothing says it, or where `-m` and the request differ."""
    from avow.files.reading import read_file
    from avow.models.catalogue import expand_alias
    from avow.proxy.question import ClientQuestion, read

    model = options.model
    if model is not None:
        aliases = settings.table("aliases")
        model = expand_alias(model, {name: str(value) for name, value in aliases.items()})
    if options.request is None:
        if model is None:
            raise UsageError(
                "nothing says which model was asked", hint="-m MODEL, or --request PATH with the request's body"
            )
        return ClientQuestion(model)
    asked = read(read_file(options.request, wait=context.wait(settings)), {})
    if asked.model is None:
        raise UsageError(f"{options.request}: this is not a Messages API request: it names no model")
    if model is not None and model != asked.model:
        raise UsageError(f"-m names {model}, and {options.request} names {asked.model}", hint="leave -m out")
    return asked


def _judging_context_of(options: JudgeOptions, settings: "Settings") -> "JudgingContext":
    from avow.proxy.judging import JudgingContext

    host = options.host or ""
    if "//" in host:
        from urllib.parse import urlsplit

        try:
            host = urlsplit(host).hostname or ""
        except ValueError:
            raise UsageError(f"--host {options.host}: this is not a host") from None
    return JudgingContext(
        base_url="",
        host=host.lower(),
        prices=settings.table("prices"),
        same_models=settings.table("same_models"),
        accept_fallback=options.accept_fallback or settings.flag("accept_fallback"),
        require=settings.text("require") or "weak",
    )


def _tell(exchange: "Exchange", options: JudgeOptions, context: Context) -> None:
    from avow.terminal.notices import notices

    if options.as_json:
        import json

        from avow.exchange.exchange import as_json

        context.screen.out(json.dumps(as_json(exchange)) + "\n")
    for line in notices(exchange):
        context.screen.statement(line)


def _keep(exchanges: "list[Exchange]", context: Context, settings: "Settings") -> None:
    if exchanges:
        context.history(settings).add(exchanges)
        exchanges.clear()
