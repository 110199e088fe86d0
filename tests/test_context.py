"""What a command may touch, built on first use."""

import io
import os
from pathlib import Path

from avow import paths
from avow.context import Context
from avow.terminal.screen import Screen
from avow.wire.request import API_URL
from tests.conftest import CANARY


def context(home: Path, **environ: str) -> Context:
    everything = {**os.environ, **environ}
    out, err = io.BytesIO(), io.BytesIO()
    screen = Screen.for_process(out, err, everything)
    return Context(io.BytesIO(), out, err, everything, paths.find(everything), screen)


def test_nothing_is_opened_before_it_is_needed(home: Path) -> None:
    context(home).close()
    assert not (home / "data").exists()


def test_the_history_is_opened_once(home: Path) -> None:
    here = context(home)
    settings = here.settings()
    assert here.history(settings) is here.history(settings)
    assert (home / "data" / "history.db").exists()
    here.close()


def test_where_the_key_goes(home: Path) -> None:
    here = context(home, ANTHROPIC_API_KEY=CANARY)
    base_url, credential = here.destination(here.settings())
    assert base_url == API_URL
    assert credential.header() == ("x-api-key", CANARY)
    bearer = here.destination(here.settings({"auth_style": "bearer"}))[1]
    assert bearer.header() == ("authorization", f"Bearer {CANARY}")


def test_a_stdin_that_is_no_terminal(home: Path) -> None:
    assert not context(home).stdin_is_terminal
