"""How `ask` gathers its prompt from arguments, stdin and files, where time or size matter."""

import os
import time
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.running import rows, run, start


@pytest.mark.slow  # by default with a shorter silence: files/test_reading
def test_a_silent_pipe_is_told_after_three_seconds(home: Path) -> None:
    reading, writing = os.pipe()
    begun = time.monotonic()
    process = start(home, "--simulate", "echo", "-q", "hi", stdin=reading)
    os.close(reading)
    try:
        assert process.stderr is not None
        told = process.stderr.readline()
        assert process.poll() is None
    finally:
        os.close(writing)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, b"hi\n", b"")
    assert told == b"avow: note: waiting for stdin to end; --no-stdin skips it\n"
    assert time.monotonic() - begun > 3


def test_a_silent_pipe_is_bounded_by_the_deadline(home: Path) -> None:
    reading, writing = os.pipe()
    process = start(home, "--simulate", "echo", "--deadline", "0.5", "hi", stdin=reading)
    os.close(reading)
    try:
        _out, err = process.communicate(timeout=20)
    finally:
        os.close(writing)
    assert process.returncode == 2
    assert b"deadline" in err


def test_fifty_megabytes_are_refused_quickly_and_nothing_is_sent(home: Path) -> None:
    with Simulator() as sim:
        ran = run(home, "summarise", base_url=sim.base_url, stdin=b"all work and no play\n" * 2_500_000)
        assert not sim.requests
    assert ran.status == 2
    assert "33,554,432" in ran.lines[0]
    assert ran.seconds < 20
    assert rows(home) == []


def test_binary_stdin_as_a_prompt_is_refused_with_the_way_out(home: Path) -> None:
    ran = run(home, "--simulate", "echo", stdin=b"\x89PNG\r\n\x1a\n\xff\xfe")
    assert ran.status == 2
    assert "avow -f -" in ran.err.decode()


def test_the_same_file_names_in_error_and_request(home: Path) -> None:
    odd = home / "-leading dash 🙂.txt"
    odd.write_text("content")
    with Simulator() as sim:
        ran = run(home, f"--file={odd}", "what?", base_url=sim.base_url)
        (request,) = sim.requests
    assert ran.status == 0
    document = request.json["messages"][0]["content"][0]
    assert document["title"] == odd.name
    assert document["source"]["data"] == "content"


def test_a_template_with_stdin_as_input(home: Path) -> None:
    run(home, "template", "save", "review", "Review this as $role:\n$input")
    with Simulator(scenario="echo") as sim:
        ran = run(home, "-t", "review", "-p", "role=a poet", base_url=sim.base_url, stdin=b"x = 1\n")
        missing = run(home, "-t", "review", base_url=sim.base_url)
        assert len(sim.requests) == 1
    assert ran.out == b"Review this as a poet:\nx = 1\n"
    assert missing.status == 2
    assert "$role" in missing.err.decode()
    assert "$input" in missing.err.decode()


def test_what_is_piped_stands_before_the_files(home: Path) -> None:
    files = [home / "a.txt", home / "b.txt"]
    for file in files:
        file.write_text("content")
    with Simulator() as sim:
        run(home, *(f"--file={file}" for file in files), "what?", base_url=sim.base_url, stdin=b"piped")
        (request,) = sim.requests
    blocks = request.json["messages"][0]["content"]
    assert [block.get("title") for block in blocks] == ["stdin", "a.txt", "b.txt", None]


def test_what_is_piped_is_a_document_for_a_template_that_takes_no_input(home: Path) -> None:
    run(home, "template", "save", "brief", "Be short.")
    with Simulator() as sim:
        run(home, "-t", "brief", base_url=sim.base_url, stdin=b"piped")
        (request,) = sim.requests
    document, words = request.json["messages"][0]["content"]
    assert (document["title"], document["source"]["data"], words["text"]) == ("stdin", "piped", "Be short.")


@pytest.mark.parametrize("instead", [("--count",), ("--dry-run",)], ids=str)
def test_an_empty_pipe_is_told_where_nothing_is_asked_too(instead: tuple[str, ...], home: Path) -> None:
    with Simulator() as sim:
        ran = run(home, *instead, "hi", base_url=sim.base_url, stdin=b"")
    assert "avow: note: stdin was empty: only the prompt is sent (--no-stdin leaves it alone)" in ran.lines


def test_the_prompt_fills_the_input_of_a_template_where_nothing_is_piped(home: Path) -> None:
    run(home, "template", "save", "review", "Review this:\n$input\nBe short.")
    with Simulator(scenario="echo") as sim:
        typed = run(home, "-t", "review", "the words", base_url=sim.base_url)
        piped = run(home, "-t", "review", "the words", base_url=sim.base_url, stdin=b"stdin")
    assert typed.out == b"Review this:\nthe words\nBe short.\n"
    assert piped.out == b"Review this:\nstdin\nBe short.\n\nthe words\n"


def test_the_key_is_in_no_file_afterwards(home: Path) -> None:
    with Simulator() as sim:
        run(home, "hello", base_url=sim.base_url)
    for path in home.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path


def test_a_system_prompt_of_the_config_gives_way_to_a_templates_and_a_conversations(home: Path) -> None:
    (home / "system.txt").write_text("from the config")
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text(f"system_file = '{home}/system.txt'\n")
    run(home, "template", "save", "t", "-s", "from the template", "hi")
    with Simulator() as sim:
        assert run(home, "hi", base_url=sim.base_url).status == 0
        assert run(home, "-t", "t", base_url=sim.base_url).status == 0
        number = str(rows(home)[-1]["number"])
        assert run(home, "--conversation", number, "and?", base_url=sim.base_url).status == 0
        chat = run(home, "chat", "--conversation", number, base_url=sim.base_url, stdin=b"more?\n")
        assert chat.status == 0, chat.err
        systems = [request.json["system"] for request in sim.requests]
    assert systems == ["from the config", *["from the template"] * 3]


def test_a_scenario_of_ones_own_is_found_by_name(home: Path) -> None:
    (home / "config" / "scenarios").mkdir(parents=True)
    (home / "config" / "scenarios" / "mine.toml").write_text('[[hops]]\ntext = "my own words"\n')
    assert run(home, "--simulate", "mine", "hi").out == b"my own words\n"
