"""`avow simulate`: lists the scenarios of the simulator, and serves one."""

from collections.abc import Iterator
from dataclasses import dataclass

from avow.asking.typed import Typed
from avow.context import Context
from avow.errors import UsageError
from avow.exit_codes import ExitCode
from avow.terminal.sanitize import clean_line


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """The options of `avow simulate serve`: where to listen, and which scenario to play."""

    port: int = 0
    scenario: str = "requested"


def list_command(typed: Typed, context: Context) -> ExitCode:
    """List the scenarios."""
    del typed
    return run_list(context)


def serve_command(typed: Typed, context: Context) -> ExitCode:
    """Serve one of them."""
    return run_serve(ServeOptions(typed["port"], typed["scenario"]), context)


def run_list(context: Context) -> ExitCode:
    """Print each scenario with what it does."""
    from avow.simulator.scenarios import batch_names, names
    from avow.terminal.table import definitions, room

    for line in definitions((*names(), *batch_names(), *_own(context)), room(context.screen.out_facts)):
        context.screen.line(line)
    return ExitCode.OK


def _own(context: Context) -> Iterator[tuple[str, str]]:
    """The scenarios in the user's folder, each with its summary, or with what is wrong with it."""
    from avow.simulator.custom import read

    folder = context.paths.scenarios
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            yield path.stem, f"your own: {clean_line(read(path, context.wait(context.settings())).summary)}"
        except UsageError as error:
            yield path.stem, f"your own, and wrong: {clean_line(error.message)}"


def run_serve(options: ServeOptions, context: Context) -> ExitCode:
    """Serve until a signal comes. Raises UsageError for a port in use or an unknown scenario."""
    from avow.simulator.scenarios import load
    from avow.simulator.server import Simulator

    folder = context.paths.scenarios
    scenario = load(options.scenario, folder, context.wait(context.settings()))
    with Simulator(
        scenario=scenario, port=options.port, record=False, folder=folder, for_this_machine=True
    ) as simulator:
        context.screen.out(f"{simulator.base_url}\n")
        context.screen.note(
            f"scenario {options.scenario}; in another shell: "
            f"ANTHROPIC_BASE_URL={simulator.base_url} ANTHROPIC_API_KEY=sk-ant-test avow --fallback default hello"
        )
        simulator.wait()
    return ExitCode.OK
