"""`main`: the one place where an error becomes an exit status."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from avow.background import NUDGE, later
from avow.errors import OUT_OF_FILES, AvowError, ExchangeError, Interrupted, ReaderGone
from avow.exit_codes import SIGPIPE, BySignal, ExitCode

if TYPE_CHECKING:
    from avow.context import Context


def main(arguments: Sequence[str], *, leave: Callable[[int], object]) -> int:
    """Run avow with `arguments` (without the program's name), `leave` with the exit status, and give it where `leave`
    returns; a signal, or a closed stdout, ends the process by that signal instead."""
    context = None
    try:
        _hear_signals()
        if (told := _live(arguments)) is not None:
            leave(told)
            return told
        from avow.context import from_process  # deferred: the signals are heard first

        context = from_process()
        code = _run(arguments, context)
        context.screen.clear()
        leave(code)
        return code
    except Interrupted as stop:
        _die(stop.signal_number, context)
    except ReaderGone:
        _die(SIGPIPE, context)


def _run(arguments: Sequence[str], context: "Context") -> int:
    try:
        code = _ask_quickly(arguments, context)
        return _invoke(arguments, context) if code is None else code
    except ExchangeError as error:
        context.screen.error(error.message, hint=error.hint, request_id=error.request_id)
        return error.exit_code
    except ReaderGone:
        raise
    except AvowError as error:
        context.screen.error(error.message, hint=error.hint)
        return error.exit_code
    except Exception as error:
        if isinstance(error, OSError) and error.errno in OUT_OF_FILES:
            context.close()  # the message about it needs a file too
            context.screen.error("the system lets avow open no more files", hint="raise the limit: ulimit -n 256")
        else:
            context.screen.error(*_bug(error, context))
        return ExitCode.UNEXPECTED
    finally:
        context.close()


def _ask_quickly(arguments: Sequence[str], context: "Context") -> int | None:
    """Ask, where the line is a plain question; None where typer must read it.

    A single word on a terminal may be a command's name, misspelt.
    """
    from avow.commands import COMMANDS, may_be_command, may_be_group, quick

    first = arguments[0] if arguments else ""
    if first in ("scan", "proxy"):
        return _run_quickly(first, arguments[1:], context)
    if first in COMMANDS and first != "ask":
        return None
    if len(arguments) < 2 and may_be_command(first) and context.stdin_is_terminal:
        return None
    if first not in COMMANDS and may_be_group(arguments):
        return None
    typed = quick.parse(arguments[1:] if first == "ask" else arguments)
    if typed is None:
        return None
    from avow.asking.question import answer
    from avow.asking.typed import options_from

    return answer(options_from(typed), context)


def _live(arguments: Sequence[str]) -> int | None:
    """Tell Claude Code what it asked for, where the line is of its settings; None where it is not, or was typed."""
    if not arguments or arguments[0] != "scan":
        return None
    from avow.commands.live import folder, is_live, run

    stdin = sys.stdin.buffer if sys.stdin is not None else None
    if not is_live(arguments) or (stdin is not None and stdin.isatty()):
        return None
    from avow.paths import find

    return run(arguments, stdin, sys.stdout.buffer if sys.stdout is not None else None, folder(find(os.environ)))


def _run_quickly(name: str, arguments: Sequence[str], context: "Context") -> int | None:
    """Scan, or run behind the proxy, where the line is plain; None where typer must read it."""
    from avow.commands import quick

    if name == "proxy":
        typed = quick.parse_proxy(arguments)
        from avow.commands.proxy import command
    else:
        typed = quick.parse_scan(arguments)
        from avow.commands.scan import command
    return None if typed is None else command(typed, context)


def _invoke(arguments: Sequence[str], context: "Context") -> int:
    from avow.commands.tree import invoke

    return invoke(arguments, context)


def _bug(error: Exception, context: "Context") -> tuple[str, str]:
    """Words for a bug that can be pasted into a report: where it happened, without values that may be secret."""
    import traceback

    if context.environ.get("AVOW_DEBUG"):
        context.screen.err("".join(traceback.format_tb(error.__traceback__)))
    from avow import __version__

    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rpartition('avow/')[2]}:{frame.lineno}" for frame in frames[-3:]]
    version = ".".join(str(part) for part in sys.version_info[:3])
    message = f"unexpected failure: {type(error).__name__} at {' < '.join(reversed(places))}"
    return message, f"please report this line: avow {__version__}, Python {version}, {sys.platform}"


def _hear_signals() -> None:
    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        # A second one ends the process at once.
        signal.signal(number, signal.SIG_DFL)
        raise Interrupted(number)

    if NUDGE is not None:
        signal.signal(NUDGE, lambda _number, _frame: None)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # What the parent ignores (nohup, a job in the background) stays ignored.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    _hear_again_what_python_drops(stop)


def _hear_again_what_python_drops(stop: Callable[[int, FrameType | None], NoReturn]) -> None:
    """What a handler raises inside a weak reference's callback or a `__del__` (imports have some), Python drops.

    The signal is then sent once more, a moment later, when that callback has returned.
    """

    def dropped(unraisable: "sys.UnraisableHookArgs") -> None:
        if isinstance(unraisable.exc_value, Interrupted):
            number = unraisable.exc_value.signal_number
            signal.signal(number, stop)
            later(0.01, lambda: os.kill(os.getpid(), number))
        else:
            sys.__unraisablehook__(unraisable)

    sys.unraisablehook = dropped


def _die(number: int, context: "Context | None") -> NoReturn:
    """End by the signal itself, so that a shell's loop ends too."""
    try:
        if context is not None:
            context.close()
    finally:
        if hasattr(os, "fork"):
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        os._exit(BySignal(number))
