"""`avow scan --hook` and `--statusline`: who wrote the answers of a session of Claude Code, told in that session."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from avow.errors import Interrupted, system_words
from avow.exit_codes import ExitCode
from avow.paths import Paths
from avow.routing.verdict import Verdict
from avow.scan import latest
from avow.scan.bookmarks import FOLDER, Bookmark, alone, load, note_trouble, save
from avow.scan.claude_records import SUBAGENTS, session_of
from avow.scan.latest import Latest, Reached
from avow.scan.reason import reason
from avow.scan.records import PastAnswer
from avow.terminal.sanitize import clean_line
from avow.wire.json_value import JsonObject, parse, text

HOOK, STATUSLINE = "--hook", "--statusline"
_PATIENCE_S = 1.0
_STEP_S = 0.02
_LONGEST_INPUT = 32 * 1024 * 1024


def is_live(arguments: Sequence[str]) -> bool:
    """Whether a line is one of those that Claude Code's settings hold."""
    live = bool(arguments) and arguments[0] == "scan" and not {HOOK, STATUSLINE}.isdisjoint(arguments)
    return live and "--help" not in arguments and "-h" not in arguments


def run(arguments: Sequence[str], stdin: BinaryIO | None, stdout: BinaryIO | None, looks: Path) -> ExitCode:
    """Read the JSON that Claude Code writes to stdin, and print what it shows. The exit status is 0 whatever goes
    wrong: 2 would make the session continue, at its user's cost. `looks` is the folder of the earlier looks. No
    `Context` is used, because its import takes as long as all of this."""
    try:
        handed = _handed_over(stdin)
        if HOOK in arguments:
            _hook(handed, looks, stdout)
        else:
            _say(_statusline(handed, looks), stdout)
    except Interrupted:
        raise
    except Exception as error:
        _note(error, HOOK if HOOK in arguments else STATUSLINE, looks)
    return ExitCode.OK


def folder(paths: Paths) -> Path:
    """The folder where looks are kept."""
    return paths.data / FOLDER


def _note(error: Exception, which: str, looks: Path) -> None:
    what = system_words(error) if isinstance(error, OSError) else type(error).__name__
    with suppress(OSError):
        note_trouble(looks, f"avow scan {which}: {what}")


def _handed_over(stdin: BinaryIO | None) -> JsonObject:
    value = parse(stdin.read(_LONGEST_INPUT) if stdin is not None else b"")
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


# -- the hook -------------------------------------------------------------------------------------------------


def _hook(event: JsonObject, looks: Path, stdout: BinaryIO | None) -> None:
    """Print at `Stop` what Claude Code shows, as the JSON that it takes; nothing at its other events."""
    path, session = text(event.get("transcript_path")), text(event.get("session_id"))
    if event.get("hook_event_name") != "Stop" or not path or not session:
        return
    before = load(looks, session)
    answers, places = _new(Path(path), before, text(event.get("last_assistant_message")), looks)
    with alone(looks, session):
        if (now := load(looks, session)) != before:  # another look came in between
            before = now
            answers, places = _new(Path(path), before, None, looks)
        told = before.told if before is not None else ()
        news = [each for each in answers if each.rerouted and _key(each) not in told]
        keys = tuple(dict.fromkeys(_key(each) for each in news))
        # Told before it is kept as told: this process may be ended between the two.
        _say(json.dumps({"systemMessage": "\n".join(_lines(news))}) if news else "", stdout)
        _keep(looks, session, Bookmark((before.places if before is not None else {}) | places, (*told, *keys)))


def _say(words: str, stdout: BinaryIO | None) -> None:
    if words and stdout is not None:
        stdout.write(words.encode("utf-8", "replace") + b"\n")
        stdout.flush()


def _keep(looks: Path, session: str, look: Bookmark, kind: str = "look") -> None:
    try:
        save(looks, session, look, kind)
    except OSError as error:
        _note(error, HOOK if kind == "look" else STATUSLINE, looks)  # told twice is better than not at all


def _new(
    path: Path, before: Bookmark | None, quoted: str | None, looks: Path
) -> tuple[list[PastAnswer], dict[str, Reached]]:
    """The answers since the last look, those of the session and of its sub-agents, and how far each file was read
    now."""
    known = before.places if before is not None else None
    found = _when_there(path, None if known is None else known.get(path.name), quoted)
    places = {path.name: found.place}
    answers = list(found.answers)
    first = min((each.time for each in answers if each.time), default=None)
    for file in sorted((path.with_suffix("") / SUBAGENTS).glob("agent-*.jsonl")):
        try:
            below = latest.since(file, (known or {}).get(file.name, latest.BEGINNING))
        except OSError as error:
            _note(error, HOOK, looks)  # no reason to keep silent of the others
            continue
        places[file.name] = below.place
        if known is not None:
            answers += below.answers
        else:  # the first look: what came before this turn is not news
            answers += [each for each in below.answers if first and each.time and each.time >= first]
    return answers, places


def _when_there(path: Path, place: Reached | None, quoted: str | None) -> Latest:
    """The answers after `place`, once the answer that the hook quotes is on the disk, or a second has passed."""
    end = time.monotonic() + _PATIENCE_S
    seen = -1
    while True:
        size = path.stat().st_size if path.is_file() else 0
        if size and size != seen:
            seen = size
            found = latest.since(path, place)
            if not quoted or any(_is_quoted(each, quoted) for each in found.answers):
                return found
        if time.monotonic() >= end:
            return found if seen >= 0 else latest.since(path, place)
        time.sleep(_STEP_S)


def _is_quoted(answer: PastAnswer, quoted: str) -> bool:
    written, wanted = "".join((answer.text or "").split()), "".join(quoted.split())
    return bool(written and wanted) and (written.endswith(wanted) or wanted.endswith(written))


def _key(answer: PastAnswer) -> str:
    return answer.message_id or answer.request_id or f"{answer.source}:{answer.time}"


def _lines(answers: Sequence[PastAnswer]) -> Iterator[str]:
    """A line for each kind of reroute, as stderr has it."""
    counts: dict[str, int] = {}
    for answer in answers:
        line = _line(answer)
        counts[line] = counts.get(line, 0) + 1
    for line, number in counts.items():
        yield line if number == 1 else f"{line}, {number} answers"


def _line(answer: PastAnswer) -> str:
    requested = clean_line(answer.requested_model or "") or "a model that is not recorded"
    served = clean_line(answer.served_model or "") or "another model"
    where = " in a sub-agent" if session_of(answer.source) else ""
    said = f"avow: {answer.verdict}{where}: requested {requested}, answered by {served}"
    return f"{said} ({clean_line(reason(answer))})"


# -- the status line ------------------------------------------------------------------------------------------


def _statusline(handed: JsonObject, looks: Path) -> str:
    """Who wrote the last answer; empty before the first one."""
    path = text(handed.get("transcript_path"))
    if not path or not Path(path).is_file():
        return ""
    file = Path(path)
    before = load(looks, file.stem, "line")
    known = before.places.get(file.name) if before is not None else None
    answer, place = latest.last(file, known)
    if place is not None and place != known:
        _keep(looks, file.stem, Bookmark({file.name: place}), "line")
    if answer is None:
        return ""
    requested = clean_line(answer.requested_model or "")
    served = clean_line(answer.served_model or "") or "a model that is not named"
    if answer.verdict is Verdict.REFUSED:
        category = clean_line(answer.category or "no category given")
        return f"avow: no model answered ({requested or 'the model'} declined: {category})"
    if answer.rerouted:
        asked = f"{requested} was asked" if requested else "which model was asked is not recorded"
        return f"avow: {served} answered, {asked} ({clean_line(reason(answer))})"
    if answer.verdict is Verdict.UNVERIFIED:
        return f"avow: {served} (unverified; requested: {requested or 'not recorded'})"
    return f"avow: {served}"
