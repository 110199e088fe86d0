"""`avow scan --hook` and `--statusline`: who wrote the answers of a session of Claude Code, told in that session."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from avow.context import Context
from avow.errors import Interrupted, ReaderGone, UsageError
from avow.exit_codes import ExitCode

if TYPE_CHECKING:
    from avow.scan.latest import Latest
    from avow.scan.looks import Look
    from avow.scan.records import PastAnswer
    from avow.wire.json_value import JsonObject

HOOK, STATUSLINE = "--hook", "--statusline"
_PATIENCE_S = 1.0
_STEP_S = 0.02
_LONGEST_INPUT = 32 * 1024 * 1024


def run(arguments: Sequence[str], context: Context) -> ExitCode:
    """Read what Claude Code hands over on stdin, and tell. The exit status is 0 whatever goes wrong: 2 would make the
    session go on at its user's cost. Raises UsageError where a person typed it."""
    if context.stdin_is_terminal:
        raise UsageError(
            "this is for the settings of Claude Code, which hands over what it reads",
            hint="`avow help clients` has the lines to paste",
        )
    try:
        said = _hook(context) if HOOK in arguments else _statusline(context)
    except (Interrupted, ReaderGone):
        raise
    except Exception as error:
        _note(error, arguments, context)
        return ExitCode.OK
    if said:
        context.screen.out(said + "\n")
    return ExitCode.OK


def folder(context: Context) -> Path:
    """Where looks are kept."""
    from avow.scan.looks import FOLDER

    return context.paths.data / FOLDER


def _note(error: Exception, arguments: Sequence[str], context: Context) -> None:
    from contextlib import suppress

    from avow.scan.looks import note_trouble

    which = HOOK if HOOK in arguments else STATUSLINE
    what = str(error.strerror) if isinstance(error, OSError) else type(error).__name__
    with suppress(OSError):
        note_trouble(folder(context), f"avow scan {which}: {what}")


def _handed_over(context: Context) -> "JsonObject":
    from avow.wire.json_value import parse

    data = context.stdin.read(_LONGEST_INPUT) if context.stdin is not None else b""
    value = parse(data)
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


# -- the hook -------------------------------------------------------------------------------------------------


def _hook(context: Context) -> str:
    """What is told at `Stop`, as the JSON that Claude Code takes; nothing for its other events."""
    import json

    from avow.scan import looks
    from avow.wire.json_value import text

    event = _handed_over(context)
    path, session = text(event.get("transcript_path")), text(event.get("session_id"))
    if event.get("hook_event_name") != "Stop" or not path or not session:
        return ""
    before = looks.load(folder(context), session)
    places: dict[str, int] = {}
    answers = _new(Path(path), before, text(event.get("last_assistant_message")), places)
    told = before.told if before is not None else ()
    news = [each for each in answers if each.rerouted and _key(each) not in told]
    keys = tuple(dict.fromkeys(_key(each) for each in news))
    old = before.places if before is not None else {}
    looks.save(folder(context), session, looks.Look(old | places, (*told, *keys)))
    return json.dumps({"systemMessage": "\n".join(_lines(news))}) if news else ""


def _new(path: Path, before: "Look | None", quoted: str | None, places: dict[str, int]) -> "list[PastAnswer]":
    """The answers since the last look, the session's and its sub-agents'. `places` gets where each file ends now."""
    from avow.scan import latest
    from avow.scan.claude_code import SUBAGENTS

    known = before.places if before is not None else None
    found = _when_there(path, None if known is None else known.get(path.name), quoted)
    places[path.name] = found.end
    answers = list(found.answers)
    first = min((each.time for each in answers if each.time), default=None)
    for file in sorted((path.with_suffix("") / SUBAGENTS).glob("agent-*.jsonl")):
        below = latest.since(file, (known or {}).get(file.name, 0))
        places[file.name] = below.end
        if known is not None:
            answers += below.answers
        else:  # the first look: what came before this turn is not news
            answers += [each for each in below.answers if first and each.time and each.time >= first]
    return answers


def _when_there(path: Path, place: int | None, quoted: str | None) -> "Latest":
    """The answers after `place`, once the one that the hook quotes is on disk, or a second has passed."""
    from avow.scan import latest

    end = time.monotonic() + _PATIENCE_S
    seen = -1
    while True:
        size = path.stat().st_size if path.exists() else 0
        if size and size != seen:
            seen = size
            found = latest.since(path, place)
            if not quoted or any(_is_quoted(each, quoted) for each in found.answers):
                return found
        if time.monotonic() >= end:
            return found if seen >= 0 else latest.since(path, place)
        time.sleep(_STEP_S)


def _is_quoted(answer: "PastAnswer", quoted: str) -> bool:
    written, wanted = "".join((answer.text or "").split()), "".join(quoted.split())
    return bool(written and wanted) and (written.endswith(wanted) or wanted.endswith(written))


def _key(answer: "PastAnswer") -> str:
    return answer.message_id or answer.request_id or f"{answer.source}:{answer.time}"


def _lines(answers: "Sequence[PastAnswer]") -> Iterator[str]:
    """A line for each kind of reroute, in the words of stderr's."""
    counts: dict[str, int] = {}
    for answer in answers:
        line = _line(answer)
        counts[line] = counts.get(line, 0) + 1
    for line, number in counts.items():
        yield line if number == 1 else f"{line}, {number} answers"


def _line(answer: "PastAnswer") -> str:
    from avow.scan.claude_code import session_of
    from avow.scan.report import reason
    from avow.terminal.sanitize import clean_line

    requested = clean_line(answer.requested_model or "") or "not recorded"
    served = clean_line(answer.served_model or "") or "another model"
    where = " in a sub-agent" if session_of(answer.source) else ""
    said = f"avow: {answer.verdict}{where}: requested {requested}, answered by {served}"
    return f"{said} ({clean_line(reason(answer))})"


# -- the status line ------------------------------------------------------------------------------------------


def _statusline(context: Context) -> str:
    """Who wrote the last answer; nothing before there is one."""
    from avow.routing.verdict import Verdict
    from avow.scan import latest
    from avow.scan.report import reason
    from avow.terminal.sanitize import clean_line
    from avow.wire.json_value import text

    path = text(_handed_over(context).get("transcript_path"))
    if not path or not Path(path).exists():
        return ""
    answer = latest.last(Path(path))
    if answer is None:
        return ""
    requested = clean_line(answer.requested_model or "") or "not recorded"
    served = clean_line(answer.served_model or "") or "not named"
    if answer.verdict is Verdict.REFUSED:
        return f"avow: no model answered ({requested} declined: {clean_line(answer.category or 'no category given')})"
    if answer.rerouted:
        return f"avow: {served} answered, {requested} was asked ({clean_line(reason(answer))})"
    if answer.verdict is Verdict.UNVERIFIED:
        return f"avow: {served} (unverified; requested: {requested})"
    return f"avow: {served}"
