"""Cards are asked on the way of every question; what comes of each is kept before the next leaves."""

from pathlib import Path

import pytest

from avow.audit.asking import Asker, CutShort, PricedReply
from avow.audit.cards import SHIPPED
from avow.audit.plan import Slot
from avow.audit.replies import Arm, CardReply
from avow.audit.request import request_for, settings_for
from avow.context import from_process
from avow.exit_codes import ExitCode
from avow.simulator.server import Simulator
from tests.commands.audit.stored import MODEL
from tests.running import rows

SLOTS = tuple(Slot(card.id, Arm.REQUESTED, order) for order, card in enumerate(SHIPPED, start=1))


def asked(
    scenarios: list[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[list[PricedReply], list[float | None], list[float]]:
    """Replies, prices of exchanges without one, and how long it slept, for one request a card."""
    kept: list[PricedReply] = []
    paid: list[float | None] = []
    slept: list[float] = []
    with Simulator([*scenarios]) as simulator:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.base_url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test")
        monkeypatch.setenv("AVOW_RETRIES", "0")
        context = from_process()
        given = context.settings()
        settings = {Arm.REQUESTED: settings_for(given, MODEL, request_for(MODEL))}
        try:
            with context.open(given) as api:
                asker = Asker(context, api, SHIPPED, settings, 100_000.0, slept.append)
                asker.ask_all(SLOTS, 2, kept.append, paid.append)
        finally:
            context.close()
    return kept, paid, slept


def test_a_reply_is_kept_with_all_that_belongs_to_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, paid, slept = asked(["picks"], monkeypatch)
    assert [(each.reply.card, each.reply.order, each.reply.sitting) for each in kept] == [
        (slot.card, slot.order, 2) for slot in SLOTS
    ]
    reply = kept[0].reply
    row = rows(home)[0]
    assert (reply.request_id, reply.message_id, reply.text) == (row["request_id"], row["message_id"], row["text"])
    assert (reply.model, reply.verdict, reply.stop_reason) == (MODEL, "as_requested", "end_turn")
    assert kept[0].cost_usd == row["cost_usd"] > 0
    assert reply.usage is not None
    assert paid == []
    assert slept[0] == 0.0
    assert all(99_000 < seconds <= 100_000 for seconds in slept[1:])
    assert isinstance(reply, CardReply)


@pytest.mark.parametrize(
    ("scenario", "verdict"),
    [
        ("refused", "refused"),
        ("picks_declared", "fallback"),
        ("picks_substituted", "substituted"),
        ("unnamed", "unverified"),
    ],
)
def test_a_declared_reply_is_kept_as_such(scenario: str, verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, _, _ = asked([scenario], monkeypatch)
    assert [each.reply.verdict for each in kept] == [verdict] * 4
    assert all(each.reply.is_declared for each in kept)


def test_a_truncated_reply_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, _, _ = asked(["truncated"], monkeypatch)
    assert [each.reply.picks[0] for each in kept] == ["<truncated>"] * 4


@pytest.mark.parametrize(
    ("scenario", "code", "words", "costs_nothing"),
    [
        ("overloaded", ExitCode.UNAVAILABLE, "the API is overloaded", True),
        ("cut", ExitCode.INCOMPLETE, "the stream ended before the answer did", False),
    ],
)
def test_without_a_whole_reply_it_ends_there(
    scenario: str, code: ExitCode, words: str, costs_nothing: bool, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CutShort) as caught:
        asked(["picks", "picks", scenario], monkeypatch)
    assert caught.value.exit_code == code
    assert words in caught.value.message
    assert not caught.value.message.startswith("avow:")
    assert [row["status"] for row in rows(home)][:2] == ["complete", "complete"]
    assert len(rows(home)) == 3
    assert costs_nothing == (rows(home)[2]["status"] == "failed")
