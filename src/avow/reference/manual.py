"""The man page, avow(1), in the macros of man(7)."""

import re
from collections.abc import Iterable

from avow import __version__
from avow.exit_codes import MEANINGS
from avow.reference.config_topic import settings
from avow.reference.examples import EXAMPLES
from avow.reference.help_page import headings, usage
from avow.reference.tree import Command
from avow.settings.options import Option

_FACTS = (
    (
        "avow asks Claude from the terminal. The answer goes to standard output, everything about it to standard error,"
        " and the exit status says whether the model that was asked for wrote it."
    ),
    ("A prompt needs no command in front of it. One that begins with a command's name goes after \\fB\\-\\-\\fR."),
)
_FILES = (
    ("config.toml, key, templates/, scenarios/", "in the config folder: AVOW_CONFIG_DIR, else the platform's"),
    ("history.db", "in the state folder: AVOW_DATA_DIR, else the platform's; `avow history path` prints where"),
)
_VARIABLES = (
    ("ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN", "the key, or a bearer token"),
    ("ANTHROPIC_BASE_URL", "another host that speaks the Messages API"),
    ("AVOW_KEY", "any setting, with KEY its name in capitals; `avow help environment` lists the others"),
)


def page(tree: Command) -> str:
    """The page, for `share/man/man1/avow.1`."""
    lines = [
        '.\\" made from the command tree; do not edit',
        f'.TH AVOW 1 "" "avow {__version__}" "User Commands"',
        *(".SH NAME", "avow \\- ask Claude, and always know which model answered", ".SH SYNOPSIS"),
    ]
    ask = next(command for command in tree.commands if command.name == "ask")
    lines += [".B avow", "[\\fIOPTIONS\\fR] [\\fIPROMPT\\fR]...", ".br", ".B avow", "\\fICOMMAND\\fR [\\fIOPTIONS\\fR]"]
    lines += [".SH DESCRIPTION", _FACTS[0], ".PP", _FACTS[1], ".SH OPTIONS"]
    lines += ["Those of \\fBavow ask\\fR, whose name may be left out."]
    for heading in headings(ask):
        lines += [
            f".SS {_text(heading)}",
            *(line for option in ask.options if option.heading == heading for line in _option(option)),
        ]
    lines.append(".SH COMMANDS")
    for command in tree.all():
        if command.path and command is not ask:
            lines += _command(command)
    lines.append(".SH EXIT STATUS")
    for code, words in MEANINGS.items():
        lines += [".TP", f".B {int(code)}", _text(words)]
    lines += [".SH CONFIGURATION", *_tagged(settings())]
    lines += [".SH ENVIRONMENT", *_tagged(_VARIABLES), ".SH FILES", *_tagged(_FILES), ".SH EXAMPLES"]
    for words, about in EXAMPLES[ask.path]:
        lines += [".TP", f".B {_text(words)}", _text(about)]
    lines += [".SH SEE ALSO", "\\fBavow help\\fR lists topics; \\fBavow help scripting\\fR is about shell scripts."]
    return "\n".join(_safe(line) for line in lines) + "\n"


def _command(command: Command) -> list[str]:
    lines = [f".SS {_text(usage(command))}"]
    for number, paragraph in enumerate(command.help.split("\n\n")):
        lines += [*([".PP"] if number else []), _text(" ".join(paragraph.split()))]
    for argument in command.listed:
        if argument.help:
            lines += [".TP", f".I {_text(argument.metavar)}", _text(argument.help)]
    if not command.commands:
        for option in command.options:
            if "--help" not in option.names:
                lines += _option(option)
    return lines


def _option(option: Option) -> list[str]:
    value = ""
    if option.value_name is not None:
        value = f"{'' if option.value_is_optional else ' '}\\fI{_text(option.value_name)}\\fR"
    names = ", ".join(f"\\fB{_text(name)}\\fR" for name in option.names)
    return [".TP", f"{names}{value}", _text(option.help)]


def _tagged(rows: Iterable[tuple[str, str]]) -> list[str]:
    return [line for name, words in rows for line in (".TP", f".B {_text(name)}", _text(words))]


def _text(text: str) -> str:
    """Text in which groff finds no requests and no escapes."""
    return re.sub(r"[^\x00-\x7f]", _named, text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq"))


def _named(match: re.Match[str]) -> str:
    return f"\\[u{ord(match[0]):04X}]"


def _safe(line: str) -> str:
    """A line that does not begin like a request of groff."""
    return line if re.match(r"\.(\\\"|TH|SH|SS|TP|PP|B|I|br)(\s|$)", line) else re.sub(r"^([.'])", r"\\&\1", line)
