"""The plot shows the picks of the card that changed most."""

from avow.audit.plot import Bar, Plot, lines_of, plot_of
from avow.audit.record import AuditRecord, Look
from tests.audit.made_up import CARDS, CONDITIONS, reply
from tests.audit.test_judging import baseline, look, record, twenty


def test_the_card_and_the_pick_that_changed_most() -> None:
    changed = [
        reply(each.card, each.text.replace("cat", "owl").replace("dog", "owl") if each.card == CARDS[2] else each.text,
              order=each.order)
        for each in twenty()
    ]  # fmt: skip
    plot = plot_of(record(), look(changed))
    assert plot is not None
    assert (plot.card, plot.place) == (CARDS[2], 4)
    assert plot.bars[0] == Bar("owl", 0.0, 1.0)
    assert {bar.value for bar in plot.bars} == {"owl", "cat", "dog"}
    assert abs(sum(bar.baseline for bar in plot.bars) - 1) < 1e-9


def test_nothing_to_compare_is_no_plot() -> None:
    empty = AuditRecord("default", "0.2.0", CONDITIONS, record().cards, baseline=baseline())
    assert plot_of(empty, Look(1, 5, "2026-11-28T10:00:00Z")) is None
    assert plot_of(empty, look(twenty(refused=5))) is None


def test_lines_fit_and_say_the_shares_in_figures() -> None:
    plot = Plot("card-1", 3, (Bar("red", 0.6, 0.1), Bar("a very long value that somebody picked", 0.4, 0.9)))
    lines = lines_of(plot, 60)
    assert lines[0] == "card-1, pick 3: share of replies, baseline and now"
    assert all(len(line) <= 60 for line in lines)
    assert all(len(line) <= 38 for line in lines_of(plot, 38))
    assert "60%" in lines[1]
    assert "10%" in lines[1]
    assert "#" in "".join(lines_of(plot, 60, unicode=False))
    assert all(line.isascii() for line in lines_of(plot, 60, unicode=False))
