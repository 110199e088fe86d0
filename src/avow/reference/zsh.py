"""The completion for zsh."""

import re

from avow.reference.tree import Argument, Command
from avow.settings.options import Option, WordSource

_HEAD = """#compdef avow
# zsh completion for avow; made from its command tree by `avow completion zsh`

_avow_words() {
    local -a found
    found=(${(f)"$(${~avow_program} completion words $1 2>/dev/null)"})
    found=(${found//:/\\\\:})
    found=(${found/$'\\t'/:})
    _describe -t $1 $1 found
}

"""

_MAIN = """_avow() {
    local avow_program=$words[1] curcontext=$curcontext
    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
        _avow_commands
        return
    fi
    case $words[2] in
"""

_TAIL = """        *) _avow_ask ;;
    esac
}

if [[ $funcstack[1] == _avow ]]; then
    _avow "$@"
else
    compdef _avow avow
fi
"""


def script(tree: Command) -> str:
    """The script, for `share/zsh/site-functions/_avow`."""
    parts = [_HEAD]
    parts += [_group(command) if command.commands else _single(command) for command in tree.all() if command.path]
    parts.append(_described("_avow_commands", tree))
    parts.append(_MAIN)
    parts += [
        f"        {command.name}) shift words; (( CURRENT-- )); {_function(command)} ;;\n" for command in tree.commands
    ]
    parts.append(_TAIL)
    return "".join(parts)


def _function(command: Command) -> str:
    return "_avow_" + "_".join(command.path)


def _single(command: Command) -> str:
    specs = [_spec(option) for option in command.options]
    specs += [_positional(index, argument) for index, argument in enumerate(command.listed, 1)]
    lines = " \\\n        ".join(specs)
    return f"{_function(command)}() {{\n    _arguments -s -S : \\\n        {lines}\n}}\n\n"


def _group(command: Command) -> str:
    cases = "".join(
        f"        {child.name}) shift words; (( CURRENT-- )); {_function(child)} ;;\n" for child in command.commands
    )
    inner = _described(f"{_function(command)}_commands", command)
    return (
        f"{inner}{_function(command)}() {{\n    if (( CURRENT == 2 )); then\n"
        f"        {_function(command)}_commands\n        return\n    fi\n"
        f"    case $words[2] in\n{cases}    esac\n}}\n\n"
    )


def _described(name: str, command: Command) -> str:
    rows = "".join(f"        {_quoted(f'{child.name}:{child.summary}')}\n" for child in command.commands)
    return f"{name}() {{\n    local -a found=(\n{rows}    )\n    _describe -t commands command found\n}}\n\n"


def _spec(option: Option) -> str:
    words = re.sub(r"([\[\]:\\])", r"\\\1", option.help)
    value = ""
    if option.value_name is not None:
        mark = ":" if not option.value_is_optional else "::"
        value = f"{mark}{_plain(option.value_name)}:{_action(option.fits)}"
    specs = []
    for name in option.names:
        others = "*" if option.repeatable else f"({' '.join(option.names)})" if len(option.names) > 1 else ""
        joined = "" if option.value_name is None else "=" if name.startswith("--") else "+"
        if option.value_is_optional:
            joined = "=-"
        specs.append(_quoted(f"{others}{name}{joined}[{words}]{value}"))
    return " ".join(specs)


def _positional(index: int, argument: Argument) -> str:
    place = "*" if argument.repeatable else str(index)
    optional = "" if argument.repeatable else ":" if argument.metavar.startswith("[") else ""
    return _quoted(f"{place}:{optional}{_plain(argument.metavar)}:{_action(argument.source)}")


def _action(source: WordSource) -> str:
    if source.asked and source.words:
        return f"{{compadd {' '.join(source.words)}; _avow_words {source.asked}}}"
    if source.asked:
        return f" _avow_words {source.asked}"  # the space: `_arguments` adds no arguments of its own
    if source.words:
        return f"({' '.join(source.words)})"
    return "_files" if source.files else " "


def _plain(metavar: str) -> str:
    return metavar.replace(":", " ").strip("[].=").strip("]") or "value"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
