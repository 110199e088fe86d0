"""The screen: the one object that writes to stdout and stderr."""

import errno
import io
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, TextIO

from avow.errors import FileError, ReaderGone, system_words
from avow.terminal import facts
from avow.terminal.facts import BOLD_RED, Facts
from avow.terminal.preview import Preview
from avow.wire.json_value import encodable

_AT_ONCE_CHARS = 1 << 20
_GONE = {errno.EPIPE, errno.ESHUTDOWN} | ({errno.EINVAL} if sys.platform == "win32" else set())
_ERASE_LINE = "\r\x1b[K"
_REDRAWN_S, _REPEATED_S = 0.1, 10.0
"""How often the progress of a request is shown: on a line that is redrawn, and where each time is a new line."""


class Screen:
    """Both output streams. Nothing is buffered: what `out` and `err` return from has left the process.

    stdout fails loudly (ReaderGone, FileError), stderr never. `out_facts` and `err_facts` say what each can show;
    `has_printed` whether stdout got anything; `upload` what is being sent, in words, for whoever draws the status line
    (`is_waiting`: somebody does).
    A status line (`status`) stands on stderr until anything else is written anywhere; threads may write too.
    """

    def __init__(
        self,
        stdout: BinaryIO | TextIO | None,
        stderr: BinaryIO | TextIO | None,
        out_facts: Facts,
        err_facts: Facts,
        *,
        quiet: bool = False,
        verbose: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.out_facts, self.err_facts = out_facts, err_facts
        self.quiet, self.verbose = quiet, verbose
        self._environ = environ or {}
        self._streams = stdout, stderr
        self._stdout, self._stderr = _sink(stdout), _sink(stderr)
        self._lock = threading.RLock()
        self._has_status = False
        self._line_is_open = False
        self._preview = Preview()
        self._told_upload_at: float | None = None
        self.upload = ""
        self.is_waiting = False
        self.has_printed = False

    @classmethod
    def for_process(
        cls, stdout: BinaryIO | TextIO | None, stderr: BinaryIO | TextIO | None, environ: Mapping[str, str]
    ) -> "Screen":
        """The screen on two streams (None: closed), with what the environment says about them."""
        return cls(stdout, stderr, facts.find(stdout, environ), facts.find(stderr, environ), environ=environ)

    def configure(
        self, *, color: str = "auto", plain: bool = False, quiet: bool = False, verbose: bool = False
    ) -> None:
        """Apply the user's settings; `color` is `auto`, `always` or `never`."""
        self.quiet, self.verbose = quiet, verbose
        stdout, stderr = self._streams
        self.out_facts = facts.find(stdout, self._environ, color=color, plain=plain)
        self.err_facts = facts.find(stderr, self._environ, color=color, plain=plain)

    @property
    def is_terminal(self) -> bool:
        """Whether people read stdout."""
        return self.out_facts.is_terminal

    def size(self) -> tuple[int, int]:
        """Columns and lines of stdout now: a terminal may have been resized."""
        return facts.size(self._streams[0], self._environ)

    # -- writing --------------------------------------------------------------------------------------------------

    def out(self, text: str) -> None:
        """Write to stdout unchanged. Raises ReaderGone where the reader has left, else FileError."""
        with self._lock:
            if self._has_status:
                self._erase_status()
            if self._preview.lines:
                self._out(self._preview.erase(self.size()[0]))
            self._out(text)
            self.has_printed = True
            if text and self.out_facts.is_terminal:
                self._line_is_open = text[-1] != "\n"

    def data(self, text: str, *, is_json: bool = False) -> None:
        """Write data whose texts come from others: unchanged to a pipe or file; on a terminal JSON gets escapes for
        what could act there, and any other text is cleaned. Raises as `out` does."""
        if self.is_terminal:
            from avow.terminal.sanitize import clean, escaped_json

            text = escaped_json(text) if is_json else clean(text)
        self.out(text)

    def preview(self, lines: Sequence[str]) -> None:
        """Show `lines` in place of the last preview; none may be wider than stdout's terminal. The next text that is
        written anywhere replaces them. Raises as `out` does."""
        with self._lock:
            if self._has_status:
                self._erase_status()
            if self._line_is_open:
                self._line_is_open = False
                self._out("\n")
            if change := self._preview.change(lines, self.size()[0]):
                self._out(change)

    def line(self, text: str = "") -> None:
        """Write `text` and a newline to stdout. Raises as `out` does."""
        self.out(f"{text}\n")

    def err(self, text: str) -> None:
        """Write to stderr unchanged; a stderr that is closed or broken is ignored."""
        with self._lock:
            if self._has_status:
                self._erase_status()
            if self._preview.lines and self.err_facts.is_terminal:
                self._out(self._preview.erase(self.size()[0]))
            self._err(text)
            if text and self.err_facts.is_terminal:
                self._line_is_open = text[-1] != "\n"

    def err_line(self, text: str) -> None:
        """Write a line of its own on stderr, even if a line of the terminal has begun; a preview stays, below it."""
        with self._lock:
            shown = self._preview.lines
            if self._line_is_open and self.err_facts.is_terminal:
                self.err("\n")
            self.err(f"{text}\n")
            if shown and not self._preview.lines:
                self.preview(shown)

    def statement(self, text: str, *, alarm: str = "") -> None:
        """Write a clean line of avow's own on stderr, on a terminal in rows that break between words; `alarm` is its
        beginning, in red."""
        if self.err_facts.is_terminal:
            from avow.terminal.cells import wrap

            text = "\n".join(wrap(text, facts.size(self._streams[1], self._environ)[0], rest="  ", whole=True))
        self.err_line(f"{self.err_facts.styled(alarm, BOLD_RED)}{text.removeprefix(alarm)}")

    def fresh_line(self) -> None:
        """End the terminal's current line, whichever stream wrote it."""
        with self._lock:
            if not self._line_is_open:
                return
            if self.out_facts.is_terminal:
                self.out("\n")
            else:
                self.err("\n")

    def line_ended(self) -> None:
        """Note that the person who typed has ended the terminal's line."""
        self._line_is_open = False

    # -- about the answer -----------------------------------------------------------------------------------------

    def note(self, text: str) -> None:
        """Write `avow: note: …`, unless the user wants quiet."""
        if not self.quiet:
            self.warn(text)

    def warn(self, text: str) -> None:
        """Write a note that `--quiet` does not silence."""
        from avow.terminal.sanitize import clean_line

        self.statement(f"avow: note: {clean_line(text)}")

    def error(self, message: str, hint: str | None = None, request_id: str | None = None) -> None:
        """Write `avow: error: …`, and what to do about it as a note. What was typed may stand in both, in the wrong
        place too: keys are struck out."""
        from avow.terminal.notices import in_request
        from avow.terminal.sanitize import clean_line
        from avow.wire.secret import without_keys

        words = without_keys(clean_line(message))
        self.statement(f"avow: error: {words}{in_request(request_id)}", alarm="avow: error:")
        if hint:
            self.note(without_keys(hint))

    # -- the status line ------------------------------------------------------------------------------------------

    def status(self, text: str) -> None:
        """Put one line on an interactive stderr, in place of the last one; `text` must fit on it. Nothing is drawn into
        a line that has begun."""
        with self._lock:
            if self.err_facts.interactive and not self._line_is_open:
                self._err(f"{_ERASE_LINE}{text}")
                self._has_status = True

    def sending(self, progress: tuple[int, int] | None) -> None:
        """Show on a terminal how many bytes of a request have been sent, of how many; None: no more will be sent. Where
        the cursor cannot be moved that is one line at first, and another every ten seconds."""
        if self.quiet or not self.err_facts.is_terminal:
            return
        if progress is None:
            if self.upload and not self.is_waiting:
                self.clear()
            self.upload, self._told_upload_at = "", None
            return
        sent, total = progress
        self.upload = f"sending {sent / 1e6:.1f} of {total / 1e6:.1f} MB"
        now, interactive = time.monotonic(), self.err_facts.interactive
        since = self._told_upload_at
        if since is not None and now - since < (_REDRAWN_S if interactive else _REPEATED_S):
            return
        self._told_upload_at = now
        if not interactive:
            self.err_line(self.upload)
        elif not self.is_waiting:
            self.status(self.upload[: self.err_facts.width - 1])

    def clear(self) -> None:
        """Remove the status line."""
        with self._lock:
            if self._has_status:
                self._erase_status()

    def _out(self, text: str) -> None:
        if self._stdout is None:
            raise FileError("stdout is closed, so nothing can be printed", hint="send it to a file or a pipe")
        try:
            self._stdout(text)
        except BrokenPipeError:
            raise ReaderGone("the reader of stdout has left") from None
        except OSError as error:
            if error.errno in _GONE:
                raise ReaderGone("the reader of stdout has left") from None
            raise FileError(f"stdout cannot be written: {system_words(error)}") from None
        except ValueError:
            raise FileError("stdout cannot be written: it is closed") from None

    def _erase_status(self) -> None:
        self._err(_ERASE_LINE)
        self._has_status = False

    def _err(self, text: str) -> None:
        if self._stderr is not None:
            try:
                self._stderr(text)
            except (OSError, ValueError):
                return


def _sink(stream: Any) -> Callable[[str], None] | None:
    """The function that writes a text to `stream` at once, whatever encoding the stream has."""
    if stream is None:
        return None
    binary = getattr(stream, "buffer", None) if isinstance(stream, io.TextIOBase) else stream
    if binary is None:

        def write_text(text: str) -> None:
            stream.write(encodable(text))
            stream.flush()

        return write_text
    raw = getattr(binary, "raw", binary)

    def write_bytes(text: str) -> None:
        if len(text) > _AT_ONCE_CHARS:
            for start in range(0, len(text), _AT_ONCE_CHARS):
                write_bytes(text[start : start + _AT_ONCE_CHARS])
            return
        try:
            data = text.encode()
        except UnicodeEncodeError:
            data = encodable(text).encode()
        written = raw.write(data)
        if written != len(data):
            _write_rest(raw, data, written or 0)

    return write_bytes


def _write_rest(raw: Any, data: bytes, written: int) -> None:
    """Write what one call did not take: a pipe that is full does not block if another program that shares it said
    so."""
    import select

    view = memoryview(data)
    while written < len(view):
        count = raw.write(view[written:])
        if count is None:
            select.select([], [raw.fileno()], [])
        written += count or 0
