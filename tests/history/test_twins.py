"""An answer that both the proxy and a scan know, in the history, in either order."""

from pathlib import Path
from typing import Any

import pytest

from avow.exchange.exchange import Exchange
from avow.history.store import History
from tests.changing import changed
from tests.history.making import NOON, answered, asked

HOUR = 3600.0


def imported(message_id: str | None, request_id: str | None, **more: Any) -> Exchange:
    return answered(source="claude-code", message_id=message_id, request_id=request_id, **more)


def passed(history: History, message_id: str | None, request_id: str | None, at: float = NOON) -> None:
    """What the proxy writes: a row as the request passes, and its end."""
    begun = asked(None, at=at, source="proxy")
    begun = begun._replace(number=history.begin(begun))
    history.finish(changed(answered(None, at=at, source="proxy"), id=begun.id, number=begun.number,
                           message_id=message_id, request_id=request_id))  # fmt: skip


def sources(history: History) -> list[str]:
    return sorted(exchange.source for exchange in history.rows())


@pytest.fixture
def history(tmp_path: Path) -> Any:
    with History.open(tmp_path / "history.db") as opened:
        yield opened


SAME = [("msg_1", "req_1"), ("msg_1", None), (None, "req_1")]
OTHER = [("msg_1", "req_2"), ("msg_2", "req_1"), ("msg_2", "req_2"), ("msg_2", None), (None, None)]


@pytest.mark.parametrize("ids", SAME)
def test_one_answer_is_kept_once_in_either_order(history: History, ids: tuple[str | None, str | None]) -> None:
    passed(history, "msg_1", "req_1")
    assert history.add([imported(*ids, at=NOON + 60)]) == 0
    assert sources(history) == ["proxy"]


@pytest.mark.parametrize("ids", SAME)
def test_one_answer_that_was_imported_first(history: History, ids: tuple[str | None, str | None]) -> None:
    assert history.add([imported(*ids, at=NOON + 60)]) == 1
    passed(history, "msg_1", "req_1")
    assert sources(history) == ["proxy"]
    assert history.read("SELECT count(*) FROM hop")[0][0] == 1


def test_the_texts_that_were_imported_are_not_lost(history: History) -> None:
    """The proxy keeps none unless it is told to."""
    history.add([imported("msg_1", "req_1", at=NOON + 60)])
    (before,) = history.rows()
    begun = asked(None, at=NOON, source="proxy")
    begun = begun._replace(number=history.begin(begun))
    ended = changed(answered(None, "", source="proxy"), id=begun.id, number=begun.number, message_id="msg_1")
    history.finish(ended)
    (kept,) = history.rows()
    assert (kept.source, kept.question.prompt, kept.text) == ("proxy", before.question.prompt, before.text)
    assert before.text != ""


@pytest.mark.parametrize("ids", OTHER)
@pytest.mark.parametrize("first", ["proxy", "import"])
def test_two_answers_stay_two(history: History, ids: tuple[str | None, str | None], first: str) -> None:
    if first == "proxy":
        passed(history, "msg_1", "req_1")
    assert history.add([imported(*ids)]) == 1
    if first == "import":
        passed(history, "msg_1", "req_1")
    assert sources(history) == ["claude-code", "proxy"]


def test_ids_that_a_gateway_gives_to_every_answer_join_none_of_another_day(history: History) -> None:
    passed(history, "msg_1", None)
    assert history.add([imported("msg_1", None, at=NOON + 48 * HOUR)]) == 1


@pytest.mark.parametrize("source", ["avow", "judge"])
def test_what_was_not_imported_is_no_copy(history: History, source: str) -> None:
    passed(history, "msg_1", "req_1")
    own = answered(source=source, message_id="msg_1", request_id="req_1")
    assert history.add([own, imported("msg_1", "req_1")]) == 1
    passed(history, "msg_1", "req_1")
    assert sources(history) == sorted([source, "proxy", "proxy"])


def test_a_row_that_was_never_begun_takes_the_place_too(history: History) -> None:
    history.add([imported("msg_1", "req_1")])
    history.finish(answered(None, source="proxy", message_id="msg_1", request_id="req_1"))
    assert sources(history) == ["proxy"]


def test_a_row_that_was_deleted_meanwhile_takes_nothing_away(history: History) -> None:
    history.add([imported("msg_1", "req_1")])
    history.finish(answered(None, source="proxy", message_id="msg_1", request_id="req_1", number=99))
    assert sources(history) == ["claude-code"]
