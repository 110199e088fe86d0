"""The official Python SDK behind `avow proxy`, beside the SDK alone: the same for the script and for the server."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.clients.beside import FABLE, OPUS, compared, interrupted, verdicts

pytestmark = pytest.mark.slow

SCRIPT = """
import anthropic, json
client = anthropic.Anthropic()
BETA = ["server-side-fallback-2026-06-01"]
def show(message):
    texts = [block.text if block.type == "text" else block.type for block in message.content]
    print(json.dumps([message.model, message.stop_reason, texts, message.usage.output_tokens]), flush=True)
    return message
def stream(model, text="rebase or merge?", turns=(), **more):
    messages = [*turns, {"role": "user", "content": text}]
    with client.beta.messages.stream(model=model, max_tokens=4000, messages=messages, **more) as stream:
        return show(stream.get_final_message())
def whole(model, text="rebase or merge?", **more):
    return show(client.beta.messages.create(model=model, max_tokens=4000,
                                            messages=[{"role": "user", "content": text}], **more))
def attempt(work, *arguments, **more):
    try:
        work(*arguments, **more)
    except anthropic.APIError as error:
        print(type(error).__name__, getattr(error, "status_code", None))
"""


COMMAND = (sys.executable, "-c")


def played(home: Path, script: str, scenario: Any) -> dict[str, Any]:
    return compared(home, (*COMMAND, SCRIPT + script), scenario)


def test_plain_answers_of_a_script(home: Path) -> None:
    script = f"stream({FABLE!r}); whole({FABLE!r}); print(client.models.list().data[0].id)\n"
    script += f"print(client.messages.count_tokens(model={FABLE!r}, messages=[{{'role': 'user', 'content': 'hi'}}]))"
    report = played(home, script, "requested")
    assert verdicts(report) == [("as_requested", FABLE, FABLE)] * 2
    assert report["exit_code"] == 0


@pytest.mark.parametrize(
    ("scenario", "more", "verdict", "served", "code"),
    [
        ("fallback", ", fallbacks='default', betas=BETA", "fallback", OPUS, 10),
        ("handover", ", fallbacks='default', betas=BETA", "fallback", OPUS, 10),
        ("sticky", ", fallbacks='default', betas=BETA", "fallback", OPUS, 10),
        ("substituted", "", "substituted", OPUS, 12),
        ("refused", "", "refused", None, 11),
    ],
)
def test_answers_that_are_not_as_requested(
    home: Path, scenario: str, more: str, verdict: str, served: str | None, code: int
) -> None:
    report = played(home, f"stream({FABLE!r}{more}); whole({FABLE!r}, 'and now?'{more})", scenario)
    assert verdicts(report) == [(verdict, FABLE, served)] * 2
    assert report["exit_code"] == code


def test_the_script_s_own_switch_after_a_refusal(home: Path) -> None:
    script = f"stream({FABLE!r})\nstream({OPUS!r})\nstream({OPUS!r}, 'something else')"
    report = played(home, script, ["refused", "requested"])
    assert verdicts(report)[0] == ("fallback", FABLE, OPUS)
    assert report["answers"][0]["fallback"]["by"] == "client"
    assert report["exit_code"] == 10


def test_overloaded_then_fine(home: Path) -> None:
    report = played(home, f"stream({FABLE!r})", ["overloaded", "overloaded", "requested"])
    assert verdicts(report) == [("as_requested", FABLE, FABLE)]
    assert (report["retried"], report["exit_code"]) == (2, 0)


def test_an_error_that_stays(home: Path) -> None:
    report = played(home, f"client = client.with_options(max_retries=0)\nattempt(stream, {FABLE!r})", "overloaded")
    assert report["counts"] == {"failed": 1}
    assert report["exit_code"] == 5


@pytest.mark.parametrize("scenario", ["cut", "hangup", "reset"])
def test_a_stream_that_breaks_off(home: Path, scenario: str) -> None:
    script = f"""
try:
    stream({FABLE!r})
except Exception as error:
    print(type(error).__name__)
"""
    report = played(home, script, scenario)
    assert report["counts"] == {"incomplete": 1}
    assert report["exit_code"] == 7


def test_a_session_of_three_turns(home: Path) -> None:
    script = f"""
turns = []
for prompt in ("one", "two", "three"):
    answer = stream({FABLE!r}, prompt, turns, fallbacks="default", betas=BETA)
    said = "".join(block.text for block in answer.content if block.type == "text")
    turns += [{{"role": "user", "content": prompt}}, {{"role": "assistant", "content": said}}]
"""
    report = played(home, script, ["requested", "handover", "sticky"])
    assert [answer["verdict"] for answer in report["answers"]] == ["as_requested", "fallback", "fallback"]
    assert len({answer["session"] for answer in report["answers"]}) == 1
    assert {answer["requested_model"] for answer in report["answers"]} == {FABLE}


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_in_the_middle_of_a_stream(home: Path) -> None:
    script = f"""
with client.messages.stream(model={FABLE!r}, max_tokens=4000, messages=[{{"role": "user", "content": "hi"}}]) as s:
    for _text in s.text_stream:
        print("begun", flush=True)
"""
    interrupted(home, (*COMMAND, SCRIPT + script))
