"""The official Python SDK behind `avow proxy`, beside the SDK alone: the same for the script and for the server."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from avow.simulator.server import Received, Simulator
from tests.running import environment, rows, run, start

FABLE, OPUS = "claude-fable-5-2", "claude-opus-4-8"

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


class Played(NamedTuple):
    """What a script printed, how it ended, and what arrived at the server."""

    status: int
    out: bytes
    sent: list[Received]


def direct(home: Path, script: str, scenario: Any) -> Played:
    with Simulator(scenario) as api:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT + script],
            env=environment(home, api.base_url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Played(done.returncode, done.stdout, [_placed(one, api) for one in api.requests])


def through(home: Path, script: str, scenario: Any) -> tuple[Played, dict[str, Any]]:
    """The same behind avow, and its report."""
    report = home / "report.json"
    with Simulator(scenario) as api:
        command = (sys.executable, "-c", SCRIPT + script)
        ran = run(home, "proxy", "--report", str(report), "--", *command, base_url=api.base_url)
        sent = [_placed(one, api) for one in api.requests]
    told = json.loads(report.read_text())
    assert told["exit_code"] == ran.status
    assert "faults of avow's own" not in ran.err.decode()
    return Played(told["command_status"], ran.out, sent), told


def _placed(request: Received, api: Simulator) -> Received:
    """A request without the port of its own server."""
    port = api.base_url.rpartition(":")[2]
    headers = [
        (name, value.replace(port, "PORT") if name.lower() == "host" else value) for name, value in request.headers
    ]
    return Received(request.method, request.path, headers, request.body)


def compared(home: Path, script: str, scenario: Any) -> dict[str, Any]:
    """Run it both ways, hold one beside the other, and give what avow reports."""
    alone = direct(home, script, scenario)
    behind, report = through(home, script, scenario)
    assert behind.out == alone.out
    assert behind.status == alone.status
    assert len(behind.sent) == len(alone.sent) > 0
    for one, other in zip(behind.sent, alone.sent, strict=True):
        assert (one.method, one.path, one.headers, one.body) == (other.method, other.path, other.headers, other.body)
    return report


def verdicts(report: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(answer["verdict"], answer["requested_model"], answer["served_model"]) for answer in report["answers"]]


def test_plain_answers_of_a_script(home: Path) -> None:
    script = f"stream({FABLE!r}); whole({FABLE!r}); print(client.models.list().data[0].id)\n"
    script += f"print(client.messages.count_tokens(model={FABLE!r}, messages=[{{'role': 'user', 'content': 'hi'}}]))"
    report = compared(home, script, "requested")
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
    report = compared(home, f"stream({FABLE!r}{more}); whole({FABLE!r}, 'and now?'{more})", scenario)
    assert verdicts(report) == [(verdict, FABLE, served)] * 2
    assert report["exit_code"] == code


def test_the_script_s_own_switch_after_a_refusal(home: Path) -> None:
    script = f"stream({FABLE!r})\nstream({OPUS!r})\nstream({OPUS!r}, 'something else')"
    report = compared(home, script, ["refused", "requested"])
    assert verdicts(report)[0] == ("fallback", FABLE, OPUS)
    assert report["answers"][0]["fallback"]["by"] == "client"
    assert report["exit_code"] == 10


def test_overloaded_then_fine(home: Path) -> None:
    report = compared(home, f"stream({FABLE!r})", ["overloaded", "overloaded", "requested"])
    assert verdicts(report) == [("as_requested", FABLE, FABLE)]
    assert (report["retried"], report["exit_code"]) == (2, 0)


def test_an_error_that_stays(home: Path) -> None:
    report = compared(home, f"client = client.with_options(max_retries=0)\nattempt(stream, {FABLE!r})", "overloaded")
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
    report = compared(home, script, scenario)
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
    report = compared(home, script, ["requested", "handover", "sticky"])
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
    with Simulator("slow:0.5") as api:
        command = (sys.executable, "-c", SCRIPT + script)
        process = start(home, "proxy", "--", *command, base_url=api.base_url, start_new_session=True)
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        pressed = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        _out, err = process.communicate(timeout=20)
        assert time.monotonic() - pressed < 10
    assert process.returncode in (-2, 130)
    assert b"KeyboardInterrupt" in err
    (line,) = [line for line in err.decode().splitlines() if line.startswith("avow: proxy: ")]
    assert line.startswith("avow: proxy: 1 answer: 1 ")
    (row,) = rows(home)
    assert row["status"] in ("incomplete", "interrupted")
