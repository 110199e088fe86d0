"""The scenarios of Message Batches: how a batch and its items end."""

from collections.abc import Mapping

from avow.simulator.script import BatchPlay, Scenario


def _batch(name: str, summary: str, **play: object) -> Scenario:
    return Scenario(name, summary, batch=BatchPlay(**play))  # type: ignore[arg-type]


_SCENARIOS = (
    _batch("batch_slow", "a batch that takes a while (batch_slow:SECONDS, default 30)", lasts=30.0),
    _batch("batch_errored", "every second item of a batch ends in an error", every=2, outcome="errored"),
    _batch("batch_expired", "every second item of a batch expires", every=2, outcome="expired"),
    _batch("batch_canceled", "every second item of a batch is cancelled", every=2, outcome="canceled"),
    _batch("batch_refused", "the model declines every second item of a batch", every=2, outcome="refused"),
    _batch("batch_unknown", "every second result of a batch is of an unknown type", every=2, outcome="unknown"),
    _batch("batch_missing", "every second item of a batch has no result", every=2, outcome="missing"),
    _batch(
        "batch_elsewhere",
        "the batch names an address on another host for its results",
        elsewhere="http://results.invalid",
    ),
    _batch("batch_lost", "a batch is created, but the response that says so is lost", loses_create=True),
)

BATCHES: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _SCENARIOS}
