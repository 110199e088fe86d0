"""`avow retry` through the real program: the same request again, linked to the first, files out of the history."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.running import rows, run

FABLE, OPUS = "claude-fable-5-2", "claude-opus-5-5"


@pytest.fixture
def note(home: Path) -> Path:
    """A file to attach."""
    path = home / "note.txt"
    path.write_text("red\n")
    return path


def test_the_same_request_goes_out_again_and_the_rows_are_linked(home: Path, note: Path) -> None:
    first = ("-m", FABLE, "-s", "Be brief.", "--max-tokens", "500", "--effort", "low", "--stop", "END")
    with Simulator() as api:
        assert run(home, *first, "-f", str(note), "Which colour?", base_url=api.base_url).status == 0
        note.write_text("blue\n")  # what was sent is in the history; the file does not count any more
        again = run(home, "retry", base_url=api.base_url)
        other = run(home, "retry", "1", "-m", "opus", base_url=api.base_url)
        sent, same, changed = (request.json for request in api.requests)
    assert (again.status, other.status) == (0, 0), again.err + other.err
    assert again.lines == other.lines == ["avow: note: asking again: exchange 1: Which colour?"]
    assert sent["messages"][0]["content"][0]["source"]["data"] == "red\n"
    assert sent["system"] == "Be brief."
    assert sent["output_config"] == {"effort": "low"}
    assert same == sent
    assert changed == {**sent, "model": OPUS}
    original, *retries = rows(home)
    assert original["retry_of"] is None
    assert [row["retry_of"] for row in retries] == [original["id"]] * 2
    assert [row["requested_model"] for row in retries] == [FABLE, OPUS]
    assert {row["conversation_id"] for row in retries} == {original["conversation_id"]}


@pytest.mark.parametrize("number", ["1", "2"])
def test_show_has_both_answers_and_who_wrote_them(home: Path, number: str) -> None:
    with Simulator(["handover", "requested"]) as api:
        assert run(home, "Why?", base_url=api.base_url).status == 10
        assert run(home, "retry", "1", "-m", "opus", base_url=api.base_url).status == 0
    shown = run(home, "history", "show", number).out.decode()
    first, second = rows(home)
    heads = [line for line in shown.splitlines() if line.startswith(("── 1 ", "── 2 "))]
    assert "claude-opus-4-8" in heads[0], shown
    assert OPUS in heads[1], shown
    assert first["text"][-60:] in shown
    assert second["text"] in shown


def test_a_turn_is_asked_again_with_the_turns_before_it(home: Path) -> None:
    with Simulator() as api:
        for arguments in (("one",), ("-c", "two"), ("-c", "three"), ("retry", "2")):
            ran = run(home, *arguments, base_url=api.base_url)
            assert ran.status == 0, ran.err
        bodies = [request.json for request in api.requests]
    assert bodies[3] == bodies[1]
    first, second, third, again = rows(home)
    assert again["parent_id"] == second["parent_id"] == first["id"]
    assert again["retry_of"] == third["parent_id"] == second["id"]


def test_a_system_prompt_that_is_set_later_is_neither_sent_nor_kept(home: Path) -> None:
    with Simulator("thinking") as api:
        for arguments in (("one",), ("-c", "two")):
            assert run(home, *arguments, base_url=api.base_url).status == 0
        ran = run(home, "retry", base_url=api.base_url, AVOW_SYSTEM="Be brief.")
        _one, sent, again = (request.json for request in api.requests)
    assert ran.status == 0, ran.err
    assert again == sent  # the thinking of the first turn too: it goes out where the system prompt is the same
    assert [row["system"] for row in rows(home)] == [None] * 3


def test_thinking_that_was_not_asked_for_at_first_can_be_shown(home: Path) -> None:
    with Simulator("thinking") as api:
        assert run(home, "Why?", base_url=api.base_url).lines == []
        again = run(home, "retry", "--show-thinking", base_url=api.base_url)
        sent, shown = (request.json for request in api.requests)
    assert again.status == 0, again.err
    assert shown == {**sent, "thinking": {"type": "adaptive", "display": "summarized"}}
    assert len(again.lines) > 1, again.err


def test_who_may_answer_is_asked_anew(home: Path) -> None:
    with Simulator() as api:
        assert run(home, "Why?", base_url=api.base_url).status == 0
        assert run(home, "retry", "--fallback", "none", base_url=api.base_url).status == 0
        sent, again = (request.json for request in api.requests)
    assert sent.pop("fallbacks") == "default"
    assert again == sent


@pytest.mark.parametrize("change", ["changed", "gone", "the same"])
def test_without_kept_files_the_file_is_read_again_while_it_is_the_same(home: Path, note: Path, change: str) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text("[history]\nattachments = false\n")
    with Simulator() as api:
        assert run(home, "-f", str(note), "Which colour?", base_url=api.base_url).status == 0
        if change == "changed":
            note.write_text("blue\n")
        elif change == "gone":
            note.unlink()
        ran = run(home, "retry", base_url=api.base_url)
        bodies = [request.json for request in api.requests]
    if change == "the same":
        assert ran.status == 0, ran.err
        assert bodies[1] == bodies[0]
        return
    assert ran.status == 2
    assert str(note) in ran.err.decode()
    assert len(bodies) == len(rows(home)) == 1  # nothing was sent, nothing kept


@pytest.mark.parametrize(
    ("before", "words"),
    [((), "no question to ask again"), (("--simulate", "requested", "hi"), "no question to ask again")],
    ids=["empty history", "only a simulated exchange"],
)
def test_nothing_to_ask_again_is_a_usage_error(home: Path, before: tuple[str, ...], words: str) -> None:
    with Simulator() as api:
        if before:
            assert run(home, *before).status == 0
        ran = run(home, "retry", base_url=api.base_url)
        assert not api.requests
    assert ran.status == 2
    assert words in ran.err.decode()


def test_what_was_kept_without_its_text_cannot_be_asked_again(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text('[history]\ncontent = "none"\n')
    with Simulator() as api:
        assert run(home, "Why?", base_url=api.base_url).status == 0
        ran = run(home, "retry", base_url=api.base_url)
        assert len(api.requests) == 1
    assert ran.status == 2
    assert "the text of exchange 1 was not kept" in ran.err.decode()


def test_what_was_kept_without_its_parameters_is_asked_again_with_those_of_ask(home: Path) -> None:
    with Simulator() as api:
        assert run(home, "-s", "Be brief.", "Why?", base_url=api.base_url).status == 0
        with closing(sqlite3.connect(home / "data" / "history.db")) as database, database:
            database.execute("UPDATE exchange SET params = '{}'")  # as a scan imports it, or an older version kept it
        again = run(home, "retry", base_url=api.base_url)
        sent, same = (request.json for request in api.requests)
    assert again.status == 0, again.err
    assert same == sent


def test_a_model_that_may_write_less_is_asked_for_less(home: Path) -> None:
    with Simulator() as api:
        assert run(home, "--max-tokens", "100000", "Why?", base_url=api.base_url).status == 0
        again = run(home, "retry", "-m", "claude-haiku-4-5", base_url=api.base_url)
        sent, less = (request.json for request in api.requests)
    assert again.status == 0, again.err
    assert (sent["max_tokens"], less["max_tokens"]) == (100_000, 64_000)
