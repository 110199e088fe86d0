"""Long output on a terminal, through the user's pager."""

from avow.context import Context

DEFAULT_PAGER = "less"


def page(text: str, context: Context) -> None:
    """Write `text` to stdout; on a terminal that it does not fit on, through `$PAGER`, else `less -FRX`. An empty
    `$PAGER` or `cat` means no pager."""
    screen = context.screen
    wanted = context.environ.get("PAGER", DEFAULT_PAGER).strip()
    facts = screen.out_facts
    fits = text.count("\n") < screen.size()[1]
    wants_none = fits or not facts.interactive or not context.stdin_is_terminal or wanted in ("", "cat")
    if wants_none or not _through(wanted, text, context):
        screen.out(text)


def _through(pager: str, text: str, context: Context) -> bool:
    """Whether the pager could be started. A pager that ends early raises nothing."""
    import shlex
    import signal
    import subprocess

    environ = {"LESS": "-FRX", **context.environ}
    try:
        words = shlex.split(pager)
        process = subprocess.Popen(words, stdin=subprocess.PIPE, env=environ)
    except (OSError, ValueError):
        return False
    # Ctrl-C is the pager's own: without avow it would go on alone, at a terminal that is the shell's again.
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.communicate(text.encode("utf-8", "replace"))
    except BrokenPipeError:
        process.wait()
    finally:
        signal.signal(signal.SIGINT, heard)
    return True
