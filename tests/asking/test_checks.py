"""What an answer must be beyond whole."""

import json
from pathlib import Path

import pytest

from avow.asking.checks import code_of, fits_schema, holds_code
from avow.exchange.exchange import Exchange, Problem, Status
from avow.exit_codes import ExitCode
from avow.prompt import schema
from avow.routing.verdict import Routing, Segment
from tests.raw_server import RawServer, stream
from tests.running import row, run
from tests.streams import answer, sse

SCHEMA = schema.read(json.dumps({"type": "object", "properties": {"a": {"type": "string"}}}).encode(), "s.json")


def answered(text: str, status: Status = Status.COMPLETE) -> Exchange:
    routing = Routing(segments=(Segment("claude-opus-4-8", text),))
    return Exchange("id", "conversation", "2026-11-28T00:00:00.000Z", "claude-opus-4-8", status, routing=routing)


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ('{"a": "x"}', Status.COMPLETE, None),
        ('{"a": 1}', Status.COMPLETE, "the answer does not fit the schema: $.a"),
        ("prose", Status.COMPLETE, "it is not JSON"),
        ("pro", Status.TRUNCATED, "it is not JSON"),
        ("pro", Status.INCOMPLETE, None),
        ("", Status.REFUSED, None),
    ],
)
def test_an_answer_that_ended_must_fit(text: str, status: Status, words: str | None) -> None:
    problem = fits_schema(SCHEMA)(answered(text, status))
    if words is None:
        assert problem is None
    else:
        assert problem is not None
        assert problem.exit_code is ExitCode.NO_FIT
        assert words in (problem.words or "")


@pytest.mark.parametrize(
    ("text", "which", "words"),
    [
        ('Look:\n```json\n{"a": "x"}\n```\n', "first", None),
        ('```\n{"a": "x"}\n```\n```\n{"a": 1}\n```\n', "first", None),
        ('```\n{"a": "x"}\n```\n```\n{"a": 1}\n```\n', "last", "the code block does not fit the schema: $.a"),
        ('{"a": 1}', "first", None),  # that there is none is said by `holds_code`
    ],
)
def test_the_block_that_is_printed_is_judged(text: str, which: str, words: str | None) -> None:
    problem = fits_schema(SCHEMA, which)(answered(text))
    assert (problem is None) == (words is None)
    assert problem is None or (problem.words or "").startswith(words or "")


def test_a_code_block_is_wanted_and_printed() -> None:
    found = answered("Look:\n```py\none\n```\nand\n```\ntwo\n```\n")
    assert holds_code("first")(found) is None
    assert (code_of("first")(found), code_of("last")(found)) == ("one\n", "two\n")
    none = answered("prose")
    assert holds_code("last")(answered("prose", Status.TRUNCATED)) is not None
    for status in (Status.REFUSED, Status.FAILED, Status.INCOMPLETE, Status.INTERRUPTED):
        assert holds_code("first")(answered("", status)) is None
    assert holds_code("last")(none) == Problem(ExitCode.NO_FIT, "the answer holds no fenced code block")
    assert code_of("last")(none) == ""


def test_a_pattern_without_end_is_called_off_and_the_row_is_finished(home: Path) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}, "required": ["a"]}
    (home / "s.json").write_text(json.dumps(schema))
    said = json.dumps({"a": "a" * 60 + "b"})
    with RawServer(stream(sse(*answer(said)))) as server:
        arguments = ("--schema", str(home / "s.json"), "--deadline", "2", "hi")
        ran = run(home, *arguments, base_url=server.url)
    assert ran.status == 9, ran.err
    assert "checking the answer took longer" in ran.err.decode()
    assert ran.seconds < 20
    assert row(home)["status"] == "complete"
