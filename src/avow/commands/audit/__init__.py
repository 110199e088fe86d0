"""`avow audit`: whether what answers under a model's name has changed."""

import math

from avow.asking.typed import Typed
from avow.context import Context
from avow.errors import UsageError
from avow.exit_codes import ExitCode

_NAME = "default"


def _pace(typed: Typed) -> float:
    """Seconds. The range was checked where the line was read, but that check lets `nan` through: it is neither below
    nor above."""
    pace = float(typed["pace"])
    if math.isnan(pace):
        raise UsageError("--pace: must be a number of seconds, not nan", hint="for example --pace 3")
    return pace


def baseline_command(typed: Typed, context: Context) -> ExitCode:
    """Collect replies for a baseline."""
    from avow.audit.collecting import BaselineTerms
    from avow.commands.audit.baseline import BaselineOptions, run

    wishes = BaselineTerms(typed.integer("looks"), typed.integer("cards"), typed.flag("all_now"), typed.integer("seed"))
    return run(
        BaselineOptions(
            typed.text("name") or _NAME,
            typed.text("model"),
            wishes,
            _pace(typed),
            typed.flag("yes"),
            typed.flag("as_json"),
            typed.text("profile"),
            typed.flag("quiet"),
        ),
        context,
    )


def run_command(typed: Typed, context: Context) -> ExitCode:
    """Take a look."""
    from avow.commands.audit.run import AuditRunOptions, run

    return run(
        AuditRunOptions(
            typed.text("name") or _NAME,
            typed.text("model"),
            typed.text("against"),
            _pace(typed),
            typed.integer("seed"),
            typed.flag("yes"),
            typed.flag("as_json"),
            typed.text("profile"),
            typed.flag("quiet"),
        ),
        context,
    )


def list_command(typed: Typed, context: Context) -> ExitCode:
    """List the audits."""
    from avow.commands.audit.show import run_list

    return run_list(context, as_json=typed.flag("as_json"))


def show_command(typed: Typed, context: Context) -> ExitCode:
    """Show one audit."""
    from avow.commands.audit.show import run_show

    return run_show(typed.text("name") or _NAME, context, record=typed.flag("record"))


def verify_command(typed: Typed, context: Context) -> ExitCode:
    """Compute the results of a record again."""
    from avow.commands.audit.verify import run

    return run(typed["file"], context, as_json=typed.flag("as_json"))


def demo_command(typed: Typed, context: Context) -> ExitCode:
    """Audit two simulated models."""
    from avow.commands.audit.demo import run

    return run(context, seed=typed.integer("seed"))


def endpoint_command(typed: Typed, context: Context) -> ExitCode:
    """Check what a gateway passes on."""
    from avow.commands.audit.endpoint import EndpointOptions, run

    options = EndpointOptions(
        typed.text("model"), typed.flag("yes"), typed.flag("as_json"), typed.text("profile"), typed.flag("quiet")
    )
    return run(options, context)
