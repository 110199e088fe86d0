"""Errors of the command line in avow's words: those of typer's parser, and words that are nearly a command's name."""

from collections.abc import Sequence
from typing import Any

from avow.commands import COMMANDS, GROUPS
from avow.commands.declared import TREE
from avow.commands.quick import first_word
from avow.context import Context
from avow.errors import UsageError, meant, nearest
from avow.reference.tree import Command
from avow.settings.options import BY_NAME
from avow.settings.value_checks import shortened

TYPING_ERROR = 0.8
"""How alike a single word must be to a command's name to be taken for it and not be sent: `hello` is as near to
`help` as is enough to be offered, and is a prompt."""

GROUPS_ERROR = 0.7
"""The same of a group's name and of the command after it, which must both be so."""


def path_of(ctx: Any) -> tuple[str, ...]:
    """The path of a typer context in the command tree."""
    return (*path_of(ctx.parent), ctx.info_name or "") if ctx.parent is not None else ()


def worded(error: Any, *, is_meant: bool = False) -> str:
    """An error of typer's parser (its own click) in avow's words; the class of the error decides, and the sentence
    where a class has several. `is_meant`: the line that was meant stands in the hint."""
    kind, words = type(error).__name__, str(error.format_message())
    parameter = getattr(error, "param", None)
    name = max(parameter.opts, key=len) if parameter is not None and parameter.opts else ""
    if parameter is not None and parameter.param_type_name == "argument":
        name = (parameter.metavar or name).strip("[].")
    quoted = words.rpartition("(")[2].rstrip(").")
    match kind:
        case "NoSuchOption":
            better = "" if is_meant else meant(error.option_name, error.possibilities or ())
            return f"there is no option {error.option_name}{better}"
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
        return f"`{_line(error)}` has no command {word!r}{meant(word, _commands_of(TREE.at(path_of(error.ctx))))}"
    return words[:1].lower() + words[1:].rstrip(".")


_WANTED = {
    "a valid integer": "a whole number",
    "a valid int range": "a whole number",
    "a valid integer range": "a whole number",
    "a valid float": "a number",
    "a valid float range": "a number",
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
    if not should:
        return message.rstrip(".")
    quote = value[:1] if value[:1] in ("'", '"') else ""
    return f"must be {should}, not {quote}{shortened(value.strip(quote) if quote else value)}{quote}"


def _commands_of(command: Command) -> list[str]:
    return [child.name for child in command.commands]


def _line(error: Any) -> str:
    return " ".join(("avow", *path_of(error.ctx)))


def line_meant(args: Sequence[str], error: Any) -> str | None:
    """What to type instead, where a word stands without its option or an option where none is needed."""
    from avow.commands.misplaced import with_command, with_option, without_option

    ctx = getattr(error, "ctx", None)
    if ctx is None:
        return None
    command, kind, words = TREE.at(path_of(ctx)), type(error).__name__, str(error.format_message())
    if kind == "NoSuchOption":
        return without_option(args, command, error.option_name)
    if words.startswith("No such command"):
        near = nearest(words.split("'")[1], _commands_of(command))
        return None if near else with_command(args, command, words.split("'")[1])
    if "unexpected extra argument" in words:
        extra = words.rpartition("(")[2].rstrip(").").split()
        return with_option(args, command, extra[-1]) if extra else None
    return None


def exchange_meant(args: Sequence[str], word: str) -> str | None:
    """What to type instead, where a word stands in the place of an exchange's number; None where that is not plain."""
    from avow.commands.misplaced import in_place_of_number

    depth = 2 if args and args[0] in GROUPS else 1
    return in_place_of_number(args, TREE.at(tuple(args[:depth])), word)


def hint_for(args: Sequence[str], error: Any) -> str:
    """What may have been meant: `--` before words that are a prompt, else the help page."""
    name = args[0] if args and args[0] in COMMANDS else "ask"
    command = TREE.at((name,))
    inner = next((child for child in command.commands if child.name in args[1:2]), None)
    near = nearest(args[1], _commands_of(command), alike=GROUPS_ERROR) if len(args) > 1 else None
    if command.name == "config" and args[1:2] == ["set"] and len(args) > 4:
        return f"a value is one word: {_set_line(args[2], args[3:])}"
    is_prompt = type(error).__name__ == "UsageError" and inner is None and near is None and name != "ask"
    if is_prompt and not any(word.startswith("-") for word in args) and len(args) > 1:
        import shlex

        return f"to send these words as a prompt: avow -- {shlex.join(args)}"
    return f"{' '.join(('avow', *(inner or command).path))} --help"


def _set_line(name: str, value: Sequence[str]) -> str:
    import shlex

    option = BY_NAME.get(name.rpartition(".")[2])
    joined = shlex.join(value) if option is not None and option.kind == "command" else " ".join(value)
    return shlex.join(("avow", "config", "set", name, joined))


def refuse_options_after(args: Sequence[str], command: Command) -> None:
    """An option after the name of a program to run may be meant for either: `--` says for which."""
    own = args[: args.index("--")] if "--" in args else args
    place = first_word(own, command.options)
    option = next((word for word in own[place:] if word.startswith("-")), None)
    if option is not None:
        import shlex

        line = [*own[:place], "--", *args[place:]]
        raise UsageError(
            f"is {option} for {own[place]} or for avow? Put -- before the command",
            hint=f"avow {' '.join(command.path)} {shlex.join(line)}",
        )


def refuse_typo(args: Sequence[str], context: Context) -> None:
    """Raises UsageError for a prompt that is probably a misspelt command, before it costs anything: a single word on a
    terminal, or a group's name before one of its commands."""
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
            f"there is no command {typed!r}; did you mean {near}?",
            hint=f"to send {words} as a prompt: avow -- {shlex.join(args)}",
        )
