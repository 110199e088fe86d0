"""`--cache` through the real program: what is sent, what is read again, what is said, and what a gateway refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from avow.simulator.server import Simulator
from tests.api_host import ApiHost
from tests.running import Json, rows, run, shell
from tests.simulator.conftest import MODEL

MARK = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
FREE: Any = {"AVOW_FALLBACK": "", "AVOW_MODEL": "claude-opus-5"}


@pytest.fixture
def big(home: Path) -> Path:
    path = home / "big.txt"
    path.write_text("A line of a long log.\n" * 500)
    return path


def marks(body: Json) -> list[str]:
    """Where marks stand in a request."""
    system = body.get("system")
    found = [
        f"system.{at}" for at, one in enumerate(system if isinstance(system, list) else []) if one["cache_control"]
    ]
    for number, message in enumerate(body["messages"]):
        found += [f"{number}.{at}" for at, one in enumerate(message["content"]) if "cache_control" in one]
    return found


def test_another_question_about_a_file_reads_it_from_the_cache(home: Path, big: Path) -> None:
    with Simulator() as sim:
        asked = ("--cache", "5m", "--json", "-s", "be brief", "-f", str(big))
        first, second = (run(home, *asked, words, base_url=sim.base_url, **FREE).json for words in ("one", "and two"))
        assert [marks(one.json) for one in sim.requests] == [["system.0", "0.0"]] * 2
        assert sim.requests[0].json["messages"][0]["content"][0]["cache_control"] == MARK
    written = first["usage"]["cache_creation_input_tokens"]
    assert second["usage"]["cache_read_input_tokens"] == written > 2000
    assert second["cost_usd"] < first["cost_usd"] / 4
    assert rows(home)[1]["hops"][0]["usage"]["cache_read_input_tokens"] == written


@pytest.mark.sdk
def test_the_sdk_reads_the_same_counts(home: Path, big: Path) -> None:
    import anthropic

    with Simulator() as sim:
        ours = [
            run(home, "--cache", "1h", "--json", "-f", str(big), words, base_url=sim.base_url, **FREE).json["usage"]
            for words in ("one", "and two")
        ]
        bodies = [
            {key: value for key, value in one.json.items() if key != "stream"} | {"max_tokens": 90}
            for one in sim.requests
        ]
    with Simulator() as sim:
        api: Any = anthropic.Anthropic(base_url=sim.base_url, api_key="sk-ant-test", max_retries=0)
        theirs = [api.messages.create(**{**body, "stream": False}).usage for body in bodies]
    for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"):
        assert [one[name] for one in ours] == [getattr(one, name) for one in theirs]
    assert ours[0]["cache_creation"]["ephemeral_1h_input_tokens"] > 2000
    assert theirs[0].cache_creation.ephemeral_1h_input_tokens == ours[0]["cache_creation_input_tokens"]


def test_a_conversation_reads_its_earlier_turns(home: Path, big: Path) -> None:
    with Simulator(scenario="echo") as sim:
        asked = ("--cache", "5m", "--json")
        first = run(home, *asked, "-f", str(big), "one", base_url=sim.base_url, **FREE).json["usage"]
        second = run(home, *asked, "--conversation", "1", "two", base_url=sim.base_url, **FREE).json["usage"]
        third = run(home, *asked, "--conversation", "1", "three", base_url=sim.base_url, **FREE).json["usage"]
        assert [marks(one.json) for one in sim.requests] == [["0.0"], ["0.1", "2.0"], ["2.0", "4.0"]]
    assert second["cache_read_input_tokens"] == first["cache_creation_input_tokens"] > 2000
    assert third["cache_read_input_tokens"] == second["cache_read_input_tokens"] + second["cache_creation_input_tokens"]


def test_a_chat_at_the_apis_own_host_caches_by_itself(home: Path, big: Path) -> None:
    with ApiHost(home) as api:
        said = f"/file {big}\none\ntwo\n".encode()
        more: Any = {"ANTHROPIC_API_KEY": "sk-ant-x", "AVOW_MODEL": MODEL, **api.environ}
        ran = run(home, "chat", "--json", stdin=said, **more)
        sent = [one.json for one in api.requests if one.method == "POST"]
    assert ran.status == 0, ran.err
    assert [marks(one) for one in sent] == [["0.1"], ["0.1", "2.0"]]
    first, second = (one["usage"] for one in ran.events)
    assert second["cache_read_input_tokens"] == first["cache_creation_input_tokens"] > 2000


@pytest.mark.parametrize(
    ("command", "more", "wanted"),
    [
        (("chat",), {}, []),
        (("chat",), {"AVOW_CACHE": "1h"}, ["0.0"]),
        (("chat", "--simulate", "echo"), {}, None),
        (("chat", "--cache", "none"), {}, []),
        (("--cache", "none"), {"AVOW_CACHE": "1h"}, []),
        ((), {"AVOW_CACHE": "1h"}, ["0.0"]),
        ((), {}, []),
    ],
)
def test_what_is_marked_where_nobody_or_somebody_says_so(
    command: tuple[str, ...], more: dict[str, str], wanted: list[str] | None, home: Path
) -> None:
    with Simulator() as sim:
        ran = run(home, *command, stdin=b"hello\n", base_url=sim.base_url, **{**FREE, **more})
        sent = [marks(one.json) for one in sim.requests]
    assert ran.status == 0
    assert sent == ([] if wanted is None else [wanted])


def test_the_request_is_shown_as_it_is_sent(home: Path, big: Path) -> None:
    asked = ("--cache", "1h", "--no-stream", "-s", "be brief", "-f", str(big), "what?")
    with Simulator() as sim:
        shown = run(home, "--dry-run", *asked, base_url=sim.base_url, **FREE)
        pasted = run(home, "--dry-run=curl", *asked, base_url=sim.base_url, **FREE).out.decode()
        assert not sim.requests
        shell(home, pasted.replace("curl ", "curl -s ", 1), base_url=sim.base_url)
        run(home, *asked, base_url=sim.base_url, **FREE)
        by_curl, by_avow = sim.requests
    assert by_curl.body == by_avow.body
    assert json.loads(shown.out.decode().partition("\n\n")[2]) == by_avow.json
    assert by_avow.json["system"] == [{"type": "text", "text": "be brief", "cache_control": HOUR}]


@pytest.mark.parametrize("form", [(), ("--no-stream",)], ids=["streamed", "whole"])
def test_what_a_gateway_refuses_is_left_out_once_with_a_note_and_for_a_day(
    form: tuple[str, ...], home: Path, big: Path
) -> None:
    asked = (*form, "--cache", "5m", "-s", "be brief", "-f", str(big), "what?")
    with Simulator("no_caching") as sim:
        first, second = (run(home, *asked, base_url=sim.base_url, **FREE) for _ in range(2))
        sent = [one.json for one in sim.requests]
    assert (first.status, second.status) == (0, 0)
    assert [bool(marks(one)) for one in sent] == [True, False, False]
    assert sent[1]["system"] == "be brief"
    assert sent[1] == sent[2]
    assert first.lines == ["avow: note: this endpoint does not support `cache_control`; asked again without it"]
    within = "this endpoint does not support `cache_control` (it said so less than a day ago); asked without it"
    assert second.lines == [f"avow: note: {within}"]


def test_marks_of_the_users_own_stand_alone(home: Path, big: Path) -> None:
    own = ("-o", f"cache_control={json.dumps(HOUR)}")
    with Simulator() as sim:
        ran = run(home, *own, "--cache", "5m", "-f", str(big), "what?", base_url=sim.base_url, **FREE)
        (request,) = sim.requests
    assert marks(request.json) == []
    assert request.json["cache_control"] == HOUR
    assert ran.lines == ["avow: note: -o puts marks for the cache into the request, so --cache adds none"]


def test_a_prompt_that_is_too_short_is_told_of(home: Path) -> None:
    with Simulator() as sim:
        ran = run(home, "--cache", "5m", "hello", base_url=sim.base_url, **FREE)
        quiet = run(home, "--cache", "5m", "-q", "hello", base_url=sim.base_url, **FREE)
    assert ran.lines == [
        "avow: note: nothing was cached: claude-opus-5 caches prompts of 512 tokens or more, and this one has 18"
    ]
    assert quiet.err == b""


def test_why_says_what_was_read_written_and_saved(home: Path, big: Path) -> None:
    with Simulator() as sim:
        for words in ("one", "and two"):
            run(home, "--cache", "5m", "-f", str(big), words, base_url=sim.base_url, **FREE)
    written, read = (run(home, "why", number).out.decode() for number in ("1", "2"))
    assert " into the cache)" in written
    assert " of it for filling the cache" in written
    assert " from the cache)" in read
    assert "; the cache saved $0.0" in read


def test_an_unknown_lifetime_is_a_usage_error(home: Path) -> None:
    ran = run(home, "--cache", "2h", "hello")
    assert (ran.status, b"5m, 1h, none" in ran.err) == (2, True)
