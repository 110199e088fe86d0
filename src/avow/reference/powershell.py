"""The completion for PowerShell."""

from avow.reference.tree import Command
from avow.settings.options import Option, WordSource

_HEAD = """# PowerShell completion for avow; made from its command tree by `avow completion powershell`

Register-ArgumentCompleter -Native -CommandName avow -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # By command: its own words, its options with their help, and what fits as a value.
"""

_TAIL = """
    $typed = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.ToString() })
    $program = $typed[0]
    $rest = @($typed | Select-Object -Skip 1)
    if ($rest -contains '--') { return }
    $at = ''
    if ($rest.Count -gt 0) {
        $at = 'ask'
        if ($commands[''].ContainsKey($rest[0])) { $at = $rest[0] }
        if ($rest.Count -gt 1 -and $commands.ContainsKey($at) -and $commands[$at].ContainsKey($rest[1])) {
            $at = "$at $($rest[1])"
        }
    }

    function Answer($found) {
        foreach ($word in $found.Keys) {
            if ($word.StartsWith($wordToComplete)) {
                $about = if ($found[$word]) { $found[$word] } else { $word }
                [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
            }
        }
    }

    function Expand($sources) {
        $found = [ordered]@{}
        foreach ($source in $sources) {
            if ($source.StartsWith('?')) {
                foreach ($line in (& $program completion words $source.Substring(1) 2>$null)) {
                    $word, $about = $line -split "`t", 2
                    $found[$word] = $about
                }
            } else { $found[$source] = '' }
        }
        $found
    }

    $value = "$at $($rest[-1])".Trim()
    if ($rest.Count -gt 0 -and $values.ContainsKey($value)) {
        Answer (Expand $values[$value])
    } elseif ($wordToComplete.StartsWith('-')) {
        Answer $options[$at]
    } elseif ($commands.ContainsKey($at)) {
        Answer $commands[$at]
    } elseif ($arguments.ContainsKey($at)) {
        Answer (Expand $arguments[$at])
    }
}
"""


def script(tree: Command) -> str:
    """The script, for `$PROFILE`. A word that begins with `?` stands there for the words that avow is asked for."""
    ask = next(command for command in tree.commands if command.name == "ask")
    parts = [_HEAD, "    $commands = @{\n"]
    for command in tree.all():
        if command.commands:
            parts.append(_table(command, {child.name: child.summary for child in command.commands}))
    parts.append("    }\n    $options = @{\n")
    for command in tree.all():
        own = (*command.options, *(ask.options if not command.path else ()))
        parts.append(_table(command, {name: option.help for option in own for name in option.names}))
    parts.append("    }\n    $values = @{\n")
    parts += [line for command in tree.all() for option in command.options for line in _values(command, option)]
    parts.append("    }\n    $arguments = @{\n")
    for command in tree.all():
        if command.listed and (words := _words(command.listed[0].source)):
            parts.append(f"        {_quoted(' '.join(command.path))} = @({words})\n")
    parts += ["    }\n", _TAIL]
    return "".join(parts)


def _table(command: Command, rows: dict[str, str]) -> str:
    lines = "".join(f"            {_quoted(name)} = {_quoted(words)}\n" for name, words in rows.items())
    return f"        {_quoted(' '.join(command.path))} = [ordered]@{{\n{lines}        }}\n"


def _values(command: Command, option: Option) -> list[str]:
    words = _words(option.fits)
    if option.value_name is None or option.value_is_optional or not words:
        return []
    at = " ".join(command.path)
    return [f"        {_quoted(f'{at} {name}')} = @({words})\n" for name in option.names]


def _words(source: WordSource) -> str:
    asked = (f"?{source.asked}",) if source.asked else ()
    return ", ".join(_quoted(word) for word in (*source.words, *asked))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
