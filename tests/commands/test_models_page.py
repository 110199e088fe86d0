"""The models as text."""

import pytest

from avow.commands.models_page import detail, listing
from avow.models import catalogue
from avow.terminal.cells import cells
from avow.terminal.facts import Facts

FABLE, OPUS = (
    next(model for model in catalogue.models() if model.id == name) for name in ("claude-fable-5-1", "claude-opus-5-5")
)
KNOWN = (FABLE, OPUS)


def on(width: int) -> Facts:
    return Facts(is_terminal=True, interactive=True, width=width)


@pytest.mark.parametrize(
    ("width", "shown", "left_out"),
    [
        (160, ("claude-fable-5-1", "LINE", "not before 2027-09-01"), ("ID (claude-)",)),
        (110, ("ID (claude-)", "fable-5-1", "not before 2027-09-01"), (" LINE ", "claude-fable")),
        (90, ("ID (claude-)", "fable-5-1", "legacy"), (" LINE ", "not before")),
        (40, ("fable-5-1\n  context: 1M; output: 128k;",), ("claude-",)),
    ],
)
def test_a_narrow_terminal_gets_less(width: int, shown: tuple[str, ...], left_out: tuple[str, ...]) -> None:
    text = listing(KNOWN, {}, on(width))
    assert all(part in text for part in shown)
    assert not any(part in text for part in left_out)
    assert max(map(cells, text.splitlines())) <= width


def test_a_vendor_stays_where_not_all_have_it() -> None:
    text = listing((*KNOWN, FABLE._replace(id="my-own")), {}, on(100))
    assert "claude-fable-5-1" in text
    assert "my-own" in text


def test_a_question_mark_is_explained_where_there_is_one() -> None:
    assert "?:" not in listing(KNOWN, {}, Facts())
    unsure = listing((FABLE._replace(may_decline=None),), {}, Facts())
    assert unsure.endswith(
        "\n\n?: not documented, and the endpoint does not say. avow says so whenever a model declines.\n"
    )


def test_one_model_says_what_is_known_of_declines() -> None:
    said = [
        detail(FABLE._replace(may_decline=known), {}, {}, Facts()).split("May decline  ")[1].partition("\n")[0]
        for known in (True, False, None)
    ]
    assert [words.partition(":")[0] for words in said[:2]] == ["yes", "no"]
    assert said[2] == "not documented; avow says so whenever a model declines"
    assert "Fallbacks    not documented" in detail(FABLE._replace(allowed_fallbacks=None), {}, {}, Facts())
