"""What a run may cost: before an item is sent, the most that it can cost is reserved. Pure."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from avow.exchange.exchange import Exchange
from avow.models import catalogue
from avow.models.pricing import price
from avow.routing.verdict import Outcome

Prices = Mapping[str, Mapping[str, float]]

_BYTES_PER_TOKEN = 2
TOKENS_AROUND = 500
READ = "read"
_TOKENS_OF_IMAGE, _BYTES_PER_PDF_TOKEN, _TOKENS_OF_URL = 5_000, 20, 50_000


class Budget:
    """A sum in USD that may not be exceeded. `limit` None: no limit. `spent` is the cost of what has ended."""

    def __init__(self, limit: float | None, spent: float = 0.0) -> None:
        self.limit, self.spent = limit, spent
        self.reserved = 0.0

    def reserve(self, amount: float) -> bool:
        """Reserve `amount`; False where the limit does not allow it. An amount of 0 is always allowed."""
        if self.limit is not None and amount > 0 and self.spent + self.reserved + amount > self.limit + 1e-9:
            return False
        self.reserved += amount
        return True

    def hold(self, amount: float) -> None:
        """Reserve `amount` whatever the limit is, because it may have been spent already."""
        self.reserved += amount

    def settle(self, amount: float, charge: float) -> None:
        """Release the reserved `amount`, and count the cost `charge`."""
        self.reserved = max(self.reserved - amount, 0.0)
        self.spent += charge


class MaxUsage(NamedTuple):
    """The most tokens that an item may use, in and out. `cached` says how the prompt cache handles the tokens in: a
    field of `usage.cache_creation`, or `read`."""

    tokens_in: int
    tokens_out: int
    cached: str | None = None

    @property
    def usage(self) -> dict[str, object]:
        """The same in the form of the API's `usage`."""
        if self.cached is None:
            return {"input_tokens": self.tokens_in, "output_tokens": self.tokens_out}
        name = "cache_read_input_tokens" if self.cached == READ else "cache_creation_input_tokens"
        split = {} if self.cached == READ else {"cache_creation": {self.cached: self.tokens_in}}
        return {"input_tokens": 0, name: self.tokens_in, **split, "output_tokens": self.tokens_out}


def most_of(
    prompt: str,
    system: str | None,
    files: Sequence[tuple[str, int | None]],
    max_tokens: int,
    cached: str | None = None,
) -> MaxUsage:
    """The most tokens that this may be, estimated by bytes. `files` are the media type of each file and its size in
    bytes (None: a URL, whose size only the API knows)."""
    size_of_text = sum(len(text.encode("utf-8", "replace")) for text in (prompt, system or ""))
    tokens = size_of_text // _BYTES_PER_TOKEN
    for media_type, size in files:
        if size is None:
            tokens += _TOKENS_OF_URL
        elif media_type.startswith("image/"):
            tokens += _TOKENS_OF_IMAGE
        else:
            tokens += size // (_BYTES_PER_PDF_TOKEN if media_type == "application/pdf" else _BYTES_PER_TOKEN)
    return MaxUsage(tokens + TOKENS_AROUND, max_tokens, cached)


def cost_of(model: str, most: MaxUsage, prices: Prices, speed: str | None = None) -> tuple[float, bool]:
    """The cost of that in USD, and whether it is a guess: a model without a price costs as much as the most expensive
    known one."""
    known = price(model, most.usage, speed=speed, overrides=prices)
    return (known, False) if known is not None else (dearest(most.usage), True)


def dearest(usage: Mapping[str, object]) -> float:
    """The price of that in USD at the most expensive known model."""
    costs = (price(model, usage) for model in _dearest_models())
    return max((cost for cost in costs if cost is not None), default=0.0)


@cache
def _dearest_models() -> tuple[str, ...]:
    """The known models that no other model exceeds in every price."""
    rates: dict[tuple[float, float], str] = {}
    for model in catalogue.models():
        read = price(model.id, {"input_tokens": 1000, "output_tokens": 0})
        written = price(model.id, {"input_tokens": 0, "output_tokens": 1000})
        if read is not None and written is not None:
            rates[read, written] = model.id
    return tuple(
        name
        for (read, written), name in rates.items()
        if not any(r >= read and w >= written and (r, w) != (read, written) for r, w in rates)
    )


def reservation(models: Sequence[str], most: MaxUsage, prices: Prices, speed: str | None = None) -> tuple[float, bool]:
    """The most that an item can cost in USD if its first model is asked and then perhaps each of the others (an empty
    name: a model that only the API chooses); and whether a part is a guess."""
    first, guessed = cost_of(models[0], most, prices, speed)
    others = [cost_of(model, most, prices, speed) for model in models[1:]]
    return first + sum(cost for cost, _guess in others), guessed or any(guess for _cost, guess in others)


def charge_of(exchange: Exchange, prices: Prices) -> tuple[float, bool]:
    """The cost in USD of an exchange that ended, and whether a part of it is a guess: an answer without a known price
    counts at that of the most expensive known model. The cost of a decline is unknown, and counts as 0."""
    if exchange.reply.cost_usd is not None:
        return exchange.reply.cost_usd, False
    unknown = [
        hop.usage
        for hop in exchange.routing.hops
        if hop.outcome is Outcome.SERVED and hop.cost_usd is None and hop.usage
    ]
    return exchange.reply.cost_floor_usd + sum(dearest(usage) for usage in unknown), bool(unknown)
