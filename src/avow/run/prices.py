"""What the items of a run may cost, and what they did cost."""

from collections.abc import Mapping

from avow.asking.inquiry import Inquiry
from avow.asking.request_fields import MAX_TOKENS, MAX_TOKENS_WHOLE, cache_lifetime, with_ids
from avow.exchange.exchange import Exchange
from avow.models import catalogue
from avow.run.budget import MaxUsage, charge_of, cost_of, most_of, reservation
from avow.settings.levels import Settings

GUESSED = "a price, or the API's choice of a fallback, is not known: the most expensive known model was counted"
"""Said where a part of a price is a guess."""

BATCH_SHARE = 0.5
"""What an item of a batch costs of the ordinary price."""

_BY_API = ""
"""Stands for a model that only the API chooses."""


class Pricing:
    """Prices for a run. `enabled`: there is a limit. `last` is the last reservation in USD; `guessed`: a cost was
    unknown."""

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled
        self.last = 0.0
        self.guessed = False
        self._prices: Mapping[str, Mapping[str, float]] = {}

    def reserve(self, inquiry: Inquiry) -> float:
        """The most that it may cost in USD; 0 without a limit."""
        if not self._enabled:
            return 0.0
        settings = with_ids(inquiry.settings)
        self._prices = settings.table("prices")
        models = models_of(settings)
        self.last, guessed = reservation(models, most(inquiry, settings), self._prices, settings.text("speed"))
        self.guessed = self.guessed or guessed
        return self.last

    def reserve_in_batch(self, inquiry: Inquiry) -> float:
        """The same in a batch, where no fallback answers."""
        if not self._enabled:
            return 0.0
        settings = with_ids(inquiry.settings)
        self._prices = settings.table("prices")
        cost, guessed = cost_of(settings.text("model") or "", most(inquiry, settings), self._prices)
        self.guessed = self.guessed or guessed
        return cost * BATCH_SHARE

    def charge(self, exchange: Exchange) -> float:
        """What it cost, in USD."""
        if not self._enabled:
            return 0.0
        charge, guessed = charge_of(exchange, self._prices)
        self.guessed = self.guessed or guessed
        return charge


def most(inquiry: Inquiry, settings: Settings) -> MaxUsage:
    """The most tokens that a question may use."""
    files = [(one.media_type, one.size) for one in inquiry.attachments]
    lifetime = cache_lifetime(settings)
    cached = f"ephemeral_{lifetime}_input_tokens" if lifetime else None  # writing costs more than being asked
    return most_of(inquiry.prompt, settings.text("system"), files, max_tokens(settings), cached)


def max_tokens(settings: Settings) -> int:
    """The `max_tokens` that is sent, by the catalogue."""
    given = settings.table("options").get("max_tokens", settings.integer("max_tokens"))
    if isinstance(given, int):
        return given
    known = catalogue.find(settings.text("model") or "")
    limit = MAX_TOKENS if settings.flag("stream") else MAX_TOKENS_WHOLE
    return min(limit, known.max_output) if known and known.max_output else limit


def models_of(settings: Settings) -> tuple[str, ...]:
    """The model that is asked, and the most expensive sequence of fallbacks: each may be asked in turn. `settings` are
    those of `with_ids`."""
    first = settings.text("model") or ""
    policy = settings.words_or_text("fallback")
    unavailable = settings.words("if_unavailable")
    if policy == "none":
        return (first, *unavailable)
    if isinstance(policy, tuple):
        return (first, *policy, *unavailable)
    known = catalogue.find(first)
    if known is not None and known.may_decline is False:
        return (first, *unavailable)
    return (first, *((known.allowed_fallbacks if known else None) or (_BY_API,)), *unavailable)
