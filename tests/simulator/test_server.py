"""The server itself: what it records, how it chooses a scenario, how it ends."""

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from avow.errors import UsageError
from avow.simulator.script import Scenario
from avow.simulator.server import Simulator
from tests.simulator.conftest import CREDIT, FALLBACK, ask, body, send

Start = Callable[..., Simulator]
HEADERS = {"x-api-key": "sk-ant-canary-000", "anthropic-version": "2026-10-21"}


def test_requests_are_recorded_as_they_came(simulate: Start) -> None:
    sim = simulate()
    payload = json.dumps(body("grüße"), ensure_ascii=False).encode()
    send(sim, "POST", "/v1/messages?x=1", payload, {**HEADERS, "X-Odd-Case": "Value"})
    (received,) = sim.requests
    assert (received.method, received.path, received.body) == ("POST", "/v1/messages?x=1", payload)
    assert ("X-Odd-Case", "Value") in received.headers
    assert received.header("x-odd-case") == "Value"
    assert received.header("x-none") is None
    assert received.json["messages"][0]["content"] == "grüße"


def test_nothing_is_recorded_where_not_wanted(simulate: Start) -> None:
    sim = simulate(record=False)
    ask(sim, body())
    assert sim.requests == []


def test_a_key_shows_nowhere(simulate: Start, capfd: pytest.CaptureFixture[str]) -> None:
    sim = simulate()
    for path, payload in (("/v1/messages", json.dumps(body()).encode()), ("/nowhere", b"x"), ("/v1/messages", b"{")):
        answer = send(sim, "POST", path, payload, HEADERS)
        assert b"canary" not in answer.body
        assert "canary" not in repr(answer.headers)
    assert "canary" not in repr(sim.requests)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def test_a_list_plays_one_after_the_other(simulate: Start) -> None:
    sim = simulate(["overloaded", "requested", "refused"])
    ask(sim, {"model": "m", "messages": body()["messages"]}, path="/v1/messages/count_tokens")
    seen = [ask(sim, body()) for _ in range(4)]
    assert [answer.status for answer in seen] == [529, 200, 200, 200]
    assert [answer.json.get("stop_reason") for answer in seen] == [None, "end_turn", "refusal", "refusal"]


def test_the_header_outranks(simulate: Start) -> None:
    sim = simulate(["refused", "truncated"])
    assert ask(sim, body(), x_avow_scenario="empty").json["content"] == []
    assert ask(sim, body()).json["stop_reason"] == "refusal"
    assert "there is no scenario 'nope'" in ask(sim, body(), x_avow_scenario="nope").message


def test_play_changes_the_scenario(simulate: Start) -> None:
    sim = simulate("refused")
    sim.play(Scenario("own", "as a value"))
    assert ask(sim, body()).json["stop_reason"] == "end_turn"


def test_without_fallbacks_the_refusal_comes_back(simulate: Start) -> None:
    for name in ("fallback", "handover", "hops", "declined"):
        message = ask(simulate(name), body()).json
        assert message["stop_reason"] == "refusal"
        assert message["model"] == "claude-fable-5-2"
    assert ask(simulate("sticky"), body()).json["model"] == "claude-opus-4-8"


def test_a_list_of_fallbacks_names_the_models(simulate: Start) -> None:
    chain = [{"model": "claude-opus-5"}, {"model": "my-model"}]
    message = ask(simulate("hops"), body(fallbacks=chain), betas=FALLBACK).json
    kinds = [(item["type"], item["model"]) for item in message["usage"]["iterations"]]
    assert kinds == [
        ("message", "claude-fable-5-2"),
        ("fallback_message", "claude-opus-5"),
        ("fallback_message", "my-model"),
    ]
    assert message["model"] == "my-model"
    short = ask(simulate("hops"), body(fallbacks=chain[:1]), betas=FALLBACK).json
    assert short["stop_reason"] == "refusal"
    assert short["usage"]["iterations"][-1]["type"] == "fallback_message"


@pytest.mark.parametrize(
    ("model", "fallback"), [("claude-opus-4-8", "claude-opus-5"), ("claude-opus-5", "claude-opus-4-8")]
)
def test_the_default_chain_leaves_the_requested_model_out(model: str, fallback: str, simulate: Start) -> None:
    message = ask(simulate("fallback"), body(model=model, fallbacks="default"), betas=FALLBACK).json
    assert message["model"] == fallback


def test_recommended(simulate: Start) -> None:
    details = ask(simulate("recommended"), body(fallbacks="default"), betas=FALLBACK).json["stop_details"]
    assert details["recommended_model"] == "claude-opus-4-8"
    assert "recommended_model" not in ask(simulate("recommended"), body()).json["stop_details"]


def test_a_rate_limit_lifts_on_the_next_try(simulate: Start) -> None:
    sim = simulate("rate_limited")
    first = ask(sim, body("a"))
    assert (first.status, first.headers["retry-after"]) == (429, "0.2")
    assert ask(sim, body("b")).status == 429
    assert ask(sim, body("a")).status == 200


def test_spend_limit_has_its_code_and_no_retry_after(simulate: Start) -> None:
    answer = ask(simulate("spend_limit"), body())
    assert answer.json["error"]["details"] == {"error_code": "enforced_spend_limit_reached"}
    assert "retry-after" not in answer.headers


GATEWAYS = {
    "litellm": {"x-litellm-model-name": "anthropic/claude-fable-5-2", "x-litellm-attempted-fallbacks": "0"},
    "litellm_fallback": {"x-litellm-model-name": "anthropic/claude-opus-4-8", "x-litellm-attempted-fallbacks": "1"},
    "bifrost": {"x-bifrost-routing-info-is-fallback": "false"},
    "bifrost_fallback": {
        "x-bifrost-routing-info-is-fallback": "true",
        "x-bifrost-routing-info-model": "claude-opus-4-8",
        "x-bifrost-routing-info-primary-model": "claude-fable-5-2",
    },
    "ngrok": {"ngrok-aig-model": "claude-fable-5-2", "ngrok-aig-attempts": "1"},
    "portkey": {"x-portkey-last-used-option-index": "config.targets[1]"},
    "cloudflare": {"cf-aig-step": "1"},
}


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("name", GATEWAYS)
def test_gateways_add_their_headers_and_drop_the_apis(name: str, stream: bool, simulate: Start) -> None:
    headers = ask(simulate(name), body(stream=stream)).headers
    assert GATEWAYS[name].items() <= headers.items()
    assert "request-id" not in headers


def test_openrouter_names_the_provider(simulate: Start) -> None:
    message = ask(simulate("openrouter"), body()).json
    assert (message["provider"], message["model"]) == ("Anthropic", "anthropic/claude-fable-5.2")
    assert b": OPENROUTER PROCESSING" in ask(simulate("openrouter"), body(stream=True)).body


def test_the_clients_own_next_try_is_credited_only_with_the_header(simulate: Start) -> None:
    sim = simulate("handover")
    assert "fallback_credit_token" in ask(sim, body(), betas=CREDIT).json["stop_details"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_other_methods_are_not_found(method: str, simulate: Start) -> None:
    assert send(simulate(), method, "/v1/messages", None, HEADERS).status == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org"])
def test_only_this_machine(host: str) -> None:
    with pytest.raises(UsageError, match="this machine only"):
        Simulator(host=host)


def test_a_port_in_use(simulate: Start) -> None:
    sim = simulate()
    with pytest.raises(UsageError, match=f"port {sim.port}"):
        Simulator(port=sim.port)
    with pytest.raises(UsageError, match="port 70000"):
        Simulator(port=70000)


def test_an_unknown_scenario_is_told_before_listening() -> None:
    with pytest.raises(UsageError, match="there is no scenario"):
        Simulator("nope")


@pytest.mark.parametrize("name", ["silent", "stalled", "slow:60"])
def test_close_ends_waiting_answers_at_once(name: str) -> None:
    sim = Simulator(name)
    connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=20)
    connection.request("POST", "/v1/messages", json.dumps(body(stream=True)).encode(), HEADERS)
    ended = threading.Event()

    def read() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.getresponse().read()
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    time.sleep(0.2)
    assert not ended.is_set()
    sim.close()
    assert ended.wait(50)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", sim.port), timeout=1).close()
    connection.close()


def test_threads_end_when_clients_leave(simulate: Start) -> None:
    sim = simulate("stalled")
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", sim.port)) as raw:
            raw.sendall(b"POST /v1/messages HTTP/1.1\r\nx-api-key: k\r\nanthropic-version: 2026-10-21\r\n")
            payload = json.dumps(body(stream=True)).encode()
            raw.sendall(b"content-length: %d\r\n\r\n%b" % (len(payload), payload))
            assert raw.recv(100)
    until = time.monotonic() + 50
    while sim._connections and time.monotonic() < until:
        time.sleep(0.02)
    assert sim._connections == set()


def test_forty_at_once(simulate: Start) -> None:
    sim = simulate("requested")
    seen: list[int] = []
    threads = [threading.Thread(target=lambda: seen.append(ask(sim, body(stream=True)).status)) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert seen == [200] * 40
    assert len(sim.requests) == 40


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1:1", 401), ("localhost", 401), ("[::1]:8", 401), ("rebound.example:80", 403), ("127.0.0.1.evil", 403)],
)
def test_where_it_serves_others_the_host_must_be_this_machine(host: str, status: int) -> None:
    with Simulator(for_this_machine=True) as simulator:
        connection = http.client.HTTPConnection("127.0.0.1", simulator.port)
        connection.request("GET", "/v1/models", headers={"Host": host})
        assert connection.getresponse().status == status
        connection.close()


@pytest.mark.parametrize("form", ["{folder}/mine.toml", "../mine", "mine.toml", "/dev/stdin", "..\\mine"])
def test_a_request_opens_no_path(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    with Simulator(folder=tmp_path) as simulator:
        connection = http.client.HTTPConnection("127.0.0.1", simulator.port)
        name = form.format(folder=tmp_path)
        connection.request("GET", "/v1/models", headers={"x-avow-scenario": name})
        response = connection.getresponse()
        assert response.status == 400
        assert b"not a path" in response.read()
        connection.close()
