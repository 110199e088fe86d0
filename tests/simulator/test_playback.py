"""What an answer says: who wrote which blocks, when it stops, what it counts."""

import json
from collections.abc import Callable

import pytest

from avow.simulator.server import Simulator
from tests.simulator.conftest import FALLBACK, Json, ask, body
from tests.simulator.test_form import fold, text

Start = Callable[..., Simulator]


def streamed(sim: Simulator) -> tuple[Json, Json]:
    """`message_start` and the folded message of an answer that may fall back."""
    events = ask(sim, body(stream=True, fallbacks="default"), betas=FALLBACK).events
    started = json.loads(json.dumps(events[0]["message"]))
    return started, fold(events)


def kinds(message: Json) -> list[str]:
    return [block["type"] for block in message["content"]]


def iterations(message: Json) -> list[tuple[str, str]]:
    return [(item["type"], item["model"]) for item in message["usage"]["iterations"]]


ASKED, FIRST, SECOND = "claude-fable-5-2", "claude-opus-4-8", "claude-opus-5"
SHAPES: dict[str, tuple[str, list[str], list[tuple[str, str]]]] = {
    "requested": (ASKED, ["text"], [("message", ASKED)]),
    "fallback": (FIRST, ["fallback", "text"], [("message", ASKED), ("fallback_message", FIRST)]),
    "handover": (ASKED, ["text", "fallback", "text"], [("message", ASKED), ("fallback_message", FIRST)]),
    "sticky": (FIRST, ["text"], [("fallback_message", FIRST)]),
    "hops": (
        FIRST,
        ["fallback", "text", "fallback", "text"],
        [("message", ASKED), ("fallback_message", FIRST), ("fallback_message", SECOND)],
    ),
    "declined": (
        SECOND,
        ["fallback", "fallback"],
        [("message", ASKED), ("fallback_message", FIRST), ("fallback_message", SECOND)],
    ),
    "refused": (ASKED, [], [("message", ASKED)]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_who_answers(name: str, simulate: Start) -> None:
    started, message = streamed(simulate(name))
    named, blocks, counted = SHAPES[name]
    assert started["model"] == named
    assert kinds(message) == blocks
    assert iterations(message) == counted


def test_the_advisor_is_counted_and_named_nowhere_else(simulate: Start) -> None:
    _, message = streamed(simulate("advisor"))
    assert iterations(message) == [("message", ASKED), ("advisor_message", SECOND), ("message", ASKED)]
    assert message["model"] == ASKED


def test_the_parts_of_a_handover_name_their_models(simulate: Start) -> None:
    _, message = streamed(simulate("handover"))
    seam = message["content"][1]
    assert (seam["from"]["model"], seam["to"]["model"]) == (ASKED, FIRST)
    assert seam["trigger"] == {"type": "refusal", "category": "frontier_llm"}
    assert text(message).endswith(f"(Written by the simulator for {FIRST}.)")


@pytest.mark.parametrize(
    ("name", "writer"),
    [
        ("substituted", f" for {FIRST}"),
        ("unnamed", ""),
        ("ngrok_switch", f" for {FIRST}"),
        ("litellm_fallback", f" for {FIRST}"),
        ("bifrost_fallback", f" for {FIRST}"),
        ("openrouter_switch", " for openai/gpt-6-astra"),
        ("portkey", ""),
        ("cloudflare", ""),
        ("vllm", " for my-served-model"),
    ],
)
def test_the_text_names_no_other_writer_than_the_response(name: str, writer: str, simulate: Start) -> None:
    fallbacks = {} if name == "vllm" else {"fallbacks": "default"}
    message = fold(ask(simulate(name), body(stream=True, **fallbacks), betas="" if name == "vllm" else FALLBACK).events)
    assert text(message).endswith(f"(Written by the simulator{writer}.)")


def test_each_line_of_models_has_words_of_its_own(simulate: Start) -> None:
    sim = simulate()
    names = ["claude-fable-5-2", "claude-opus-5", "claude-sonnet-5-5", "claude-haiku-5-5", "my-model"]
    said = [text(ask(sim, body(model=name)).json) for name in names]
    assert len({words.split("(Written")[0] for words in said}) == 5
    assert all(name in words for name, words in zip(names, said, strict=True))


@pytest.mark.parametrize(("limit", "reason"), [(0, "max_tokens"), (5, "max_tokens"), (4000, "end_turn")])
def test_max_tokens_is_kept(limit: int, reason: str, simulate: Start) -> None:
    message = ask(simulate(), body(max_tokens=limit)).json
    assert message["stop_reason"] == reason
    if limit < 100:
        assert len(text(message).split()) == limit


def test_stop_sequences_are_kept(simulate: Start) -> None:
    message = ask(simulate("echo"), body("one two three four", stop_sequences=["four", "three"])).json
    assert (message["stop_reason"], message["stop_sequence"], text(message)) == ("stop_sequence", "three", "one two ")


@pytest.mark.parametrize("question", ["", "naïve 日本語 😀", "  spaced\n\n  out \t", "{opening} {model}"])
def test_echo_says_it_back(question: str, simulate: Start) -> None:
    sim = simulate("echo")
    asked = question or "x"
    assert text(fold(ask(sim, body(asked, stream=True)).events)) == asked


def test_thinking_is_shown_when_asked_for(simulate: Start) -> None:
    sim = simulate("thinking")
    hidden = ask(sim, body()).json["content"][0]
    shown = ask(sim, body(thinking={"type": "adaptive", "display": "summarized"})).json["content"][0]
    assert (hidden["thinking"], bool(hidden["signature"])) == ("", True)
    assert "rebase" in shown["thinking"]
    off = ask(sim, body(model="claude-opus-5", thinking={"type": "disabled"})).json
    assert kinds(off) == ["text"]


def test_usage_grows_with_the_prompt(simulate: Start) -> None:
    sim = simulate()
    short, long = (ask(sim, body("word " * count)).json["usage"] for count in (1, 4000))
    assert long["input_tokens"] > 4000 > short["input_tokens"] > 0
    assert short["output_tokens"] > 50
    assert ask(sim, body(speed="fast")).json["usage"]["speed"] == "fast"


def test_message_start_counts_are_provisional(simulate: Start) -> None:
    events = ask(simulate(), body(stream=True)).events
    assert events[0]["message"]["usage"]["output_tokens"] == 1
    last = next(event for event in events if event["type"] == "message_delta")["usage"]
    assert last["output_tokens"] > 50
    assert not {"cache_creation", "service_tier", "speed", "inference_geo"} & set(last)
