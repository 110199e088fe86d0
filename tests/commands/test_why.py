"""`avow why` through the real program."""

import json
import subprocess
from pathlib import Path

from avow.simulator.server import Simulator
from tests.programs import needs
from tests.running import run


def test_the_account_of_the_last_exchange(home: Path) -> None:
    run(home, "--simulate", "handover", "x")
    ran = run(home, "why")
    text = ran.out.decode()
    assert ran.status == 0
    assert "fallback" in text
    assert "claude-fable-5-2: declined (frontier_llm)" in text
    assert "claude-opus-4-8: served" in text
    assert "usage.iterations[1].type" in text
    assert "simulator" in text


def test_that_exchange(home: Path) -> None:
    run(home, "--simulate", "substituted", "x")
    run(home, "--simulate", "requested", "x")
    assert "substituted" in run(home, "why", "1").out.decode()


def test_as_json(home: Path) -> None:
    run(home, "--simulate", "sticky", "x")
    body = json.loads(run(home, "why", "--json").out)
    assert (body["verdict"], body["hops"][0]["outcome"]) == ("fallback", "served")


def test_an_empty_history(home: Path) -> None:
    ran = run(home, "why")
    assert (ran.status, ran.out) == (2, b"")
    assert "empty" in ran.lines[0]


def test_an_exchange_that_is_not_there(home: Path) -> None:
    run(home, "--simulate", "requested", "x")
    ran = run(home, "why", "99")
    assert ran.status == 2
    assert "99" in ran.lines[0]


def test_words_are_no_ids(home: Path) -> None:
    ran = run(home, "why", "is", "the", "sky", "blue")
    assert ran.status == 2
    assert "avow -- why is the sky blue" in ran.err.decode()


def test_cited_in_one_line(home: Path) -> None:
    run(home, "--simulate", "fallback", "x")
    facts = "(asked: claude-fable-5-2; declined: frontier_llm; simulated)"
    for typed, line in (
        (("--cite",), f"Answered by claude-opus-4-8 {facts}"),
        (("--cite", "1"), f"Answered by claude-opus-4-8 {facts}"),
        (("--cite=trailer",), f"Answered-by: claude-opus-4-8 {facts}"),
        (("--cite", "trailer"), f"Answered-by: claude-opus-4-8 {facts}"),
        (
            ("1", "--cite=markdown"),
            f"Answered by `claude-opus-4-8` {facts.replace('claude-fable-5-2', '`claude-fable-5-2`')}",
        ),
    ):
        ran = run(home, "why", *typed)
        assert (ran.status, ran.out.decode()) == (0, line + "\n")


@needs("git")
def test_git_reads_the_trailer(home: Path) -> None:
    run(home, "--simulate", "handover", "x")
    trailer = run(home, "why", "--cite=trailer").out.decode()
    message = f"Explain rebasing\n\nWhy.\n\n{trailer}"
    read = subprocess.run(["git", "interpret-trailers", "--parse"], input=message, capture_output=True, text=True)
    assert read.stdout == trailer


def test_a_report_for_support(home: Path) -> None:
    run(home, "--simulate", "fallback", "my secret question")
    ran = run(home, "why", "--report")
    assert ran.status == 0
    assert b"category: frontier_llm\n" in ran.out
    assert b"secret" not in ran.out


def test_forms_that_are_not_there_or_exclude_each_other(home: Path) -> None:
    run(home, "--simulate", "fallback", "x")
    for typed, words in (
        (("--cite=poem",), "--cite=poem: there is no such form"),
        (("--cite", "--json"), "only one of --json, --cite and --report"),
        (("--report", "--json"), "only one of --json, --cite and --report"),
    ):
        ran = run(home, "why", *typed)
        assert (ran.status, ran.out) == (2, b"")
        assert words in ran.lines[0]


def test_a_gateway_that_takes_fallbacks_for_itself_is_named_with_what_works_there(home: Path) -> None:
    said = "LiteLLM takes `fallbacks` for a setting of its own and does not pass it on; `--fallback-by client` works"
    with Simulator("litellm_swallows") as simulator:
        ran = run(home, "--fallback", "default", "x", base_url=simulator.base_url)
        assert said in run(home, "why").out.decode()
        run(home, "x", base_url=simulator.base_url, AVOW_FALLBACK="")
        assert "setting of its own" not in run(home, "why").out.decode()
    assert ran.status == 11
