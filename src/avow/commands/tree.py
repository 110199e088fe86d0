"""The command tree: which commands there are, and how a line of words becomes one of them."""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from avow.commands import COMMANDS
from avow.context import Context
from avow.errors import UsageError

if TYPE_CHECKING:
    from avow.reference.tree import Command

SPELLING = 0.8
"""How alike a single word must be to a command's name to be taken for a typing error (difflib's ratio)."""


MAY_BE_EMPTY = frozenset({"words", "system", "value"})
"""Parameters for which an empty text is one: of `ask` and `template save` (words that are joined), of `ask` (no system
prompt, whatever the config says), of `config set`."""

_UNSET = "is a variable of the shell not set?"


class _Helped:
    """Shows avow's own help page."""

    def get_help(self, ctx: Any) -> str:
        """The page; in a run it goes to the screen, and the command ends."""
        from avow.reference import help_page, tree

        path: list[str] = []
        at = ctx
        while at.parent is not None:
            path.insert(0, at.info_name or "")
            at = at.parent
        command = tree.read(self, tuple(path), words={})
        if not isinstance(ctx.obj, Context):
            return help_page.page(command, help_page.WIDEST)
        ctx.obj.screen.out(help_page.page(command, ctx.obj.screen.out_facts.width))
        raise typer.Exit(0)


class _Command(_Helped, TyperCommand):
    """A command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        rest = super().parse_args(ctx, args)
        values = self.make_parser(ctx).parse_args(given)[0]
        for param in self.params:
            value = values.get(param.name or "")
            if param.name not in MAY_BE_EMPTY and "" in (value if isinstance(value, list | tuple) else [value]):
                raise _empty(param)
        return rest


def _empty(param: Any) -> UsageError:
    """What is said of an empty value: mostly it was meant to be that of a shell's variable."""
    if param.param_type_name == "option":
        return UsageError(f"{max(param.opts, key=len)} is empty", hint=f"give a value, or leave it out; {_UNSET}")
    name = (param.metavar or param.name.upper()).strip("[].")
    return UsageError(f"{name} is empty", hint=_UNSET)


class _Commands(_Helped, TyperGroup):
    """A command that has commands."""


class _Group(_Helped, TyperGroup):
    """Takes words that name no command for a prompt."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = {name for param in self.get_params(ctx) for name in (*param.opts, *param.secondary_opts)}
        if not (args and (args[0] in COMMANDS or (len(args) == 1 and args[0] in own))):
            args = ["ask", *args]
        if args[0] == "ask":
            args = _with_values(args)
        return super().parse_args(ctx, args)


def _with_values(args: list[str]) -> list[str]:
    """`--dry-run` without its optional value gets one, up to `--`."""
    end = args.index("--") if "--" in args else len(args)
    return ["--dry-run=request" if a == "--dry-run" and i < end else a for i, a in enumerate(args)]


def build(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """The application with these commands; a run imports no more than the one it needs."""
    app = typer.Typer(
        cls=_Group,
        name="avow",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        no_args_is_help=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback(invoke_without_command=True)
    def root(
        version: bool = typer.Option(False, "-V", "--version", help="Print the version.", is_eager=True),
    ) -> None:
        """Ask Claude, and always know which model answered."""
        del version

    for name in names:
        module = import_module(f"avow.commands.{name}")
        if hasattr(module, "app"):
            for command in module.app.registered_commands:
                command.cls = _Command
            app.add_typer(module.app, name=name, cls=_Commands)
        else:
            app.command(name, cls=_Command)(module.command)
    return app


def tree(names: Sequence[str] = COMMANDS) -> "Command":
    """All commands as values, for help, completions and the man page."""
    from avow.reference.topics import TOPICS
    from avow.reference.tree import read
    from avow.settings.keys import KEYS

    keys = tuple(KEYS)
    words: dict[tuple[str, ...], tuple[str, ...]] = {
        ("help",): tuple(TOPICS),
        **{("config", verb): keys for verb in ("get", "set", "unset")},
    }
    return read(typer.main.get_command(build(names)), words=words)


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
        raise UsageError(error.format_message(), hint=_hint(args)) from None
    return code if isinstance(code, int) else 0


def _hint(args: list[str]) -> str:
    name = args[0] if args and args[0] in COMMANDS else "ask"
    if name != "ask" and not any(word.startswith("-") for word in args):
        import shlex

        return f"to send these words as a prompt: avow -- {shlex.join(args)}"
    return f"avow {name} --help"


def _refuse_typo(args: list[str], context: Context) -> None:
    """A single word on a terminal that is nearly a command's name is no prompt one would pay for."""
    if len(args) != 1 or args[0] in COMMANDS or args[0].startswith("-") or not context.stdin_is_terminal:
        return
    import difflib

    near = difflib.get_close_matches(args[0], COMMANDS, 1, SPELLING)
    if near:
        raise UsageError(
            f"there is no command {args[0]!r}; did you mean {near[0]!r}?",
            hint=f"to send the word as a prompt: avow -- {args[0]}",
        )
