"""Reads a record from JSON, and says what is wrong with one that is not valid."""

from collections.abc import Mapping
from typing import Any

from avow.audit.bounds import LARGEST_SEED, MOST_LOOKS
from avow.audit.cards import Card
from avow.audit.record import SCHEMA, AuditRecord, Conditions, Look
from avow.audit.replies import Arm, CardReply
from avow.errors import UsageError

_MOST_DRAWS = 99_999  # a file may come from anyone: its test has to end
_MOST_REPLIES = 1000


def record_from(value: object) -> AuditRecord:
    """The record in a JSON value. Raises UsageError, which names the place, where the value is not a record.

    Hashes and the digest are not checked here: `verifying` checks them.
    """
    body = _RecordValue(value, "").object()
    if body.get("schema").value != SCHEMA:
        raise UsageError(f"not an audit record: its schema is not {SCHEMA}")
    conditions = Conditions(
        model=body.get("model").text(),
        base_url=body.get("base_url").text(),
        api_version=body.get("api_version").text(),
        betas=tuple(place.text() for place in body.get("betas").items()),
        request=dict(body.get("request").object().mapping()),
    )
    cards = tuple(
        Card(place.object().get("id").text(), place.object().get("text").text()) for place in body.get("cards").items()
    )
    if not cards or len({card.id for card in cards}) != len(cards):
        raise UsageError("not an audit record: cards are missing, or two have one id")
    names = frozenset(card.id for card in cards)
    return AuditRecord(
        name=body.get("name").text(),
        avow=body.get("avow").text(),
        conditions=conditions,
        cards=cards,
        looks=body.get("looks").number(1, MOST_LOOKS),
        alpha_total=body.get("alpha_total").fraction(),
        draws=body.get("draws").number(99, _MOST_DRAWS),
        one_sitting=body.get("one_sitting").flag(),
        baseline=_replies(body.get("baseline"), names),
        runs=tuple(_look(place, names) for place in body.get("runs").items()),
    )


def _look(place: "_RecordValue", cards: frozenset[str]) -> Look:
    body = place.object()
    repeat, result = body.get("repeat"), body.get("result")
    return Look(
        number=body.get("look").number(1, MOST_LOOKS),
        seed=body.get("seed").number(0, LARGEST_SEED),
        created_at=body.get("created_at").text(),
        against=body.get("against").text_or_none(),
        replies=_replies(body.get("replies"), cards),
        repeat=None if repeat.value is None else _replies(repeat, cards),
        result=None if result.value is None else dict(result.object().mapping()),
    )


def _replies(place: "_RecordValue", cards: frozenset[str]) -> tuple[CardReply, ...]:
    found = place.items()
    if len(found) > _MOST_REPLIES:
        raise place.wrong(f"has more than {_MOST_REPLIES} replies")
    return tuple(_reply(each, cards) for each in found)


def _reply(place: "_RecordValue", cards: frozenset[str]) -> CardReply:
    body = place.object()
    card, arm, usage = body.get("card"), body.get("arm"), body.get("usage")
    if card.text() not in cards:
        raise card.wrong("is not one of the record's cards")
    if arm.value not in tuple(Arm):
        raise arm.wrong("is not `requested` or `against`")
    return CardReply(
        card=card.text(),
        arm=Arm(arm.text()),
        sitting=body.get("sitting").number(1, _MOST_REPLIES),
        order=body.get("order").number(1, _MOST_REPLIES),
        created_at=body.get("created_at").text(),
        verdict=body.get("verdict").text(),
        text=body.get("text").text(),
        request_id=body.get("request_id").text_or_none(),
        message_id=body.get("message_id").text_or_none(),
        model=body.get("model").text_or_none(),
        stop_reason=body.get("stop_reason").text_or_none(),
        usage=None if usage.value is None else dict(usage.object().mapping()),
    )


class _RecordValue:
    """A value of a record and where it stands, for the message about it."""

    __slots__ = ("name", "value")

    def __init__(self, value: Any, name: str) -> None:
        self.value = value
        self.name = name

    def wrong(self, problem: str) -> UsageError:
        return UsageError(f"not an audit record: {self.name or 'it'} {problem}")

    def mapping(self) -> Mapping[str, Any]:
        if not isinstance(self.value, dict):
            raise self.wrong("is not an object")
        return self.value

    def object(self) -> "_RecordValue":
        self.mapping()
        return self

    def get(self, key: str) -> "_RecordValue":
        name = f"{self.name}.{key}" if self.name else key
        if key not in self.mapping():
            raise UsageError(f"not an audit record: {name} is missing")
        return _RecordValue(self.mapping()[key], name)

    def items(self) -> "list[_RecordValue]":
        if not isinstance(self.value, list):
            raise self.wrong("is not a list")
        return [_RecordValue(item, f"{self.name}[{number}]") for number, item in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.wrong("is not a text")
        return self.value

    def text_or_none(self) -> str | None:
        return None if self.value is None else self.text()

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.wrong("is not true or false")
        return self.value

    def number(self, least: int, most: int) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not least <= self.value <= most:
            raise self.wrong(f"is not a whole number from {least} to {most}")
        return self.value

    def fraction(self) -> float:
        if not isinstance(self.value, float) or not 0 < self.value < 1:
            raise self.wrong("is not a number between 0 and 1")
        return self.value
