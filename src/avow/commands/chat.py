"""`avow chat`: a conversation in the terminal; where stdin is not a terminal, one turn a line."""

from avow.asking.typed import Options, Typed, options_from
from avow.context import Context
from avow.exit_codes import ExitCode


def command(typed: Typed, context: Context) -> ExitCode:
    """Hold the conversation that the options describe."""
    return run(options_from(typed), context)


def run(options: Options, context: Context) -> ExitCode:
    """Talk until the user ends it. Raises UsageError where there is nothing to continue, Interrupted
    where a signal ended it."""
    from avow.commands.chat_session import chat

    return chat(options, context)
