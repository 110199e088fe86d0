"""Turns the words of a line into a declared command: typer's tree is made from the table, and run."""

import inspect
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from avow.asking.typed import Typed
from avow.commands import COMMANDS
from avow.commands.declared import HELP, TREE
from avow.commands.typing_errors import (
    exchange_meant,
    hint_for,
    line_meant,
    path_of,
    refuse_options_after,
    refuse_typo,
    worded,
)
from avow.context import Context
from avow.errors import NoSuchExchange, UsageError
from avow.reference.tree import Argument, Command
from avow.settings.keys import read_number
from avow.settings.options import Form, Option
from avow.settings.value_checks import shortened

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


class _HelpPage:
    """Shows avow's own help page in place of typer's."""

    def get_help(self, ctx: Any) -> str:
        """The help page. In a run it is printed, and the command ends."""
        from avow.reference import help_page

        command = TREE.at(path_of(ctx))
        if not isinstance(ctx.obj, Context):
            return help_page.page(command, help_page.WIDEST)
        ctx.obj.screen.out(help_page.page(command, ctx.obj.screen.out_facts.width))
        raise typer.Exit(0)


class _Command(_HelpPage, TyperCommand):
    """A command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        command = TREE.at(path_of(ctx))
        if command.path == ("proxy",):
            refuse_options_after(args, command)
        args = _with_values(_with_number(args) if command.path == ("run",) else args, command)
        typed = list(args)
        rest = super().parse_args(ctx, args)
        values = self.make_parser(ctx).parse_args(typed)[0]
        for one in command.rows:
            value = values.get(_parameter(one))
            if not one.may_be_empty and "" in (value if isinstance(value, list | tuple) else [value]):
                raise _empty(one)
            if isinstance(one, Option) and one.form in ("integer", "number") and isinstance(value, str):
                _check_digits(one, value)
        return rest


def _check_digits(option: Option, value: str) -> None:
    """Raise UsageError for digits of a script other than ASCII, which typer takes."""
    try:
        read_number(value, whole=option.form == "integer")
    except ValueError:
        wanted = "a whole number" if option.form == "integer" else "a number"
        raise UsageError(f"{option.spelled}: must be {wanted}, not {shortened(value)!r}") from None


def _empty(one: Option | Argument) -> UsageError:
    """The error for an empty value: most often a variable of the shell is not set."""
    if isinstance(one, Option):
        return UsageError(f"{one.spelled} is empty", hint=f"give a value, or leave it out; {_UNSET}")
    return UsageError(f"{one.metavar.strip('[].')} is empty", hint=_UNSET)


class _Commands(_HelpPage, TyperGroup):
    """A command that has commands of its own."""


class _Group(_HelpPage, TyperGroup):
    """Takes words that do not name a command as a prompt."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = {name for param in self.get_params(ctx) for name in (*param.opts, *param.secondary_opts)}
        if not (args and (args[0] in COMMANDS or (len(args) == 1 and args[0] in own))):
            args = ["ask", *args]
        return super().parse_args(ctx, args)


def _with_values(args: list[str], command: Command) -> list[str]:
    """`--dry-run` without its optional value gets the default one; words after `--` are left alone."""
    end = args.index("--") if "--" in args else len(args)
    bare = {name: option.bare for option in command.options if option.bare is not None for name in option.names}
    return [f"{a}={bare[a]}" if a in bare and i < end else a for i, a in enumerate(args)]


def _with_number(args: list[str]) -> list[str]:
    """`--resume 12` becomes `--resume=12`: a word of digits after it is the number of a run, not a file."""
    joined: list[str] = []
    for word in args:
        if joined and joined[-1] == "--resume" and word.isdecimal():
            joined[-1] = f"--resume={word}"
        else:
            joined.append(word)
    return joined


# -- typer's tree ---------------------------------------------------------------------------------------------


def build(names: Sequence[str] = COMMANDS, inner: str | None = None) -> typer.Typer:
    """The application with these commands; of the commands that a group has, with all, or with `inner` alone. A run
    makes only what it needs."""
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
        _add(app, TREE.at((name,)), inner)
    return app


def _add(app: typer.Typer, command: Command, inner: str | None) -> None:
    if command.commands:
        group = typer.Typer(help=command.help, no_args_is_help=True)
        for child in command.commands:
            if inner in (None, child.name):
                _add(group, child, None)
        app.add_typer(group, name=command.name, cls=_Commands)
    else:
        settings = {"ignore_unknown_options": True} if command.dashes else None
        app.command(command.name, cls=_Command, help=command.help, context_settings=settings)(_function(command))


def _function(command: Command) -> Callable[..., None]:
    """The function that typer calls; its signature is made from the command's rows (PEP 362's `__signature__`)."""
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
    """Run a command and give the exit status. The function is `command` in the module of the command's name, or
    `list_command` and the like for a command of a command."""
    module = import_module(f"avow.commands.{command.path[0]}")
    return int(getattr(module, "_".join((*command.path[1:], "command")))(typed, context))


def _parameter(row: Option | Argument) -> str:
    """The row's name as that of a function's parameter."""
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
    """Run the command that `arguments` name, and give its exit status.

    Raises UsageError for a line that cannot be understood.
    """
    args = list(arguments)
    if args in (["-h"], ["--help"]) or (not args and context.stdin_is_terminal):
        args = ["help"]
    name = args[0] if args and args[0] in COMMANDS else "ask"
    refuse_typo(args, context)
    inner = next((child.name for child in TREE.at((name,)).commands if [child.name] == args[1:2]), None)
    command: Any = typer.main.get_command(build((name,), inner))
    try:
        code = command(args, prog_name="avow", standalone_mode=False, obj=context)
    except NoSuchExchange as error:
        raise UsageError(error.message, hint=exchange_meant(args, error.reference) or error.hint) from None
    except Exception as error:
        if not (hasattr(error, "format_message") and hasattr(error, "exit_code")):
            raise
        meant = line_meant(args, error)
        raise UsageError(worded(error, is_meant=meant is not None), hint=meant or hint_for(args, error)) from None
    return code if isinstance(code, int) else 0
