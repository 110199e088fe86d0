"""The completion for fish."""

from avow.reference.tree import Command
from avow.settings.options import Option, WordSource

_HEAD = """# fish completion for avow; made from its command tree by `avow completion fish`

function __avow_words
    set -l program (string replace -r '^~' $HOME -- (commandline -opc)[1])
    command $program completion words $argv[1] 2>/dev/null
end

function __avow_at
    # Whether the line is at this command: its first words say so, or it is `ask`.
    set -l words (commandline -opc)
    set -e words[1]
    contains -- -- $words; and return 1
    set -l at
    if set -q words[1]
        switch $words[1]
"""

_TAIL = """            case '*'
                set at ask
        end
    end
    test "$at" = "$argv"
end

complete -c avow -f
"""


def script(tree: Command) -> str:
    """The script, for `share/fish/vendor_completions.d/avow.fish`."""
    parts = [_HEAD, *_cases(tree), _TAIL]
    ask = next(command for command in tree.commands if command.name == "ask")
    for command in tree.all():
        parts += [_command(command, child) for child in command.commands]
        parts += [_option(command, option) for option in command.options]
        if not command.path:
            parts += [_option(command, option) for option in ask.options if "--help" not in option.names]
        parts += [_argument(command, argument.source) for argument in command.listed[:1]]
    return "".join(parts)


def _cases(tree: Command) -> list[str]:
    singles = " ".join(command.name for command in tree.commands if not command.commands)
    lines = [f"            case {singles}\n                set at $words[1]\n"]
    for group in tree.commands:
        if group.commands:
            children = " ".join(child.name for child in group.commands)
            lines.append(
                f"            case {group.name}\n                set at $words[1]\n"
                f"                if set -q words[2]; and contains -- $words[2] {children}\n"
                f'                    set at "$words[1] $words[2]"\n                end\n'
            )
    return lines


def _at(command: Command) -> str:
    return (
        f"complete -c avow -n '__avow_at {' '.join(command.path)}'" if command.path else "complete -c avow -n __avow_at"
    )


def _command(parent: Command, child: Command) -> str:
    return f"{_at(parent)} -f -a {child.name} -d {_quoted(child.summary)}\n"


def _option(command: Command, option: Option) -> str:
    names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
    value = ""
    if option.value_is_optional:
        value = f" -a {_quoted(' '.join(option.fits.words))}"
    elif option.value_name is not None:
        value = " " + _value(option.fits)
    return f"{_at(command)} {names}{value} -d {_quoted(option.help)}\n"


def _argument(command: Command, source: WordSource) -> str:
    if source.files:
        return f"{_at(command)} -F\n"
    words = _words(source)
    return f"{_at(command)} -f{f' -k -a {_quoted(words)}' if words else ''}\n"


def _value(source: WordSource) -> str:
    if source.files:
        return "-r -F"
    words = _words(source)
    return f"-x -k -a {_quoted(words)}" if words else "-x"


def _words(source: WordSource) -> str:
    asked = (f"(__avow_words {source.asked})",) if source.asked else ()
    return " ".join((*source.words, *asked))


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
