"""`--dry-run`: the request as text and as a command for curl, with nothing sent and no secret shown."""

import json
from pathlib import Path

from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.running import rows, run, shell

SECRET = "s3cret-value"


def test_the_request_is_shown_and_not_sent(home: Path) -> None:
    with Simulator() as sim:
        ran = run(home, "--dry-run", "--header", f"X-Team: {SECRET}", "it's ünïcode", base_url=sim.base_url)
        assert not sim.requests
        url = f"{sim.base_url}/v1/messages"
    head, _, body = ran.out.decode().partition("\n\n")
    lines = head.splitlines()
    assert lines[0] == f"POST {url}"
    assert "X-Team: •••" in lines
    assert "x-api-key: •••" in lines
    assert json.loads(body)["messages"][0]["content"][0]["text"] == "it's ünïcode"
    assert SECRET not in ran.out.decode()
    assert CANARY not in ran.out.decode()
    assert rows(home) == []


def test_no_key_is_needed(home: Path) -> None:
    assert run(home, "--dry-run", "hi").status == 0


def test_the_bearer_style(home: Path) -> None:
    assert "authorization: Bearer •••" in run(home, "--dry-run", "--auth-style", "bearer", "hi").out.decode()


def test_the_curl_command_works_when_pasted(home: Path) -> None:
    with Simulator(scenario="echo") as sim:
        command = run(
            home, *("--dry-run=curl", "--no-stream", "--header", f"X-Team: {SECRET}", "it's $HOME \"quoted\"\n🙂"),
            base_url=sim.base_url,
        ).out.decode()  # fmt: skip
        assert CANARY not in command
        assert SECRET not in command
        ran = shell(home, command.replace("curl ", "curl -s ", 1), base_url=sim.base_url, X_TEAM=SECRET)
        (request,) = sim.requests
    answer = json.loads(ran.out)
    assert answer["content"][0]["text"] == 'it\'s $HOME "quoted"\n🙂'
    assert request.header("x-api-key") == CANARY
    assert request.header("x-team") == SECRET
