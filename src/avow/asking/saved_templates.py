"""Templates as questions use them: from the config folder, with no setting that a template may not decide."""

from typing import TYPE_CHECKING

from avow.context import Context
from avow.files.reading import Wait

if TYPE_CHECKING:
    from avow.prompt.templates import Template

_NOT_IN_TEMPLATES = frozenset(
    {"report", "headers", "auth_style", "api_version", "profile", "system_file", "history.enabled"}
)


def load_template(name: str, context: Context, wait: Wait | None = None) -> "Template":
    """The template that `-t` names, its settings checked; `wait` bounds pipes in time. Raises UsageError with file
    and line."""
    from avow.prompt import templates

    return templates.load(context.paths.templates, name, setting_problem, wait)


def setting_problem(name: str, value: object) -> str | None:
    """What is wrong with a template's key. Templates are passed around: they may say how to ask, and not whom,
    with which credentials, or which file to write."""
    from avow.settings.keys import KEYS, checked, nearest

    known = {key.name: key for key in KEYS.values() if key.flag is not None and key.name not in _NOT_IN_TEMPLATES}
    if name not in known:
        near = nearest(name, known)
        why = "stands in the config, not in a template" if name in KEYS else "is no setting of `ask`"
        return f"{name} {why}" + (f"; did you mean {near}?" if near else "")
    try:
        checked(known[name], value)
    except ValueError as error:
        return f"{name}: {error}"
    return None
