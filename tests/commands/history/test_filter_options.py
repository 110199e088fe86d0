"""The words of the options as filters."""

import io
import os
from pathlib import Path

import pytest

from avow import paths
from avow.commands.history.filter_options import FilterOptions, filters_of
from avow.context import Context
from avow.errors import UsageError
from avow.history.filters import Filters
from avow.terminal.screen import Screen


@pytest.fixture
def context(tmp_path: Path) -> Context:
    environ = {**os.environ, "AVOW_CONFIG_DIR": str(tmp_path), "AVOW_DATA_DIR": str(tmp_path)}
    streams = io.BytesIO(), io.BytesIO(), io.BytesIO()
    return Context(*streams, environ, paths.find(environ), Screen.for_process(streams[1], streams[2], environ))


@pytest.mark.parametrize(
    ("choice", "filters"),
    [
        (FilterOptions(), Filters()),
        (
            FilterOptions(verdicts=["fallback, refused", "unverified"]),
            Filters(verdicts=("fallback", "refused", "unverified")),
        ),
        (FilterOptions(statuses=["pending"], rerouted=True), Filters(statuses=("pending",), rerouted=True)),
        (FilterOptions(model="fable"), Filters(model="claude-fable-5-2")),
        (FilterOptions(model="mine"), Filters(model="claude-opus-4-8")),
        (FilterOptions(model="*opus*"), Filters(model="*opus*")),
        (
            FilterOptions(since="1970-01-01T00:00:01Z", until="1970-01-01T00:00:02Z"),
            Filters(since_ms=1000, until_ms=2000),
        ),
        (
            FilterOptions(simulated=True, template="tidy", category="bio"),
            Filters(simulated=True, template="tidy", category="bio"),
        ),
    ],
    ids=repr,
)
def test_filters(context: Context, tmp_path: Path, choice: FilterOptions, filters: Filters) -> None:
    (tmp_path / "config.toml").write_text('[aliases]\nmine = "claude-opus-4-8"\n')
    assert filters_of(choice, context) == filters


def test_the_simulator_is_left_out_where_asked(context: Context) -> None:
    assert filters_of(FilterOptions(), context, both_kinds=False) == Filters(simulated=False)
    assert filters_of(FilterOptions(simulated=True), context, both_kinds=False) == Filters(simulated=True)


@pytest.mark.parametrize(
    "choice",
    [
        FilterOptions(verdicts=["nope"]),
        FilterOptions(statuses=["complete,nope"]),
        FilterOptions(since="?"),
        FilterOptions(since="today", until="yesterday"),
    ],
    ids=repr,
)
def test_a_word_that_means_nothing(context: Context, choice: FilterOptions) -> None:
    with pytest.raises(UsageError):
        filters_of(choice, context)
