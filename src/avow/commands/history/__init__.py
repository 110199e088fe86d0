"""`avow history`: what was asked, who answered, and taking it away again."""

from typing import Annotated, Any

import typer

from avow.commands.history.filter_options import FilterOptions

app = typer.Typer(help="What was asked and who answered; times are by the local clock.", no_args_is_help=True)


def _option(words: str, *names: str, metavar: str | None = None, **rest: Any) -> Any:
    return typer.Option(*names, help=words, metavar=metavar, show_default=False, **rest)


Words = list[str] | None
Text = str | None
Rerouted = Annotated[bool, _option("Only where another model answered.", "--rerouted")]
Verdicts = Annotated[Words, _option("Only this verdict (repeatable).", "--verdict", metavar="VERDICT")]
Statuses = Annotated[Words, _option("Only this status (repeatable).", "--status", metavar="STATUS")]
Model = Annotated[Text, _option("Requested or answering model; * stands for anything.", "--model", metavar="ID")]
Category = Annotated[Text, _option("Category of the decline.", "--category", metavar="NAME")]
Template = Annotated[Text, _option("Asked with this template.", "--template", metavar="NAME")]
Since = Annotated[Text, _option("From then on: a day, a time, 7d, today.", "--since", metavar="TIME")]
Until = Annotated[Text, _option("Until then; a day is included.", "--until", metavar="TIME")]
Simulated = Annotated[bool, _option("Only answers of the built-in stand-in.", "--simulated")]
Limit = Annotated[int | None, _option("At most so many; 0 for all. Default 20.", "--limit", min=0)]
Before = Annotated[Text, _option("Go on after this one, to older ones.", "--before", metavar="ID")]
AsJson = Annotated[bool, _option("One JSON array.", "--json")]
AsJsonl = Annotated[bool, _option("One JSON object a line.", "--jsonl")]
Ids = Annotated[Words, typer.Argument(metavar="[ID]...", help="Number, or part of an id.", show_default=False)]
Search = Annotated[Text, _option("Those that `search` finds for these words.", "--search", metavar="WORDS")]
OlderThan = Annotated[Text, _option("Those older than that: 90d, 1y.", "--older-than", metavar="AGE")]
Yes = Annotated[bool, _option("Do not ask.", "--yes", "-y")]


@app.command("list")
def list_command(
    context: typer.Context,
    rerouted: Rerouted = False,
    verdict: Verdicts = None,
    status: Statuses = None,
    model: Model = None,
    category: Category = None,
    template: Template = None,
    since: Since = None,
    until: Until = None,
    simulated: Simulated = False,
    limit: Limit = None,
    before: Before = None,
    as_json: AsJson = False,
    as_jsonl: AsJsonl = False,
) -> None:
    """The last exchanges, newest first."""
    from avow.commands.history.list import ListOptions, run_list

    choice = FilterOptions(rerouted, verdict, status, model, category, template, since, until, simulated)
    raise typer.Exit(run_list(ListOptions(choice, limit, before, as_json, as_jsonl), context.obj))


@app.command("show")
def show_command(
    context: typer.Context,
    reference: Annotated[Text, typer.Argument(metavar="[ID]", help="Default: the last.", show_default=False)] = None,
    text: Annotated[bool, _option("The answer alone.", "--text")] = False,
    conversation: Annotated[bool, _option("Its whole conversation.", "--conversation")] = False,
    as_json: Annotated[bool, _option("The JSON object.", "--json")] = False,
) -> None:
    """One exchange with its text and routing; beside it those that asked the same again."""
    from avow.commands.history.show import ShowOptions, run_show

    raise typer.Exit(run_show(ShowOptions(reference, text, conversation, as_json), context.obj))


@app.command("search")
def search_command(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help='"…" holds words together.')],
    fts: Annotated[bool, _option("WORDS is a query in FTS5's syntax.", "--fts")] = False,
    best: Annotated[bool, _option("Best match first, among the last 200,000.", "--best")] = False,
    rerouted: Rerouted = False,
    verdict: Verdicts = None,
    status: Statuses = None,
    model: Model = None,
    category: Category = None,
    template: Template = None,
    since: Since = None,
    until: Until = None,
    simulated: Simulated = False,
    limit: Limit = None,
    before: Before = None,
    as_json: AsJson = False,
    as_jsonl: AsJsonl = False,
) -> None:
    """The exchanges that hold all these words in prompt or answer, newest first."""
    from avow.commands.history.list import ListOptions, SearchOptions, run_search

    choice = FilterOptions(rerouted, verdict, status, model, category, template, since, until, simulated)
    listed = ListOptions(choice, limit, before, as_json, as_jsonl)
    raise typer.Exit(run_search(SearchOptions(tuple(words), listed, fts, best), context.obj))


@app.command("stats")
def stats_command(
    context: typer.Context,
    by: Annotated[
        str, typer.Option("--by", help="What to sum up by.", metavar="day|week|month|model|category|template")
    ] = "month",
    verdict: Verdicts = None,
    status: Statuses = None,
    model: Model = None,
    category: Category = None,
    template: Template = None,
    since: Since = None,
    until: Until = None,
    simulated: Simulated = False,
    as_json: Annotated[bool, _option("One JSON object.", "--json")] = False,
) -> None:
    """How often the requested model answered, who else did and why, how long it took, what it cost."""
    from avow.commands.history.stats import StatsOptions, run_stats

    choice = FilterOptions(False, verdict, status, model, category, template, since, until, simulated)
    raise typer.Exit(run_stats(StatsOptions(by, choice, as_json), context.obj))


@app.command("export")
def export_command(
    context: typer.Context,
    form: Annotated[str, typer.Option("--format", help="The form.", metavar="jsonl|csv")] = "jsonl",
    no_text: Annotated[bool, _option("Leave out all that was said.", "--no-text")] = False,
    rerouted: Rerouted = False,
    verdict: Verdicts = None,
    status: Statuses = None,
    model: Model = None,
    category: Category = None,
    template: Template = None,
    since: Since = None,
    until: Until = None,
    simulated: Simulated = False,
) -> None:
    """Write exchanges to stdout as JSON Lines or CSV, oldest first; the stand-in's are left out."""
    from avow.commands.history.list import ExportOptions, run_export

    choice = FilterOptions(rerouted, verdict, status, model, category, template, since, until, simulated)
    raise typer.Exit(run_export(ExportOptions(form, choice, with_text=not no_text), context.obj))


@app.command("redact")
def redact_command(
    context: typer.Context,
    references: Ids = None,
    search: Search = None,
    older_than: OlderThan = None,
    rerouted: Rerouted = False,
    verdict: Verdicts = None,
    status: Statuses = None,
    model: Model = None,
    category: Category = None,
    template: Template = None,
    since: Since = None,
    until: Until = None,
    simulated: Simulated = False,
    yes: Yes = False,
) -> None:
    """Remove what was said, and keep who was asked and who answered."""
    from avow.commands.history.erase import EraseOptions, run_redact

    choice = FilterOptions(rerouted, verdict, status, model, category, template, since, until, simulated)
    options = EraseOptions(tuple(references or ()), search, older_than, choice, yes)
    raise typer.Exit(run_redact(options, context.obj))


@app.command("delete")
def delete_command(
    context: typer.Context,
    references: Ids = None,
    search: Search = None,
    older_than: OlderThan = None,
    rerouted: Rerouted = False,
    verdict: Verdicts = None,
    status: Statuses = None,
    model: Model = None,
    category: Category = None,
    template: Template = None,
    since: Since = None,
    until: Until = None,
    simulated: Simulated = False,
    yes: Yes = False,
) -> None:
    """Remove exchanges for good: their text leaves the file, its search index and its log."""
    from avow.commands.history.erase import EraseOptions, run_delete

    choice = FilterOptions(rerouted, verdict, status, model, category, template, since, until, simulated)
    options = EraseOptions(tuple(references or ()), search, older_than, choice, yes)
    raise typer.Exit(run_delete(options, context.obj))


@app.command("repair")
def repair_command(context: typer.Context, yes: Yes = False) -> None:
    """Check the file; where it is damaged, set it aside and save what can be read."""
    from avow.commands.history.erase import run_repair

    raise typer.Exit(run_repair(context.obj, yes=yes))


@app.command("path")
def path_command(context: typer.Context) -> None:
    """Where the file is."""
    from avow.commands.history.list import run_path

    raise typer.Exit(run_path(context.obj))
