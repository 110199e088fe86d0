"""A record from JSON: the same value again, and a message that names the place where it is none."""

import copy
import json
import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from avow.audit.reading import record_from
from avow.audit.record import AuditRecord
from avow.errors import UsageError
from avow.wire.json_value import JsonObject, parse
from tests.audit import made_up


@cache
def whole() -> AuditRecord:
    """A record with one look that has a repeat."""
    draw = random.Random(1)
    one, other = made_up.models(draw)
    base = made_up.record(one, draw, draws=199)
    look, result = made_up.run(base, one, draw, swapped=other, share=1.0)
    return replace(base, runs=(replace(look, result=result.as_json()),))


def test_a_record_comes_back_as_it_was() -> None:
    record = whole()
    again = record_from(parse(json.dumps(record.as_json()).encode()))
    assert again == record
    assert again.as_json() == record.as_json()


def _set(*path: str | int, to: object) -> Callable[[JsonObject], None]:
    def change(body: JsonObject) -> None:
        place: object = body
        for key in path[:-1]:
            place = place[key]  # type: ignore[index]
        place[path[-1]] = to  # type: ignore[index]

    return change


BROKEN: dict[str, tuple[Callable[[JsonObject], object], str]] = {
    "another schema": (_set("schema", to="avow.audit/1"), "its schema is not avow.audit-record/1"),
    "no name": (lambda body: body.pop("name"), "name is missing"),
    "a number for a model": (_set("model", to=5), "model is not a text"),
    "a reply that is none": (_set("baseline", 3, to="7, b"), "baseline[3] is not an object"),
    "no text": (lambda body: body["baseline"][3].pop("text"), "baseline[3].text is missing"),
    "an unknown card": (_set("baseline", 3, "card", to="x"), "baseline[3].card is not one of the record's cards"),
    "an unknown arm": (_set("baseline", 3, "arm", to="x"), "baseline[3].arm is not `requested` or `against`"),
    "a list for an arm": (_set("baseline", 3, "arm", to=[]), "baseline[3].arm is not `requested` or `against`"),
    "too many draws": (_set("draws", to=10**9), "draws is not a whole number from 99 to 99999"),
    "true for a number": (_set("looks", to=True), "looks is not a whole number from 1 to 1000"),
    "alpha of 1": (_set("alpha_total", to=1), "alpha_total is not a number between 0 and 1"),
    "alpha of 1.0": (_set("alpha_total", to=1.0), "alpha_total is not a number between 0 and 1"),
    "alpha of 0.0": (_set("alpha_total", to=0.0), "alpha_total is not a number between 0 and 1"),
    "a text for alpha": (_set("alpha_total", to="a"), "alpha_total is not a number between 0 and 1"),
    "a text for a flag": (_set("one_sitting", to="no"), "one_sitting is not true or false"),
    "runs that are no list": (_set("runs", to={}), "runs is not a list"),
    "a seed below 0": (_set("runs", 0, "seed", to=-1), "runs[0].seed is not a whole number from 0"),
    "a seed of 54 bits": (_set("runs", 0, "seed", to=2**53), "runs[0].seed is not a whole number from 0"),
    "no cards": (_set("cards", to=[]), "cards are missing"),
    "one card twice": (lambda body: body["cards"].append(body["cards"][0]), "two have one id"),
    "very many replies": (lambda body: body["baseline"].extend(body["baseline"] * 20), "more than 1000 replies"),
}


@pytest.mark.parametrize(("change", "words"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_record_is_refused_by_the_place_that_is_wrong(
    change: Callable[[JsonObject], object], words: str
) -> None:
    body = copy.deepcopy(whole().as_json())
    change(body)
    with pytest.raises(UsageError, match="not an audit record") as caught:
        record_from(body)
    assert words in caught.value.message


@pytest.mark.parametrize("value", [None, [], 5, "x", {}], ids=repr)
def test_other_json_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="not an audit record"):
        record_from(value)
