"""`avow proxy` as a process: another client behind it, what is said, kept and reported, and how it exits."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from avow.simulator.server import Simulator
from tests.canary import CANARY
from tests.running import Ran, environment, rows, run, start
from tests.streams import ASKED

ASK = """
import http.client, json, os, sys, urllib.parse
base = urllib.parse.urlsplit(os.environ["ANTHROPIC_BASE_URL"])
def ask(model, text="hi", **more):
    body = {"model": model, "max_tokens": 99, "stream": True, "messages": [{"role": "user", "content": text}], **more}
    connection = http.client.HTTPConnection(base.netloc)
    headers = {"x-api-key": os.environ["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01",
               "anthropic-beta": "server-side-fallback-2026-06-01", "user-agent": "script/1"}
    connection.request("POST", base.path + "/v1/messages", json.dumps(body), headers)
    return connection.getresponse().read()
"""
"""A client without any library: it takes milliseconds to start."""


def proxied(
    home: Path, script: str, scenario: Any = "requested", *options: str, url: str | None = None, **more: Any
) -> Ran:
    """Run a script that can `ask` behind avow, with the simulator behind that."""
    with Simulator(scenario) as api:
        asking = [sys.executable, "-I", "-c", ASK + script]
        return run(home, "proxy", *options, "--", *asking, base_url=url or api.base_url, **more)


def test_an_answer_as_requested(home: Path) -> None:
    ran = proxied(home, f"print(len(ask({ASKED!r})) > 99)")
    assert (ran.status, ran.out) == (0, b"True\n")
    assert ran.lines == [f"avow: proxy: 1 answer: 1 as_requested; {sys.executable} -I"]
    (row,) = rows(home)
    kept = {key: row[key] for key in ("source", "client", "status", "verdict", "requested_model", "served_model")}
    assert kept == {
        "source": "proxy",
        "client": "script/1",
        "status": "complete",
        "verdict": "as_requested",
        "requested_model": ASKED,
        "served_model": ASKED,
    }
    assert row["request_id"].startswith("req_")
    assert row["message_id"].startswith("msg_")
    assert row["cost_usd"] > 0
    assert (row["text"], row["prompt"], row["kept"]) == (None, None, "none")


@pytest.mark.parametrize(
    ("scenario", "more", "code", "line"),
    [
        (
            "handover",
            'fallbacks="default"',
            10,
            f"avow: fallback: requested {ASKED}, answered by claude-opus-4-8 ({ASKED} declined: frontier_llm)",
        ),
        ("handover", "", 11, f"avow: refused: {ASKED} declined: frontier_llm; no model answered"),
        ("cut", "", 7, "avow: incomplete: the stream ended before the answer did"),
        ("sticky", 'fallbacks="default"', 10, f"avow: fallback: requested {ASKED}, answered by"),
        ("substituted", "", 12, f"avow: substituted: requested {ASKED}, answered by"),
    ],
)
def test_an_answer_that_is_not_as_requested(home: Path, scenario: str, more: str, code: int, line: str) -> None:
    script = f"ask({ASKED!r}, {more})" if scenario != "cut" else f"\ntry: ask({ASKED!r})\nexcept Exception: pass"
    ran = proxied(home, script, scenario)
    assert ran.status == code
    assert ran.lines[0].startswith("avow: proxy: 1 answer: 1 ")
    assert ran.lines[1].startswith(line)


def test_accept_fallback(home: Path) -> None:
    assert proxied(home, f"ask({ASKED!r}, fallbacks='default')", "handover", "--accept-fallback").status == 0


def test_the_client_s_own_fallback_is_one_answer_and_stays_one(home: Path) -> None:
    other = "claude-opus-4-8"
    script = f"ask({ASKED!r}); ask({other!r}); ask({other!r}, 'something else')"
    ran = proxied(home, script, ["handover", "requested"], "--report", str(home / "report.json"))
    assert ran.status == 10
    assert ran.lines[0].startswith("avow: proxy: 2 answers: 1 as_requested, 1 fallback (frontier_llm 1); ")
    report = json.loads((home / "report.json").read_text())
    first = report["answers"][0]
    assert report["counts"] == {"fallback": 1, "as_requested": 1}
    assert (first["requested_model"], first["served_model"]) == (ASKED, other)
    assert [(hop["model"], hop["outcome"]) for hop in first["hops"]] == [(ASKED, "declined"), (other, "served")]
    assert "session.moved" in [piece["field"] for piece in first["evidence"]]
    assert first["fallback"]["by"] == "client"
    assert [row["verdict"] for row in rows(home)] == ["refused", "fallback", "as_requested"]


def test_a_retry_counts_once(home: Path) -> None:
    ran = proxied(home, f"ask({ASKED!r}); ask({ASKED!r})", ["overloaded", "requested"])
    assert (ran.status, ran.lines[0].split("; ")[:2]) == (0, ["avow: proxy: 1 answer: 1 as_requested", "1 retried"])
    first, second = rows(home)
    assert (first["status"], second["retry_of"]) == ("failed", first["id"])


def test_only_errors(home: Path) -> None:
    ran = proxied(home, f"ask({ASKED!r})", "overloaded")
    assert ran.status == 5
    assert ran.lines[0].startswith("avow: proxy: 1 answer: 1 failed; ")
    assert ran.lines[1].startswith("avow: error: ")


def test_the_command_s_own_status_comes_first(home: Path) -> None:
    ran = proxied(home, f"ask({ASKED!r}); sys.exit(77)", "handover")
    assert ran.status == 77
    assert ran.lines[1].startswith("avow: refused: ")


def test_nothing_came_through(home: Path) -> None:
    ran = proxied(home, "")
    assert ran.status == 13
    assert ran.lines[0].startswith("avow: error: no answer came through: ")
    assert ran.lines[1].startswith("avow: proxy: 0 answers; ")


@pytest.mark.parametrize(
    ("option", "note"),
    [
        ("--no-first-party", "behaves as behind a gateway: --no-first-party"),
        ("--live", "as without avow"),
    ],
)
def test_claude_code_knows_the_api_s_own_host(option: str, note: str, home: Path) -> None:
    claude = home / "claude"
    claude.write_text('#!/bin/sh\ntest -n "$_CLAUDE_CODE_ASSUME_FIRST_PARTY_BASE_URL"\nexit $((3 + $?))\n')
    claude.chmod(0o755)
    ran = run(home, "proxy", option, "--", str(claude))
    assert ran.status == (4 if option == "--no-first-party" else 3)
    assert note in ran.lines[0]
    assert ran.lines[1].endswith(f"claude ended with status {ran.status}")


def test_a_command_that_is_not_there(home: Path) -> None:
    ran = run(home, "proxy", "--", "no-such-command", base_url="http://127.0.0.1:9")
    assert (ran.status, ran.out) == (2, b"")
    assert ran.lines[0] == "avow: error: no-such-command: no such file or directory; nothing was sent"


@pytest.mark.parametrize(
    ("url", "words"),
    [("http://api.example.com", "sends the key in clear"), ("nonsense", "must begin with https")],
)
def test_an_upstream_that_cannot_be(home: Path, url: str, words: str) -> None:
    for how in (("--upstream", url), ()):
        ran = run(home, "proxy", *how, "--", sys.executable, "-c", "print('ran')", base_url=url)
        assert (ran.status, ran.out) == (2, b"")
        assert words in ran.lines[0]
        assert ran.lines[0].startswith(f"avow: error: {'--upstream' if how else 'ANTHROPIC_BASE_URL'}: ")


def test_upstream_beats_the_environment(home: Path) -> None:
    with Simulator() as api:
        ran = proxied(home, f"ask({ASKED!r})", "requested", "--upstream", api.base_url, url="http://127.0.0.1:9")
        assert len(api.requests) == 1
    assert ran.status == 0
    (row,) = rows(home)
    assert row["base_url"] == api.base_url


def test_the_command_s_environment(home: Path) -> None:
    names = ("NO_PROXY", "no_proxy", "ANTHROPIC_BASE_URL")
    script = (
        f"print(json.dumps([*map(os.environ.get, {names}), os.environ['ANTHROPIC_API_KEY'] == {CANARY[::-1]!r}[::-1]]))"
    )
    ran = proxied(home, script, no_proxy="internal.example", HTTP_PROXY="http://proxy.example:1")
    upper, lower, url, has_key = ran.json
    assert upper == lower == "internal.example,127.0.0.1,localhost"
    assert url.startswith("http://127.0.0.1:")
    assert has_key


def test_what_reaches_the_stand_in_is_what_was_sent(home: Path) -> None:
    with Simulator() as api:
        asking = [sys.executable, "-I", "-c", ASK + f"ask({ASKED!r})"]
        subprocess.run(asking, env=environment(home, api.base_url), check=True)
        run(home, "proxy", "--", *asking, base_url=api.base_url)
        direct, through = api.requests
    assert (direct.method, direct.path, direct.headers, direct.body) == (
        through.method,
        through.path,
        through.headers,
        through.body,
    )


def test_live_tells_each_as_it_happens(home: Path) -> None:
    with Simulator("handover") as api:
        asking = [sys.executable, "-I", "-c", ASK + f"ask({ASKED!r}); input()"]
        process = start(home, "proxy", "--live", "--", *asking, base_url=api.base_url, stdin=subprocess.PIPE)
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"avow: refused: ")
        _out, err = process.communicate(b"\n", timeout=30)
    assert err.decode().splitlines()[0].startswith("avow: proxy: 1 answer: 1 refused")
    assert b"avow: refused" not in err
    assert process.returncode == 11


def test_on_reroute_runs_for_each(home: Path) -> None:
    hook = json.dumps([sys.executable, "-c", f"import sys; open({str(home / 'told')!r}, 'a').write(sys.stdin.read())"])
    ran = proxied(home, f"ask({ASKED!r}, fallbacks='default')", "handover", AVOW_ON_REROUTE=hook)
    assert ran.status == 10
    (told,) = [json.loads(line) for line in (home / "told").read_text().splitlines()]
    assert (told["verdict"], told["client"], told["source"]) == ("fallback", "script/1", "proxy")


def test_text_is_kept_only_where_that_is_asked_for(home: Path) -> None:
    script = f"ask({ASKED!r}, os.environ['WORDS'])"
    words = {"WORDS": "secret words"}
    proxied(home, script, "requested", "--keep-text", "--report", str(home / "report"), **words)
    (row,) = rows(home)
    assert row["prompt"] == "secret words"
    assert row["text"]
    (answer,) = json.loads((home / "report").read_text())["answers"]
    assert answer["text"] == row["text"]
    other = home / "other"
    other.mkdir()
    proxied(other, script, "requested", "--report", str(other / "report"), **words)
    left = b"".join(path.read_bytes() for path in other.rglob("*") if path.is_file())
    assert b"secret words" not in left
    assert row["text"][:30].encode() not in left


SHOW = "import http.client\nanswer = ask({model!r}, {more})\nprint(answer.decode())"


@pytest.mark.parametrize(
    ("scenario", "more", "options", "passes"),
    [
        ("requested", "", (), True),
        pytest.param(
            *("tool_use", "tools=[{'name': 'read_file', 'input_schema': {'type': 'object'}}]", (), True),
            marks=pytest.mark.slow,
        ),
        ("handover", "fallbacks='default'", (), False),
        ("handover", "fallbacks='default'", ("--accept-fallback",), True),
        ("refused", "", (), False),
        pytest.param("substituted", "", (), False, marks=pytest.mark.slow),
        ("cut", "", (), False),
        pytest.param("overloaded", "", (), True, marks=pytest.mark.slow),
    ],
)
def test_hold(home: Path, scenario: str, more: str, options: Sequence[str], passes: bool) -> None:
    ran = proxied(home, "\n" + SHOW.format(model=ASKED, more=more), scenario, "--hold", *options)
    if passes:
        assert b"withheld" not in ran.out
        assert b"text_delta" in ran.out or b"tool_use" in ran.out or b"overloaded_error" in ran.out
    else:
        error = json.loads(ran.out)["error"]
        assert error["type"] == "invalid_request_error"
        assert error["message"].startswith("avow withheld the answer: ")
        assert "avow: withheld: the answer was not passed on to the command (--hold)" in ran.lines


def test_no_history(home: Path) -> None:
    assert proxied(home, f"ask({ASKED!r})", "requested", "--no-history").status == 0
    assert rows(home) == []


def test_a_report_masks_keys_in_the_command_s_own_words(home: Path) -> None:
    report = home / "report.json"
    ran = run(home, "proxy", "--report", str(report), "--", sys.executable, "-c", "0", "--api-key", CANARY,
              f"TOKEN={CANARY}", base_url="http://127.0.0.1:9")  # fmt: skip
    assert ran.status == 13
    assert CANARY not in report.read_text()
    assert json.loads(report.read_text())["command"][-3:] == ["--api-key", "***", "TOKEN=***"]


def test_a_report_that_cannot_be_opened_runs_nothing(home: Path) -> None:
    ran = proxied(home, "print('ran')", "requested", "--report", str(home / "no" / "such"))
    assert (ran.status, ran.out) == (2, b"")


def test_an_answer_under_way_outlives_the_command(home: Path) -> None:
    """What a client leaves behind that still reads is waited for."""
    begun, done = home / "begun", home / "done"
    child = f"""{ASK}
class Telling(http.client.HTTPResponse):
    def begin(self):
        super().begin()
        open({str(begun)!r}, "x")
http.client.HTTPConnection.response_class = Telling
ask({ASKED!r})
open({str(done)!r}, "x")
"""
    script = f"""
import subprocess, time
subprocess.Popen([sys.executable, "-I", "-c", {child!r}])
while not os.path.exists({str(begun)!r}): time.sleep(0.01)
"""
    ran = proxied(home, script, "slow:0.03")
    assert ran.lines[0].startswith("avow: proxy: 1 answer: 1 as_requested")
    assert within(30, done.exists)


@pytest.mark.parametrize("command", [("-c", ""), ("-c", "0", "--port", "5")])
def test_the_command_s_words_are_its_own(home: Path, command: Sequence[str]) -> None:
    assert run(home, "proxy", "--", sys.executable, *command, base_url="http://127.0.0.1:9").status == 13


def test_a_port_that_is_taken(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = run(home, "proxy", "--port", str(taken.getsockname()[1]), base_url="http://127.0.0.1:9")
    assert ran.status == 2
    assert "cannot listen on port" in ran.lines[0]


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold within that time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
