"""What a command may touch, built on first use."""

import io
import os
from pathlib import Path

import pytest

from avow import paths
from avow.context import Context
from avow.endpoint.credential import Credential
from avow.endpoint.patience import Patience
from avow.errors import CredentialsError
from avow.terminal.screen import Screen
from avow.wire.api import API_URL
from tests.conftest import CANARY
from tests.running import run


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
    with here.open(here.settings()) as api:
        assert api.endpoint.base_url == API_URL
        assert api.transport.credential
        assert api.transport.credential.header() == ("x-api-key", CANARY)
        assert not api.simulated
    with here.open(here.settings({"auth_style": "bearer"})) as api:
        assert api.transport.credential
        assert api.transport.credential.header() == ("authorization", f"Bearer {CANARY}")


def test_without_a_key_nothing_is_opened(home: Path) -> None:
    here = context(home)
    with pytest.raises(CredentialsError), here.open(here.settings()):
        pytest.fail("it was opened")


def test_the_stand_in_gets_a_key_of_its_own(home: Path) -> None:
    here = context(home, ANTHROPIC_API_KEY=CANARY, ANTHROPIC_BASE_URL="https://gateway.example")
    with here.open(here.settings({"auth_style": "bearer"}), simulate="requested") as api:
        assert api.simulated
        assert api.endpoint.base_url.startswith("http://127.0.0.1:")
        assert api.transport.credential
        assert api.transport.credential.header() == ("x-api-key", "sk-ant-simulated")


@pytest.mark.parametrize(
    ("flags", "patience"),
    [
        ({}, Patience(600.0, 120.0)),
        ({"stream": False}, Patience(600.0, 600.0)),
        ({"timeout": 7.0}, Patience(7.0, 7.0)),
        ({"timeout": 7.0, "stream": False}, Patience(7.0, 7.0)),
    ],
    ids=["a stream", "whole", "told", "told, whole"],
)
def test_how_long_the_api_may_stay_silent(flags: dict[str, object], patience: Patience, home: Path) -> None:
    here = context(home, ANTHROPIC_API_KEY=CANARY)
    with here.open(here.settings(flags)) as api:
        assert api.patience == patience


GATEWAY = "https://gateway.example/anthropic"


@pytest.mark.parametrize(
    ("base_url", "flags", "credential", "version", "betas"),
    [
        (API_URL, {}, Credential("sk-ant-api-x"), "2026-10-21", ()),
        (GATEWAY, {}, Credential("sk-ant-api-x"), "2023-06-01", ()),
        (GATEWAY, {"api_version": "2024-01-01"}, Credential("sk-ant-api-x"), "2024-01-01", ()),
        (API_URL, {}, Credential("a-token", "bearer"), "2026-10-21", ("oauth-2025-04-20",)),
        (API_URL, {}, Credential("sk-ant-api-x", "bearer"), "2026-10-21", ()),
        (GATEWAY, {}, Credential("a-token", "bearer"), "2023-06-01", ()),
    ],
    ids=["the API", "a gateway", "a version asked for", "a token", "a key sent as bearer", "a token at a gateway"],
)
def test_how_the_endpoint_is_spoken_to(
    base_url: str, flags: dict[str, object], credential: Credential, version: str, betas: tuple[str, ...], home: Path
) -> None:
    here = context(home, ANTHROPIC_BASE_URL=base_url)
    endpoint = here.endpoint(here.settings(flags), credential)
    assert (endpoint.base_url, endpoint.version, endpoint.betas) == (base_url, version, betas)


@pytest.mark.parametrize(
    ("environ", "flags", "header"),
    [
        ({}, {}, "x-api-key"),
        ({}, {"auth_style": "bearer"}, "authorization"),
        ({"ANTHROPIC_AUTH_TOKEN": "t"}, {}, "authorization"),
        ({"ANTHROPIC_AUTH_TOKEN": "t", "ANTHROPIC_API_KEY": CANARY}, {}, "x-api-key"),
        ({"ANTHROPIC_API_KEY": "two words"}, {}, "x-api-key"),
        ({"ANTHROPIC_BASE_URL": "http://gateway.example"}, {"auth_style": "bearer"}, "authorization"),
    ],
    ids=["none", "none, bearer", "a token", "a key outranks it", "one that is refused", "one that must not leave"],
)
def test_the_credential_to_show(environ: dict[str, str], flags: dict[str, object], header: str, home: Path) -> None:
    here = context(home, **environ)
    assert here.credential_to_show(here.settings(flags)).header()[0] == header


def test_a_stdin_that_is_no_terminal(home: Path) -> None:
    assert not context(home).stdin_is_terminal


RECORDS = Path(__file__).parent / "data" / "scan"
COLOURED = ("history list --simulated", "history stats --simulated", "history show 1", "doctor --offline", "scan")


@pytest.mark.parametrize("command", COLOURED)
def test_every_command_has_the_colours_that_the_config_says(command: str, home: Path) -> None:
    run(home, "--simulate", "fallback", "hi")
    look = [*command.split(), *([str(RECORDS)] if command == "scan" else [])]
    with_colours = run(home, *look, AVOW_COLOR="always")
    without = run(home, *look, AVOW_COLOR="never", FORCE_COLOR="1")
    assert b"\x1b[" in with_colours.out
    assert without.out
    assert b"\x1b[" not in without.out


def test_quiet_in_the_config_holds_for_every_command(home: Path) -> None:
    assert run(home, "history", "list").lines
    assert run(home, "history", "list", AVOW_QUIET="1").lines == []


def test_a_home_that_is_not_a_folder_has_no_config_and_keeps_no_answer_back(home: Path) -> None:
    """HOME=/dev/null, as daemons have it."""
    ran = run(
        *(home, "--simulate", "requested", "hi"),
        HOME="/dev/null",
        AVOW_CONFIG_DIR="",
        AVOW_DATA_DIR="",
        AVOW_CACHE_DIR="",
    )
    assert ran.status == 0, ran.lines
    assert ran.out
    assert [line for line in ran.lines if "history not written" not in line] == []


def test_a_config_folder_that_is_a_file_is_an_error(home: Path) -> None:
    (home / "config.toml").write_text('model = "opus"')
    ran = run(home, "config", "list", AVOW_CONFIG_DIR=str(home / "config.toml"))
    assert ran.status == 2
    assert "not a directory" in ran.lines[0]
