"""The picks that changed most between the baseline and now, as rows for a small plot."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from avow.audit.cards import PICKS
from avow.audit.effect import excess_tv
from avow.audit.record import AuditRecord, Look
from avow.audit.replies import Picks, sample_of
from avow.terminal.cells import wrap

_MOST_ROWS = 8
_LONGEST_NAME = 24
_BESIDE_BARS = 18  # cells of margins and figures


class Bar(NamedTuple):
    """A value, and the share of the replies that picked it in the baseline and now, 0 to 1."""

    value: str
    baseline: float
    now: float


class Plot(NamedTuple):
    """The pick of a card, by its place (from 1), that differs most."""

    card: str
    place: int
    bars: tuple[Bar, ...]


def plot_of(record: AuditRecord, look: Look) -> Plot | None:
    """The plot of the card that differs most; None where nothing can be compared. The repeat counts too."""
    baseline, now = sample_of(record.baseline, record.card_ids), sample_of(look.all_replies, record.card_ids)
    cards = [card for card in now if now[card] and baseline[card]]
    if not cards:
        return None
    card = max(cards, key=lambda card: excess_tv(baseline, {card: now[card]}) or 0.0)
    shares = [_bars(baseline[card], now[card], place) for place in range(PICKS)]
    place = max(range(PICKS), key=lambda place: sum(abs(bar.baseline - bar.now) for bar in shares[place]))
    bars = sorted(shares[place], key=lambda bar: (-max(bar.baseline, bar.now), bar.value))
    return Plot(card, place + 1, tuple(bars[:_MOST_ROWS]))


def lines_of(plot: Plot, width: int, *, unicode: bool = True) -> list[str]:
    """The plot in lines of at most `width` cells; values must be cleaned text on one line."""
    longest = min(max(len(bar.value) for bar in plot.bars), _LONGEST_NAME, width // 3)
    room = max(1, (width - longest - _BESIDE_BARS) // 2)
    mark = "█" if unicode else "#"
    rows = wrap(f"{plot.card}, pick {plot.place}: share of replies, baseline and now", width)
    for bar in plot.bars:
        name = bar.value[:longest].ljust(longest)
        sides = [f"{mark * round(share * room):<{room}} {share:>4.0%}" for share in (bar.baseline, bar.now)]
        rows.append(f"  {name}  {sides[0]}   {sides[1]}".rstrip())
    return rows


def _bars(baseline: Sequence[Picks], now: Sequence[Picks], place: int) -> list[Bar]:
    before, after = (Counter(picks[place] for picks in each) for each in (baseline, now))
    return [
        Bar(value, before[value] / len(baseline), after[value] / len(now)) for value in before.keys() | after.keys()
    ]
