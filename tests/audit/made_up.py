"""Made-up models that answer cards: six picks of eight values each, stock replies, sessions that differ."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from avow.audit.cards import PICKS, SHIPPED
from avow.audit.judging import asks_again, first_test, judge
from avow.audit.record import AuditRecord, Conditions, Look
from avow.audit.replies import Arm, CardReply
from avow.audit.result import Result

Rows = list[tuple[str, ...]]
Cards = dict[str, Rows]
CARDS = tuple(card.id for card in SHIPPED)
MODEL, OTHER = "claude-fable-5-1", "claude-opus-4-8"
CONDITIONS = Conditions(
    MODEL,
    "https://api.anthropic.com",
    "2023-06-01",
    request={"max_tokens": 1024, "output_config": {"effort": "low"}, "thinking": {"type": "adaptive"}},
)
_VALUES = 8
_ALIKE = 1.5  # spread of the logits that all models have in common
_OWN = 1.4  # and of those of each: two models then differ by a total variation of about .54
_STOCK = 0.3  # of all replies are one whole line that the model likes, so that picks depend on each other
_BAD = 0.05  # are off format, empty or truncated

Logits = list[list[list[float]]]  # by card, place, value


@dataclass(frozen=True)
class MadeUp:
    """A model, or one session of it. `stock` is its favourite line of each card."""

    logits: Logits
    stock: tuple[tuple[int, ...], ...]
    weights: tuple[tuple[tuple[float, ...], ...], ...] = field(default=())

    def session(self, draw: random.Random, noise: float) -> "MadeUp":
        """The same model on another day: every logit moved a little."""
        logits = [[[x + draw.gauss(0, noise) for x in place] for place in card] for card in self.logits]
        return _with_weights(MadeUp(logits, self.stock))

    def text(self, card: int, draw: random.Random) -> tuple[str, str]:
        """A reply and its stop reason."""
        if draw.random() < _BAD:
            return draw.choice((("I cannot choose.", "end_turn"), ("", "end_turn"), ("a, b", "max_tokens")))
        if draw.random() < _STOCK:
            picks: Sequence[int] = self.stock[card]
        else:
            picks = [draw.choices(range(_VALUES), weights)[0] for weights in self.weights[card]]
        return ", ".join(f"Value {pick}" for pick in picks), "end_turn"

    def marginal(self, card: int, place: int) -> list[float]:
        """The distribution of one pick, stock replies included."""
        weights = self.weights[card][place]
        mixed = [(1 - _STOCK) * w / sum(weights) for w in weights]
        mixed[self.stock[card][place]] += _STOCK
        return mixed


def models(draw: random.Random) -> tuple[MadeUp, MadeUp]:
    """Two models of one maker: they like the same things, each in its own way."""
    alike = _normal(draw, _ALIKE)
    return _model(draw, alike), _model(draw, alike)


def _normal(draw: random.Random, spread: float) -> Logits:
    return [[[draw.gauss(0, spread) for _ in range(_VALUES)] for _ in range(PICKS)] for _ in CARDS]


def _model(draw: random.Random, alike: Logits) -> MadeUp:
    own = _normal(draw, _OWN)
    logits = [
        [[x + y for x, y in zip(*places, strict=True)] for places in zip(*cards, strict=True)]
        for cards in zip(alike, own, strict=True)
    ]
    # The favourite line is drawn like any other, so it need not hold the most frequent picks.
    bare = _with_weights(MadeUp(logits, ()))
    stock = tuple(tuple(draw.choices(range(_VALUES), weights)[0] for weights in card) for card in bare.weights)
    return MadeUp(logits, stock, bare.weights)


def total_variation(one: MadeUp, other: MadeUp) -> float:
    """Mean total variation of the picks of two models."""
    distances = [
        0.5 * sum(abs(p - q) for p, q in zip(one.marginal(c, f), other.marginal(c, f), strict=True))
        for c in range(len(CARDS))
        for f in range(PICKS)
    ]
    return math.fsum(distances) / len(distances)


def replies(
    who: MadeUp,
    draw: random.Random,
    *,
    sitting: int = 1,
    arm: Arm = Arm.REQUESTED,
    per_card: int = 5,
    swapped: MadeUp | None = None,
    share: float = 0.0,
) -> list[CardReply]:
    """One sitting, look or repeat; each reply is by `swapped` with probability `share`."""
    found = []
    for number, name in enumerate(CARDS):
        for place in range(per_card):
            by = swapped if swapped is not None and draw.random() < share else who
            text, stop = by.text(number, draw)
            found.append(reply(name, text, sitting=sitting, order=number * per_card + place + 1, arm=arm, stop=stop))
    return found


def reply(
    card: str = CARDS[0],
    text: str = "1, b, red, cat, Rome, tails",
    *,
    sitting: int = 1,
    order: int = 1,
    arm: Arm = Arm.REQUESTED,
    stop: str | None = "end_turn",
    verdict: str = "as_requested",
) -> CardReply:
    """A reply with what else belongs to it."""
    return CardReply(
        card=card,
        arm=arm,
        sitting=sitting,
        order=order,
        created_at=f"2026-11-{11 + min(sitting, 17):02}T09:30:00.000Z",
        verdict=verdict,
        text=text,
        request_id=f"req_{sitting}_{order}",
        message_id=f"msg_{sitting}_{order}",
        model=MODEL if arm is Arm.REQUESTED else OTHER,
        stop_reason=stop,
        usage={"input_tokens": 110, "output_tokens": 25},
    )


def record(
    who: MadeUp, draw: random.Random, *, noise: float = 0.1, draws: int = 999, looks: int = 13, sittings: int = 3
) -> AuditRecord:
    """A baseline of 60 replies in so many sittings, each a session of its own."""
    per_card = 15 // sittings
    baseline = [
        each
        for sitting in range(1, sittings + 1)
        for each in replies(who.session(draw, noise), draw, sitting=sitting, per_card=per_card)
    ]
    return AuditRecord("default", "0.2.0", CONDITIONS, SHIPPED, looks, draws=draws, one_sitting=sittings == 1,
                  baseline=tuple(baseline))  # fmt: skip


def run(
    base: AuditRecord,
    who: MadeUp,
    draw: random.Random,
    *,
    number: int = 1,
    noise: float = 0.1,
    swapped: MadeUp | None = None,
    share: float = 0.0,
    named: MadeUp | None = None,
) -> tuple[Look, Result]:
    """A look and, where it asks for one, its repeat in the same session; `named`: held against that model."""
    here = who.session(draw, noise)
    other = swapped.session(draw, noise) if swapped else None
    against = named.session(draw, noise) if named else None

    def twenty() -> tuple[CardReply, ...]:
        found = replies(here, draw, sitting=number, swapped=other, share=share)
        if against is not None:
            found += replies(against, draw, sitting=number, arm=Arm.AGAINST)
        return tuple(found)

    look = Look(number, draw.randrange(2**53), "2026-11-28T10:00:00.000Z", OTHER if named else None, twenty())
    first = first_test(base, look)
    if asks_again(base, look, first):
        look = Look(number, look.seed, look.created_at, look.against, look.replies, twenty())
    return look, judge(base, look, first, cost_usd=0.05)


def _with_weights(bare: MadeUp) -> MadeUp:
    weights = tuple(tuple(tuple(math.exp(x) for x in place) for place in card) for card in bare.logits)
    return MadeUp(bare.logits, bare.stock, weights)


def sampled(some: Sequence[CardReply]) -> dict[str, list[tuple[str, ...]]]:
    """Their picks by card."""
    return {card: [each.picks for each in some if each.card == card] for card in CARDS}


def on_format(sample: Mapping[str, Sequence[tuple[str, ...]]]) -> dict[str, list[tuple[str, ...]]]:
    """The same without replies that are not."""
    return {card: [picks for picks in rows if not picks[0].startswith("<")] for card, rows in sample.items()}
