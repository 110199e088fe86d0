"""What is carried out: asked over one connection or another, counted, and what is learnt on the way."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from avow.asking import ask
from avow.asking.inquiry import Inquiry
from avow.context import from_process
from avow.exchange.exchange import ExchangeEvent, Finished
from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.raw_server import RawServer, http, stream
from tests.running import measured, run


def test_one_api_serves_many_questions(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    context = from_process()
    told: list[ExchangeEvent] = []
    with Simulator(scenario="echo") as sim:
        settings = context.settings({"base_url": sim.base_url})
        with context.open(settings) as api:
            for prompt in ("one", "two"):
                assert ask.ask(Inquiry(settings, prompt), context, told.append, api=api).text == prompt
    context.close()
    assert [event.exchange.question.prompt for event in told if isinstance(event, Finished)] == ["one", "two"]


def test_the_prompt_is_counted_and_not_kept(home: Path) -> None:
    with Simulator() as sim:
        ran = run(home, "--count", "hi", base_url=sim.base_url)
        (request,) = sim.requests
    assert request.path == "/v1/messages/count_tokens"
    assert set(request.json) == {"model", "messages"}
    assert int(ran.out) > 0
    assert not (home / "data").exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [(b'{"input_tokens": "many"}', 5), (b'{"input_tokens": true}', 5), (b"<h1>Sign in</h1>", 5)],
    ids=["no number", "true", "a web page"],
)
def test_a_count_that_is_none(body: bytes, status: int, home: Path) -> None:
    with RawServer(http(body)) as server:
        assert run(home, "--count", "hi", base_url=server.url).status == status


ALIAS = '[aliases]\nmine = "acme/m-9"\n[overrides.mine]\nmax_tokens = 77\n'
"""A name that the simulator does not know; it would take the built-in ones."""


def test_a_fallback_under_an_alias_reaches_the_api_as_an_id(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text(f'fallback = "mine,opus"\n{ALIAS}')
    with Simulator() as sim:
        ran = run(home, "--json", "hi", base_url=sim.base_url, AVOW_FALLBACK="")
        (request,) = sim.requests
    assert request.json["fallbacks"] == [{"model": "acme/m-9", "max_tokens": 77}, {"model": "claude-opus-5-5"}]
    assert ran.json["fallback"]["policy"] == ["acme/m-9", "claude-opus-5-5"]


def test_what_is_asked_when_a_model_cannot_be_had_is_an_id_too(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text(f'if_unavailable = "mine"\n{ALIAS}')
    with Simulator(scenario=["overloaded", "requested"]) as sim:
        run(home, "--retries", "0", "hi", base_url=sim.base_url)
        first, second = (request.json for request in sim.requests)
    assert (first["model"], second["model"], second["max_tokens"]) == ("claude-fable-5-2", "acme/m-9", 77)


def test_what_was_never_sent_names_the_model_by_its_id(home: Path) -> None:
    ran = run(home, "--json", "-m", "opus", "hi")
    assert (ran.status, ran.json["requested_model"]) == (3, "claude-opus-5-5")


def test_a_private_name_is_vouched_for_by_an_alias(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text('[same_models]\n"my-model" = ["fable"]\n')
    with Simulator("vllm") as sim:
        unvouched = run(home, "--json", "hi", base_url=sim.base_url)
        name = unvouched.json["served_model"]
        (home / "config" / "config.toml").write_text(f'[same_models]\n"{name}" = ["fable"]\n')
        vouched = run(home, "--json", "hi", base_url=sim.base_url)
    assert (unvouched.status, vouched.status) == (13, 0)


def test_looking_up_models_waits_no_longer_than_the_answer_may_take(home: Path) -> None:
    with Simulator("silent") as simulator:
        asked = ("--fallback-by", "client", "--timeout", "0.2", "--retries", "0", "hi")
        ran = run(home, *asked, base_url=simulator.base_url)
    assert ran.status == 6
    assert ran.seconds < 9


BIG = 10_000_000


def big_stream() -> bytes:
    """An answer of `BIG` characters in pieces of 10,000."""
    message = {"id": "msg_1", "model": "claude-fable-5-2", "role": "assistant", "content": [], "usage": {}}
    piece = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "word " * 2000}}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *[piece] * (BIG // 10_000),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ]
    return stream("".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events).encode())


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory in KiB")
@pytest.mark.parametrize(
    ("words", "times"),
    [
        pytest.param((), 6, marks=pytest.mark.slow),
        (("--json",), 6),
        pytest.param(("--no-history",), 2.5, marks=pytest.mark.slow),
        pytest.param(("--json", "--no-history"), 4.5, marks=pytest.mark.slow),
    ],
)
def test_a_long_answer_takes_a_few_times_its_length(home: Path, words: tuple[str, ...], times: float) -> None:
    _, least = measured(home, "--simulate", "requested", *words, "words")
    with RawServer([big_stream()]) as server:
        out, peak = measured(home, *words, "words", base_url=server.url)
    assert len(out) > BIG
    assert peak - least < times * BIG
