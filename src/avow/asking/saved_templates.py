"""Templates as questions use them: from the config folder, with no setting that a template may not decide."""

from typing import TYPE_CHECKING

from avow.context import Context
from avow.files.reading import PipeWait

if TYPE_CHECKING:
    from avow.prompt.templates import Template


def load_template(name: str, context: Context, wait: PipeWait | None = None) -> "Template":
    """The template that `-t` names, its settings checked; `wait` bounds pipes in time. Raises UsageError with file
    and line."""
    from avow.prompt import templates

    return templates.load(context.paths.templates, name, setting_problem, wait)


def setting_problem(name: str, value: object) -> str | None:
    """What is wrong with a template's key; None where nothing is."""
    from avow.errors import meant
    from avow.settings.keys import KEYS, checked

    known = {key.name: key for key in KEYS.values() if key.names and key.in_templates}
    if name not in known:
        why = "belongs in the config, not in a template" if name in KEYS else "is not a setting of `ask`"
        return f"{name} {why}{meant(name, known)}"
    try:
        checked(known[name], value)
    except ValueError as error:
        return f"{name}: {error}"
    return None
