"""`avow run`, as a process: contract §10, sentence by sentence."""

import json
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from avow.simulator.server import Simulator
from tests.run.asking import OTHER, asked, by_prompt, file
from tests.run.stand_in import MODEL, Said, StandIn, answered, failed
from tests.running import in_pty, measured, rows, run, start


@pytest.mark.parametrize("option", ["-O", "--junit", "--summary"])
def test_nothing_is_written_over_the_prompts(option: str, home: Path) -> None:
    path = file(home, "x", "y")
    before = Path(path).read_bytes()
    ran, sent = asked(home, path, option, path)
    assert (ran.status, sent, Path(path).read_bytes()) == (2, [], before)
    assert f"{path} is read too, and would be lost" in ran.lines[0]


@pytest.mark.parametrize("option", ["--system-file", "--schema"])
def test_nothing_is_written_over_what_goes_with_the_prompts(option: str, home: Path) -> None:
    path = home / "also.json"
    path.write_text("{}")
    ran = run(home, "run", "--input", "lines", option, str(path), "--out", str(path), "-", stdin=b"hi\n")
    assert (ran.status, path.read_text()) == (2, "{}")
    assert f"{path} is read too, and would be lost" in ran.lines[0]


def test_each_item_is_one_object_in_the_order_of_the_file(home: Path) -> None:
    ran, sent = asked(home, file(home, "slow one", {"id": "b", "prompt": "two"}, "three"), "--repeat", "2")
    assert ran.status == 0, ran.err
    assert [(e["item"], e["run"]) for e in ran.events] == [
        ({"id": name, "index": index, "repeat": repeat}, 1)
        for index, name in enumerate(("1", "b", "3"))
        for repeat in (0, 1)
    ]
    assert [e["text"] for e in ran.events][2:] == ["answer to two"] * 2 + ["answer to three"] * 2
    assert ran.lines == ["avow: run 1: 6 items: 6 as_requested; $0.0029"]
    assert sorted(sent) == sorted(["slow one", "two", "three"] * 2)


def test_unordered_prints_each_as_it_ends(home: Path) -> None:
    ran, _sent = asked(home, file(home, "slow one", "two"), "--unordered")
    assert [e["prompt"] for e in ran.events] == ["two", "slow one"]


def test_verbose_gives_the_figures_of_each_item(home: Path) -> None:
    ran, _sent = asked(home, file(home, {"id": "b", "prompt": "one"}), "--repeat", "2", "--verbose")
    first, second = sorted(line for line in ran.lines if line.startswith("avow: note: "))
    for note, name, event in ((first, "b #2", ran.events[1]), (second, "b", ran.events[0])):
        assert note.startswith(f"avow: note: item {name}: ")
        assert " ms in all; " in note
        assert note.endswith(f"exchange {event['id']}")


@pytest.mark.parametrize(
    ("name", "text", "arguments"),
    [
        ("f.txt", "one\ntwo\n", ()),
        ("f.csv", 'id,prompt\n1,one\n2,"two"\n', ()),
        ("f.tsv", "prompt\none\ntwo\n", ()),
        ("f.toml", '[[item]]\nprompt = "one"\n[[item]]\nprompt = "two"\n', ()),
        ("f", '"one"\n{"prompt":"two"}\n', ("--input", "jsonl")),
    ],
)
def test_every_form_asks_the_same(home: Path, name: str, text: str, arguments: tuple[str, ...]) -> None:
    (home / name).write_text(text)
    ran, sent = asked(home, str(home / name), *arguments)
    assert (ran.status, sorted(sent)) == (0, ["one", "two"]), ran.err


def test_stdin_is_read_where_there_is_no_file(home: Path) -> None:
    ran, sent = asked(home, stdin=b'"one"\n"two"\n')
    assert (ran.status, sorted(sent)) == (0, ["one", "two"])


@pytest.mark.slow  # three seconds; a shorter silence: test_background, of `later`
def test_who_waits_for_stdin_is_told(home: Path) -> None:
    with StandIn(by_prompt) as api:
        process = start(home, "run", base_url=api.base_url, stdin=subprocess.PIPE)
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"avow: note: waiting for prompts on stdin")
        process.communicate(b'"a"\n', timeout=30)
    assert process.returncode == 0


def test_without_a_key_nothing_is_begun(home: Path) -> None:
    ran = run(home, "run", file(home, "a"))
    assert (ran.status, ran.out) == (3, b"")
    assert rows(home) == []


def test_item_outranks_flag_and_flag_outranks_defaults(home: Path) -> None:
    (home / "s.toml").write_text(
        '[defaults]\nmodel = "haiku"\nsystem = "of the suite"\nmax_tokens = 7\n\n'
        '[[item]]\nprompt = "a"\n\n[[item]]\nprompt = "b"\nmodel = "opus"\nsystem = "own"\nrepeat = 2\n'
    )
    ran, _sent = asked(home, str(home / "s.toml"), "-m", "sonnet")
    found = [(e["prompt"], e["requested_model"].split("-")[1], e["system"]) for e in ran.events]
    assert found == [("a", "sonnet", "of the suite"), ("b", "opus", "own"), ("b", "opus", "own")]
    assert {row["params"]["max_tokens"] for row in rows(home)} == {7}


def test_columns_of_a_table_are_variables_of_the_template(home: Path) -> None:
    folder = home / "config" / "templates"
    folder.mkdir(parents=True)
    (folder / "hello.toml").write_text('prompt = "Greet $who in $city."\n')
    (home / "f.csv").write_text("who,city\nAda,Rome\nBo,Oslo\n")
    ran, sent = asked(home, str(home / "f.csv"), "-t", "hello")
    assert ran.status == 0, ran.err
    assert sorted(sent) == ["Greet Ada in Rome.", "Greet Bo in Oslo."]


def test_files_are_relative_to_the_file(home: Path) -> None:
    (home / "in").mkdir()
    (home / "in" / "note.txt").write_text("a note")
    (home / "in" / "f.jsonl").write_text('{"prompt": "p", "files": ["note.txt"]}\n')
    ran, _sent = asked(home, str(home / "in" / "f.jsonl"))
    assert [a["name"] for a in ran.events[0]["attachments"]] == ["note.txt"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["a", {"promt": "b"}], ":2: there is no field `promt`"),
        ([{"id": "x", "prompt": "a"}, {"id": "x", "prompt": "b"}], ":2: the id `x` is used twice"),
        (["a", {"prompt": "b", "files": ["gone.txt"]}], ":2: `files`: "),
        (["a", {"prompt": "b", "template": "none"}], ":2: "),
        (["a", {"prompt": " "}], ":2: there is nothing to send"),
        ([], ": it has no prompts"),
    ],
)
def test_all_is_checked_before_the_first_request(home: Path, lines: list[Any], words: str) -> None:
    ran, sent = asked(home, file(home, *lines))
    assert (ran.status, sent, ran.out) == (2, [], b"")
    assert f"f.jsonl{words}" in ran.err.decode()
    assert rows(home) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("--at-least", "lots"),
        ("--at-least", "100.5%"),
        ("--resume=x",),
        ("--resume", "--no-history"),
        ("-j", "65"),
        ("--out", "/nonexistent/x"),
        ("--junit", "/nonexistent/x"),
        ("--summary", "/nonexistent/x"),
        ("--output", "json"),
        ("--max-cost", "-1"),
        ("--resume", "7"),
        (f"--resume={2**63}",),
        (f"--resume={'9' * 5000}",),
    ],
)
def test_a_wrong_line_sends_nothing(home: Path, arguments: tuple[str, ...]) -> None:
    ran, sent = asked(home, file(home, "a"), *arguments)
    assert (ran.status, sent) == (2, []), ran.err
    assert b"unexpected" not in ran.err


def test_the_line_counts_by_verdict_and_the_gravest_decides(home: Path) -> None:
    ran, _sent = asked(home, file(home, "a", "refused x", "other x", "b"), "--fallback", "none")
    assert ran.lines == ["avow: run 1: 4 items: 2 as_requested, 1 refused, 1 substituted; at least $0.0013"]
    assert ran.status == 11


def test_what_could_not_be_asked_counts_more(home: Path) -> None:
    ran, _sent = asked(home, file(home, "refused x", "broken x"), "--fallback", "none")
    assert ran.status == 4
    assert ran.lines[-1].startswith("avow: run 1: 2 items: 1 refused, 1 failed")


def test_quiet_is_silent_only_when_all_went_as_asked(home: Path) -> None:
    assert asked(home, file(home, "a"), "-q")[0].lines == []
    assert asked(home, file(home, "other"), "-q")[0].lines == ["avow: run 2: 1 item: 1 substituted; $0.0003"]


@pytest.mark.parametrize(("share", "status"), [("75%", 0), ("76%", 12), ("0%", 0), ("100%", 12)])
def test_a_share_may_be_enough(home: Path, share: str, status: int) -> None:
    assert asked(home, file(home, "a", "b", "c", "other"), "--at-least", share)[0].status == status


def test_a_share_is_not_enough_where_something_failed(home: Path) -> None:
    assert asked(home, file(home, "a", "b", "c", "broken"), "--at-least", "10%")[0].status == 4


def test_out_gets_the_lines(home: Path) -> None:
    ran, _sent = asked(home, file(home, "a", "b"), "-O", str(home / "out.jsonl"))
    assert ran.out == b""
    assert [json.loads(line)["prompt"] for line in (home / "out.jsonl").read_text().splitlines()] == ["a", "b"]


def test_without_a_history_nothing_is_kept(home: Path) -> None:
    ran, _sent = asked(home, file(home, "a"), "--no-history")
    assert ran.lines == ["avow: run: 1 item: 1 as_requested; $0.0005"]
    assert ran.events[0]["run"] is None
    assert rows(home) == []


SCREENS = {
    120: """\
✓ 1       as_requested  claude-fable-5-2  $0.0005
! b       refused       claude-fable-5-2 declined: cyber
! 3       substituted   claude-fable-5-2 -> claude-opus-4-8  $0.0003
✗ 4       failed        it is invalid_request_error
avow: run 1: 4 items: 1 as_requested, 1 refused, 1 substituted, 1 failed; at least $0.0008""",
    60: """\
✓ 1       as_requested  claude-fable-5-2  $0.0005
! b       refused       claude-fable-5-2 declined: cyber
! 3       substituted   claude-fable-5-2 -> claude-opus-4-8
✗ 4       failed        it is invalid_request_error
avow: run 1: 4 items: 1 as_requested, 1 refused, 1
  substituted, 1 failed; at least $0.0008""",
}


@pytest.mark.parametrize("columns", SCREENS)
@pytest.mark.parametrize("to_file", [False, True], ids=["", "out"])
def test_a_terminal_shows_a_line_an_item(home: Path, columns: int, to_file: bool) -> None:
    path = file(home, "a", {"id": "b", "prompt": "refused x"}, "other", "broken")
    out = ("-O", str(home / "out.jsonl")) if to_file else ()
    with StandIn(by_prompt) as api:
        arguments = ("run", path, "--fallback", "none", *out)
        pty = in_pty(home, *arguments, base_url=api.base_url, size=(20, columns))
        assert pty.end() == 4
    assert pty.text == SCREENS[columns]
    assert not to_file or len((home / "out.jsonl").read_text().splitlines()) == 4


def test_the_bar_says_why_nothing_moves(home: Path) -> None:
    left = [1]

    def limited(prompt: str) -> Said:
        left[0] -= 1
        return failed(429, "rate_limit_error", ("retry-after", "1")) if left[0] >= 0 else answered()

    with StandIn(limited) as api:
        pty = in_pty(home, "run", file(home, "a", "b"), "-j", "1", base_url=api.base_url, size=(10, 100))
        pty.until("0/2  rate limited; goes on in ")
        assert pty.end() == 0
    assert pty.text.splitlines()[-1] == "avow: run 1: 2 items: 2 as_requested; $0.0010"


def test_ctrl_c_on_a_terminal(home: Path) -> None:
    with StandIn(lambda prompt: answered(seconds=30 if prompt == "slow" else 0)) as api:
        pty = in_pty(home, "run", file(home, "a", "slow", "c"), "-j", "1", base_url=api.base_url, size=(10, 100))
        pty.until("✓ 1", "1/3")
        while "slow" not in api.asked:
            pty.read(0.01)
        pty.send("\x03")
        assert pty.end() == -signal.SIGINT
    assert pty.text.splitlines()[-1].startswith("avow: run 1: 3 items: 1 as_requested, 1 interrupted, 1 not asked")


def test_a_limit_pauses_the_run_and_uses_up_no_retries(home: Path) -> None:
    left = [3]

    def limited(prompt: str) -> Said:
        left[0] -= 1
        return failed(429, "rate_limit_error", ("retry-after", "0.2")) if left[0] >= 0 else answered()

    with StandIn(limited) as api:
        ran = run(home, "run", file(home, "a", "b"), "--retries", "0", "-j", "1", base_url=api.base_url)
    assert ran.status == 0, ran.err
    assert [e["retries"] for e in ran.events] == [0, 0]
    assert api.moments[3] - api.moments[0] >= 0.6


def test_an_overload_that_a_stream_begins_with_pauses_too(home: Path) -> None:
    left = [1]

    def overloaded(prompt: str) -> Said:
        left[0] -= 1
        if left[0] < 0:
            return answered()
        body = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
        return Said(body, headers=(("content-type", "text/event-stream"), ("retry-after", "0.1")))

    with StandIn(overloaded) as api:
        ran = run(home, "run", file(home, "a"), "--retries", "0", base_url=api.base_url)
    assert (ran.status, [e["retries"] for e in ran.events], len(api.asked)) == (0, [0], 2), ran.err


def test_another_model_is_asked_where_one_cannot_be_had(home: Path) -> None:
    def answer(prompt: str, model: str) -> Said:
        if model == MODEL:
            return failed(529, "overloaded_error", ("retry-after", "0.1"))
        return answered(model=model)

    with StandIn(answer) as api:
        line = (file(home, "a"), "--if-unavailable", OTHER, "--fallback", "none", "--retries", "0")
        ran = run(home, "run", *line, base_url=api.base_url)
    assert (ran.status, ran.events[0]["served_model"], len(api.asked)) == (10, OTHER, 2), ran.events[0]["error"]


def test_a_limit_beyond_the_patience_fails_those_that_would_need_it(home: Path) -> None:
    def limited(prompt: str) -> Said:
        return failed(429, "rate_limit_error", ("retry-after", "30")) if prompt == "a" else answered()

    with StandIn(limited) as api:
        ran = run(
            home, "run", file(home, "a", "b"), "--patience", "1", "-j", "1", "--retries", "0", base_url=api.base_url
        )
    assert ran.status == 5
    assert [e["status"] for e in ran.events] == ["failed", "complete"]


def test_a_key_that_is_refused_stops_the_run(home: Path) -> None:
    ran, sent = asked(home, file(home, *(["401"] * 9)), "-j", "1")
    assert (ran.status, sent) == (3, ["401"])
    assert ran.lines[-1] == "avow: run 1: 9 items: 1 failed, 8 not asked; $0.00"


def test_no_more_than_the_jobs_are_asked_at_once(home: Path) -> None:
    with StandIn(lambda prompt: answered(seconds=0.1)) as api:
        assert run(home, "run", file(home, *"abcdefgh"), "-j", "2", base_url=api.base_url).status == 0
    assert api.most_at_once == 2


def test_a_cost_limit_ends_the_run_and_resume_goes_on(home: Path) -> None:
    path = file(home, *(f"p{number}" for number in range(8)))
    limit = ("--max-tokens", "10", "--fallback", "none", "-j", "4")
    ran, sent = asked(home, path, "--max-cost", "0.006", *limit)
    assert ran.status == 14, ran.err
    spent = sum(e["cost_usd"] for e in ran.events)
    assert 0 < len(sent) < 8
    assert spent <= 0.006
    assert f"{8 - len(sent)} not asked" in ran.lines[-1]
    same, sent_more = asked(home, path, "--max-cost", "0.006", "--resume", *limit)
    assert (same.status, sent_more) == (14, []), same.err  # what was spent before counts
    again, sent_again = asked(home, path, "--max-cost", "1", "--resume", *limit)
    assert (again.status, len(sent) + len(sent_again)) == (0, 8)


def test_a_limit_is_no_fallback_where_fallbacks_are_accepted(home: Path) -> None:
    """With a share too: what was not asked counts, not who answered the rest."""
    more = (
        "--max-tokens",
        "300",
        "--fallback",
        OTHER,
        "--accept-fallback",
        "--at-least",
        "1%",
        "-j",
        "1",
        "--max-cost",
    )
    with Simulator("fallback") as sim:
        none = run(home, "run", file(home, *"abcdefgh"), *more, "0.000001", base_url=sim.base_url)
        an_item = float(none.err.decode().partition("could cost up to $")[2].partition(";")[0])
        ran = run(home, "run", file(home, *"abcdefgh"), *more, f"{an_item + 0.0005:f}", base_url=sim.base_url)
    assert (ran.status, " fallback" in ran.lines[-1], "not asked" in ran.lines[-1]) == (14, True, True), ran.err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("-m", "house-model", "--max-cost", "5"), 1),
        (("-m", "house-model", "--max-cost", "5", "--batch"), 1),
        (("-m", "house-model"), 0),
        (("-m", OTHER, "--max-cost", "5"), 0),
    ],
    ids=["unknown", "unknown, in a batch", "no limit", "known"],
)
def test_a_price_that_was_guessed_is_told(more: tuple[str, ...], told: int, home: Path) -> None:
    path = file(home, "a", {"prompt": "b", "model": OTHER})
    ran = run(home, "run", path, *more, "--fallback", "none", "--simulate", "requested")
    assert ran.err.decode().count("avow: note: a price, or the API's choice of a fallback, is not known") == told


def test_a_dry_run_asks_no_model(home: Path) -> None:
    ran = run(home, "run", file(home, "a", "b"), "--dry-run", "--simulate", "requested")
    assert ran.status == 0, ran.err
    first, second = ran.out.decode().splitlines()
    assert first.startswith("2 items, ")
    assert first.endswith("input tokens (counted by the API)")
    assert second.startswith("from $")
    assert rows(home) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_what_is_under_way(home: Path, number: signal.Signals) -> None:
    with StandIn(lambda prompt: answered(seconds=30 if prompt == "slow" else 0)) as api:
        path = file(home, "a", "slow", "slow", "c", "d")
        process = start(home, "run", path, "-j", "2", base_url=api.base_url)
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["prompt"] == "a"
        while len(api.asked) < 3:
            time.sleep(0.01)
        begun = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == -number
    assert time.monotonic() - begun < 20
    assert [json.loads(line)["status"] for line in out.splitlines()] == ["interrupted"] * 2
    assert err.decode().splitlines()[-1].startswith("avow: run 1: 5 items: 1 as_requested, 2 interrupted, 2 not asked")
    assert sorted(row["status"] for row in rows(home)) == ["complete", "interrupted", "interrupted"]


def test_a_reader_that_leaves_ends_it_silently(home: Path) -> None:
    left = threading.Event()

    def answer(prompt: str) -> Said:
        if int(prompt) > 0:
            left.wait(60)
        return answered(seconds=0.02)

    with StandIn(answer) as api:
        process = start(home, "run", file(home, *map(str, range(300))), base_url=api.base_url)
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        left.set()
        process.communicate(timeout=30)
        assert process.returncode == -signal.SIGPIPE
        assert len(api.asked) < 300


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_memory_does_not_grow_with_the_items(home: Path) -> None:
    path = file(home, *map(str, range(10_000)))
    with StandIn(lambda prompt: answered()) as api:
        _out, peak = measured(home, "run", path, "-j", "16", "-O", "/dev/null", base_url=api.base_url, timeout=300)
    assert peak < 120 * 1024**2


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_file_of_many_lines_is_read_as_a_stream(home: Path) -> None:
    lines = 200_000
    path = home / "many.txt"
    path.write_text("".join(f"What is {number} plus {number * 7 % 1000}?\n" for number in range(lines)))
    out, peak = measured(home, "run", str(path), "--dry-run", base_url="http://127.0.0.1:9", timeout=800)
    assert out.startswith(f"{lines} items, ".encode())
    assert peak < 60 * 1024**2


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("kills", "items"),
    [
        (4, 40),
        *(pytest.param(kills, items, marks=pytest.mark.slow) for kills, items in ((10, 40), (100, 400), (50, 1000))),
    ],
)
def test_a_run_that_is_killed_and_resumed_asks_nothing_twice(home: Path, kills: int, items: int) -> None:
    """Killed at random instants, twice a round; the stand-in's own log decides."""
    import random

    chosen = random.Random(kills)
    with StandIn(lambda prompt: answered(f"answer to {prompt}", seconds=0.01)) as api:
        path = file(home, *(f"p{number}" for number in range(items)))
        for _ in range(kills // 2):
            process = start(home, "run", path, "--resume", "-j", "8", base_url=api.base_url)
            time.sleep(chosen.uniform(0.2, 0.9))
            process.kill()
            process.communicate()
            done = {row["prompt"] for row in rows(home) if row["status"] == "complete"}
            already = len(api.asked)
            process = start(home, "run", path, "--resume", "-j", "8", base_url=api.base_url)
            time.sleep(0.3)
            process.kill()
            process.communicate()
            assert not done & set(api.asked[already:])
        ran = run(home, "run", path, "--resume", base_url=api.base_url, timeout=300)
    assert ran.status == 0, ran.err
    assert [e["text"] for e in ran.events] == [f"answer to p{number}" for number in range(items)]
    assert f"{items} items: {items} as_requested" in ran.lines[-1]
    finished = [row["prompt"] for row in rows(home) if row["status"] == "complete"]
    assert sorted(finished) == sorted({f"p{number}" for number in range(items)})
    assert run(home, "history", "stats", "--run", "1", "--json").json["total"]["as_requested"] == items
