"""What an endpoint said is believed for a day, outranks the built-in data, and is found out only once."""

import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from avow.endpoint.credential import Credential
from avow.endpoint.listed_models import fetch
from avow.endpoint.patience import Patience
from avow.endpoint.remembered import VERSION, EndpointFacts, keep, keep_refused, keep_single, merged, place, read
from avow.endpoint.transport import Transport
from avow.models import catalogue
from avow.simulator.server import Simulator
from avow.wire.request import Endpoint
from tests.running import run

NOON = 1_795_435_200.0
URL = "https://gateway.example"
SAID = {"id": "claude-opus-5", "max_input_tokens": 5, "max_tokens": 7, "allowed_fallback_models": ["a", "b"]}


def sending(base_url: str) -> tuple[Endpoint, Any]:
    transport = Transport(Credential("sk-ant-api-x"))
    return Endpoint(base_url), lambda request: transport.send(request, Patience(20, 20))


@pytest.mark.parametrize("cache", [None, Path("/nowhere")], ids=["nothing is kept", "nothing was kept yet"])
def test_the_built_in_data_where_nothing_was_said(cache: Path | None) -> None:
    facts = read(cache, URL, NOON)
    assert facts == EndpointFacts(URL)
    assert facts.model("claude-fable-5") == catalogue.find("claude-fable-5")
    assert facts.model("no-such-model") is None


def test_it_is_kept_for_a_day_for_its_endpoint_alone(tmp_path: Path) -> None:
    keep(tmp_path, EndpointFacts(URL, NOON, (SAID,)))
    assert read(tmp_path, URL, NOON + 5).about("claude-opus-5") == SAID
    assert read(tmp_path, URL, NOON + 86_401).fetched_at is None
    assert read(tmp_path, URL, NOON - 5).fetched_at is None
    assert read(tmp_path, URL + "/other", NOON).fetched_at is None
    assert stat.S_IMODE(place(tmp_path, URL).stat().st_mode) == 0o600
    place(tmp_path, "https:--gateway.example").write_bytes(place(tmp_path, URL).read_bytes())
    assert read(tmp_path, "https:--gateway.example", NOON).fetched_at is None


WHOLE: dict[str, Any] = {
    "version": VERSION,
    "base_url": URL,
    "fetched_at": NOON,
    "models": [SAID],
    "has_list": True,
    "singles": {"m": [NOON, None]},
    "refused": {"m": {"fallbacks": NOON}},
}


def test_a_whole_file_is_believed(tmp_path: Path) -> None:
    keep(tmp_path, EndpointFacts(URL))
    place(tmp_path, URL).write_text(json.dumps(WHOLE))
    facts = EndpointFacts(URL, NOON, (SAID,), singles={"m": (NOON, None)}, refused={"m": {"fallbacks": NOON}})
    assert read(tmp_path, URL, NOON) == facts
    assert facts.listed() == (facts.model("claude-opus-5"),)


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b"null", b'{"version": 9}', b'{"version": 2, "base_url": "https://gateway.example"}',
     *(json.dumps(WHOLE | change).encode() for change in (
         {"fetched_at": "x"}, {"models": [1]}, {"singles": {"m": [NOON, 1]}}, {"refused": {"m": {"thinking": "x"}}},
         {"version": 1}, {"base_url": "https://other.example"},
     ))],
    ids=["empty", "torn", "list", "null", "newer", "lacking", "no time", "no model", "no single", "no moment",
         "older", "another endpoint"],
)  # fmt: skip
def test_a_damaged_file_counts_as_empty(damage: bytes, tmp_path: Path) -> None:
    keep(tmp_path, EndpointFacts(URL, NOON, (SAID,)))
    place(tmp_path, URL).write_bytes(damage)
    assert read(tmp_path, URL, NOON) == EndpointFacts(URL)
    assert read(tmp_path, URL, NOON).model("claude-opus-5") == catalogue.find("claude-opus-5")


def test_of_a_model_that_nobody_knows_nothing_of_another_one_is_believed() -> None:
    listed = EndpointFacts(URL, NOON, ({**SAID, "id": "house-model"},))
    assert listed.about("house-model") is not None
    assert listed.about("another-house-model") is None


def test_what_the_endpoint_says_outranks_the_built_in_data(tmp_path: Path) -> None:
    keep(tmp_path, EndpointFacts(URL, NOON, (SAID,)))
    found = read(tmp_path, URL, NOON).model("claude-opus-5")
    built_in = catalogue.find("claude-opus-5")
    assert found is not None
    assert built_in is not None
    assert (found.context, found.max_output, found.allowed_fallbacks) == (5, 7, ("a", "b"))
    assert (found.rates, found.may_decline) == (built_in.rates, built_in.may_decline)
    unsure = built_in._replace(may_decline=None)
    said = [merged(unsure, {"id": "m", "allowed_fallback_models": names}).may_decline for names in (["a"], [])]
    assert said == [True, None]
    dated = merged(built_in, {"id": "m", "created_at": "2026-01-02T00:00:00Z", "retires_at": "2027-03-04T00:00:00Z"})
    assert (dated.released, dated.retires) == ("2026-01-02", "2027-03-04")
    odd = merged(built_in, {"id": "claude-opus-5", "max_tokens": True, "max_input_tokens": -1, "line": 3,
                            "allowed_fallback_models": [1]})  # fmt: skip
    assert odd == built_in


def test_reading_it_costs_little(tmp_path: Path) -> None:
    with Simulator() as simulator:
        keep(tmp_path, fetch(*sending(simulator.base_url), time.time()))
        times = []
        for _ in range(20):
            begun = time.perf_counter()
            read(tmp_path, simulator.base_url, time.time()).model("claude-fable-5-2")
            times.append(time.perf_counter() - begun)
    assert min(times) < 0.002


def test_a_lack_is_remembered_for_a_day_per_endpoint_and_model(tmp_path: Path) -> None:
    keep_refused(tmp_path, URL, "m", ("fallbacks",), NOON)
    keep_refused(tmp_path, URL, "other", ("thinking",), NOON + 1)
    assert read(tmp_path, URL, NOON + 60).refused == {"m": {"fallbacks": NOON}, "other": {"thinking": NOON + 1}}
    assert read(tmp_path, URL, NOON + 86_401).refused == {"other": {"thinking": NOON + 1}}
    assert read(tmp_path, URL, NOON - 60).refused == {}
    assert read(tmp_path, "https://other.example", NOON).refused == {}


def test_what_is_learnt_is_kept_beside_all_else(tmp_path: Path) -> None:
    keep(tmp_path, EndpointFacts(URL, NOON, (SAID,)))
    keep_single(tmp_path, URL, "m", None, NOON + 1)
    keep_refused(tmp_path, URL, "m", ("fallbacks",), NOON + 2)
    facts = read(tmp_path, URL, NOON + 3)
    assert (facts.models, dict(facts.singles)) == ((SAID,), {"m": (NOON + 1, None)})
    assert dict(facts.refused) == {"m": {"fallbacks": NOON + 2}}


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    keep_refused(tmp_path / "file", URL, "m", ("fallbacks",), NOON)
    assert read(tmp_path / "file", URL, NOON) == EndpointFacts(URL)


def test_the_default_max_tokens_keeps_to_what_the_endpoint_said(home: Path) -> None:
    with Simulator() as simulator:
        keep(
            home / "cache",
            EndpointFacts(simulator.base_url, time.time(), ({"id": "claude-fable-5-2", "max_tokens": 1234},)),
        )
        run(home, "hello", base_url=simulator.base_url)
        (request,) = simulator.requests
    assert request.json["max_tokens"] == 1234


@pytest.mark.parametrize("scenario", ["no_fallbacks", "no_fallbacks_field", "no_fallbacks_header"])
def test_the_second_question_does_not_pay_for_it_again(scenario: str, home: Path) -> None:
    with Simulator(scenario) as simulator:
        base_url = simulator.base_url
        first = run(home, "hello", base_url=base_url)
        asked = [request.json for request in simulator.requests]
        second = run(home, "hello", base_url=simulator.base_url)
        again = [request.json for request in simulator.requests[len(asked) :]]
    assert ["fallbacks" in body for body in asked] == [True, False]
    assert ["fallbacks" in body for body in again] == [False]
    for ran in (first, second):
        assert ran.status == 0
        assert any("does not support `fallbacks`" in line for line in ran.lines)
    assert read(home / "cache", base_url, time.time()).refused


def test_the_simulator_leaves_nothing_behind(home: Path) -> None:
    assert run(home, "--simulate", "no_fallbacks", "hello").status == 0
    assert not (home / "cache").exists()
