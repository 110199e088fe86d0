"""What a question reads by name, so that nothing that is written takes its place."""

from collections.abc import Iterable, Mapping
from typing import BinaryIO

from avow.context import Context
from avow.files.opening import check_apart
from avow.settings.levels import Settings


def check_outputs(
    written: Mapping[str, str | None],
    context: Context,
    settings: Settings,
    read: Iterable[str | None],
    *,
    simulate: str | None = None,
    stdout: BinaryIO | None = None,
) -> None:
    """Raise UsageError if a file to be written, by the option that names it, is one of those that are `read`, that a
    setting or the scenario names, that avow keeps its data in, or that stdin, stderr and `stdout` are."""
    named = (*read, settings.text("system_file"), settings.text("schema"), *_scenario_files(simulate, context))
    streams = {**context.streams, "stdout": stdout}
    check_apart(written, named, kept=context.paths.kept, streams=streams)


def template_file(name: str | None, context: Context) -> str | None:
    """The path of the template that `-t` names."""
    if name is None:
        return None
    from avow.prompt.templates import path_of

    return str(path_of(context.paths.templates, name))


def _scenario_files(simulate: str | None, context: Context) -> tuple[str, ...]:
    if simulate is None:
        return ()
    is_path = "/" in simulate or "\\" in simulate or simulate.endswith(".toml")
    return (str(context.paths.scenarios / f"{simulate}.toml"), *((simulate,) if is_path else ()))
