"""`avow template`: prompts saved under a name, with `$variables`."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from avow.asking.saved_templates import load_template, setting_problem
from avow.commands import declared as o
from avow.context import Context
from avow.errors import UsageError
from avow.exit_codes import ExitCode
from avow.settings.levels import Settings

if TYPE_CHECKING:
    from avow.prompt.templates import Template

app = typer.Typer(help="Prompts saved under a name, with $variables: avow -t NAME -p KEY=VALUE.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The template's name; a path works too.", show_default=False)]


@app.command("list")
def list_command(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="One array.")] = False
) -> None:
    """What is saved: each name with its variables and its first line."""
    raise typer.Exit(run_list(context.obj, as_json=as_json))


@app.command("show")
def show_command(context: typer.Context, name: Name) -> None:
    """Print a template's file as it is."""
    raise typer.Exit(run_show(name, context.obj))


@app.command("save")
def save_command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The name to save it under.", show_default=False)],
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PROMPT]...", help="The prompt; - is stdin.", show_default=False),
    ] = None,
    model: o.Model = None,
    system: o.System = None,
    system_file: o.SystemFile = None,
    fallback: o.Fallback = None,
    fallback_by: o.FallbackBy = None,
    if_unavailable: o.IfUnavailable = None,
    accept_fallback: o.AcceptFallback = False,
    hold: o.Hold = False,
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
    no_stream: o.NoStream = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a template of that name.")] = False,
) -> None:
    """Save a prompt, with $variables to fill in later, and the options to ask it with."""
    given = {key: value for key, value in locals().items() if key not in ("name", "force")}
    raise typer.Exit(run_save(name, o.options_from(given), context.obj, force=force))


@app.command("delete")
def delete_command(context: typer.Context, name: Name) -> None:
    """Remove a template."""
    raise typer.Exit(run_delete(name, context.obj))


def run_list(context: Context, *, as_json: bool = False) -> ExitCode:
    """Print what is saved; a template that cannot be read is told on stderr and skipped."""
    from avow.prompt import templates

    found = []
    for name in templates.names(context.paths.templates):
        try:
            found.append(load_template(name, context))
        except UsageError as error:
            context.screen.error(error.message)
    if as_json:
        context.screen.out(json.dumps([_as_json(template) for template in found], indent=2) + "\n")
        return ExitCode.OK
    if not found:
        context.screen.note("no templates yet: avow template save NAME 'PROMPT with $variables'")
    from avow.terminal.sanitize import clean_line
    from avow.terminal.table import definitions, room

    rows = [(clean_line(template.name), clean_line(_in_one_line(template))) for template in found]
    for line in definitions(rows, room(context.screen.out_facts)):
        context.screen.line(line)
    return ExitCode.OK


def run_show(name: str, context: Context) -> ExitCode:
    """Print the file's text."""
    from avow.prompt import templates

    _print(templates.text_of(context.paths.templates, name, context.wait(context.settings())), context)
    return ExitCode.OK


def run_save(name: str, options: o.Options, context: Context, *, force: bool = False) -> ExitCode:
    """Save the prompt and options under a name. Raises UsageError where there is nothing to save."""
    from avow.prompt import templates

    settings = {key: value for key, value in options.flags.items() if value is not None}
    system = settings.pop("system", None)
    configured = context.settings()
    if options.system_file is not None:
        from avow.asking.question import system_from_file

        system = system_from_file(options, configured, context.wait(configured))["system"]
    only_prompt = system is None and not settings
    from_stdin = options.words == ("-",) or (not options.words and only_prompt and not context.stdin_is_terminal)
    prompt = _stdin_text(context, configured) if from_stdin else " ".join(options.words) or None
    if prompt is None and system is None and not settings:
        raise UsageError("there is nothing to save", hint=f"avow template save {name} 'Translate to $language:'")
    for key, value in settings.items():
        if wrong := setting_problem(key, value):
            raise UsageError(wrong)
    where = context.paths.templates / f"{name}.toml"
    template = templates.Template(name, where, prompt, system if isinstance(system, str) else None, settings)
    where = templates.save(context.paths.templates, template, force=force)
    variables = ", ".join(f"${variable}" for variable in template.variables)
    context.screen.note(f"saved {where}" + (f"; it takes {variables}" if variables else ""))
    return ExitCode.OK


def run_delete(name: str, context: Context) -> ExitCode:
    """Remove the template."""
    from avow.prompt import templates

    context.screen.note(f"deleted {templates.delete(context.paths.templates, name)}")
    return ExitCode.OK


def _stdin_text(context: Context, settings: Settings) -> str | None:
    from avow.files.reading import as_text, read_stdin
    from avow.prompt.limits import REQUEST

    return as_text(read_stdin(context.stdin, most=REQUEST, wait=context.wait(settings), skip=None), "stdin") or None


def _print(text: str, context: Context) -> None:
    """To stdout: as it is for a pipe, cleaned for a terminal, since templates are passed around."""
    if context.screen.is_terminal:
        from avow.terminal.sanitize import clean

        text = clean(text)
    context.screen.out(text)


def _in_one_line(template: "Template") -> str:
    variables = " ".join(f"${name}" for name in (*template.variables, *(["input"] if template.takes_input else [])))
    text = (template.prompt or template.system or "").strip()
    first = text.splitlines()[0] if text else ""
    return "  ".join(part for part in (variables, first if len(first) <= 80 else first[:79] + "…") if part)


def _as_json(template: "Template") -> dict[str, object]:
    return {
        "name": template.name,
        "path": str(template.where),
        "prompt": template.prompt,
        "system": template.system,
        "variables": list(template.variables),
        "takes_input": template.takes_input,
        "settings": dict(template.settings),
    }
