"""The values scenarios are made of agree with the table and with what the server plays."""

from avow.simulator.scenarios import TABLE
from avow.simulator.script import FAULTS


def test_every_kind_of_fault_is_played_by_some_scenario() -> None:
    assert {scenario.fault.kind for scenario in TABLE.values() if scenario.fault} == set(FAULTS)


def test_every_scenario_has_a_hop() -> None:
    assert all(1 <= len(scenario.hops) <= 4 for scenario in TABLE.values())
