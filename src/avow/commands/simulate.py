"""`avow simulate`: the stand-in of the API, listed and served."""

from dataclasses import dataclass
from typing import Annotated

import typer

from avow.context import Context
from avow.exit_codes import ExitCode

app = typer.Typer(help="A local stand-in of the API, for trying things out and for testing scripts.")


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Where to listen, and what to answer."""

    port: int = 0
    scenario: str = "requested"


@app.command("list")
def list_command(context: typer.Context) -> None:
    """The scenarios, one a line."""
    raise typer.Exit(run_list(context.obj))


@app.command("serve")
def serve_command(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    scenario: Annotated[str, typer.Option(help="A scenario's name, or the path of a TOML file.")] = "requested",
) -> None:
    """Serve on loopback until Ctrl-C; the first line on stdout is the base URL."""
    raise typer.Exit(run_serve(ServeOptions(port, scenario), context.obj))


def run_list(context: Context) -> ExitCode:
    """Print each scenario with what it does."""
    from avow.simulator.scenarios import names
    from avow.terminal.table import definitions, room

    for line in definitions(names(), room(context.screen.out_facts)):
        context.screen.line(line)
    return ExitCode.OK


def run_serve(options: ServeOptions, context: Context) -> ExitCode:
    """Serve until a signal comes. Raises UsageError for a port that is taken or a scenario that is none."""
    from avow.simulator.scenarios import load
    from avow.simulator.server import Simulator

    folder = context.paths.scenarios
    scenario = load(options.scenario, folder, context.wait(context.settings()))
    with Simulator(scenario=scenario, port=options.port, record=False, folder=folder) as simulator:
        context.screen.out(f"{simulator.base_url}\n")
        context.screen.note(
            f"scenario {options.scenario}; in another shell: "
            f"ANTHROPIC_BASE_URL={simulator.base_url} ANTHROPIC_API_KEY=sk-ant-test avow hello"
        )
        simulator.wait()
    return ExitCode.OK
