"""Every scenario of the simulator, saved by the real curl and judged: what `ask` said, `judge` says."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from avow.simulator.server import RecordedRequest, Simulator
from tests.expectations import SERVER, WITH_ARGUMENT
from tests.running import run

FORMS = ("streamed", "whole")
GATEWAYS = ("litellm", "bifrost", "ngrok", "portkey", "cloudflare", "kong")
"""Who speaks in headers alone: a body without them does not say what `ask` heard."""

SAMPLE = ("requested", "handover", "substituted", "refused", "cut", "overloaded", "litellm")
"""What is tried without `-m slow`."""

FALL_SILENT = ("stalled", "silent")


def _patience(scenario: str) -> str:
    """The seconds after which nobody waits on: all others end by themselves, on a slow machine too."""
    return "1" if scenario in FALL_SILENT else "60"


pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


def _asked(home: Path, scenario: str, form: str) -> tuple[dict[str, Any], list[RecordedRequest]]:
    """What `ask` says of a scenario, and what it sent."""
    more = () if form == "streamed" else ("--no-stream",)
    with Simulator(scenario) as simulator:
        ran = run(
            home, *more, "--json", "--retries", "0", "--timeout", _patience(scenario), "hi", base_url=simulator.base_url
        )
        sent = [one for one in simulator.requests if one.path.split("?")[0] == "/v1/messages" and one.method == "POST"]
    return ran.json, sent


def _saved(scenario: str, request: RecordedRequest, *more: str) -> bytes:
    """The same request sent by curl, and what it wrote."""
    kept = ("content-type", "anthropic-version", "anthropic-beta", "x-api-key", "authorization")
    headers = [word for name in kept if (value := request.header(name)) for word in ("-H", f"{name}: {value}")]
    with Simulator(scenario, record=False) as simulator:
        done = subprocess.run(
            [
                "curl",
                "-sN",
                "-m",
                _patience(scenario),
                *more,
                *headers,
                "--data-binary",
                "@-",
                f"{simulator.base_url}/v1/messages",
            ],
            input=request.body,
            capture_output=True,
            check=False,
        )
    return done.stdout


def _essence(body: dict[str, Any]) -> dict[str, Any]:
    keys = ("verdict", "exit_code", "requested_model", "served_model", "usage", "status", "category", "text")
    hops = [(hop["model"], hop["outcome"], hop["category"], hop["usage"]) for hop in body["hops"]]
    return {**{key: body[key] for key in keys}, "hops": hops}


def _cases() -> list[Any]:
    names = [name for name in SERVER if not name.startswith("picks")]  # those differ each time
    return [pytest.param(name, marks=() if name in SAMPLE else pytest.mark.slow) for name in names]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", _cases())
def test_judge_says_what_ask_said(name: str, form: str, home: Path) -> None:
    scenario = WITH_ARGUMENT.get(name, name)
    said, sent = _asked(home, scenario, form)
    if len(sent) != 1:
        pytest.skip("more than one request was sent")
    said_less = name.startswith((*GATEWAYS, "openai_error")) or (said["error"] or {}).get("type") == "not_an_answer"
    for more in (("-i",),) if said_less else (("-i",), ()):
        saved = _saved(scenario, sent[0], *more)
        ran = run(home, "judge", "-m", said["requested_model"], "--host", "127.0.0.1", "--json", stdin=saved)
        if said["stop_reason"] in ("tool_use", "pause_turn"):
            assert (ran.status, ran.json["status"]) == (0, "complete")  # of others' answers, a step and no end
            continue
        if not saved or b"<html" in saved[:1000]:
            assert ran.status == 2
            continue
        assert ran.out, (more, saved[:300], ran.lines)
        judged = ran.json
        if form == "whole" and judged["status"] == "incomplete" and said["status"] == "failed":
            return  # a message had begun: `ask` never had its first byte, or read no JSON
        assert ran.status == judged["exit_code"]
        assert _essence(judged) == _essence(said), more
