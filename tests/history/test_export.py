"""Other programs read what is exported."""

import csv
import io
import json
from pathlib import Path

import duckdb
import pytest

from avow.exchange.exchange import Exchange, as_json
from avow.history.export import as_object, csv_lines, json_lines
from avow.history.rows import hidden
from tests.history.making import FABLE, OLD, answered, asked, rerouted

HOSTILE = 'a "quote", a comma,\r\na line\nand = 1 + 2\ttab \udcff\ud83d\ude00 é'
EXCHANGES = (
    answered(HOSTILE, HOSTILE)._replace(number=1),
    rerouted()._replace(number=2),
    asked("pending")._replace(number=3),
    hidden(answered("gone"))._replace(number=4),
)


def test_the_object_is_that_of_the_contract() -> None:
    for exchange in EXCHANGES[:3]:
        assert as_object(exchange) == as_json(exchange)


def test_what_was_withheld_from_the_screen_is_there() -> None:
    shown = as_object(rerouted("kept")._replace(withheld=True))
    assert (shown["withheld"], shown["text"]) == (True, "Begun. kept")


def test_what_is_not_kept_is_null() -> None:
    shown = as_object(EXCHANGES[3])
    assert (shown["prompt"], shown["text"], shown["verdict"]) == (None, None, "as_requested")


@pytest.mark.parametrize("with_text", [True, False], ids=["with text", "without"])
def test_json_lines(with_text: bool) -> None:
    lines = list(json_lines(EXCHANGES, with_text=with_text))
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    read = [json.loads(line.encode()) for line in lines]
    assert [one["number"] for one in read] == [1, 2, 3, 4]
    assert [hop["model"] for hop in read[1]["hops"]] == [FABLE, OLD]
    assert (read[1]["text"] == "Begun. By another.") is with_text
    assert ("Break in?" in lines[1]) is with_text


@pytest.mark.parametrize("with_text", [True, False], ids=["with text", "without"])
def test_csv(with_text: bool) -> None:
    text = "".join(csv_lines(EXCHANGES, with_text=with_text))
    rows = list(csv.DictReader(io.StringIO(text.encode().decode(), newline="")))
    assert [row["number"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["rerouted"] for row in rows] == ["false", "true", "false", "false"]
    assert (rows[0]["cost_usd"], rows[1]["cost_usd"], rows[0]["input_tokens"]) == ("0.25", "", "10")
    if with_text:
        assert rows[0]["prompt"] == rows[0]["text"] == HOSTILE.replace("\udcff\ud83d\ude00", "\ufffd😀")
    else:
        assert "prompt" not in rows[0]
        assert "Break in?" not in text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\n=1", " =1", "＝1"])
def test_csv_for_a_spreadsheet_has_no_formulas(text: str) -> None:
    kept = answered(text, text)._replace(number=-1)
    for guarded, expected in ((True, f"'{text}"), (False, text)):
        written = "".join(csv_lines([kept], guarded=guarded))
        (row,) = csv.DictReader(io.StringIO(written, newline=""))
        assert (row["prompt"], row["text"], row["number"]) == (expected, expected, "-1")


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_duckdb_reads_it(tmp_path: Path, form: str) -> None:
    file = tmp_path / f"export.{form}"
    lines = csv_lines(EXCHANGES) if form == "csv" else json_lines(EXCHANGES)
    file.write_bytes("".join(lines).encode())
    query = f"SELECT count(*), sum(CAST(rerouted AS INTEGER)), max(served_model) FROM '{file}'"
    assert duckdb.connect().execute(query).fetchall() == [(4, 1, OLD)]


def test_nothing_is_a_heading_only() -> None:
    nothing: tuple[Exchange, ...] = ()
    assert list(json_lines(nothing)) == []
    assert len(list(csv_lines(nothing))) == 1
