"""Each topic fits on 80 columns and says what the program has."""

import re

import pytest

from avow.exchange import Exchange, Status, as_json
from avow.exit_codes import MEANINGS, PRECEDENCE
from avow.help_topics import TOPICS
from avow.history.schema import NAMES
from avow.verdict import Verdict


def text(topic: str) -> str:
    return TOPICS[topic][1]()


def test_the_topics_are_those_of_the_contract() -> None:
    assert set(TOPICS) == {"exit-codes", "json", "environment", "history", "privacy", "fallback", "scripting"}


@pytest.mark.parametrize("topic", TOPICS)
def test_no_line_is_wider_than_80_columns(topic: str) -> None:
    assert [line for line in text(topic).splitlines() if len(line) > 80] == []


def test_every_exit_status_stands_with_its_meaning() -> None:
    words = re.sub(r"\s+", " ", text("exit-codes"))
    for code, meaning in MEANINGS.items():
        assert f" {int(code)} {meaning}" in words
    assert ", ".join(str(int(code)) for code in PRECEDENCE) in words


def test_every_key_of_the_object_is_explained() -> None:
    exchange = Exchange(id="a", conversation_id="b", created_at="c", requested_model="m", status=Status.FAILED)
    said = set(re.findall(r"[a-z_]+", text("json")))
    assert set(as_json(exchange)) <= said
    assert {verdict.value for verdict in Verdict} | {status.value for status in Status} <= said


def test_every_column_of_the_history_is_explained() -> None:
    assert set(NAMES) <= set(re.findall(r"[a-z0-9_]+", text("history")))


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_explained(verdict: Verdict) -> None:
    assert f"  {verdict.value}  " in text("fallback") + "  "
