"""What a baseline or a look will send and cost, told before anything is sent."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from avow.audit.cards import Card
from avow.audit.replies import CardReply
from avow.models.pricing import price
from avow.text.counts import counted
from avow.wire.json_value import whole

_ENVELOPE = 15  # tokens that every message has around its text
_PER_TOKEN = 3.0  # characters of a card; the newer tokenizers make more of them than older ones did
_VISIBLE = 25
_THINKING = 200  # on average at most, at low effort, for a prompt as short as a card
_Prices = Mapping[str, Mapping[str, float]]


class Estimate(NamedTuple):
    """Requests, tokens in, tokens out from `least` to `most`, and their list price in USD, None where that is
    unknown."""

    requests: int
    tokens_in: int
    least_out: int
    most_out: int
    least_usd: float | None
    most_usd: float | None

    def words(self) -> str:
        """`20 requests, about 2,200 tokens in and 500 to 4,500 out, about $0.03 to $0.22`."""
        out = f"{self.least_out:,}" if self.least_out == self.most_out else f"{self.least_out:,} to {self.most_out:,}"
        requests = counted(self.requests, "request")
        return f"{requests}, about {self.tokens_in:,} tokens in and {out} out, {self._money()}"

    def _money(self) -> str:
        if self.least_usd is None or self.most_usd is None:
            return "price unknown"
        least, most = dollars(self.least_usd), dollars(self.most_usd)
        return f"about {least}" if least == most else f"about {least} to {most}"


def estimate(
    models: Mapping[str, int], cards: Sequence[Card], *, thinks: bool, prices: _Prices, seen: Sequence[CardReply] = ()
) -> Estimate:
    """For a number of requests to each of `models`, spread evenly over the cards. `seen` are earlier replies, whose
    usage is a better estimate than any guess."""
    entered, least, most = _a_reply(cards, seen, thinks=thinks)
    requests = sum(models.values())
    sums: list[float | None] = []
    for out in (least, most):
        usage = {"input_tokens": entered, "output_tokens": out}
        costs = [(price(model, usage, overrides=prices), count) for model, count in models.items()]
        known = [cost * count for cost, count in costs if cost is not None]
        sums.append(sum(known) if len(known) == len(costs) else None)
    return Estimate(requests, requests * entered, requests * least, requests * most, *sums)


def dollars(usd: float) -> str:
    """`$0.05`; four digits below a cent."""
    return f"${usd:.2f}" if usd >= 0.01 or usd == 0 else f"${usd:.4f}"


def _a_reply(cards: Sequence[Card], seen: Sequence[CardReply], *, thinks: bool) -> tuple[int, int, int]:
    """Tokens in, and the least and most tokens out, of one request on average."""
    used = [
        (entered, left)
        for reply in seen
        if reply.usage
        and (entered := whole(reply.usage.get("input_tokens"))) is not None
        and (left := whole(reply.usage.get("output_tokens"))) is not None
    ]
    if used:
        entered = round(sum(one for one, _ in used) / len(used))
        left = max(1, round(sum(other for _, other in used) / len(used)))
        return entered, left, left
    entered = round(_ENVELOPE + sum(len(card.text) for card in cards) / len(cards) / _PER_TOKEN)
    return entered, _VISIBLE, _VISIBLE + (_THINKING if thinks else 0)
