"""The scenarios of `avow audit`: replies to its cards, by models with their own preferences."""

from avow.simulator.picks import PickSettings
from avow.simulator.script import PlayedHop, Scenario

_PICKS = (PlayedHop(text="{picks}"),)
_SWAPPED = "claude-opus-4-8"

CARDS = (
    Scenario("picks", "six picks for a card of `avow audit`, each model with preferences of its own", hops=_PICKS),
    Scenario("picks_swapped", f"the picks of {_SWAPPED}, under the name of the model asked for", hops=_PICKS,
          pick_settings=PickSettings(swapped_for=_SWAPPED)),
    Scenario("picks_half", f"every second reply is {_SWAPPED}'s, under the name of the model asked for", hops=_PICKS,
          pick_settings=PickSettings(swapped_for=_SWAPPED, share=0.5)),
    Scenario("picks_drifted", "the model's preferences have drifted", hops=_PICKS,
          pick_settings=PickSettings(drift=2.0)),
    Scenario("picks_noisy", "the model's preferences differ a little in every session", hops=_PICKS,
          pick_settings=PickSettings(noise=0.3)),
    Scenario("picks_off_format", "every fifth reply to a card is not a list of picks", hops=_PICKS,
          pick_settings=PickSettings(off_format=0.2)),
    Scenario("picks_declared", "the picks of a fallback that the response declares", hops=_PICKS, sticky=True),
    Scenario("picks_substituted", f"the picks of {_SWAPPED}, named without declaring a fallback",
          hops=_PICKS, reports=_SWAPPED, pick_settings=PickSettings(swapped_for=_SWAPPED)),
)  # fmt: skip
