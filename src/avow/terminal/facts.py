"""What a stream can show, decided by avow alone: no library guesses about colour or about who reads the stream."""

import os
from collections.abc import Mapping
from typing import Any

from avow.values import NamedTuple

MIN_WIDTH = 20
MAX_WIDTH = 1000
DEFAULT_WIDTH, DEFAULT_HEIGHT = 80, 24
DUMB = frozenset({"dumb", "unknown"})
_LIGHT = frozenset({"7", "15"})
_NO = frozenset({"", "0", "false", "no"})


BOLD, FAINT, REVERSE = "\x1b[1m", "\x1b[2m", "\x1b[7m"
RED, GREEN, YELLOW = "\x1b[31m", "\x1b[32m", "\x1b[33m"
BOLD_RED, BOLD_YELLOW = "\x1b[1;31m", "\x1b[1;33m"
PLAIN = "\x1b[0m"


class Facts(NamedTuple):
    """The facts on one stream. `is_terminal`: people read it; `interactive`: the cursor may be moved; `color`: styles
    may be used (they never carry the only sign); `width` and `height` in cells; `plain`: no boxes and no animation, for
    screen readers; `unicode`: more than ASCII can be drawn; `light`: the background is known to be light."""

    is_terminal: bool = False
    interactive: bool = False
    color: bool = False
    width: int = DEFAULT_WIDTH
    height: int = DEFAULT_HEIGHT
    plain: bool = False
    unicode: bool = True
    light: bool = False

    def styled(self, text: str, style: str) -> str:
        """`text` in a style, if the stream may have styles."""
        return f"{style}{text}{PLAIN}" if self.color and style and text else text


def find(stream: Any, environ: Mapping[str, str], *, color: str = "auto", plain: bool = False) -> Facts:
    """The facts of `stream` (None where it is closed). `color` is `auto`, `always` or `never` and outranks
    `NO_COLOR`, which outranks `FORCE_COLOR` and `CLICOLOR_FORCE`, which outrank `CLICOLOR=0` and `TERM`."""
    is_terminal = _is_terminal(stream)
    capable = is_terminal and environ.get("TERM", "") not in DUMB
    width, height = size(stream, environ)
    return Facts(
        is_terminal=is_terminal,
        interactive=capable and not plain,
        color=_color(color, environ, capable),
        width=width,
        height=height,
        plain=plain,
        unicode=_draws_unicode(environ),
        light=environ.get("COLORFGBG", "").rpartition(";")[2] in _LIGHT,
    )


def size(stream: Any, environ: Mapping[str, str]) -> tuple[int, int]:
    """Columns and lines: from the environment if they are numbers above zero, else from the terminal."""
    columns, lines = _number(environ.get("COLUMNS")), _number(environ.get("LINES"))
    if not (columns and lines) and _is_terminal(stream):
        try:
            own = os.get_terminal_size(stream.fileno())
        except (OSError, ValueError, AttributeError):
            own = os.terminal_size((0, 0))
        columns, lines = columns or own.columns, lines or own.lines
    width = min(max(columns or DEFAULT_WIDTH, MIN_WIDTH), MAX_WIDTH)
    return width, max(lines or DEFAULT_HEIGHT, 2)


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError, OSError):
        return False


def _color(flag: str, environ: Mapping[str, str], capable: bool) -> bool:
    if flag in ("always", "never"):
        return flag == "always"
    if environ.get("NO_COLOR"):
        return False
    force = environ.get("FORCE_COLOR") or environ.get("CLICOLOR_FORCE") or ""
    if force.lower() not in _NO:
        return True
    return capable and environ.get("CLICOLOR") != "0"


def _draws_unicode(environ: Mapping[str, str]) -> bool:
    """True unless the locale names another encoding; Python reads no locale, `C` and `POSIX` as UTF-8 (PEP 538,
    540)."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    encoding = locale.partition(".")[2].partition("@")[0].lower().replace("-", "")
    return encoding in ("", "utf8")


def _number(value: str | None) -> int:
    """A number of cells; 0 for any other value."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 6 else 0
