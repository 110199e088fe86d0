"""Audits with a baseline that the simulator's models would have given, written where avow looks for them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from avow.audit.cards import SHIPPED
from avow.audit.collecting import BaselineTerms, begun, next_sitting
from avow.audit.record import Conditions
from avow.audit.replies import CardReply
from avow.audit.request import request_for
from avow.audit.store import Store, StoredAudit
from avow.simulator import picks
from avow.simulator.picks import PickSettings
from avow.simulator.scenarios import load
from avow.simulator.server import RecordedRequest, Simulator

MODEL, OTHER = "claude-fable-5-2", "claude-opus-4-8"
QUICK = ("--pace", "0", "--yes")
LOOK = (*QUICK, "--seed", "5")
"""Quick, and the cards in the same order each time."""
HONEST = replace(load("picks"), pick_settings=PickSettings(seed=3))
SWAPPED = replace(load("picks_swapped"), pick_settings=replace(load("picks_swapped").pick_settings, seed=3))
"""The model of the baseline, and another one under its name, with the same replies each time, where the cards come in
the same order: by chance, once in 600 looks, an honest one seems changed."""


def stored(
    home: Path, base_url: str, *, name: str = "default", sittings: int = 3, looks: int = 13, at: str = "09:00"
) -> StoredAudit:
    """Keep an audit with `sittings` whole sittings, as `avow audit baseline` would, and give it."""
    conditions = Conditions(MODEL, base_url, "2023-06-01", request=request_for(MODEL))
    kept = begun(name, conditions, BaselineTerms(looks=looks))
    kept = replace(kept, record=replace(kept.record, draws=624))
    texts = {card.id: card.text for card in SHIPPED}
    for day in range(1, sittings + 1):
        sitting = next_sitting(kept, day)
        assert sitting is not None
        kept = sitting.kept
        for slot in sitting.slots:
            text = picks.answer(PickSettings(), MODEL, texts[slot.card], day, slot.order)
            kept = kept.with_baseline(
                CardReply(slot.card, slot.arm, day, slot.order, f"2026-11-{10 + day}T{at}:00.000Z", "as_requested",
                      text, f"req_{day}_{slot.order}", f"msg_{day}_{slot.order}", MODEL, "end_turn",
                      {"input_tokens": 110, "output_tokens": 25})
            )  # fmt: skip
    store(home).save(kept)
    return kept


def store(home: Path) -> Store:
    """The audits of a home."""
    return Store(home / "data" / "audits")


def kept_in(home: Path, name: str = "default") -> StoredAudit:
    """What is kept of an audit."""
    kept = store(home).load(name)
    assert kept is not None
    return kept


def asked(simulator: Simulator) -> list[RecordedRequest]:
    """The requests for a message, in their order."""
    return [request for request in simulator.requests if request.path == "/v1/messages"]


def cards_asked(requests: Sequence[RecordedRequest]) -> list[str]:
    """The text of each request's card."""
    return [request.json["messages"][0]["content"][0]["text"] for request in requests]


def bodies(requests: Sequence[RecordedRequest]) -> list[dict[str, Any]]:
    """Each request's body without its card."""
    return [{key: value for key, value in request.json.items() if key != "messages"} for request in requests]
