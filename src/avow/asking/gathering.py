"""The prompt and its files, read: what was typed, piped in, attached and filled into a template."""

from typing import TYPE_CHECKING

from avow.asking.typed import Options
from avow.context import Context
from avow.errors import UnreadableFile, UsageError
from avow.files.reading import PipeWait, as_text, read_stdin
from avow.prompt.limits import REQUEST
from avow.settings.levels import Settings
from avow.values import NamedTuple
from avow.wire.blocks import Attachment

if TYPE_CHECKING:
    from avow.prompt.templates import FilledTemplate, Template


class GatheredPrompt(NamedTuple):
    """The prompt and its files, read."""

    prompt: str
    attachments: tuple[Attachment, ...]
    template: str | None = None
    system: str | None = None
    notes: tuple[str, ...] = ()


def gather(
    options: Options, context: Context, settings: Settings, template: "Template | None", wait: PipeWait
) -> GatheredPrompt:
    """Read all that is to be asked; `template` is the one that was named, `wait` bounds pipes in time.

    Raises UsageError where there is nothing to send, UnreadableFile for a file that cannot be read.
    """
    is_from_stdin = options.words == ("-",)
    words = "" if is_from_stdin else " ".join(options.words)
    if options.files and options.words:
        _check_words(options)
    piped = _piped(options, context, settings, wait)
    attachments = [_attachment(path, context, wait) for spec in options.files for path in _files_of(spec)]
    notes: tuple[str, ...] = ()
    filled = _filled(template, options, piped, words) if template else None
    if template and _fills_input(template, options, piped):
        words = ""
    prompt = _joined(filled.prompt if filled else None, words)
    if template and template.takes_input:
        piped = b""
    if is_from_stdin or not prompt:
        prompt = _joined(prompt, _stdin_text(piped))
    elif piped.strip():
        from avow.prompt.attachments import stdin_document

        attachments.insert(0, stdin_document(piped))
    elif options.words and not (template and template.takes_input) and _is_pipe(options, context, settings):
        notes = ("stdin was empty: only the prompt is sent (--no-stdin leaves it alone)",)
    if not attachments and _is_blank(prompt):
        raise UsageError(
            "there is nothing to send: no prompt, and nothing on stdin",
            hint='avow "why is the sky blue", or pipe a prompt in',
        )
    name, system = template.name if template else None, filled.system if filled else None
    return GatheredPrompt(prompt, tuple(attachments), name, system, notes)


def _is_blank(prompt: str) -> bool:
    if prompt.isascii():
        return not prompt.strip()
    from avow.text.blanks import is_blank

    return is_blank(prompt)


def _is_pipe(options: Options, context: Context, settings: Settings) -> bool:
    """Whether something was to come from stdin: a pipe or a file, which `/dev/null` is not."""
    import os
    import stat

    if context.stdin is None or "-" in options.files or context.stdin_is_terminal or not settings.flag("stdin"):
        return False
    try:
        mode = os.fstat(context.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def _check_words(options: Options) -> None:
    """Words of the prompt that are files, after `-f` was given: a shell made many of `-f *.log`."""
    from pathlib import Path

    def is_file(word: str) -> bool:
        try:
            return ("." in word or "/" in word) and len(word) < 256 and Path(word).is_file()
        except (OSError, ValueError):
            return False

    named = [word for word in options.words if is_file(word)]
    if named:
        import shlex

        right = " ".join(f"-f {shlex.quote(path)}" for path in (*options.files, *named))
        rest = shlex.join(word for word in options.words if word not in named)
        raise UsageError(
            f"{named[0]} is a word of the prompt, and a file; -f takes one value",
            hint=f"avow {right} {rest}".rstrip() + " (as part of the prompt: put all of it in quotes)",
        )


def _piped(options: Options, context: Context, settings: Settings, wait: PipeWait) -> bytes:
    """What stdin holds, where it is not a file of `-f` and is not to be left alone."""
    is_from_stdin = options.words == ("-",)
    if "-" in options.files:
        if is_from_stdin:
            raise UsageError("stdin cannot be the prompt and a file at once", hint="give `-` once")
        return b""
    if not is_from_stdin and (context.stdin_is_terminal or not settings.flag("stdin")):
        return b""
    return read_stdin(context.stdin, most=REQUEST, wait=wait)


def _attachment(spec: str, context: Context, wait: PipeWait) -> Attachment:
    from avow.prompt.attachments import read

    return read(spec, wait, stdin=context.stdin)


def _files_of(spec: str) -> tuple[str, ...]:
    from avow.prompt.folders import files_of

    return files_of(spec)


def _filled(template: "Template", options: Options, piped: bytes, words: str) -> "FilledTemplate":
    from avow.prompt.templates import fill

    if _fills_input(template, options, piped):
        return fill(template, options.variables, words or None)
    return fill(template, options.variables, _stdin_text(piped) if template.takes_input and piped else None)


def _fills_input(template: "Template", options: Options, piped: bytes) -> bool:
    """Whether `$input` is for the prompt that was typed: nothing else fills it."""
    return template.takes_input and not piped and not any(pair.startswith("input=") for pair in options.variables)


def _joined(*parts: str | None) -> str:
    return "\n\n".join(part for part in parts if part)


def _stdin_text(data: bytes) -> str:
    try:
        return as_text(data, "stdin")
    except UnreadableFile as error:
        raise UsageError(error.message, hint='to attach it: avow -f - "what is this?"') from None
