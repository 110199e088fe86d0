"""The line editor of `avow chat`: several lines, search in earlier input, completion."""

import os
import re
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from avow.paths import make_private
from avow.terminal.prompt_app import ignore_clicks, output, signals_in_the_loop
from avow.terminal.screen import Screen

if TYPE_CHECKING:
    from prompt_toolkit.history import History
    from prompt_toolkit.input import Input
    from prompt_toolkit.output import Output


class LineEditor:
    """Reads lines from a person at the terminal. Enter sends; Alt-Enter begins a new line; a paste keeps its lines;
    Ctrl-Z suspends; Ctrl-R searches earlier input; Tab completes `commands` at the beginning, `models` after the
    commands in `take_model`, and file names after `/file`.

    `history_file` (mode 0600) keeps the input; with None, or where it cannot be written, nothing is kept.
    """

    def __init__(
        self,
        commands: Sequence[str],
        models: Sequence[str] = (),
        *,
        history_file: Path | None = None,
        on_stderr: bool = False,
        given_input: "Input | None" = None,
        given_output: "Output | None" = None,
    ) -> None:
        from prompt_toolkit import PromptSession  # deferred: 150 ms, and only people need it

        self._session: PromptSession[str] = PromptSession(
            multiline=True,
            history=_history(history_file),
            completer=_completer(commands, models),
            complete_while_typing=False,
            enable_history_search=False,
            key_bindings=_keys(),
            reserve_space_for_menu=4,
            input=given_input,
            output=given_output or output(on_stderr=on_stderr),
        )
        _let_pastes_end(self._session.app.input)

    def read(self, prompt: str) -> str | None:
        """The text that was typed, with its lines; None where Ctrl-D ends the input. Ctrl-C drops what was typed so
        far.

        Raises Interrupted at a signal that the program listens to.
        """
        from prompt_toolkit.formatted_text import FormattedText  # deferred: 150 ms

        words = FormattedText([("bold", prompt)])
        while True:
            try:
                with signals_in_the_loop(self._session.app) as before_reading:
                    return str(self._session.prompt(words, prompt_continuation=_continuation, pre_run=before_reading))
            except KeyboardInterrupt:
                continue
            except EOFError:
                return None


class LineReader:
    """Reads lines from a person at a terminal whose cursor cannot be moved: the terminal itself edits the line, Enter
    sends it, and nothing is kept or completed."""

    def __init__(self, stdin: BinaryIO, screen: Screen) -> None:
        self._stdin = stdin
        self._screen = screen

    def read(self, prompt: str) -> str | None:
        """The line that was typed; None where Ctrl-D ends the input. Raises Interrupted at Ctrl-C."""
        show = self._screen.err if self._screen.err_facts.is_terminal else self._screen.out
        show(prompt)
        typed = self._stdin.readline()
        if not typed.endswith(b"\n"):
            show("\n")
        self._screen.line_ended()
        return typed.decode("utf-8", "replace").rstrip("\r\n") if typed else None


def _continuation(width: int, _line: int, wraps: int) -> str:
    """The prompt of a line after the first: dots, or blanks where it is the rest of a long line."""
    return " " * width if wraps else "." * max(width - 1, 0) + " "


def _keys() -> Any:
    from prompt_toolkit.application.current import get_app
    from prompt_toolkit.enums import DEFAULT_BUFFER
    from prompt_toolkit.filters import has_focus
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()
    ignore_clicks(keys)

    @keys.add("enter", filter=has_focus(DEFAULT_BUFFER))
    def send(_event: Any) -> None:
        get_app().current_buffer.validate_and_handle()

    @keys.add("escape", "enter", filter=has_focus(DEFAULT_BUFFER))
    def new_line(_event: Any) -> None:
        get_app().current_buffer.insert_text("\n")

    if hasattr(signal, "SIGTSTP"):

        @keys.add("c-z")
        def suspend(event: Any) -> None:
            event.app.suspend_to_background()

    return keys


def _let_pastes_end(source: Any) -> None:
    """Let Ctrl-C and Ctrl-D end a paste whose end mark never came: prompt_toolkit would wait for it whatever is
    typed."""
    parser = getattr(source, "vt100_parser", None)
    if parser is None:
        return
    feed = parser.feed

    def feed_and_end(data: str) -> None:
        if getattr(parser, "_in_bracketed_paste", False):
            data = re.sub("[\x03\x04]", lambda match: f"\x1b[201~{match[0]}", data, count=1)
        feed(data)

    parser.feed = feed_and_end


def _history(path: Path | None) -> "History":
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    if path is None:
        return InMemoryHistory()
    try:
        make_private(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o600)
        os.close(descriptor)
    except OSError:
        return InMemoryHistory()

    class PrivateFileHistory(FileHistory):
        def store_string(self, string: str) -> None:
            try:
                super().store_string(string)
            except (OSError, ValueError):
                return  # what was typed is more important than that it can be found again

    return PrivateFileHistory(str(path))


def _completer(commands: Sequence[str], models: Sequence[str]) -> Any:
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
    from prompt_toolkit.document import Document

    files = PathCompleter(expanduser=True)

    class ChatCompleter(Completer):
        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
            typed = document.text_before_cursor
            if not typed.startswith("/") or "\n" in typed:
                return
            name, space, rest = typed.partition(" ")
            if name == "/file" and space:
                yield from files.get_completions(Document(rest), complete_event)
                return
            words, part = (commands, name) if not space else (models, rest)
            if space and name not in ("/model", "/retry"):
                return
            for word in words:
                if word.startswith(part):
                    yield Completion(word, start_position=-len(part))

    return ChatCompleter()
