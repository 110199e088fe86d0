"""`avow models`, in a real process."""

import json
import time
from pathlib import Path

import pytest

from avow.endpoint.remembered import EndpointFacts, keep
from avow.models.catalogue import DATED
from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.running import in_pty, run


def test_a_table_in_a_pipe(home: Path) -> None:
    with Simulator() as simulator:
        ran = run(home, "models", base_url=simulator.base_url)
    assert (ran.status, ran.err) == (0, b"")
    heading, *rows = ran.out.decode().splitlines()
    assert heading.split("  ")[0] == "ID"
    fable = next(row for row in rows if row.startswith("claude-fable-5-2 "))
    for part in ("fable", "1M", "128k", "$8 / $40", "active", "claude-opus-4-8, claude-opus-5"):
        assert part in fable
    old = next(row for row in rows if row.startswith("claude-sonnet-4-5-20250929"))
    assert "deprecated, retires 2026-11-30" in old


def test_as_json_with_the_users_own_prices_and_aliases(home: Path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text(
        'aliases = {best = "claude-opus-5"}\nprices."claude-opus-5" = {input = 1.5, output = 2}\n'
    )
    with Simulator() as simulator:
        body = run(home, "models", "--json", base_url=simulator.base_url).json
        one = run(home, "models", "best", "--json", base_url=simulator.base_url).json
    assert (body["schema"], body["source"], body["has_list"]) == ("avow.models/1", "api", True)
    opus = next(model for model in body["models"] if model["id"] == "claude-opus-5")
    assert opus["price"] == {"input": 1.5, "output": 2.0}
    assert opus["aliases"] == ["best"]
    assert one["models"] == [opus]
    named = "id aliases line context max_output price released lifecycle retires not_before may_decline"
    assert list(opus) == [*named.split(), "takes_fallbacks", "allowed_fallbacks", "efforts", "thinking"]


def test_the_list_is_kept_a_day_and_asked_again_on_request(home: Path) -> None:
    with Simulator() as simulator:
        run(home, "models", base_url=simulator.base_url)
        run(home, "models", base_url=simulator.base_url)
        assert len(simulator.requests) == 1
        run(home, "models", "--refresh", base_url=simulator.base_url)
        assert len(simulator.requests) == 2
        keep(home / "cache", EndpointFacts(simulator.base_url, time.time() - 7300, ({"id": "m"},)))
        ran = run(home, "models", base_url=simulator.base_url)
        assert ran.lines == ["avow: note: the list is 2 hours old; --refresh asks again"]
        keep(home / "cache", EndpointFacts(simulator.base_url, time.time() - 86_500, ({"id": "m"},)))
        run(home, "models", base_url=simulator.base_url)
        assert len(simulator.requests) == 3
    files = [path for path in (home / "cache").rglob("*") if path.is_file()]
    assert files
    assert not any(CANARY.encode() in path.read_bytes() for path in files)


def test_one_model_in_detail(home: Path) -> None:
    with Simulator() as simulator:
        ran = run(home, "models", "haiku", base_url=simulator.base_url)
        run(home, "models", "opus", base_url=simulator.base_url)
        unknown = run(home, "models", "claude-opus-9", base_url=simulator.base_url)
        asked = [request.path.partition("?")[0] for request in simulator.requests]
    assert asked == ["/v1/models", "/v1/models/claude-opus-9"]  # what is on the list needs no other question
    text = ran.out.decode()
    for part in ("claude-haiku-5-5", "1,000,000 tokens", "above 100,000 tokens of prompt $0.50 and $2.50", "haiku"):
        assert part in text
    assert unknown.status == 2
    assert "there is no model 'claude-opus-9' here" in unknown.lines[0]


def test_an_endpoint_without_a_list_says_so(home: Path) -> None:
    with Simulator("foundry") as simulator:
        ran = run(home, "models", base_url=simulator.base_url)
        body = run(home, "models", "--json", base_url=simulator.base_url).json
        assert len(simulator.requests) == 1
    assert ran.status == 0
    assert "has no list of models" in ran.lines[0]
    assert DATED in ran.lines[0]
    assert b"claude-opus-5-5" in ran.out
    assert (body["source"], body["has_list"], body["built_in_dated"]) == ("built-in", False, DATED)


def test_what_is_known_of_declines_is_said(home: Path) -> None:
    with Simulator() as simulator:
        fable = run(home, "models", "fable", base_url=simulator.base_url)
        mythos = run(home, "models", "claude-mythos-5-2", base_url=simulator.base_url)
        table = run(home, "models", base_url=simulator.base_url)
    assert b"May decline  yes: a safety classifier may refuse a request\n" in fable.out  # it has fallbacks
    assert b"May decline  not documented; avow says so whenever a model declines\n" in mythos.out
    assert table.out.decode().splitlines()[-1].startswith("?: not documented, and the endpoint does not say.")


def test_a_gateways_list_has_only_ids_and_the_rest_is_built_in(home: Path) -> None:
    with Simulator("litellm") as simulator:
        body = run(home, "models", "claude-opus-5", "--json", base_url=simulator.base_url).json
    assert body["source"] == "api"
    assert body["models"][0]["context"] == 1_000_000


def test_without_a_key_the_built_in_list_is_shown_and_it_is_said(home: Path) -> None:
    ran = run(home, "models")
    assert ran.status == 0
    assert b"claude-fable-5-2" in ran.out
    assert f"no API key for api.anthropic.com; showing the built-in list of {DATED}" in ran.lines[0]


@pytest.mark.parametrize(("scenario", "status"), [("unauthorised", 3), ("overloaded", 5)])
def test_what_the_endpoint_refuses_is_an_error(scenario: str, status: int, home: Path) -> None:
    with Simulator(scenario) as simulator:
        ran = run(home, "models", base_url=simulator.base_url)
    assert (ran.status, ran.out) == (status, b"")
    assert ran.facts[0].startswith("avow: error: ")


@pytest.mark.parametrize("columns", [40, 80, 160])
def test_on_a_terminal_no_line_is_too_wide(columns: int, home: Path) -> None:
    with Simulator() as simulator:
        terminal = in_pty(home, "models", base_url=simulator.base_url, size=(60, columns), PAGER="cat", NO_COLOR="1")
        assert terminal.end() == 0
    lines = bytes(terminal.raw).decode().replace("\r", "").splitlines()
    assert max(len(line) for line in lines) <= columns
    assert any(line.startswith("claude-fable-5-2" if columns == 160 else "fable-5-2") for line in lines)
    assert any("context: 1M; output: 128k" in line for line in lines) == (columns == 40)


def test_what_a_server_says_is_cleaned(home: Path) -> None:
    evil = {"id": "evil\x1b]0;x\x07[bold]", "line": "\x9b31m", "allowed_fallback_models": ["\u202ea"]}
    with Simulator() as simulator:
        keep(home / "cache", EndpointFacts(simulator.base_url, time.time(), (evil,)))
        ran = run(home, "models", base_url=simulator.base_url)
        terminal = in_pty(home, "models", base_url=simulator.base_url, size=(40, 160))
        terminal.end()
        exact = run(home, "models", "--json", base_url=simulator.base_url).json
    for out in (ran.out, bytes(terminal.raw)):
        assert not {"\x1b]", "\x9b", "\u202e", "\x07"} & set(out.decode())
        assert "\x1b]" not in out.decode()
        assert "[bold]" in out.decode()
    assert exact["models"][0]["id"] == evil["id"]
    assert json.dumps(exact)


def test_a_shell_is_offered_the_kept_list_of_that_endpoint_and_nobody_is_asked(home: Path) -> None:
    kept = ({"id": "gateway-model", "lifecycle": "active"}, {"id": "evil\x1b[31m"}, {"id": "claude-opus-5"})
    with Simulator() as simulator:
        keep(home / "cache", EndpointFacts(simulator.base_url, time.time(), kept))
        here = run(home, "completion", "words", "models", base_url=simulator.base_url)
        elsewhere = run(home, "completion", "words", "models", base_url="http://127.0.0.1:9")
        keep(home / "cache", EndpointFacts(simulator.base_url, time.time() - 90_000, kept))
        old = run(home, "completion", "words", "models", base_url=simulator.base_url)
        keep(home / "cache", EndpointFacts(simulator.base_url, time.time(), None, has_list=False))
        without = run(home, "completion", "words", "models", base_url=simulator.base_url)
        assert simulator.requests == []
    names = [line.split("\t")[0] for line in here.out.decode().splitlines()]
    assert {"gateway-model", "claude-opus-5", "opus"} <= set(names)
    assert "claude-fable-5-2" not in names
    assert b"gateway-model\tactive\n" in here.out
    assert b"evil" not in here.out
    for ran in (elsewhere, old, without):
        assert b"gateway-model" not in ran.out
        assert b"\nclaude-fable-5-2\t" in ran.out
