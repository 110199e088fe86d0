"""The record: the keys of the contract, one spelling, and a digest that notices every change."""

import copy
import random

from avow.audit.record import canonical, digest_of
from tests.audit import made_up


def test_the_record_has_the_keys_of_the_contract() -> None:
    draw = random.Random(1)
    base = made_up.record(made_up.models(draw)[0], draw)
    keys = "schema avow name model base_url api_version betas request cards looks alpha_total draws one_sitting"
    assert list(base.as_json()) == [*keys.split(), "baseline", "runs", "digest"]
    look, _ = made_up.run(base, made_up.models(draw)[1], draw)
    assert list(look.as_json()) == ["look", "against", "seed", "created_at", "replies", "repeat", "result"]
    assert list(base.as_json()["cards"][0]) == ["id", "text", "sha256"]


def test_the_canonical_form_is_one() -> None:
    assert canonical({"b": [1, 0.5], "a": "é"}) == '{"a":"é","b":[1,0.5]}'.encode()
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})


def test_the_digest_notices_any_change_but_not_the_order_of_keys() -> None:
    draw = random.Random(1)
    body = made_up.record(made_up.models(draw)[0], draw).as_json()
    assert digest_of(dict(reversed(list(body.items())))) == body["digest"]
    for key, value in body.items():
        if key != "digest":
            changed = copy.deepcopy(body)
            changed[key] = [value]
            assert digest_of(changed) != body["digest"], key
    changed = copy.deepcopy(body)
    changed["baseline"][17]["text"] += " "
    assert digest_of(changed) != body["digest"]
