"""The key is searched for in every byte that any command writes or prints, failures included."""

import html
import json
import re
import sys
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.forked import FRESH
from tests.in_part import crossed, in_part
from tests.raw_server import RawServer, Step, http, stream
from tests.running import Ran, rows, run
from tests.running import start as start_avow
from tests.streams import OTHER, answer, block, end, fallback, message, sse, start, text, words

Json = dict[str, Any]

ASKS = None
"""The command asks the API: it ends as the scenario says."""

COMMANDS: list[tuple[tuple[str, ...], int | None]] = [
    (("hi",), ASKS),
    (("--json", "--verbose", "hi"), ASKS),
    (("--output", "jsonl", "hi"), ASKS),
    (("--dry-run", "hi"), 0),
    (("--dry-run=curl", "hi"), 0),
    (("--fallback-by", "client", "hi"), ASKS),
    (("--simulate", "handover", "hi"), 10),
    (("history", "list", "--json"), 0),
    (("history", "show", "1"), 0),
    (("history", "export"), 0),
    (("why", "1"), 0),
    (("retry", "1"), ASKS),
    (("config", "list"), 0),
    (("auth", "status"), 0),
    (("--no-such-option",), 2),
    (("--max-tokens", "many", "hi"), 2),
]
LOOKS = [("--count", "hi"), ("models",), ("doctor", "--json")]
"""They ask the API too, but no model: they work where a model declines."""


def _check(ran: Ran, home: Path) -> None:
    secret = CANARY.encode()
    assert secret not in ran.out + ran.err
    assert b"Traceback" not in ran.err
    for path in home.rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("scenario", "asked", "looked"),
    in_part(
        {
            "handover": ("handover", 10, (0, 0, 0)),
            "unauthorised": ("unauthorised", 3, (3, 3, 1)),
            "html": ("html", 5, (5, 5, 1)),
        },
        ["handover"],
    ),
)
def test_no_command_shows_or_keeps_the_key(scenario: str, asked: int, looked: tuple[int, ...], home: Path) -> None:
    commands = [(arguments, asked if status is ASKS else status) for arguments, status in COMMANDS]
    with Simulator(scenario) as simulator:
        for arguments, status in (*commands, *zip(LOOKS, looked, strict=True)):
            ran = run(home, *arguments, base_url=simulator.base_url, AVOW_DEBUG="1")
            assert ran.status == status, (arguments, ran.err)
            assert ran.out or ran.err, arguments
            _check(ran, home)
        assert any(request.header("x-api-key") == CANARY for request in simulator.requests), "the key was in use"
    assert len(rows(home)) >= 5, "what was searched holds the exchanges"


@pytest.mark.parametrize("bad", [f"{CANARY}\nx: y", f"{CANARY}\u20ac"], ids=["a newline in it", "not ASCII"])
def test_a_key_that_no_header_can_carry_is_not_quoted(bad: str, home: Path) -> None:
    with Simulator() as simulator:
        ran = run(home, "hi", base_url=simulator.base_url, ANTHROPIC_API_KEY=bad)
    assert ran.status in (2, 3)
    _check(ran, home)


def test_the_key_is_no_process_argument(home: Path) -> None:
    with (
        Simulator("slow:0.1") as simulator,
        start_avow(home, "hi", base_url=simulator.base_url, env={FRESH: "1"}) as process,
    ):
        assert process.stdout is not None
        process.stdout.read(10)
        found = Path(f"/proc/{process.pid}/cmdline")
        if not found.exists():
            pytest.skip("this system has no /proc: process arguments are not looked at")
        assert CANARY.encode() not in found.read_bytes()
        process.kill()


HALF, REST = CANARY[:17], CANARY[17:]
TEAM = "tm-4f9d-second-secret-77"
"""The value of a header that the user added."""


def _said(body: Json, status: str = "200 OK", *headers: str) -> bytes:
    return http(json.dumps(body).encode(), status, "application/json", *headers)


def _wrong(words: str) -> Json:
    return {"type": "error", "error": {"type": "authentication_error", "message": words}, "request_id": words}


def fallback_blocks(name: str) -> list[Json]:
    return [
        {"type": "content_block_start", "index": 0, "content_block": fallback(name, name, name)},
        {"type": "content_block_stop", "index": 0},
    ]


def thinking(index: int, *pieces: str) -> list[Json]:
    deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
    return block(index, {"type": "thinking", "thinking": "", "signature": ""}, *deltas)


def tool(index: int, *pieces: str) -> list[Json]:
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    return block(index, {"type": "tool_use", "id": "t", "name": "f", "input": {}}, *deltas)


PLACES: dict[str, bytes] = {
    "401": _said(_wrong(f"invalid x-api-key: {CANARY}, {TEAM}"), "401 Unauthorized"),
    "401 with the key escaped": http(
        json.dumps(_wrong("KEY")).replace("KEY", "".join(f"\\u{ord(c):04x}" for c in CANARY)).encode(),
        "401 Unauthorized",
    ),
    "401 in other letters of case": _said(
        _wrong(f"{CANARY.upper()} {CANARY.lower()} {TEAM.upper()}"), "401 Unauthorized"
    ),
    "401 in HTML, escaped": http(
        f"<p>{''.join(f'&#{ord(c)};' for c in CANARY)} {TEAM.replace('-', '&#x2d;')}".encode(),
        "401 Unauthorized",
        "text/html",
    ),
    "401 in HTML": http(f"<p>no such key: {CANARY}</p>".encode(), "401 Unauthorized", "text/html"),
    "401 cut by a blank": _said(_wrong(f"{HALF}\u200b{REST} {HALF}\r{REST}"), "401 Unauthorized"),
    "headers": stream(
        sse(*answer("ok")), f"request-id: {CANARY}", f"x-{TEAM}: 1", f"anthropic-organization-id: {TEAM}"
    ),
    "a header that is none": f"HTTP/1.1 200 OK\r\nx\0{CANARY}\r\n\r\n".encode(),
    "status line": f"HTTP/1.1 999x {CANARY}\r\n\r\n".encode(),
    "redirect": http(b"", f"302 {CANARY}", "text/html", f"location: https://{CANARY}.example/"),
    "a page": http(f"<p>{CANARY}".encode(), "200 OK", f"text/{CANARY}"),
    "garbage": stream(f"data: {CANARY}\n\n".encode()),
    "model": stream(sse(*answer("ok", model=f"m {CANARY}"))),
    "fallback": stream(sse(start(), *fallback_blocks(CANARY), *words(1, "ok"), *end())),
    "text": stream(sse(*answer(f"your key is {CANARY} and {TEAM}"))),
    "text, percent-encoded": stream(sse(*answer(CANARY.replace("-", "%2D"), *TEAM.replace("-", "%252d")))),
    "text in two events": stream(sse(*answer(f"it is {HALF}", REST, TEAM[:5], TEAM[5:]))),
    "text letter by letter": stream(sse(*answer(*CANARY))),
    "text, cut by blanks": stream(sse(*answer("\u200b".join(CANARY), "\u00ad".join(TEAM)))),
    "text in two blocks": stream(sse(start(), *words(0, HALF), *words(1, REST), *end())),
    "text that breaks off": stream(sse(start(), *words(0, "so: ", CANARY[:-1], CANARY[-1])[:-1])),
    "thinking": stream(sse(start(), *thinking(0, HALF, REST), *words(1, "ok"), *end())),
    "a tool's input": stream(sse(start(), *tool(0, f'{{"a":"{HALF}', f'{REST}"}}'), *end("tool_use"))),
    "error in mid-stream": stream(sse(start(), *words(0, "so"), _wrong(f"key {CANARY}"))),
    "an unknown event": stream(sse(start(), {"type": CANARY, "model": CANARY}, *words(0, "ok"), *end())),
    "a whole message": _said(message(text(HALF), text(REST), text(TEAM), model=f"m-{CANARY}", id=CANARY)),
    "stop reason": stream(sse(*answer("ok", stop_reason=CANARY))),
    "usage": stream(sse(start(), *words(0, "ok"), *end(usage={"output_tokens": 1, "service_tier": CANARY}))),
}
Lines = tuple[tuple[str, ...], ...]
ALL_FORMS: Lines = (
    ("--verbose", "--show-thinking", "--report", "report.json", "hi"),
    ("--no-stream", "--json", "hi"),
    ("--output", "jsonl", "--fallback-by", "client", "hi"),
)
AFTERWARDS: Lines = (
    ("history", "show", "1", "--json"),
    ("history", "export", "--format", "csv"),
    ("why", "1"),
)


@pytest.mark.parametrize("place", PLACES)
def test_what_a_server_repeats_of_the_key_is_seen_nowhere(place: str, home: Path) -> None:
    """In one form in turn; afterwards one command in turn looks at what was kept."""
    late, turn = divmod(list(PLACES).index(place), len(ALL_FORMS))
    _repeated(place, home, ALL_FORMS[turn : turn + 1], AFTERWARDS[(turn + late) % len(AFTERWARDS) :][:1])


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_what_a_server_repeats_of_the_key_is_seen_in_no_form(place: str, home: Path) -> None:
    _repeated(place, home, ALL_FORMS, AFTERWARDS)


def _repeated(place: str, home: Path, forms: Lines, afterwards: Lines) -> None:
    more: Json = {
        "ANTHROPIC_CUSTOM_HEADERS": f"X-Team: {TEAM}",
        "AVOW_DEBUG": "1",
        "AVOW_ON_REROUTE": json.dumps(["sh", "-c", f"cat >'{home}/hook.in'"]),
    }
    with RawServer(_cut_up(PLACES[place]) if place in ("text", "model") else PLACES[place]) as server:
        for arguments in forms:
            placed = [str(home / word) if word == "report.json" else word for word in arguments]
            ran = run(home, "--retries", "0", *placed, base_url=server.url, **more)
            assert ran.status != 2, ran.err
            _check_all(ran, home)
        assert server.requests
    for arguments in afterwards:
        _check_all(run(home, *arguments), home)


LISTED = {"data": [{"id": f"claude-{CANARY}", "display_name": TEAM}], "input_tokens": CANARY, "has_more": False}


@pytest.mark.parametrize(
    ("said", "line"),
    crossed(
        {
            "401": _said(_wrong(f"invalid {CANARY}"), "401 Unauthorized"),
            "a list": _said(LISTED),
            "a page": http(f"<p>{CANARY}".encode(), "200 OK", "text/html"),
        },
        {line: line for line in ("doctor --json", "models", "--count hi", "models --json")},
    ),
)
def test_what_a_server_repeats_where_no_model_is_asked(said: bytes, line: str, home: Path) -> None:
    with RawServer(said) as server:
        ran = run(home, *line.split(), base_url=server.url, ANTHROPIC_CUSTOM_HEADERS=f"X-Team: {TEAM}")
    _check_all(ran, home)


def test_what_a_server_repeats_to_a_client_behind_the_relay(home: Path) -> None:
    answers = [stream(sse(*answer(HALF, REST, model=f"m-{CANARY}")), f"request-id: {CANARY}"), PLACES["401 in HTML"]]
    ask = f"cd {home}; for i in 1 2; do {sys.executable} -m avow --retries 0 --no-history hi >$i 2>&1; done"
    with RawServer(*answers) as server:
        arguments = ("proxy", "--keep-text", "--live", "--report", f"{home}/report.json", "--", "sh", "-c", ask)
        ran = run(home, *arguments, base_url=server.url)
    assert len(server.requests) == 2
    assert len(rows(home)) == 2
    _check_all(ran, home)


@pytest.mark.parametrize("at", [3, 17])
@pytest.mark.parametrize("stream_it", [True, False], ids=["events", "whole"])
def test_what_two_servers_repeat_of_the_key_one_after_the_other(at: int, stream_it: bool, home: Path) -> None:
    """A refusal ends within the key, and the model that avow falls back to goes on from there."""
    details = {"category": "cyber", "fallback_has_prefill_claim": True, "fallback_credit_token": "t"}
    ended = end("refusal", stop_details={"type": "refusal", **details})
    refused = sse(start(), *words(0, f"so: {CANARY[:at]}"), *ended)
    rest = f"{CANARY[at:]} ok"
    second = stream(sse(*answer(rest, model=OTHER))) if stream_it else _said(message(text(rest), model=OTHER))
    with RawServer(stream(refused), second) as server:
        arguments = ("--fallback-by", "client", "--fallback", OTHER, "--json", "hi")
        ran = run(home, *arguments, base_url=server.url)
    assert len(server.requests) == 2, ran.err
    _check_all(ran, home)
    for form in (("show", "1"), ("export", "--format", "md")):
        _check_all(run(home, "history", *form), home)
    seen = json.loads(ran.out)["text"]
    assert CANARY[at : at + 20] not in seen
    assert seen.endswith(" ok")


def test_a_short_key_does_not_turn_answers_into_dots(home: Path) -> None:
    with RawServer(stream(sse(*answer("the test passed")))) as server:
        ran = run(home, "hi", base_url=server.url, ANTHROPIC_API_KEY="test", ANTHROPIC_CUSTOM_HEADERS="X-A: passed")
    assert ran.out == b"the test passed\n"


def _cut_up(response: bytes) -> list[Step]:
    """The response in two pieces of the network, with the key on both sides."""
    at = response.index(CANARY.encode()) + 11
    return [response[:at], 0.05, response[at:]]


def _check_all(ran: Ran, home: Path) -> None:
    """Neither secret is anywhere, with what no terminal shows taken away too, nor as a page or a URL has it."""
    _check(ran, home)
    kept = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    for data in (ran.out, ran.err, *kept):
        seen = data.decode(errors="replace")
        for form in (seen, re.sub("[\u200b\u00ad\r\0]", "", seen), re.sub(r"\\u200b|\\u00ad|\\r|\n", "", seen)):
            meant = html.unescape(urllib.parse.unquote(urllib.parse.unquote(form))).lower()
            for secret in (CANARY, TEAM, REST):  # nor most of one
                assert secret.lower() not in meant
