"""`avow chat`: a conversation in the terminal; where stdin is no terminal, one turn a line."""

from avow.asking.typed import Options, Typed, options_from
from avow.context import Context
from avow.exit_codes import ExitCode


def command(typed: Typed, context: Context) -> ExitCode:
    """Talk as was typed."""
    return run(options_from(typed), context)


def run(options: Options, context: Context) -> ExitCode:
    """Talk until the other side has had enough. Raises UsageError where there is nothing to go on with, Interrupted
    where a signal ended it."""
    from avow.commands.chat_session import chat

    return chat(options, context)
