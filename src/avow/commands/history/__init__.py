"""`avow history`: what was asked, who answered, and how to remove it."""

from avow.asking.typed import Typed
from avow.context import Context
from avow.exit_codes import ExitCode


def list_command(typed: Typed, context: Context) -> ExitCode:
    """List the last exchanges."""
    from avow.commands.history.list import listed, run_list

    return run_list(listed(typed), context)


def show_command(typed: Typed, context: Context) -> ExitCode:
    """Show one exchange."""
    from avow.commands.history.show import ShowOptions, run_show

    flags = (typed.flag("text"), typed.flag("conversation"), typed.flag("as_json"))
    return run_show(ShowOptions(typed.text("reference"), *flags), context)


def search_command(typed: Typed, context: Context) -> ExitCode:
    """Find the exchanges that hold some words."""
    from avow.commands.history.list import SearchOptions, listed, run_search

    options = SearchOptions(typed.words("words"), listed(typed), typed.flag("fts"), typed.flag("best"))
    return run_search(options, context)


def pick_command(typed: Typed, context: Context) -> ExitCode:
    """Choose an exchange on a terminal."""
    from avow.commands.history.filter_options import typed_filters
    from avow.commands.history.pick import PickOptions, run_pick

    return run_pick(PickOptions(typed.words("words"), typed_filters(typed)), context)


def stats_command(typed: Typed, context: Context) -> ExitCode:
    """Print sums."""
    from avow.commands.history.filter_options import typed_filters
    from avow.commands.history.stats import StatsOptions, run_stats

    return run_stats(StatsOptions(typed["by"], typed_filters(typed), typed.flag("as_json")), context)


def export_command(typed: Typed, context: Context) -> ExitCode:
    """Write exchanges for other programs."""
    from avow.commands.history.export import exported, run_export

    return run_export(exported(typed), context)


def push_command(typed: Typed, context: Context) -> ExitCode:
    """Send what waits to a collector."""
    from avow.commands.history.push import PushOptions, run_push

    return run_push(PushOptions(typed.text("since"), typed.flag("follow"), typed.flag("dry_run")), context)


def redact_command(typed: Typed, context: Context) -> ExitCode:
    """Remove the text of exchanges."""
    from avow.commands.history.erase import erased, run_redact

    return run_redact(erased(typed), context)


def delete_command(typed: Typed, context: Context) -> ExitCode:
    """Remove exchanges."""
    from avow.commands.history.erase import erased, run_delete

    return run_delete(erased(typed), context)


def repair_command(typed: Typed, context: Context) -> ExitCode:
    """Check the file, and repair it."""
    from avow.commands.history.erase import run_repair

    return run_repair(context, yes=typed.flag("yes"))


def path_command(typed: Typed, context: Context) -> ExitCode:
    """Print where the file is."""
    from avow.commands.history.list import run_path

    del typed
    return run_path(context)
