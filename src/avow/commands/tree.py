"""How a line of words becomes one of the declared commands: typer's tree is made from the table, and run."""

import inspect
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from avow.asking.typed import Typed
from avow.commands import COMMANDS, GROUPS
from avow.commands.declared import HELP, TREE
from avow.context import Context
from avow.errors import UsageError, nearest
from avow.reference.tree import Argument, Command
from avow.settings.options import Form, Option

TYPING_ERROR = 0.8
"""How alike a single word must be to a command's name to be taken for it and not be sent: `hello` is as near to
`help` as is enough to be offered, and is a prompt."""

GROUPS_ERROR = 0.7
"""The same of a group's name and of the command after it, which must both be so."""

_LARGEST = 2**63 - 1
"""The largest whole number that the history can be asked about."""

_UNSET = "is a variable of the shell not set?"
_TYPES: dict[Form, Any] = {
    "nothing": bool,
    "text": str | None,
    "texts": list[str] | None,
    "integer": int | None,
    "number": float | None,
}


class _Helped:
    """Shows avow's own help page."""

    def get_help(self, ctx: Any) -> str:
        """The page; in a run it goes to the screen, and the command ends."""
        from avow.reference import help_page

        command = TREE.at(_path(ctx))
        if not isinstance(ctx.obj, Context):
            return help_page.page(command, help_page.WIDEST)
        ctx.obj.screen.out(help_page.page(command, ctx.obj.screen.out_facts.width))
        raise typer.Exit(0)


class _Command(_Helped, TyperCommand):
    """A command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        command = TREE.at(_path(ctx))
        args = _with_values(_with_number(args) if command.path == ("run",) else args, command)
        typed = list(args)
        rest = super().parse_args(ctx, args)
        values = self.make_parser(ctx).parse_args(typed)[0]
        for one in command.rows:
            value = values.get(_parameter(one))
            if not one.may_be_empty and "" in (value if isinstance(value, list | tuple) else [value]):
                raise _empty(one)
        return rest


def _path(ctx: Any) -> tuple[str, ...]:
    """Where a context of typer's is in the tree."""
    return (*_path(ctx.parent), ctx.info_name or "") if ctx.parent is not None else ()


def _empty(one: Option | Argument) -> UsageError:
    """What is said of an empty value: mostly it was meant to be that of a shell's variable."""
    if isinstance(one, Option):
        return UsageError(f"{one.spelled} is empty", hint=f"give a value, or leave it out; {_UNSET}")
    return UsageError(f"{one.metavar.strip('[].')} is empty", hint=_UNSET)


class _Commands(_Helped, TyperGroup):
    """A command that has commands."""


class _Group(_Helped, TyperGroup):
    """Takes words that name no command for a prompt."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = {name for param in self.get_params(ctx) for name in (*param.opts, *param.secondary_opts)}
        if not (args and (args[0] in COMMANDS or (len(args) == 1 and args[0] in own))):
            args = ["ask", *args]
        return super().parse_args(ctx, args)


def _with_values(args: list[str], command: Command) -> list[str]:
    """`--dry-run` without its optional value gets one, up to `--`."""
    end = args.index("--") if "--" in args else len(args)
    bare = {name: option.bare for option in command.options if option.bare is not None for name in option.names}
    return [f"{a}={bare[a]}" if a in bare and i < end else a for i, a in enumerate(args)]


def _with_number(args: list[str]) -> list[str]:
    """`--resume 12` as `--resume=12`: a word of digits after it is a run's number, and no file."""
    joined: list[str] = []
    for word in args:
        if joined and joined[-1] == "--resume" and word.isdecimal():
            joined[-1] = f"--resume={word}"
        else:
            joined.append(word)
    return joined


# -- typer's tree ---------------------------------------------------------------------------------------------


def build(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """The application with these commands; a run makes no more than the one it needs."""
    app = typer.Typer(
        cls=_Group,
        name="avow",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        no_args_is_help=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback(invoke_without_command=True, help=TREE.help)
    def root(
        version: bool = typer.Option(False, "-V", "--version", is_eager=True),
    ) -> None:
        del version

    for name in names:
        _add(app, TREE.at((name,)))
    return app


def _add(app: typer.Typer, command: Command) -> None:
    if command.commands:
        inner = typer.Typer(help=command.help, no_args_is_help=True)
        for child in command.commands:
            _add(inner, child)
        app.add_typer(inner, name=command.name, cls=_Commands)
    else:
        settings = {"ignore_unknown_options": True} if command.dashes else None
        app.command(command.name, cls=_Command, help=command.help, context_settings=settings)(_function(command))


def _function(command: Command) -> Callable[..., None]:
    """What typer calls: a function whose signature is made from the command's rows (PEP 362's `__signature__`)."""
    rows = [row for row in command.rows if row is not HELP]
    names = {_parameter(row): row.name for row in rows}

    def function(context: typer.Context, **values: Any) -> None:
        raise typer.Exit(perform(command, Typed({names[name]: value for name, value in values.items()}), context.obj))

    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)]
        + [_argument(row) if isinstance(row, Argument) else _option(row) for row in rows]
    )
    return function


def perform(command: Command, typed: Typed, context: Context) -> int:
    """Run a command and give the exit status. It is `command` in the module of its name, or `list_command` for a
    command of a command."""
    module = import_module(f"avow.commands.{command.path[0]}")
    return int(getattr(module, "_".join((*command.path[1:], "command")))(typed, context))


def _parameter(row: Option | Argument) -> str:
    """The name of a function's parameter."""
    return row.name.replace(".", "_")


def _argument(row: Argument) -> inspect.Parameter:
    info = typer.Argument(metavar=row.metavar, help=row.help, show_default=False, hidden=row.hidden)
    kind: Any = list[str] if row.repeatable else str
    default = inspect.Parameter.empty if row.required else None
    return _made(row, kind if row.required else kind | None, info, default)


def _option(row: Option) -> inspect.Parameter:
    bounds: dict[str, Any] = {}
    # Of other settings, and of a setting's most, the settings' own check speaks.
    if row.form == "integer" or (row.form == "number" and not row.is_setting):
        most = _LARGEST if row.most is None and row.form == "integer" else row.most
        bounds = {"min": row.least, "max": None if row.is_setting else most}
    info = typer.Option(*row.names, metavar=row.metavar, help=row.help, show_default=False, **bounds)
    default = False if row.form == "nothing" else None if row.is_setting else row.default
    return _made(row, _TYPES[row.form], info, default)


def _made(row: Option | Argument, kind: Any, info: Any, default: object) -> inspect.Parameter:
    return inspect.Parameter(
        _parameter(row), inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, info]
    )


# -- a line of words ------------------------------------------------------------------------------------------


def invoke(arguments: Sequence[str], context: Context) -> int:
    """Run the command that `arguments` name and give its exit status.

    Raises UsageError for what cannot be understood.
    """
    args = list(arguments)
    if args in (["-h"], ["--help"]) or (not args and context.stdin_is_terminal):
        args = ["help"]
    name = args[0] if args and args[0] in COMMANDS else "ask"
    _refuse_typo(args, context)
    command: Any = typer.main.get_command(build((name,)))
    try:
        code = command(args, prog_name="avow", standalone_mode=False, obj=context)
    except Exception as error:
        if not (hasattr(error, "format_message") and hasattr(error, "exit_code")):
            raise
        raise UsageError(_worded(error), hint=_hint(args, error)) from None
    return code if isinstance(code, int) else 0


def _worded(error: Any) -> str:
    """What typer's parser (its own click) found wrong, in avow's words: known by the error's kind, and by the sentence
    where the kind has several."""
    kind, words = type(error).__name__, str(error.format_message())
    parameter = getattr(error, "param", None)
    name = max(parameter.opts, key=len) if parameter is not None and parameter.opts else ""
    if parameter is not None and parameter.param_type_name == "argument":
        name = (parameter.metavar or name).strip("[].")
    quoted = words.rpartition("(")[2].rstrip(").")
    match kind:
        case "NoSuchOption":
            near = nearest(error.option_name, error.possibilities or ())
            return f"there is no option {error.option_name}" + (f"; did you mean {near}?" if near else "")
        case "MissingParameter":
            return f"{name or 'something'} is missing"
        case "BadOptionUsage" if "does not take" in words:
            return f"{error.option_name} takes no value"
        case "BadOptionUsage":
            return f"{error.option_name} needs a value"
        case "BadParameter" if name:
            return f"{name}: {_bad(error.message)}"
    if "unexpected extra argument" in words:
        return f"`{_line(error)}` does not take: {quoted}"
    if words.startswith("No such command"):
        word = words.split("'")[1]
        near = nearest(word, _commands_of(TREE.at(_path(error.ctx))))
        return f"`{_line(error)}` has no command {word!r}" + (f"; did you mean {near!r}?" if near else "")
    return words[:1].lower() + words[1:].rstrip(".")


_WANTED = {
    "a valid integer": "a whole number",
    "a valid int range": "a whole number",
    "a valid integer range": "a whole number",
    "a valid float": "a number",
}


def _bad(message: str) -> str:
    """Click's sentence about a value: `'x' is not a valid integer.`, `-1 is not in the range x>=0.`"""
    value, _is_not, wanted = message.rstrip(".").partition(" is not ")
    least, _x, most = wanted.removeprefix("in the range ").partition("x")
    bounds = [f"at least {least.rstrip('<=')}" if least else "", f"at most {most.lstrip('<=')}" if "<=" in most else ""]
    bounds += [f"at least {most.removeprefix('>=')}" if ">=" in most else ""]
    should = _WANTED.get(wanted)
    if wanted.startswith("in the range "):
        should = " and ".join(filter(None, bounds))
    return f"must be {should}, not {value}" if should else message.rstrip(".")


def _commands_of(command: Command) -> list[str]:
    return [child.name for child in command.commands]


def _line(error: Any) -> str:
    return " ".join(("avow", *_path(error.ctx)))


def _hint(args: list[str], error: Any) -> str:
    """What may have been meant: words for a prompt where a command does not take them, else the help page."""
    name = args[0] if args and args[0] in COMMANDS else "ask"
    command = TREE.at((name,))
    inner = next((child for child in command.commands if child.name in args[1:2]), None)
    near = nearest(args[1], _commands_of(command), alike=GROUPS_ERROR) if len(args) > 1 else None
    is_prompt = type(error).__name__ == "UsageError" and inner is None and near is None and name != "ask"
    if is_prompt and not any(word.startswith("-") for word in args) and len(args) > 1:
        import shlex

        return f"to send these words as a prompt: avow -- {shlex.join(args)}"
    return f"{' '.join(('avow', *(inner or command).path))} --help"


def _refuse_typo(args: list[str], context: Context) -> None:
    """What is nearly a command's name is not a prompt worth paying for: a single word on a terminal, or a group's name
    before one of its commands."""
    import shlex

    first = args[0] if args else ""
    if first in COMMANDS or first.startswith("-"):
        return
    near = nearest(first, COMMANDS, alike=TYPING_ERROR) if len(args) == 1 and context.stdin_is_terminal else None
    if len(args) > 1:
        group = nearest(first, GROUPS, alike=GROUPS_ERROR)
        inner = _commands_of(TREE.at((group,))) if group else []
        second = nearest(args[1], inner, alike=GROUPS_ERROR)
        near = f"{group} {second}" if group and second else None
    if near:
        typed = shlex.join(args[:2])
        words = "the word" if len(args) == 1 else "these words"
        raise UsageError(
            f"there is no command {typed!r}; did you mean {near!r}?",
            hint=f"to send {words} as a prompt: avow -- {shlex.join(args)}",
        )
