"""`avow help config`: every setting, made from the table of options."""

import json
import textwrap

from avow.settings.options import OPTIONS, Option

WIDTH = 80
_IN = "    "

_HEAD = """\
A setting is a line of config.toml (`avow config path` says where that is), an
option of the same name, AVOW_NAME in the environment, or a line of a profile or
a template. It has the value of the first of these that gives one: option,
template, conversation, environment, profile, config file, default. `avow config
set KEY VALUE` writes one, `avow config list` shows each with its origin.

"""


def text() -> str:
    """Every setting with its meaning, its default and an example line of the file."""
    return _HEAD + "".join(
        f"  {example}\n{textwrap.fill(words, WIDTH - 2, initial_indent=_IN, subsequent_indent=_IN)}\n"
        for example, words in settings()
    )


def settings() -> tuple[tuple[str, str], ...]:
    """Each setting as a line of the file, with its meaning and its default."""
    return tuple(
        (f"{option.name} = {option.example}", f"{(option.config_help or option.help).rstrip('.')}. {_default(option)}")
        for option in OPTIONS
        if option.is_setting
    )


def _default(option: Option) -> str:
    if option.default_words:
        return f"Default: {option.default_words}."
    if option.default is None or option.default == ():
        return "Not set by default."
    # Of these values TOML and JSON write the same.
    return f"Default: {json.dumps(option.default).removesuffix('.0')}."
