"""The columns of CSV and Parquet, and what other programs read in them."""

import csv
import io
from pathlib import Path

import duckdb
import pytest

from avow.history.table import COLUMNS, TEXTS, Record, csv_lines, record
from tests.history.making import OLD, answered
from tests.history.test_export import EXCHANGES, HOSTILE

ORDER = """
number id conversation_id created_at source status verdict rerouted exit_code simulated requested_model served_model
strength category recommended_model stop_reason template retries retry_of cost_usd request_id message_id base_url
first_token_ms total_ms input_tokens output_tokens error_type error_status
error_message explanation system prompt text withdrawn_text
"""
"""Programs of others rely on it: a new column goes to the end of the first part, or of all."""


def records(with_text: bool = True) -> list[Record]:
    return [record(exchange, with_text=with_text) for exchange in EXCHANGES]


def test_the_order_is_that_which_was_promised() -> None:
    assert [column.name for column in (*COLUMNS, *TEXTS)] == ORDER.split()
    assert next(csv_lines([], with_text=True)) == ",".join(ORDER.split()) + "\n"


@pytest.mark.parametrize("with_text", [True, False], ids=["with text", "without"])
def test_csv(with_text: bool) -> None:
    text = "".join(csv_lines(records(with_text), with_text=with_text))
    rows = list(csv.DictReader(io.StringIO(text.encode().decode(), newline="")))
    assert [row["number"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["rerouted"] for row in rows] == ["false", "true", "false", "false"]
    assert (rows[0]["cost_usd"], rows[1]["cost_usd"], rows[0]["input_tokens"]) == ("0.25", "", "10")
    if with_text:
        assert rows[0]["prompt"] == rows[0]["text"] == HOSTILE.replace("\udcff\ud83d\ude00", "\ufffd😀")
        assert (rows[3]["prompt"], rows[3]["text"]) == ("", "")
    else:
        assert "prompt" not in rows[0]
        assert "Break in?" not in text


@pytest.mark.parametrize("text", ["", "a,b", 'say "x"', "two\nlines", "cr\rhere", " blank ", "plain"])
def test_csv_is_what_python_s_own_reader_takes(text: str) -> None:
    one = record(answered(text, text or "x")._replace(number=1), with_text=True)
    (row,) = csv.DictReader(io.StringIO("".join(csv_lines([one], with_text=True)), newline=""))
    assert (row["prompt"], row["text"]) == (text, text or "x")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\n=1", " =1", "＝1"])
def test_csv_for_a_spreadsheet_has_no_formulas(text: str) -> None:
    kept = record(answered(text, text)._replace(number=-1), with_text=True)
    for guarded, expected in ((True, f"'{text}"), (False, text)):
        written = "".join(csv_lines([kept], with_text=True, guarded=guarded))
        (row,) = csv.DictReader(io.StringIO(written, newline=""))
        assert (row["prompt"], row["text"], row["number"]) == (expected, expected, "-1")


def test_duckdb_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes("".join(csv_lines(records(), with_text=True)).encode())
    query = f"SELECT count(*), sum(CAST(rerouted AS INTEGER)), max(served_model) FROM '{file}'"
    assert duckdb.connect().execute(query).fetchall() == [(4, 1, OLD)]
