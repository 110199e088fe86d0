"""What an inquiry becomes before it is sent, and what is kept of it, through the real program."""

from pathlib import Path

import pytest

from avow.asking.inquiry import Inquiry, prepare
from avow.endpoint.remembered import EndpointFacts
from avow.settings.levels import Config, resolve
from avow.simulator.server import Simulator
from avow.wire.request import Endpoint
from tests.running import row, rows, run


def config(home: Path, text: str) -> None:
    folder = home / "config"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(text)


def test_the_row_is_there_before_the_request_leaves(home: Path) -> None:
    with Simulator(scenario="silent") as sim:
        ran = run(home, "--timeout", "0.5", "hello", base_url=sim.base_url)
    assert ran.status == 6
    kept = row(home)
    assert (kept["status"], kept["verdict"], kept["prompt"]) == ("failed", None, "hello")


def test_overrides_go_with_the_fallbacks(home: Path) -> None:
    config(home, '[overrides."claude-opus-4-8"]\nmax_tokens = 500\neffort = "low"\n')
    with Simulator(scenario="fallback") as sim:
        run(home, "--fallback", "claude-opus-4-8", "hi", base_url=sim.base_url)
        (request,) = sim.requests
    assert request.json["fallbacks"] == [
        {"model": "claude-opus-4-8", "max_tokens": 500, "output_config": {"effort": "low"}}
    ]


@pytest.mark.parametrize("by", ["server", "client"])
def test_the_policy_is_recorded(by: str, home: Path) -> None:
    body = run(home, *("--simulate", "fallback", "--json", "--fallback-by", by, "--fallback", "claude-opus-4-8", "x"))
    assert body.json["fallback"] == {"policy": ["claude-opus-4-8"], "by": by}
    assert body.json["verdict"] == "fallback"


def test_an_alias_of_ones_own(home: Path) -> None:
    config(home, '[aliases]\nmine = "claude-opus-5"\n')
    assert run(home, "--simulate", "requested", "--json", "-m", "mine", "x").json["requested_model"] == "claude-opus-5"


def test_a_price_of_ones_own(home: Path) -> None:
    config(home, '[prices."my-model"]\ninput = 1000\noutput = 0\n')
    body = run(home, "--simulate", "requested", "--json", "-m", "my-model", "x").json
    assert body["cost_usd"] == pytest.approx(body["usage"]["input_tokens"] / 1000)


@pytest.mark.parametrize(("scenario", "known"), [("requested", True), ("fallback", False), ("sticky", True)], ids=str)
def test_a_total_only_where_every_hop_has_a_price(scenario: str, known: bool, home: Path) -> None:
    body = run(home, "--simulate", scenario, "--json", "x").json
    assert (body["cost_usd"] is not None) is known
    assert body["hops"][-1]["cost_usd"] is not None


def test_a_follow_up_goes_on_and_says_with_what(home: Path) -> None:
    with Simulator(scenario="echo") as sim:
        first = run(home, "--json", "first question", base_url=sim.base_url).json
        ran = run(home, "--conversation", "1", "--json", "second", base_url=sim.base_url)
        messages = sim.requests[-1].json["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert ran.json["conversation_id"] == first["conversation_id"]
    assert "continuing conversation 1 (1 turn): first question" in ran.err.decode()


@pytest.mark.parametrize(("later", "kept"), [("f", ["thinking", "text"]), ("g", ["text"])], ids=["same", "other"])
def test_thinking_stays_where_the_same_tools_are_offered(later: str, kept: list[str], home: Path) -> None:
    def tools(name: str) -> tuple[str, str]:
        return "-o", f'tools=[{{"name": "{name}", "input_schema": {{"type": "object"}}}}]'

    with Simulator(scenario=["thinking", "echo"]) as sim:
        run(home, *tools("f"), "one", base_url=sim.base_url)
        run(home, *tools(later), "--conversation", "1", "two", base_url=sim.base_url)
        (_question, answer, _new) = sim.requests[-1].json["messages"]
    assert [block["type"] for block in answer["content"]] == kept


def test_a_refused_turn_is_left_out_and_it_is_said(home: Path) -> None:
    with Simulator(scenario=["refused", "echo"]) as sim:
        run(home, "something declined", base_url=sim.base_url)
        ran = run(home, "--conversation", "1", "something else", base_url=sim.base_url)
        messages = sim.requests[-1].json["messages"]
    assert len(messages) == 1
    assert "turn 1 of the conversation is left out: refused" in ran.err.decode()


def test_the_simulated_stay_out_of_a_conversation(home: Path) -> None:
    run(home, "--simulate", "echo", "not this")
    ran = run(home, "-c", "x", base_url="http://127.0.0.1:1")
    assert ran.status == 2
    assert len(rows(home)) == 1


def test_headers_that_avow_sets_itself_are_not_left_out_in_silence(home: Path) -> None:
    typed = ("--header", "Authorization: Basic eHh4eHh4eHg=", "--header", "X-Team: docs")
    ran = run(home, "--simulate", "requested", "--header", "Accept: a/b", *typed, "hi")
    assert ran.status == 0
    assert ran.lines[0].startswith("avow: note: --header accept, authorization: left out")
    assert "eHh4" not in ran.err.decode()


@pytest.mark.parametrize("url", ["https://api.anthropic.com", "https://gateway.example:8443/v1"])
def test_what_a_name_is_worth_depends_on_the_host_that_is_asked(url: str) -> None:
    settings = resolve(flags={}, template={}, conversation={}, environ={}, config=Config(), profile=None)
    prepared = prepare(Inquiry(settings, "hello"), Endpoint(url), EndpointFacts(url))
    assert prepared.plan.asked.host == url.split("/")[2].partition(":")[0]


def test_the_cache_is_marked_where_the_conversation_goes_on_from(home: Path) -> None:
    """A first question is marked at its files, which others may be asked about; a later one at its end."""
    (home / "notes.txt").write_text("1. be brief\n")
    file = ("-f", str(home / "notes.txt"), "--cache", "5m")
    with Simulator(scenario="echo") as sim:
        run(home, *file, "one", base_url=sim.base_url)
        run(home, *file, "--conversation", "1", "two", base_url=sim.base_url)
        first, later = (request.json["messages"][-1]["content"] for request in sim.requests)
    assert [["cache_control" in block for block in content] for content in (first, later)] == [
        [True, False],
        [False, True],
    ]
