"""`avow run`: many prompts, one verdict each."""

from avow.asking.typed import Typed
from avow.context import Context
from avow.exit_codes import ExitCode


def command(typed: Typed, context: Context) -> ExitCode:
    """Ask all that a file holds. Raises Interrupted where a signal ended it, after all is kept."""
    from avow.run.options import run_options
    from avow.run.start import start

    wanted = run_options(typed, stdin_is_terminal=context.stdin_is_terminal)
    if wanted.cancel is not None:
        from avow.run.cancel import cancel

        return cancel(wanted.cancel, wanted.options, context)
    return start(wanted, context)
