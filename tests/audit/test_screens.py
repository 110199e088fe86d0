"""The tables of `list` and `show`, and a report, as lines."""

from dataclasses import replace

from avow.audit.plan import orders
from avow.audit.record import Look
from avow.audit.replies import Arm
from avow.audit.screens import LIST_HEADS, list_lines, progress_line, show_lines
from avow.audit.store import StoredAudit
from avow.terminal.facts import Facts
from tests.audit.made_up import reply
from tests.audit.test_judging import record

PIPE = Facts()


def kept(*looks: Look, whole: bool = True) -> StoredAudit:
    """An audit whose replies stand in the order that its seeds give."""
    base = record(runs=looks)
    seeds = (1, 2, 3) if whole else (1, 2)
    replies = [
        reply(slot.card, sitting=day, order=slot.order)
        for day in seeds
        for slot in next(orders(base.card_ids, (Arm.REQUESTED,), day))
    ]
    return StoredAudit(replace(base, baseline=tuple(replies)), seeds)


DONE = Look(1, 5, "2026-11-28T10:00:00Z", result={"result": "no_difference", "p": 0.41, "excess_tv": 0.01})


def test_a_row_an_audit() -> None:
    audits = [kept(), kept(DONE), kept(DONE, Look(2, 6, "2026-11-29T10:00:00Z"))]
    heads, one, other, last = (" ".join(line.split()) for line in list_lines(audits, PIPE))
    assert all(head in heads for head in LIST_HEADS)
    assert "60 of 60 0 of 13" in one
    assert "1 of 13" in other
    assert "no_difference" in other
    assert "look 2 under way" in last


def test_all_of_an_audit() -> None:
    text = "\n".join(show_lines(kept(DONE, Look(2, 6, "2026-11-29T10:00:00Z", "m")), PIPE))
    assert "baseline: 60 of 60 replies in 3 of 3 sittings; begun: 2026-11-12 09:30" in text
    assert "look 1, 2026-11-28 10:00, seed 5: no_difference, p=.41, excess TV .01" in text
    assert "look 2, 2026-11-29 10:00, seed 6, against m: under way, 0 replies so far" in text
    assert text.count("req_") == text.count("baseline 1") + text.count("baseline 2") + text.count("baseline 3") == 60
    assert f"version 2023-06-01, betas none, 13 looks planned, made by avow {record().avow}\n" in text
    assert "(not complete)" in "\n".join(show_lines(kept(whole=False), PIPE))


def test_a_bar_gives_way_before_the_figures_do() -> None:
    assert (
        progress_line("look 1 of 13, repeat", 10, 20, 80, unicode=False)
        == f"look 1 of 13, repeat {'#' * 12}{'.' * 12} 10/20"
    )
    for width in range(5, 90):
        line = progress_line("look 1 of 13, repeat", 10, 20, width)
        assert len(line) <= width
        assert line.endswith("10/20")
