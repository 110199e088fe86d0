"""`avow judge` through the real program."""

import json
import os
from pathlib import Path

import pytest

from tests.received.test_intake import BATCH, BODY, OPUS, STREAM
from tests.running import rows, run, start

FABLE = "claude-fable-5-2"


def test_nothing_is_said_of_what_is_as_requested(home: Path) -> None:
    ran = run(home, "judge", "-m", OPUS, stdin=BODY)
    assert (ran.status, ran.out, ran.err) == (0, b"", b"")


def test_a_file_and_its_request(home: Path) -> None:
    (home / "answer.json").write_bytes(BODY)
    (home / "asked.json").write_text(json.dumps({"model": FABLE, "messages": []}))
    ran = run(home, "judge", str(home / "answer.json"), "--request", str(home / "asked.json"))
    said = f"avow: substituted: requested {FABLE}, answered by {OPUS}; the response declares no fallback"
    assert (ran.status, ran.lines) == (12, [said])


def test_of_several_the_gravest_counts_and_each_has_its_line(home: Path) -> None:
    ran = run(home, "judge", "-m", OPUS, "--json", stdin=BATCH * 2)
    assert ran.status == 4
    assert [each["item"]["id"] for each in ran.events] == list("abcde") * 2


def test_a_name_is_not_enough_where_more_is_required(home: Path) -> None:
    for host, status in (((), 13), (("--host", "api.anthropic.com"), 0), (("--host", "https://api.anthropic.com/"), 0)):
        ran = run(home, "judge", "-m", OPUS, "--require", "strong", *host, stdin=BODY)
        assert ran.status == status
        assert [line.startswith("avow: unproven: ") for line in ran.lines] == [True] * bool(status)
    assert run(home, "judge", "-m", OPUS, "--require", "strnog", stdin=BODY).status == 2
    assert run(home, "judge", "-m", OPUS, stdin=BODY, AVOW_REQUIRE="strong").status == 13


def test_what_is_kept(home: Path) -> None:
    other = BODY.replace(OPUS.encode(), FABLE.encode())
    run(home, "judge", "-m", FABLE, "--keep", "-", stdin=b"\n".join([other, other, BODY]))
    assert [(row["source"], row["verdict"], row["requested_model"]) for row in rows(home)] == [
        ("judge", "as_requested", FABLE),
        ("judge", "as_requested", FABLE),
        ("judge", "substituted", FABLE),
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing says which model was asked"),
        (("-m", FABLE, "missing.json"), "missing.json: there is no such file"),
        (("-m", FABLE, "--request", "asked.json"), f"-m names {FABLE}, and asked.json names {OPUS}"),
        (("--request", "answer.json"), "answer.json: this is not a Messages API request"),
    ],
)
def test_what_is_wrong_with_the_line(home: Path, arguments: tuple[str, ...], words: str) -> None:
    named = [str(home / word) if word.endswith(".json") else word for word in arguments]
    (home / "asked.json").write_text(json.dumps({"model": OPUS, "messages": []}))
    (home / "answer.json").write_text("{}")
    ran = run(home, "judge", *named, stdin=BODY)
    assert (ran.status, ran.out) == (2, b"")
    assert words in ran.lines[0].replace(f"{home}/", "")


def test_a_stream_is_judged_while_the_pipe_is_open(home: Path) -> None:
    read, write = os.pipe()
    started = start(home, "judge", "-m", FABLE, stdin=read)
    os.close(read)
    assert started.stderr is not None
    os.write(write, STREAM)
    try:
        assert started.stderr.readline().startswith(b"avow: substituted: ")
    finally:
        os.close(write)
    assert started.wait(10) == 12
