"""`avow ask`: one question."""

from avow.asking.typed import Options, Typed, options_from
from avow.context import Context
from avow.exit_codes import ExitCode


def command(typed: Typed, context: Context) -> ExitCode:
    """Ask what was typed."""
    return run(options_from(typed), context)


def run(options: Options, context: Context) -> ExitCode:
    """Ask, and give the exit status. Raises Interrupted where a signal ended it, after all is kept."""
    from avow.asking.question import answer

    return answer(options, context)
