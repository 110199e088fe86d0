"""How strongly it is known who answered, through the whole program: shown in every form, required with --require."""

import json
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.api_host import ApiHost
from tests.conftest import CANARY
from tests.running import Ran, in_pty, row, run

UNPROVEN = "avow: unproven: requested claude-fable-5-2; only the name in the response speaks for it"


def at_gateway(home: Path, *arguments: str, scenario: str = "requested", require: str = "") -> Ran:
    with Simulator(scenario) as gateway:
        return run(home, *arguments, base_url=gateway.base_url, AVOW_REQUIRE=require)


@pytest.mark.parametrize(
    ("scenario", "status", "verdict", "strength"),
    [
        ("requested", 13, "as_requested", "weak"),
        ("litellm", 0, "as_requested", "strong"),
        ("bifrost", 0, "as_requested", "strong"),
        ("handover", 10, "fallback", "strong"),
        ("ngrok_switch", 12, "substituted", "strong"),
        ("refused", 11, "refused", "weak"),
    ],
)
def test_what_is_required_of_a_gateway(scenario: str, status: int, verdict: str, strength: str, home: Path) -> None:
    ran = at_gateway(home, "--require", "strong", "--json", "hello", scenario=scenario)
    assert (ran.status, ran.json["verdict"], ran.json["strength"]) == (status, verdict, strength), ran.json["evidence"]
    assert ran.json["exit_code"] == status
    assert (UNPROVEN in ran.lines) is (status == 13)


def test_the_name_is_strong_at_the_apis_own_host(home: Path, tmp_path: Path) -> None:
    with ApiHost(tmp_path) as api:
        ran = run(
            home,
            "--require",
            "strong",
            "--json",
            "hello",
            ANTHROPIC_API_KEY=CANARY,
            HTTPS_PROXY=api.environ["HTTPS_PROXY"],
            SSL_CERT_FILE=api.environ["SSL_CERT_FILE"],
        )
    assert (ran.status, ran.json["strength"]) == (0, "strong")


@pytest.mark.parametrize(
    ("options", "config"),
    [(("--require", "strong"), ""), ((), 'require = "strong"\n'), (("-q", "--require", "strong"), "")],
    ids=["option", "config", "quiet"],
)
def test_the_line_is_all_that_stderr_says(options: tuple[str, ...], config: str, home: Path) -> None:
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "config.toml").write_text(config)
    ran = at_gateway(home, *options, "hello")
    assert (ran.status, ran.lines) == (13, [UNPROVEN])
    assert ran.out
    assert (row(home)["verdict"], row(home)["strength"], row(home)["exit_code"]) == ("as_requested", "weak", 13)


def test_nothing_is_said_where_a_name_is_enough(home: Path) -> None:
    ran = at_gateway(home, "--require", "weak", "hello", require="strong")
    assert (ran.status, ran.err) == (0, b"")


def test_a_wrong_word_is_told_and_nothing_is_sent(home: Path) -> None:
    ran = at_gateway(home, "--require", "certain", "hello")
    assert ran.status == 2
    assert b"strong" in ran.err


def test_every_form_has_it(home: Path) -> None:
    asked = at_gateway(home, "--output", "jsonl", "hello")
    shown = run(home, "history", "show", "1", "--json").json
    (listed,) = run(home, "history", "list", "--json").json
    (line,) = run(home, "history", "list", "--jsonl").events
    (exported,) = run(home, "history", "export").events
    head, values = run(home, "history", "export", "--format", "csv").out.decode().splitlines()[:2]
    answers = [asked.events[-1]["strength"], shown["strength"], listed["strength"], line["strength"]]
    assert [*answers, exported["strength"]] == ["weak"] * 5
    assert dict(zip(head.split(","), values.split(","), strict=False))["strength"] == "weak"


def test_it_is_null_where_no_message_began(home: Path) -> None:
    ran = at_gateway(home, "--json", "--retries", "0", "hello", scenario="overloaded")
    assert ran.json["verdict"] is None
    assert ran.json["strength"] is None


def test_stats_tell_how_much_is_strong(home: Path) -> None:
    for scenario in ("requested", "litellm", "litellm", "handover"):
        at_gateway(home, "hello", scenario=scenario)
    found = run(home, "history", "stats", "--json").json["total"]
    assert (found["as_requested"], found["as_requested_strong"]) == (3, 2)
    assert (found["share_as_requested"], found["share_as_requested_strong"]) == (0.75, 0.5)
    (by_model,) = run(home, "history", "stats", "--by", "model", "--json").json["groups"]
    assert by_model["as_requested_strong"] == 2
    words = run(home, "history", "stats").out.decode()
    assert "75.0 % answered as requested (50.0 % with strong evidence)" in words
    assert "strong evidence" in words.splitlines()[3]


def test_withheld_as_any_other_exit_status(home: Path) -> None:
    ran = at_gateway(home, "--hold", "--require", "strong", "hello")
    assert (ran.status, ran.out) == (13, b"")
    assert ran.lines[0] == UNPROVEN
    assert ran.lines[1].startswith("avow: withheld: ")


def test_a_later_fault_of_the_answer_counts_first(home: Path) -> None:
    (home / "schema.json").write_text(json.dumps({"type": "object"}))
    ran = at_gateway(home, "--require", "strong", "--schema", str(home / "schema.json"), "hello")
    assert ran.status == 9


def test_in_chat_and_retry(home: Path) -> None:
    with Simulator("requested") as gateway:
        ran = run(home, "chat", "--require", "strong", base_url=gateway.base_url, stdin=b"one\ntwo\n")
        again = run(home, "retry", "1", "--require", "strong", base_url=gateway.base_url)
    assert ran.status == 13
    assert ran.lines.count(UNPROVEN) == 2
    assert (again.status, again.facts) == (13, [UNPROVEN])


@pytest.mark.parametrize(
    ("scenario", "options", "status", "wanted", "unwanted"),
    [
        ("requested", (), 0, ("by name only",), ("Only the name",)),
        ("litellm", (), 0, ("tokens in",), ("by name only",)),
        ("requested", ("--require", "strong"), 13, ("nly a name says", "--require weak"), ("by name only",)),
    ],
    ids=["name only", "a header too", "required"],
)
def test_on_the_screen(
    scenario: str, options: tuple[str, ...], status: int, wanted: tuple[str, ...], unwanted: tuple[str, ...], home: Path
) -> None:
    with Simulator(scenario) as gateway:
        pty = in_pty(home, *options, "hello", base_url=gateway.base_url)
        assert pty.end() == status
    assert all(words in pty.text for words in wanted), pty.text
    assert not any(words in pty.text for words in unwanted), pty.text


def test_why_says_it_again(home: Path) -> None:
    at_gateway(home, "--require", "strong", "hello")
    words = run(home, "why").out.decode()
    assert "Unproven: requested claude-fable-5-2; only the name in the response speaks for it" in words
    assert "exit status 13" in words


def test_the_help_tells_of_it(home: Path) -> None:
    assert b"--require strong" in run(home, "help", "exit-codes").out
    assert b"avow: unproven: " in run(home, "help", "exit-codes").out
    assert b"--require strong" in run(home, "help", "fallback").out
    assert b"strength" in run(home, "help", "json").out
