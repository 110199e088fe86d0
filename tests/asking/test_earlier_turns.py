"""`-c` through the real program: which conversation it goes on with, and that the API takes what is sent again."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from avow.asking.earlier_turns import WORDS, mention, settings_of
from avow.simulator.server import Simulator
from avow.wire.api import API_URL
from tests.examples import WHOLE
from tests.history.making import answered
from tests.running import PATIENCE_S, Pty, Ran, in_pty, rows, run, start
from tests.terminal.samples import exchange
from tests.wire import sdk_types

GATEWAY = "https://gateway.example"
ASKED, OTHER = "claude-fable-5-2", "claude-opus-4-8"
NOTHING_HERE = "avow: error: this terminal session has no conversation to continue"


def elsewhere(home: Path, *arguments: str, base_url: str) -> Ran:
    """Run avow in a session of its own, off a terminal."""
    process = start(home, *arguments, base_url=base_url, start_new_session=True)
    out, err = process.communicate(timeout=PATIENCE_S)
    return Ran(process.returncode, out, err, home)


def prompts(body: dict[str, Any]) -> list[str]:
    """The texts of the user turns of a request. Where all is tried, the SDK's types must accept its messages: to import
    them takes seconds. The simulator refuses what the API would anyway."""
    for message in body["messages"] if WHOLE else ():
        list(sdk_types.beta_message().validate_python(message)["content"])  # looks at the blocks as they are walked
    turns = [message for message in body["messages"] if message["role"] == "user"]
    return [block["text"] for turn in turns for block in turn["content"]]


def test_it_goes_on_with_the_conversation_of_this_session(home: Path) -> None:
    with Simulator() as api:
        assert run(home, "one", base_url=api.base_url).status == 0
        assert elsewhere(home, "another session's", base_url=api.base_url).status == 0
        ran = run(home, "-c", "two", base_url=api.base_url)
        assert prompts(api.requests[-1].json) == ["one", "two"]
    assert ran.lines == ["avow: note: continuing conversation 1 (1 turn): one"]
    first, other, second = rows(home)
    assert first["session"] == second["session"] != other["session"]
    assert second["parent_id"] == first["id"]
    assert second["conversation_id"] == first["conversation_id"] != other["conversation_id"]


def test_off_a_terminal_a_session_without_one_is_a_usage_error(home: Path) -> None:
    with Simulator() as api:
        assert run(home, "one", base_url=api.base_url).status == 0
        ran = elsewhere(home, "-c", "two", base_url=api.base_url)
        assert len(api.requests) == 1
    assert ran.status == 2
    assert ran.lines[0] == NOTHING_HERE
    assert "--conversation ID" in ran.lines[1]
    assert len(rows(home)) == 1


@pytest.mark.parametrize("column", ["number", "id", "conversation_id"])
def test_a_named_conversation_is_found_from_every_session(home: Path, column: str) -> None:
    with Simulator() as api:
        assert run(home, "one", base_url=api.base_url).status == 0
        assert run(home, "-c", "two", base_url=api.base_url).status == 0
        ran = elsewhere(home, "--conversation", str(rows(home)[0][column]), "three", base_url=api.base_url)
        assert ran.status == 0, ran.err
        assert prompts(api.requests[-1].json) == ["one", "two", "three"]


def test_on_a_terminal_the_last_at_all_is_named_before_it_goes_on(home: Path) -> None:
    with Simulator(["requested", "silent"]) as api:
        assert run(home, "from elsewhere", base_url=api.base_url).status == 0
        pty = in_pty(home, "-c", "two", base_url=api.base_url)
        pty.until("continuing conversation 1 (1 turn): from elsewhere")  # no answer comes, so this came before it
        end = time.monotonic() + PATIENCE_S
        while len(api.requests) < 2 and time.monotonic() < end:
            pty.read(0.05)
        pty.child.sendintr()
        assert pty.end() != 0
        assert prompts(api.requests[-1].json) == ["from elsewhere", "two"]


def test_two_terminals_do_not_join_each_others_conversation(home: Path) -> None:
    avow = f'"{sys.executable}" -m avow'

    def terminal(name: str, base_url: str) -> Pty:
        script = f"{avow} {name}-one; echo first-done; read go; {avow} -c {name}-two; echo second-done"
        return in_pty(home, "-c", script, command=("/bin/sh",), base_url=base_url)

    with Simulator() as api:
        left = terminal("left", api.base_url)
        left.until("first-done")
        right = terminal("right", api.base_url)
        right.until("first-done")
        for pty in (left, right):
            pty.send("\r")
            pty.until("second-done")
            assert pty.end() == 0
        sent = [prompts(request.json) for request in api.requests]
    assert sent == [["left-one"], ["right-one"], ["left-one", "left-two"], ["right-one", "right-two"]]
    left_one, right_one, left_two, right_two = rows(home)
    assert left_two["conversation_id"] == left_one["conversation_id"] != right_one["conversation_id"]
    assert right_two["conversation_id"] == right_one["conversation_id"]


def test_a_turn_that_was_handed_over_in_its_middle_is_sent_back_as_the_api_takes_it(home: Path) -> None:
    with Simulator(["requested", "handover", "requested"]) as api:
        statuses = [run(home, *words, base_url=api.base_url).status for words in (("1",), ("-c", "2"), ("-c", "3"))]
        third = api.requests[-1]
    assert statuses == [0, 10, 0]  # the simulator refuses a wrong replay with 400
    assert prompts(third.json) == ["1", "2", "3"]
    answer = third.json["messages"][3]["content"]
    assert [block["type"] for block in answer] == ["text", "fallback", "text"]
    assert "".join(block.get("text", "") for block in answer) == rows(home)[1]["text"]
    assert (answer[1]["from"]["model"], answer[1]["to"]["model"]) == ("claude-fable-5-2", "claude-opus-4-8")
    assert "server-side-fallback-" in (third.header("anthropic-beta") or "")


def test_a_refused_turn_is_left_out_and_that_is_said(home: Path) -> None:
    with Simulator(["requested", "refused", "requested"]) as api:
        for words, status in ((("1",), 0), (("-c", "2"), 11), (("-c", "3"), 0)):
            ran = run(home, *words, base_url=api.base_url)
            assert ran.status == status, ran.err
        assert prompts(api.requests[-1].json) == ["1", "3"]
    assert any("refused" in line and line.startswith("avow: note: ") for line in ran.lines), ran.lines


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("Why?", "12: Why?"),
        ("two\nlines\t here", "12: two lines here"),
        ("x" * WORDS, f"12: {'x' * WORDS}"),
        ("x" * (WORDS + 1), f"12: {'x' * (WORDS - 1)}…"),
        ("", "12"),
        (None, "12"),
    ],
    ids=["short", "several lines", "just fits", "cut", "empty", "not kept"],
)
def test_a_turn_in_a_few_words(prompt: str | None, words: str) -> None:
    assert mention(exchange(prompt=prompt)) == words


@pytest.mark.parametrize(
    ("policy", "base_url", "kept"),
    [
        ("none", API_URL, "none"),
        ("default", API_URL, "default"),
        ("default", GATEWAY, None),
        ((OTHER,), API_URL, (OTHER,)),
        ((OTHER,), GATEWAY, (OTHER,)),
    ],
)
def test_a_policy_that_is_a_word_stays_with_its_kind_of_host(policy: Any, base_url: str, kept: object) -> None:
    turn = answered()._replace(base_url=API_URL, fallback_policy=policy)
    assert settings_of(turn, base_url)["fallback"] == kept


# -- which model a conversation stays on, where nothing of what was said is kept ----------------------------------

MOVE = ("--fallback-by", "client", "--fallback", OTHER)


def asked_models(api: Simulator) -> list[str]:
    return [request.json["model"] for request in api.requests if request.path == "/v1/messages"]


def without_content(home: Path) -> None:
    assert run(home, "config", "set", "history.content", "none").status == 0


def redact(home: Path) -> None:
    assert run(home, "history", "redact", "1", "--yes").status == 0


@pytest.mark.parametrize(
    ("before", "after"), [(without_content, None), (None, redact), (None, None)], ids=["none", "redacted", "full"]
)
def test_a_conversation_stays_on_the_model_that_accepted(
    before: Callable[[Path], None] | None, after: Callable[[Path], None] | None, home: Path
) -> None:
    if before:
        before(home)
    with Simulator(["refused", "requested", "requested", "requested"]) as api:
        run(home, *MOVE, "one", base_url=api.base_url)
        if after:
            after(home)
        second = run(home, *MOVE, "-c", "two", base_url=api.base_url)
        third = run(home, *MOVE, "-c", "three", base_url=api.base_url)
        assert asked_models(api) == [ASKED, OTHER, OTHER, OTHER]
        run(home, *MOVE, "-c", "-m", ASKED, "four", base_url=api.base_url)
        assert asked_models(api)[-1] == ASKED
    for ran in (second, third):
        assert ran.status == 10
        line = (
            f"avow: fallback: requested {ASKED}, answered by {OTHER} (this conversation stays on {OTHER} since turn 1)"
        )
        assert ran.facts == [line]
    assert line.partition("(")[2].rstrip(")") in run(home, "why", "3").out.decode()
