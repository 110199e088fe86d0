"""Other programs read what is exported."""

import json

import pytest

from avow.exchange.exchange import Exchange, as_json
from avow.history.export import as_object, json_lines
from avow.history.hiding import hidden
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
    assert as_object(answered(None, "kept"))["text"] == "kept"
    assert as_object(answered("kept", ""))["text"] == ""


@pytest.mark.parametrize("with_text", [True, False], ids=["with text", "without"])
def test_json_lines(with_text: bool) -> None:
    lines = list(json_lines(EXCHANGES, with_text=with_text))
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    read = [json.loads(line.encode()) for line in lines]
    assert [one["number"] for one in read] == [1, 2, 3, 4]
    assert [hop["model"] for hop in read[1]["hops"]] == [FABLE, OLD]
    assert (read[1]["text"] == "Begun. By another.") is with_text
    assert ("Break in?" in lines[1]) is with_text


def test_nothing_is_nothing() -> None:
    nothing: tuple[Exchange, ...] = ()
    assert list(json_lines(nothing)) == []
