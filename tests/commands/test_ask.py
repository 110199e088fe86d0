"""`avow ask` through the real program: where the prompt comes from, what is sent, what is printed."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.running import row, rows, run


def body_of(home: Path, *arguments: str, stdin: bytes | None = None, scenario: str = "echo") -> Any:
    """The body that avow sent."""
    with Simulator(scenario=scenario) as sim:
        ran = run(home, *arguments, base_url=sim.base_url, stdin=stdin)
        assert ran.status in (0, 8, 10), ran.err
        (request,) = [r for r in sim.requests if r.method == "POST"]
        return request.json


def words_of(body: Any) -> list[str]:
    return [block["text"] for block in body["messages"][-1]["content"] if block["type"] == "text"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "prompt"),
    [
        pytest.param(("hello", "there"), None, "hello there", id="words"),
        pytest.param(("ask", "hello"), None, "hello", id="the-command-named"),
        pytest.param(("--", "history"), None, "history", id="a-command's-name-after-dashes"),
        pytest.param(("--", "history", "of", "Rome"), None, "history of Rome", id="words-after-dashes"),
        pytest.param(("--", "--version"), None, "--version", id="an-option-after-dashes"),
        pytest.param(("ask", "history"), None, "history", id="a-command's-name-after-ask"),
        pytest.param(("-m", "opus", "hi"), None, "hi", id="an-option-first"),
        pytest.param(("hi", "-m", "opus"), None, "hi", id="an-option-last"),
        pytest.param(("@file",), None, "@file", id="an-at-sign-is-no-file"),
        pytest.param((), b"from stdin\n", "from stdin\n", id="stdin-alone"),
        pytest.param(("-",), b"from stdin", "from stdin", id="a-dash"),
        pytest.param((), "\ufeffünïcödé 🙂".encode(), "ünïcödé 🙂", id="a-byte-order-mark"),
    ],
)
def test_where_the_prompt_comes_from(arguments: tuple[str, ...], stdin: bytes | None, prompt: str, home: Path) -> None:
    assert words_of(body_of(home, *arguments, stdin=stdin)) == [prompt]


def test_stdin_beside_a_prompt_is_a_document_before_it_bytes_unchanged(home: Path) -> None:
    content = body_of(home, "what is this?", stdin=b"  indented\n\ttabbed\r\n")["messages"][0]["content"]
    assert content[0]["type"] == "document"
    assert content[0]["source"] == {"type": "text", "media_type": "text/plain", "data": "  indented\n\ttabbed\r\n"}
    assert content[1] == {"type": "text", "text": "what is this?"}


@pytest.mark.parametrize("stdin", [b"", b"\n", b"  \n\t"], ids=["empty", "newline", "blanks"])
def test_empty_stdin_beside_a_prompt_is_not_sent(stdin: bytes, home: Path) -> None:
    assert len(body_of(home, "hi", stdin=stdin)["messages"][0]["content"]) == 1


def test_no_stdin(home: Path) -> None:
    assert len(body_of(home, "--no-stdin", "hi", stdin=b"not this")["messages"][0]["content"]) == 1


def test_what_the_options_say_is_sent(home: Path) -> None:
    system = home / "system.txt"
    system.write_text("be brief")
    body = body_of(
        home, *("-m", "opus", "--system-file", str(system), "--max-tokens", "123", "--effort", "low", "--stop", "END"),
        *("--stop", "FIN", "-o", 'metadata={"user_id":"x"}', "--show-thinking", "--fallback", "none", "hi"),
    )  # fmt: skip
    del body["messages"]
    assert body == {
        "model": "claude-opus-5-5",
        "max_tokens": 123,
        "system": "be brief",
        "output_config": {"effort": "low"},
        "stop_sequences": ["END", "FIN"],
        "thinking": {"type": "adaptive", "display": "summarized"},
        "metadata": {"user_id": "x"},
        "stream": True,
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param((), {"max_tokens": 64000, "fallbacks": "default", "stream": True}, id="defaults"),
        pytest.param(("--no-stream",), {"max_tokens": 16000, "fallbacks": "default"}, id="whole"),
        pytest.param(
            ("--fallback", "claude-opus-4-8,claude-opus-5"),
            {
                "max_tokens": 64000,
                "fallbacks": [{"model": "claude-opus-4-8"}, {"model": "claude-opus-5"}],
                "stream": True,
            },
            id="a-list",
        ),
        pytest.param(("--fallback-by", "client"), {"max_tokens": 64000, "stream": True}, id="by-the-client"),
    ],
)
def test_defaults(arguments: tuple[str, ...], expected: dict[str, Any], home: Path) -> None:
    body = body_of(home, *arguments, "hi")
    assert {key: value for key, value in body.items() if key not in ("model", "messages")} == expected
    assert body["model"] == "claude-fable-5-2"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param((), "nothing to send", id="nothing"),
        pytest.param(("--no-such", "x"), "--no-such", id="an-unknown-option"),
        pytest.param(("-o", "model=1", "x"), "-o model", id="a-field-with-an-option-of-its-own"),
        pytest.param(("-o", "x=y", "x"), "not JSON", id="no-json"),
        pytest.param(("-o", "x", "x"), "KEY=JSON", id="no-value"),
        pytest.param(("--json", "--output", "text", "x"), "contradict", id="two-forms"),
        pytest.param(("--output", "xml", "x"), "xml", id="an-unknown-form"),
        pytest.param(("-s", "a", "--system-file", "b", "x"), "--system-file", id="two-system-prompts"),
        pytest.param(("--system-file", "no-such-file", "x"), "no-such-file", id="no-system-file"),
        pytest.param(("-p", "a=b", "x"), "-p", id="a-variable-without-a-template"),
        pytest.param(("--report", "/no/such/folder/x", "x"), "/no/such/folder/x", id="a-report-that-cannot-be-opened"),
        pytest.param(("--report", "fd:99", "x"), "fd:99", id="a-descriptor-that-is-not-open"),
        pytest.param(("--simulate", "no-such", "x"), "no-such", id="an-unknown-scenario"),
        pytest.param(("--dry-run=xml", "x"), "xml", id="an-unknown-form-of-a-dry-run"),
        pytest.param(("--fallback", "a,b,c,d", "x"), "3", id="four-fallbacks"),
        pytest.param(("-f", "-", "-"), "stdin", id="stdin-twice"),
        pytest.param(("--header", f"{CANARY}", "x"), "--header", id="a-header-without-a-name"),
        pytest.param(("-c", "--no-history", "x"), "history", id="a-conversation-without-history"),
    ],
)
def test_usage_errors_send_nothing(arguments: tuple[str, ...], words: str, home: Path) -> None:
    with Simulator() as sim:
        ran = run(home, *arguments, base_url=sim.base_url)
        assert not sim.requests
    assert (ran.status, ran.out) == (2, b"")
    assert words in ran.lines[0]
    assert CANARY.encode() not in ran.err


def test_the_answer_is_all_of_stdout(home: Path) -> None:
    ran = run(home, "--simulate", "echo", "line one\nline two")
    assert (ran.status, ran.out, ran.err) == (0, b"line one\nline two\n", b"")


def test_the_final_newline_is_not_doubled(home: Path) -> None:
    assert run(home, "--simulate", "echo", stdin=b"x\n").out == b"x\n"


def test_hold_withholds_what_the_requested_model_did_not_write(home: Path) -> None:
    ran = run(home, "--simulate", "fallback", "--hold", "x")
    assert (ran.status, ran.out) == (10, b"")
    assert "avow history show" in ran.err.decode()
    held = run(home, "--simulate", "fallback", "--hold", "--json", "x").json
    assert (held["text"], held["segments"], held["withheld"]) == (None, [], True)
    kept = run(home, "history", "show", str(held["number"]), "--text")
    assert b"simulator" in kept.out
    accepted = run(home, "--simulate", "fallback", "--hold", "--accept-fallback", "x")
    assert accepted.status == 0
    assert accepted.out


def test_report_has_the_object_text_included(home: Path) -> None:
    report = home / "report.json"
    run(home, "--simulate", "fallback", "--hold", "--report", str(report), "x")
    body = json.loads(report.read_text())
    assert body["schema"] == "avow.answer/1"
    assert body["text"]
    assert body["exit_code"] == 10
    assert report.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("option", "block"), [("-x", b"first"), ("--extract-last", b"second")])
def test_extract(option: str, block: bytes, home: Path) -> None:
    text = "Before.\n\n```sh\nfirst\n```\n\nBetween.\n\n```\nsecond\n```\n"
    assert run(home, "--simulate", "echo", option, text).out == block + b"\n"


def test_nothing_to_extract(home: Path) -> None:
    ran = run(home, "--simulate", "echo", "-x", "no code here")
    assert (ran.status, ran.out) == (9, b"")
    assert "no fenced code block" in ran.err.decode()
    assert row(home)["exit_code"] == 9


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.mark.parametrize(("answer", "status"), [('{"n": 1}', 0), ('{"n": "one"}', 9), ("no json", 9)])
def test_schema(answer: str, status: int, home: Path) -> None:
    path = home / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    ran = run(home, "--simulate", "echo", "--schema", str(path), answer)
    assert (ran.status, ran.out) == (status, answer.encode() + b"\n")
    assert bool(ran.err) is (status == 9)


def test_the_schema_is_sent(home: Path) -> None:
    path = home / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    body = body_of(home, "--schema", str(path), "x", scenario="json")
    assert body["output_config"]["format"]["type"] == "json_schema"
    assert body["output_config"]["format"]["schema"]["properties"] == SCHEMA["properties"]


def test_count(home: Path) -> None:
    with Simulator() as sim:
        ran = run(home, "--count", "--max-tokens", "5", "hello", base_url=sim.base_url)
        (request,) = sim.requests
    assert request.path.startswith("/v1/messages/count_tokens")
    assert set(request.json) == {"model", "messages"}
    assert ran.status == 0
    assert int(ran.out) > 0
    assert rows(home) == []


def test_without_a_key_nothing_is_sent_and_the_ways_are_named(home: Path) -> None:
    ran = run(home, "hi")
    assert (ran.status, ran.out) == (3, b"")
    assert "ANTHROPIC_API_KEY" in ran.err.decode()
    assert "avow auth login" in ran.err.decode()
    body = run(home, "--json", "hi").json
    assert (body["status"], body["exit_code"], body["error"]["type"]) == ("failed", 3, "credentials")


@pytest.mark.parametrize("how", [(), ("--count",), ("--json",)], ids=str)
def test_without_a_key_what_could_not_be_sent_counts_first(how: tuple[str, ...], home: Path) -> None:
    image = home / "wide.png"
    image.write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 9000, 9, 8, 2, 0, 0, 0, 0))
    ran = run(home, *how, "-f", str(image), "hi")
    assert (ran.status, ran.out) == (2, b"")
    assert "9000" in ran.lines[0]


def test_no_history(home: Path) -> None:
    assert run(home, "--simulate", "fallback", "--no-history", "x").status == 10
    assert rows(home) == []


def test_a_history_that_cannot_be_written_is_said_once_and_spoils_nothing(home: Path) -> None:
    (home / "data").mkdir(parents=True, exist_ok=True)
    (home / "data" / "history.db").write_bytes(b"this is no database, and long enough to be looked at" * 100)
    ran = run(home, "--simulate", "requested", "x")
    assert ran.status == 0
    assert ran.out
    assert len([line for line in ran.lines if "history not written" in line]) == 1
