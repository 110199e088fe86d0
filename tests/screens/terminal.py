"""A command in this very process, and what a terminal of some width shows of it."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pyte

from avow import paths
from avow.commands.tree import invoke
from avow.context import Context
from avow.terminal.screen import Screen
from tests.conftest import sealed_environment

_LINES = 400


class _Output(io.BytesIO):
    def isatty(self) -> bool:
        return True


def context_on(home: Path, width: int) -> tuple[Context, Callable[[], str]]:
    """A context whose stdout and stderr are one terminal of `width` cells, and what gives its lines."""
    environ = sealed_environment(home, NO_COLOR="1", COLUMNS=str(width), LINES=str(_LINES), AVOW_FALLBACK="default")
    out = _Output()
    screen = Screen.for_process(out, out, environ)
    return Context(None, out, out, environ, paths.find(environ), screen), lambda: as_seen(out.getvalue(), width)


def shown(home: Path, width: int, arguments: Sequence[str]) -> str:
    """What stands on the terminal after `avow ARGUMENTS`."""
    context, look = context_on(home, width)
    try:
        invoke(arguments, context)
    finally:
        context.close()
    return look()


def as_seen(data: bytes, width: int) -> str:
    """The lines that a terminal makes of bytes."""
    screen = pyte.Screen(width, _LINES)
    pyte.ByteStream(screen).feed(data.replace(b"\n", b"\r\n"))
    return "\n".join(line.rstrip() for line in screen.display).rstrip() + "\n"
