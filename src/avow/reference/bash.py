"""The completion for bash."""

from avow.reference.tree import Command
from avow.settings.options import Option, WordSource

_HEAD = """# bash completion for avow; made from its command tree by `avow completion bash`

_avow_words() {
    # Words avow knows, before a tab what they are.
    local program=${COMP_WORDS[0]/#\\~/$HOME} line
    while IFS= read -r line; do
        printf '%s\\n' "${line%%$'\\t'*}"
    done < <("$program" completion words "$1" 2>/dev/null)
}

_avow_reply() {
    # Those of the words in $1 (one a line) that begin like $cur.
    local word
    while IFS= read -r word; do
        [[ -n $word && $word == "$cur"* ]] && COMPREPLY+=("${word#"$before"}")
    done <<< "$1"
}

_avow_files() {
    local word
    while IFS= read -r word; do
        COMPREPLY+=("${word#"$before"}")
    done < <(compgen -f -- "$cur")
    compopt -o filenames 2>/dev/null
}

_avow() {
    local place=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]} prev before= at i
    COMPREPLY=()
    # bash makes `:` a word of its own, and completes what comes after it: llama3:8b is three.
    while ((place > 1)) && [[ ${COMP_WORDS[place]} =~ ^:+$ || ${COMP_WORDS[place-1]} =~ ^:+$ ]]; do
        place=$((place - 1))
        cur=${COMP_WORDS[place]}$cur
    done
    [[ $COMP_WORDBREAKS == *:* ]] && before=${cur%"${cur##*:}"}
    prev=${COMP_WORDS[place-1]}
    # And `=` too: --model=ID is three.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = && $place -gt 2 ]]; then
        prev=${COMP_WORDS[place-2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -- ]] && return
    done
"""

_TAIL = """}

complete -F _avow avow
"""


def script(tree: Command) -> str:
    """The script, for `share/bash-completion/completions/avow`."""
    parts = [_HEAD, _where(tree)]
    values = [line for command in tree.all() for line in _values(command)]
    parts += ['    case "$at $prev" in\n', *values, "    esac\n"]
    words = [line for command in tree.all() for line in _words(command, tree)]
    parts += ['    case "$at" in\n', *words, "    esac\n", _TAIL]
    return "".join(parts)


def _where(tree: Command) -> str:
    """The code that finds the command of the line: the first word names it, else it is `ask`."""
    groups = [command for command in tree.commands if command.commands]
    singles = "|".join(command.name for command in tree.commands if not command.commands)
    lines = [
        '    at=""\n    if ((place > 1)); then\n        at=ask\n        case ${COMP_WORDS[1]} in\n',
        f"            {singles}) at=${{COMP_WORDS[1]}} ;;\n",
    ]
    for group in groups:
        children = "|".join(child.name for child in group.commands)
        lines.append(
            f"            {group.name})\n                at={group.name}\n"
            f"                if ((place > 2)); then\n"
            f'                    case ${{COMP_WORDS[2]}} in {children}) at="{group.name} ${{COMP_WORDS[2]}}" ;; esac\n'
            f"                fi ;;\n"
        )
    lines.append("        esac\n    fi\n")
    return "".join(lines)


def _values(command: Command) -> list[str]:
    """The code that completes the value of an option of this command."""
    lines = []
    for option in command.options:
        if option.value_name is None:
            continue
        if option.value_is_optional:
            continue
        at = " ".join(command.path)
        pattern = "|".join(f'"{at} {name}"' for name in option.names)
        lines.append(f"        {pattern}) {_reply(option.fits)}return ;;\n")
    return lines


def _words(command: Command, tree: Command) -> list[str]:
    """The code that completes a word of this command where no value is expected."""
    at = " ".join(command.path)
    own = command if command.path else _asked(tree)
    names = _list([*command.options, *(own.options if own is not command else ())])
    lines = [f'        "{at}")\n            if [[ $cur == -* ]]; then\n                _avow_reply {names}\n']
    if command.commands:
        children = "\\n".join(child.name for child in command.commands)
        lines.append(f"            else\n                _avow_reply $'{children}'\n")
    elif command.listed and (reply := _reply(command.listed[0].source)):
        lines.append(f"            else\n                {reply.removesuffix('; ')}\n")
    lines.append("            fi ;;\n")
    return lines


def _asked(tree: Command) -> Command:
    """`ask`, whose options apply where no command has been named."""
    return next(command for command in tree.commands if command.name == "ask")


def _list(options: list[Option]) -> str:
    names = dict.fromkeys(name for option in options for name in _spelled(option))
    return "$'" + "\\n".join(names) + "'"


def _spelled(option: Option) -> list[str]:
    if not option.value_is_optional:
        return list(option.names)
    return [*option.names, *(f"{name}={word}" for name in option.names for word in option.fits.words)]


def _reply(source: WordSource) -> str:
    parts = []
    if source.words:
        parts.append("_avow_reply $'" + "\\n".join(source.words) + "'; ")
    if source.asked:
        parts.append(f'_avow_reply "$(_avow_words {source.asked})"; ')
    if source.files:
        parts.append("_avow_files; ")
    return "".join(parts)
