"""What is written straight from the columns is what the exchange itself gives."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from avow.errors import Failure
from avow.exchange.exchange import Exchange, RunItem, Status
from avow.history import plain_columns, table
from avow.history.export import as_object, line
from avow.history.export_scope import ExportScope, NumberRange
from avow.history.filters import Filters
from avow.history.hiding import hidden
from avow.history.plain_columns import column_batches
from avow.history.plain_csv import csv_lines
from avow.history.plain_json import json_lines
from avow.history.store import History
from avow.history.table import record
from avow.routing.verdict import Evidence, Hop, Outcome, Segment
from avow.wire.blocks import Attachment
from tests.examples import up_to
from tests.history.making import FABLE, OLD, answered, asked, rerouted

HOSTILE = 'a "quote", \\ a comma,\r\na line\x00\x1b[31m\u2028 \udcff\ud83d\ude00 é'

_ALL = ExportScope()


def routed(prompt: str = "q", text: str = "One try.", **changes: Any) -> Exchange:
    """One that was answered, with that changed in its routing."""
    exchange = answered(prompt, text)
    return exchange._replace(routing=exchange.routing._replace(**changes))


UNUSUAL = {
    "hostile": answered(HOSTILE, HOSTILE),
    "rerouted": rerouted(),
    "pending": asked("pending"),
    "hidden": hidden(answered("gone")),
    "empty": answered("", ""),
    "no answer": answered("q", ""),
    "several": routed("q", "", segments=(Segment(FABLE, "a"), Segment(OLD, "b"), Segment(None, "c"))),
    "nobody": routed("q", "", segments=(Segment(None, "who?"),)),
    "failed": answered(
        "q", "half", status=Status.FAILED, error=Failure("overloaded_error", 529, "their words", "hint")
    ),
    "skipped": routed(hops=(Hop(FABLE, Outcome.SKIPPED, error=Failure("x", 529, "their words")),)),
    "evidence": routed(evidence=(Evidence("a", {"b": ["é"]}, "strong"), Evidence("c", "x" * 300, "weak"))),
    "withheld": answered("q", withheld=True, simulated=True),
    "signal": answered("q", "half", status=Status.INTERRUPTED),
    "attached": answered("q", attachments=(Attachment("a.txt", "text", "text/plain", 3, "0" * 64),)),
    "policy": answered("q", fallback_policy=(OLD, 'a"b'), template='t"é', system="s\ud800", retry_of="x"),
    "item": answered("q", item=RunItem(None, 'i"d', 3, 0, "key")),
    "usage": answered("q", usage={"input_tokens": None, "note": "\ud800"}, cost_usd=0.1 + 0.2),
    "odd counts": answered("q", usage={"input_tokens": True, "output_tokens": 1.5}),
    "half counts": answered("q", usage={"input_tokens": 1.5, "output_tokens": 2}),
    "counts in words": answered("q", usage={"input_tokens": 1, "output_tokens": "2"}),
    "simulated": answered("q", simulated=True),
    "no prompt": answered(None, "text"),
    "formula": answered("=1", " @x", template="=2", base_url="-3", request_id="a,b", message_id='"'),
    **{f"formula {begins}": answered("q", template=f"{begins}2") for begins in ("=", "+", "-", "@", " =")},
    "nothing": answered("\x00", "a\x00b", stop_reason="\x00", request_id="\x00"),
    "long": answered("long, " * 40, ('a\n"b" \\c é' * 30) + "\x1b", system="plain " * 40),
    "no usage": answered("q", usage=None, cost_usd=None),
}


def records(history: History, with_text: bool, scope: ExportScope = _ALL) -> list[list[object]]:
    """What the columns hold, row by row."""
    batches = column_batches(history, scope, with_text=with_text)
    return [list(one) for batch in batches for one in zip(*batch, strict=True)]


@pytest.mark.parametrize("content", ["full", "none"])
@pytest.mark.parametrize("with_text", [True, False], ids=["with text", "without"])
def test_it_is_what_the_exchange_gives(
    tmp_path: Path, content: str, with_text: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_columns, "AT_ONCE", 7)
    with History.open(tmp_path / "history.db", content=content) as history:
        for exchange in UNUSUAL.values():
            history.begin(exchange)
        exchanges = list(history.rows(oldest_first=True))
        lines = list(json_lines(history, ExportScope(), with_text=with_text))
        for name, exchange, written in zip(UNUSUAL, exchanges, lines, strict=True):
            assert written == line(as_object(exchange, with_text=with_text)), name
        wanted = [list(record(exchange, with_text=with_text)) for exchange in exchanges]
        assert records(history, with_text) == wanted
        for guarded in (False, True):
            cells = list(csv_lines(history, ExportScope(), with_text=with_text, guarded=guarded))
            assert cells == list(table.csv_lines(wanted, with_text=with_text, guarded=guarded))


@given(some.text(max_size=20), some.text(max_size=20), some.floats(0, 1e9), some.booleans())
@settings(max_examples=up_to(40))
def test_so_it_is_of_any_text(prompt: str, text: str, cost: float, with_text: bool) -> None:
    exchange = answered(prompt, text, system=text, cost_usd=cost, template=prompt)
    with History.open(Path(":memory:"), read_only=True) as history:
        history.begin(exchange)
        (kept,) = history.rows()
        (written,) = json_lines(history, ExportScope(), with_text=with_text)
        assert written == line(as_object(kept, with_text=with_text))
        (one,) = records(history, with_text)
        assert one == list(record(kept, with_text=with_text))
        for guarded in (False, True):
            cells = list(csv_lines(history, ExportScope(), with_text=with_text, guarded=guarded))
            assert cells == list(table.csv_lines([one], with_text=with_text, guarded=guarded))


def test_most_rows_need_no_exchange(tmp_path: Path) -> None:
    """Or a million of them would take minutes."""
    with History.open(tmp_path / "history.db") as history:
        for exchange in (answered(), answered("é", "ü"), rerouted(), answered("q", "")):
            history.begin(exchange)
        history.select = _counted = _Counted()  # type: ignore[method-assign, assignment]
        for with_text in (True, False):
            assert len(list(json_lines(history, ExportScope(), with_text=with_text))) + len(_counted.calls) >= 3
            records(history, with_text)
            list(csv_lines(history, ExportScope(), with_text=with_text, guarded=True))
    assert len(_counted.calls) == 3  # rerouted in the middle of its text: as a line, as a record, and as cells


class _Counted:
    def __init__(self) -> None:
        self.calls: list[object] = []

    def __call__(self, *arguments: object) -> Iterator[Exchange]:
        self.calls.append(arguments)
        return iter(())


DAMAGE = (
    "cost_usd = 9e999",
    "cost_usd = 'much'",
    "segments = '[]'",
    """segments = '[{"model":"x","chars":1}]'""",
    """segments = '[{"model":"x","more":0,"chars":8}]'""",
    "status = 'novel'",
    "signal = 200",
    "error_type = 'x'",
    """exact = '{"prompt": 5}'""",
)


@pytest.mark.parametrize("with_text", [True, False], ids=["with text", "without"])
def test_what_the_exchange_makes_of_damage_they_all_make_of_it(with_text: bool) -> None:
    with History.open(Path(":memory:"), read_only=True) as history:
        for number, damage in enumerate(DAMAGE, 1):
            history.begin(answered())
            history.connection.execute(f"UPDATE exchange SET {damage} WHERE number = {number}")
        exchanges = list(history.rows(oldest_first=True))
        assert list(json_lines(history, ExportScope(), with_text=with_text)) == [
            line(as_object(exchange, with_text=with_text)) for exchange in exchanges
        ]
        wanted = [list(record(exchange, with_text=with_text)) for exchange in exchanges]
        assert records(history, with_text) == wanted
        cells = list(csv_lines(history, ExportScope(), with_text=with_text))
        assert cells == list(table.csv_lines(wanted, with_text=with_text))


def test_a_damaged_value_breaks_no_line(tmp_path: Path) -> None:
    with History.open(tmp_path / "history.db") as history:
        for _ in range(3):
            history.begin(answered())
        history.connection.execute("UPDATE exchange SET hops = '[{' WHERE number = 2")
        history.connection.execute("UPDATE exchange SET total_ms = 'x', cost_usd = 'y' WHERE number = 3")
        lines = list(json_lines(history, ExportScope(), with_text=True))
        assert [json.loads(one)["number"] for one in lines] == [1]
        for number, usage in ((1, "{"), (2, "[1]")):
            history.connection.execute("UPDATE exchange SET usage = ? WHERE number = ?", (usage, number))
        history.connection.execute("UPDATE exchange SET retries = x'00' WHERE number = 3")
        history.begin(answered())
        assert [one.split(",")[0] for one in csv_lines(history, ExportScope(), with_text=True)][-1] == "4"
        assert records(history, with_text=True)[-1][0] == 4


BYTES = ("id", "conversation_id", "served_model", "source", "retries", "total_ms", "request_id", "item_id", "usage")
BYTES_SAID = ("prompt", "text", "system", "explanation", "withdrawn_text")


@pytest.mark.parametrize("name", BYTES)
def test_bytes_in_a_column_cost_one_row(tmp_path: Path, name: str) -> None:
    """SQLite makes no JSON of them, and ends the query."""
    with History.open(tmp_path / "history.db") as history:
        for _ in range(4):
            history.begin(answered())
        history.connection.execute(f"UPDATE exchange SET {name} = x'ff00' WHERE number = 3")
        in_table = [1, 2, 3, 4] if name == "item_id" else [1, 2, 4]  # it has no such column
        for with_text in (True, False):
            lines = list(json_lines(history, ExportScope(), with_text=with_text))
            assert [json.loads(one)["number"] for one in lines] == [1, 2, 4]
            cells = list(csv_lines(history, ExportScope(), with_text=with_text))[1:]
            assert [int(one.split(",")[0]) for one in cells] == in_table
            assert [one[0] for one in records(history, with_text)] == in_table
        assert not history.connection.in_transaction


@pytest.mark.parametrize("name", BYTES_SAID)
def test_bytes_in_place_of_words_cost_one_row(name: str) -> None:
    with History.open(Path(":memory:"), read_only=True) as history:
        for _ in range(3):
            history.begin(answered("q", "ab"))
        history.connection.execute(f"UPDATE exchange SET {name} = x'6162' WHERE number = 2")
        lines = list(json_lines(history, ExportScope(), with_text=True))
        assert [json.loads(one)["number"] for one in lines] == [1, 3]
        cells = list(csv_lines(history, ExportScope(), with_text=True))[1:]
        assert [int(one.split(",")[0]) for one in cells] == [1, 3]
        assert [one[0] for one in records(history, True)] == [1, 3]


@pytest.mark.parametrize(
    "damage",
    [
        *("id = 5", "created_at = 1", "total_ms = 1.5", "first_token_ms = 'x'", "retries = 1.5", "exit_code = 99"),
        *("status = 'odd'", "verdict = 'odd'", "fallback_policy = '['", "evidence = '[{'", "segments = '[{'"),
    ],
)
def test_a_value_of_another_kind_costs_one_row(tmp_path: Path, damage: str) -> None:
    with History.open(tmp_path / "history.db") as history:
        for _ in range(3):
            history.begin(answered())
        _force(history, damage)
        lines = list(json_lines(history, ExportScope(), with_text=True))
        assert [json.loads(one)["number"] for one in lines] == [1, 3]


def _force(history: History, damage: str) -> None:
    """Write it to row 2 as a damaged page would hold it, whatever the kind of the column."""
    connection = history.connection
    schema = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'exchange'").fetchone()[0]
    name = damage.split()[0]
    connection.execute("PRAGMA writable_schema = ON")
    loose = re.sub(rf"\b{name} (TEXT|INTEGER)\b", f"{name} BLOB", schema)
    connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'exchange'", (loose,))
    connection.execute("PRAGMA writable_schema = RESET")
    connection.execute(f"UPDATE exchange SET {damage} WHERE number = 2")
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'exchange'", (schema,))
    connection.execute("PRAGMA writable_schema = RESET")


def test_it_is_all_of_one_moment(tmp_path: Path) -> None:
    """Though a damaged row makes it ask twice."""
    path = tmp_path / "history.db"
    with History.open(path) as history, History.open(path, read_only=True) as reading:
        for _ in range(4):
            history.begin(answered())
        history.connection.execute("UPDATE exchange SET source = x'ff00' WHERE number = 3")
        lines = json_lines(reading, ExportScope(), with_text=False)
        first = next(lines)
        history.connection.execute("DELETE FROM exchange WHERE number = 1")
        assert [json.loads(one)["number"] for one in (first, *lines)] == [1, 2, 4]


def test_a_span_is_what_a_cursor_has_not_seen(tmp_path: Path) -> None:
    with History.open(tmp_path / "history.db") as history:
        for _ in range(6):
            history.begin(answered())
        chosen = ExportScope(Filters(model=FABLE), NumberRange(3, 6, due=(1, 5), pending=(6,)))
        found = [one[0] for one in records(history, False, chosen)]
    assert found == [1, 4, 5]
