import pytest

from avow.scan.records import PastAnswer
from avow.scan.selection import EVERY_ANSWER, Selection, stamp
from tests.scan.transcripts import FABLE, SONNET, answer, read

ANSWERS = read(
    answer(FABLE, requestedModel=FABLE, timestamp="2026-11-01T00:00:00.000Z"),
    answer(SONNET, requestedModel=FABLE, timestamp="2026-11-02T00:00:00.000Z", sessionId="s2"),
    answer(FABLE, requestedModel=FABLE, timestamp=None),
)


@pytest.mark.parametrize(
    ("selection", "meant"),
    [
        (EVERY_ANSWER, [0, 1, 2]),
        (Selection(since="2026-11-02T00:00:00.000Z"), [1]),
        (Selection(until="2026-11-02T00:00:00.000Z"), [0]),
        (Selection(session="s2"), [1]),
        (Selection(session="s"), [0, 1, 2]),
        (Selection(rerouted=True), [1]),
    ],
)
def test_which_are_meant(selection: Selection, meant: list[int]) -> None:
    def number(one: PastAnswer) -> int:
        return ANSWERS.index(one)

    assert [number(each) for each in ANSWERS if selection.has(each)] == meant


def test_a_moment_as_answers_write_it() -> None:
    assert stamp(1_793_491_200_007) == "2026-11-01T00:00:00.007Z"
    assert stamp(None) is None
