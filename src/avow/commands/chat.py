"""`avow chat`: a conversation in the terminal; where stdin is no terminal, one turn a line."""

from typing import Any

import typer

from avow.commands import declared as o
from avow.context import Context
from avow.exit_codes import ExitCode


def command(
    context: typer.Context,
    model: o.Model = None,
    system: o.System = None,
    system_file: o.SystemFile = None,
    files: o.Files = None,
    goes_on: o.Continue = False,
    conversation: o.Conversation = None,
    fallback: o.Fallback = None,
    fallback_by: o.FallbackBy = None,
    if_unavailable: o.IfUnavailable = None,
    accept_fallback: o.AcceptFallback = False,
    output: o.Output = None,
    as_json: o.AsJson = False,
    raw: o.Raw = False,
    markdown: o.Markdown = False,
    show_thinking: o.ShowThinking = False,
    max_tokens: o.MaxTokens = None,
    effort: o.Effort = None,
    stop: o.Stop = None,
    speed: o.Speed = None,
    fields: o.Fields = None,
    timeout: o.Timeout = None,
    deadline: o.Deadline = None,
    retries: o.Retries = None,
    no_stream: o.NoStream = False,
    no_history: o.NoHistory = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    color: o.Color = None,
    plain: o.Plain = False,
    profile: o.Profile = None,
    auth_style: o.AuthStyle = None,
    api_version: o.ApiVersion = None,
    headers: o.Headers = None,
    simulate: o.Simulate = None,
) -> None:
    """Talk with the model, turn by turn; each answer says which model wrote it. /help lists what can be typed.

    Where stdin is no terminal, each of its lines is a turn, and the exit status is that of the gravest one.
    """
    given: dict[str, Any] = locals()
    raise typer.Exit(run(o.options_from(given), context.obj))


def run(options: o.Options, context: Context) -> ExitCode:
    """Talk until the other side has had enough. Raises UsageError where there is nothing to go on with, Interrupted
    where a signal ended it."""
    from avow.commands.chat_session import chat

    return chat(options, context)
