"""What goes into a row comes out of it."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.errors import Failure
from avow.exchange.exchange import Exchange, Problem, Question, Reply, RunItem, Status
from avow.exit_codes import BySignal, ExitCode
from avow.history import migrations, schema
from avow.history.hiding import NOT_KEPT, hidden, hidden_row, redacted_row
from avow.history.rows import UNREADABLE, from_row, milliseconds, to_row
from avow.history.store import History
from avow.routing.verdict import Evidence, Hop, Outcome, Pin, Routing, Segment, Verdict
from avow.wire.blocks import Attachment
from tests.history.making import answered, asked, rerouted

TEXTS = st.text(st.characters() | st.sampled_from("\0\ud83d\udcff\u2028[\"'%"), max_size=12)
MAYBE = st.none() | TEXTS
COUNTS = st.none() | st.integers(0, 2**40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=3)
BLOCKS = st.lists(OBJECTS | st.builds(lambda t: {"type": "text", "text": t}, VALUES | TEXTS), max_size=3).map(tuple)
FAILURES = st.builds(Failure, TEXTS, st.none() | st.integers(100, 599), TEXTS, st.none())
MONEY = st.none() | st.floats(0, 1e6)
HOPS = st.builds(Hop, MAYBE, st.sampled_from(Outcome), MAYBE, st.none() | FAILURES, st.none() | OBJECTS, MONEY)
ROUTINGS = st.builds(
    Routing,
    st.none() | st.sampled_from(Verdict),
    MAYBE,
    MAYBE,
    MAYBE,
    MAYBE,
    st.lists(HOPS, max_size=2).map(tuple),
    st.lists(st.builds(Evidence, TEXTS, VALUES, TEXTS), max_size=2).map(tuple),
    st.lists(st.builds(Segment, MAYBE, TEXTS), max_size=3).map(tuple),
    MAYBE,
    st.none() | st.builds(Pin, TEXTS, st.integers(1, 2**40)),
    MAYBE,
    MAYBE,
)
QUESTIONS = st.builds(
    Question,
    MAYBE,
    MAYBE,
    MAYBE,
    st.lists(st.builds(Attachment, TEXTS, TEXTS, TEXTS, COUNTS, MAYBE), max_size=2).map(tuple),
    OBJECTS,
    BLOCKS,
)
REPLIES = st.builds(
    Reply,
    BLOCKS,
    MAYBE,
    st.none() | OBJECTS,
    MONEY,
    st.floats(0, 1e6),
    st.integers(0, 9),
    COUNTS,
    COUNTS,
    MAYBE,
    MAYBE,
)
EXCHANGES = st.builds(
    Exchange,
    number=st.none(),
    id=TEXTS,
    conversation_id=TEXTS,
    created_at=st.datetimes().map(lambda t: t.isoformat() + "Z"),
    requested_model=TEXTS,
    status=st.sampled_from(Status),
    question=QUESTIONS,
    reply=REPLIES,
    routing=ROUTINGS,
    exit_code=st.none() | st.sampled_from(ExitCode) | st.integers(1, 64).map(BySignal),
    error=st.none() | st.builds(Failure, TEXTS, st.none() | st.integers(100, 599), TEXTS, MAYBE),
    problem=st.none() | st.builds(Problem, st.sampled_from(ExitCode), MAYBE),
    withheld=st.booleans(),
    simulated=st.booleans(),
    sent_model=MAYBE,
    base_url=MAYBE,
    fallback_policy=st.sampled_from(["default", "none"]) | st.lists(TEXTS, max_size=3).map(tuple),
    fallback_by=st.sampled_from(["server", "client"]),
    retry_of=MAYBE,
    parent_id=MAYBE,
    session=MAYBE,
    source=TEXTS,
    client=MAYBE,
    item=st.none() | st.builds(RunItem, st.none() | COUNTS, TEXTS, st.integers(0, 2**40), st.integers(0, 99), TEXTS),
    batch=COUNTS,
)


@given(EXCHANGES)
def test_any_exchange_comes_back_equal(exchange: Exchange) -> None:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    for migration in migrations.MIGRATIONS:
        migration(connection)
    row = to_row(exchange)
    marks = ", ".join(f":{name}" for name in row)
    connection.execute(f"INSERT INTO exchange ({', '.join(row)}) VALUES ({marks})", row)
    stored = connection.execute("SELECT * FROM exchange").fetchone()
    assert from_row(stored)._replace(number=None) == exchange


@pytest.mark.parametrize("exchange", [answered(), rerouted(), asked()], ids=["answered", "rerouted", "pending"])
def test_the_text_is_stored_once(exchange: Exchange) -> None:
    row = to_row(exchange)
    everything = json.dumps([value for value in row.values() if isinstance(value, str)])
    assert everything.count(exchange.question.prompt or "-") == 1
    for segment in exchange.routing.segments:
        assert everything.count(segment.text) == 1


def test_every_field_of_an_exchange_has_a_column() -> None:
    assert set(to_row(answered())) | {"number"} == set(schema.NAMES), "rows.to_row writes each column"


SECRET = "canary"
SPOKEN = Routing(
    verdict=Verdict.FALLBACK,
    served_model="served",
    category="cyber",
    explanation=SECRET,
    hops=(
        Hop("first", Outcome.SKIPPED, error=Failure("overloaded_error", 529, SECRET)),
        Hop("served", Outcome.SERVED, usage={"input_tokens": 1}),
    ),
    evidence=(Evidence("openrouter_metadata", {"prompt": SECRET}, "strong"), Evidence("model", "served", "weak")),
    segments=(Segment("served", SECRET),),
    withdrawn_text=SECRET,
)


def full_of_secrets() -> Exchange:
    return answered(
        SECRET,
        SECRET,
        routing=SPOKEN,
        system=SECRET,
        attachments=(Attachment(f"{SECRET}.txt", "text", "text/plain", 3, "abc", SECRET.encode()),),
        params={"metadata": SECRET},
        error=Failure("invalid_request_error", 400, SECRET, SECRET),
        problem=Problem(ExitCode.NO_FIT, SECRET),
    )


def test_nothing_that_was_said_is_left_in_a_hidden_row() -> None:
    row = hidden_row(full_of_secrets(), "none")
    assert SECRET not in json.dumps(row)
    assert (row["verdict"], row["served_model"], row["category"], row["kept"]) == (
        "fallback",
        "served",
        "cyber",
        "none",
    )
    assert row["prompt"] is None
    assert row["text"] is None
    assert row["error_message"] == NOT_KEPT


def test_hiding_keeps_the_routing() -> None:
    routing = hidden(full_of_secrets()).routing
    assert [(hop.model, hop.outcome) for hop in routing.hops] == [
        ("first", Outcome.SKIPPED),
        ("served", Outcome.SERVED),
    ]
    assert routing.evidence[1] == Evidence("model", "served", "weak")


@pytest.mark.parametrize(
    ("evidence", "kept"),
    [
        (Evidence("model", "x" * 200, "weak"), "x" * 200),
        (Evidence("model", "x" * 201, "weak"), "(not kept)"),
        (Evidence("headers.x-litellm-attempted-fallbacks", 2, "strong"), 2),
        (Evidence("conversation.pinned", {"model": "served"}, "strong"), {"model": "served"}),
        (Evidence("openrouter_metadata", [SECRET], "strong"), "(not kept)"),
    ],
    ids=["a name", "prose", "a count", "the client's own", "an object"],
)
def test_of_evidence_names_and_counts_are_kept(evidence: Evidence, kept: object) -> None:
    exchange = answered(routing=SPOKEN._replace(evidence=(evidence,)))
    assert hidden(exchange).routing.evidence[0].value == kept


def test_of_a_damaged_row_every_column_goes_that_may_have_words() -> None:
    with History.open(Path(":memory:"), read_only=True) as history:
        history.begin(full_of_secrets())
        history.connection.execute(f"UPDATE exchange SET hops = '[{{{SECRET}'")
        (row,) = history.read("SELECT * FROM exchange")
    redacted = redacted_row(row)
    assert SECRET not in str(redacted)
    assert (redacted["kept"], redacted["number"], redacted["verdict"]) == ("redacted", 1, "fallback")


@pytest.mark.parametrize(
    ("changes", "is_readable"),
    [
        ({"signal": 1}, True),
        ({"signal": 127}, True),
        ({"signal": 0}, False),
        ({"signal": 128}, False),
        ({"exit_code": 99}, False),
        ({"exact": '{"prompt": "a"}'}, True),
        ({"exact": '{"prompt": 5}'}, False),
        ({"exact": '["prompt"]'}, False),
    ],
    ids=str,
)
def test_what_a_column_cannot_hold_is_not_read(changes: dict[str, Any], is_readable: bool) -> None:
    row = {**to_row(answered()), "number": 1, **changes}
    if is_readable:
        assert from_row(row).number == 1
    else:
        with pytest.raises(UNREADABLE):
            from_row(row)


def test_a_history_without_content_holds_no_word(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    exchange = full_of_secrets()
    with History.open(path, content="none") as history:
        number = history.begin(exchange)
        history.finish(exchange._replace(number=number))
        assert history.get("1") == hidden(exchange)._replace(number=1)
        files = [file.read_bytes() for file in tmp_path.iterdir()]
    assert not any(SECRET.encode() in data for data in (*files, path.read_bytes()))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [("1970-01-01T00:00:01.500Z", 1500), ("2026-11-23T17:00:00+01:00", 1_795_449_600_000), ("yesterday", 0), ("", 0)],
)
def test_milliseconds(moment: str, expected: int) -> None:
    assert milliseconds(moment) == expected


def test_a_row_is_what_other_programs_can_read() -> None:
    row: dict[str, Any] = to_row(asked("a\udcffb"))
    assert row["prompt"] == "a\ufffdb"
    assert all(isinstance(value, str | int | float | None) for value in row.values())
    for value in row.values():
        if isinstance(value, str):
            value.encode()
