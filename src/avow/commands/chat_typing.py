"""What can be typed in a chat: the editor that reads it from a person, the lines of a pipe, and the page of /help."""

import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from avow.context import Context
from avow.errors import UsageError, meant
from avow.paths import expanded
from avow.settings.levels import Settings
from avow.terminal.facts import DUMB, Facts

if TYPE_CHECKING:
    from avow.terminal.line_editor import LineEditor, LineReader

HISTORY_FILE = "chat_history"
_HELP = """\
/model [ID]     say which model is asked, or ask this model from now on
/file PATH      attach a file to the next question; without PATH, detach the files
/retry [MODEL]  ask the last question again (MODEL: once, of this model); the new answer replaces the old
/why            how the last answer was routed
/copy           put the last answer on the clipboard
/edit [TEXT]    write the next question in $VISUAL or $EDITOR
/system [TEXT]  say which system prompt is sent, or send this one from now on
/new            begin a new conversation
/help           this
/quit           leave (Ctrl-D too)
//words         send a line that begins with one slash
Enter sends, Alt-Enter begins a new line, Ctrl-R searches what was typed, Ctrl-C stops the answer.
Several lines at once are sent as they stand, also where they begin with a slash.
"""
COMMANDS = tuple(re.findall(r"^/\w+", _HELP, re.MULTILINE))
"""What is on the page of /help is completed, and meant where a slip is told; `Chat._obey` in chat_session does it."""


def unknown(name: str) -> UsageError:
    """The error for an unknown command, with the known command that may have been meant."""
    return UsageError(
        f"there is no command {name}; nothing was sent{meant(name, COMMANDS)}",
        hint="/help lists them; a line that begins with // is sent with one slash",
    )


def help_page(facts: Facts) -> str:
    """The commands of a chat, within the width of a terminal."""
    from avow.terminal.fitted import fit

    return fit(_HELP, facts)


def editor(settings: Settings, context: Context) -> "LineEditor | LineReader":
    """The editor that reads from a person."""
    from avow.models import catalogue
    from avow.terminal.line_editor import LineEditor, LineReader

    if context.stdin is not None and context.environ.get("TERM") in DUMB:
        return LineReader(context.stdin, context.screen)
    keeps = settings.flag("history.enabled") and settings.text("history.content") != "none"
    return LineEditor(
        COMMANDS,
        sorted({*settings.table("aliases"), *(model.id for model in catalogue.models())}),
        history_file=context.paths.data / HISTORY_FILE if keeps else None,
        on_stderr=context.screen.err_facts.is_terminal,
    )


def lines_of(context: Context, on_broken: Callable[[], None]) -> Iterator[str]:
    """The lines of stdin as they come, without their line ends; `on_broken` is called with the error of a line that is
    not UTF-8, which is skipped."""
    if context.stdin is None:
        raise UsageError("stdin is closed, so nothing can be typed")
    first = True
    while data := context.stdin.readline():
        try:
            yield data.decode("utf-8-sig" if first else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            context.screen.error("a line of stdin is not UTF-8 text; it was not sent")
            on_broken()
        first = False


def path_of(words: str) -> str:
    """The path that stands after `/file`, without the quotes that a terminal puts around a dropped file."""
    if os.path.exists(expanded(words)) or not any(mark in words for mark in "'\"\\"):  # noqa: PTH110 - never raises
        return words
    import shlex

    try:
        parts = shlex.split(words)
    except ValueError:
        return words
    return parts[0] if len(parts) == 1 else words
