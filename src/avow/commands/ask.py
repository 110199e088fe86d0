"""`avow ask`: one question."""

from typing import Annotated

import typer

from avow.commands import declared as o
from avow.context import Context
from avow.exit_codes import ExitCode


def command(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[PROMPT]...", show_default=False)] = None,
    model: o.Model = None,
    system: o.System = None,
    system_file: o.SystemFile = None,
    files: o.Files = None,
    no_stdin: o.NoStdin = False,
    template: o.Template = None,
    variables: o.Variables = None,
    goes_on: o.Continue = False,
    conversation: o.Conversation = None,
    fallback: o.Fallback = None,
    fallback_by: o.FallbackBy = None,
    if_unavailable: o.IfUnavailable = None,
    accept_fallback: o.AcceptFallback = False,
    hold: o.Hold = False,
    output: o.Output = None,
    as_json: o.AsJson = False,
    report: o.Report = None,
    raw: o.Raw = False,
    markdown: o.Markdown = False,
    extract: o.Extract = False,
    extract_last: o.ExtractLast = False,
    show_thinking: o.ShowThinking = False,
    max_tokens: o.MaxTokens = None,
    effort: o.Effort = None,
    stop: o.Stop = None,
    speed: o.Speed = None,
    fields: o.Fields = None,
    schema: o.Schema = None,
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
    count: o.Count = False,
    dry_run: o.DryRun = None,
    simulate: o.Simulate = None,
) -> None:
    """Ask one question; `ask` may be left out.

    The answer goes to stdout, everything about it to stderr; the exit status says who answered.
    """
    raise typer.Exit(run(o.options_from(locals()), context.obj))


def run(options: o.Options, context: Context) -> ExitCode:
    """Ask, and give the exit status. Raises Interrupted where a signal ended it, after all is kept."""
    from avow.asking.question import answer

    return answer(options, context)
