"""`avow why` through the real program."""

import json
from pathlib import Path

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
