"""`avow run --cancel`: cancels those items of a run's batches that have not begun."""

from avow.asking.typed import Options
from avow.context import Context
from avow.errors import ExchangeError
from avow.exit_codes import ExitCode
from avow.history import batches, runs
from avow.run.batch_api import BatchApi
from avow.run.bulk import is_on_another_host
from avow.run.submit import Submitter

_OVER = frozenset({400, 409})


def cancel(run: int, options: Options, context: Context) -> ExitCode:
    """Cancel the batches of the run. Raises UsageError where there is no such run, ExchangeError where the API cannot
    be asked."""
    settings = context.settings(options.flags, profile=options.profile)
    history = context.history(settings)
    runs.numbered(history, run)
    known = batches.open_batches(history, run)
    if not known:
        context.screen.note(f"no item of run {run} is in a batch")
        return ExitCode.OK
    with context.open(settings) as api:
        batch_api = BatchApi(api)
        submitter = Submitter(batch_api, history, run, 0, context.screen.note)
        for one in known:
            if one.base_url != batch_api.base_url:
                raise is_on_another_host(one)
            batch_id = one.id or submitter.find(one)
            if batch_id is None:
                batches.drop(history, one.number)
                continue
            context.screen.note(f"batch {batch_id}: {_cancelled(batch_api, batch_id)}")
    context.screen.note(f"`--resume={run}` collects what had ended")
    return ExitCode.OK


def _cancelled(api: BatchApi, batch_id: str) -> str:
    try:
        state = api.cancel(batch_id)
    except ExchangeError as error:
        if error.failure.status not in _OVER:
            raise
        return f"not cancelled: {error.message}"
    return "it had ended already" if state.is_over else "is cancelled"
