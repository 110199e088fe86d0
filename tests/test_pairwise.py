"""The few rows that stand for all, and those that `test_promise` goes by."""

import itertools
from collections.abc import Iterator

from tests.pairwise import pairwise
from tests.test_promise import BY, EVERY, FLAGS, FORMS, POLICIES, SCENARIOS, Way, few, may_reroute

PAIRS = pairwise(EVERY)


def pairs_of(row: Way) -> Iterator[tuple[object, object]]:
    return itertools.combinations(enumerate(row), 2)


def test_any_two_values_meet() -> None:
    columns = (BY, POLICIES, FORMS, FLAGS)
    for one, other in itertools.combinations(range(len(columns)), 2):
        met = {(row[one], row[other]) for row in PAIRS}
        assert met == set(itertools.product(columns[one], columns[other]))


def test_it_is_a_part_of_all_rows_and_always_the_same() -> None:
    assert set(PAIRS) < set(EVERY)
    assert len(PAIRS) == len(set(PAIRS)) < len(EVERY) / 4
    assert pairwise(EVERY) == PAIRS


def test_a_few_have_each_value_and_those_of_all_that_may_reroute_each_pair() -> None:
    for name in SCENARIOS:
        columns = [set(column) for column in zip(*few(name), strict=True)]
        assert columns == [set(BY), set(POLICIES), set(FORMS), set(FLAGS)]
    pairs = {pair for name in SCENARIOS if may_reroute(name) for row in few(name) for pair in pairs_of(row)}
    assert pairs == {pair for row in EVERY for pair in pairs_of(row)}


def test_of_two_columns_it_is_all_rows() -> None:
    rows = list(itertools.product("ab", "xyz"))
    assert sorted(pairwise(rows)) == rows
