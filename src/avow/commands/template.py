"""`avow template`: prompts saved under a name, with `$variables`."""

import json
from typing import TYPE_CHECKING

from avow.asking.saved_templates import load_template, setting_problem
from avow.asking.typed import Options, Typed, options_from
from avow.context import Context
from avow.errors import UsageError
from avow.exit_codes import ExitCode
from avow.settings.levels import Settings

if TYPE_CHECKING:
    from avow.prompt.templates import Template


def list_command(typed: Typed, context: Context) -> ExitCode:
    """List the saved templates."""
    return run_list(context, as_json=typed.flag("as_json"))


def show_command(typed: Typed, context: Context) -> ExitCode:
    """Print one template's text."""
    return run_show(typed["name"], context)


def save_command(typed: Typed, context: Context) -> ExitCode:
    """Save a prompt and options."""
    return run_save(typed["name"], options_from(typed), context, force=typed.flag("force"))


def delete_command(typed: Typed, context: Context) -> ExitCode:
    """Remove a template."""
    return run_delete(typed["name"], context)


def run_list(context: Context, *, as_json: bool = False) -> ExitCode:
    """Print the saved templates; one that cannot be read is reported on stderr and skipped."""
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


def run_save(name: str, options: Options, context: Context, *, force: bool = False) -> ExitCode:
    """Save the prompt and options under a name. Raises UsageError where there is nothing to save."""
    from avow.prompt import templates

    settings = dict(options.flags)
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
    if force:
        from avow.files.opening import check_apart

        schema = settings.get("schema")
        check_apart({f"template {name}:": str(where)}, (options.system_file, str(schema) if schema else None))
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
    """Print to stdout: unchanged for a pipe, cleaned for a terminal, because templates are passed around."""
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
