"""A client behind `avow proxy` beside the same client alone: the same for the client and for the server."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

from avow.simulator.http import HttpReply, RawRequest
from avow.simulator.server import RecordedRequest, Simulator
from tests.running import environment, rows, run, start

FABLE, OPUS = "claude-fable-5-2", "claude-opus-4-8"
INCOMPLETE = 7
QUIET = {
    "DISABLE_TELEMETRY": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "DO_NOT_TRACK": "1",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1",
}
"""Clients talk to nobody but the simulator: what they might send elsewhere goes to a proxy that does not exist."""

EVERY_SCENE = (
    *("fallback", "handover", "sticky", "substituted"),
    *("refused", "requested"),
    *("overloaded", "overloaded", "requested"),
    "cut",
    *("requested", "handover", "sticky"),
)
"""What the simulator plays, in order, to a client that asks eight things: four questions, one that is refused and then
asked of another model, one that meets two errors, one that is cut, and a session of three turns."""


class OfItself(Simulator):
    """It falls back, where a scenario says so, though the client has not sent `fallbacks`: many clients cannot."""

    def _reply(self, wire: RawRequest) -> HttpReply:
        if wire.method == "POST" and b'"fallbacks"' not in wire.body:
            body = json.dumps({**json.loads(wire.body), "fallbacks": "default"}).encode()
            beta = ("anthropic-beta", "server-side-fallback-2026-07-01")
            wire = dataclasses.replace(wire, headers=[*wire.headers, beta], body=body)
        return super()._reply(wire)


class Played(NamedTuple):
    """What a client printed, how it ended, and what arrived at the server."""

    status: int
    out: bytes
    sent: list[RecordedRequest]


def compared(
    home: Path,
    command: Sequence[str],
    scenario: Any,
    *,
    served_by: type[Simulator] = Simulator,
    same: Callable[[RecordedRequest], object] = lambda request: (
        request.method,
        request.path,
        request.headers,
        request.body,
    ),
    environ: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Run it both ways, hold one beside the other, and give what avow reports. `same` gives what of a request must be
    the same; the client begins in an empty home each time."""
    more = {**QUIET, **(environ or {})}
    with served_by(scenario) as api:
        alone = _alone(home, command, api, more)
    for path in home.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with served_by(scenario) as api:
        behind, report = _behind(home, command, api, more)
    assert behind.out.decode() == alone.out.decode()
    assert behind.status == alone.status
    assert len(behind.sent) == len(alone.sent) > 0
    for one, other in zip(behind.sent, alone.sent, strict=True):
        assert same(one) == same(other)
    return report


def _alone(home: Path, command: Sequence[str], api: Simulator, more: Mapping[str, str]) -> Played:
    environ = environment(home, api.base_url, **more)
    done = subprocess.run(
        command, env=environ, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, timeout=240, check=False
    )
    return Played(done.returncode, done.stdout, [_placed(one, api) for one in api.requests])


def _behind(
    home: Path, command: Sequence[str], api: Simulator, more: Mapping[str, Any]
) -> tuple[Played, dict[str, Any]]:
    report = home / "report.json"
    before = Path.cwd()
    os.chdir(home)
    try:
        ran = run(home, "proxy", "--report", str(report), "--", *command, base_url=api.base_url, timeout=240, **more)
    finally:
        os.chdir(before)
    told = json.loads(report.read_text())
    assert told["exit_code"] == ran.status
    assert "faults of avow's own" not in ran.err.decode()
    return Played(told["command_status"], ran.out, [_placed(one, api) for one in api.requests]), told


def _placed(request: RecordedRequest, api: Simulator) -> RecordedRequest:
    """A request without the port of its own server."""
    port = api.base_url.rpartition(":")[2]
    headers = [
        (name, value.replace(port, "PORT") if name.lower() == "host" else value) for name, value in request.headers
    ]
    return RecordedRequest(request.method, request.path, headers, request.body)


def verdicts(report: Mapping[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(answer["verdict"], answer["requested_model"], answer["served_model"]) for answer in report["answers"]]


def assert_every_scene(report: Mapping[str, Any], asked: str = FABLE) -> None:
    """What avow must say of a client that was played `EVERY_SCENE`."""
    went_on = ("fallback", asked, OPUS)
    assert verdicts(report) == [
        *([went_on] * 3),
        ("substituted", asked, OPUS),
        went_on,
        ("as_requested", asked, asked),
        ("unverified", asked, asked),
        ("as_requested", asked, asked),
        *([went_on] * 2),
    ]
    by = [answer["fallback"]["by"] == "client" for answer in report["answers"]]
    assert by == [False] * 4 + [True] + [False] * 5
    assert (report["retried"], report["exit_code"]) == (2, 7)
    assert report["counts"]["incomplete"] == 1
    assert len({answer["session"] for answer in report["answers"][-3:]}) == 1


def interrupted(
    home: Path, command: Sequence[str], environ: Mapping[str, str] | None = None, until: bytes = b""
) -> None:
    """Press Ctrl-C in the midst of a stream, once the client has printed something, `until` included: alone and behind
    avow it ends the same way, and avow keeps what had come."""
    more = {**QUIET, **(environ or {})}
    with Simulator("slow:0.5") as api:
        alone = subprocess.Popen(
            command,
            env=environment(home, api.base_url, **more),
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        _press(alone, until)
        behind = start(home, "proxy", "--", *command, base_url=api.base_url, start_new_session=True, cwd=home, env=more)
        err = _press(behind, until)
    # Where the client takes it for no failure, the answer that broke off is one.
    same = {-2: (-2, 130), 130: (-2, 130), 0: (INCOMPLETE,)}
    assert behind.returncode in same.get(alone.returncode, (alone.returncode,)), err
    (line,) = [line for line in err.splitlines() if line.startswith("avow: proxy: ")]
    assert line.startswith("avow: proxy: 1 answer: 1 ")
    (row,) = rows(home)
    assert row["status"] in ("incomplete", "interrupted")


def _press(process: "subprocess.Popen[bytes]", until: bytes) -> str:
    out = process.stdout
    assert isinstance(out, BufferedReader)
    seen = out.read1()
    while until not in seen:
        piece = out.read1()
        assert piece, seen
        seen += piece
    pressed = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _out, err = process.communicate(timeout=60)
    assert time.monotonic() - pressed < 10
    return str(err.decode())
