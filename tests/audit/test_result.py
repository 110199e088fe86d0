"""The object of `avow.audit/1`."""

from avow.audit.effect import WouldHaveSeen
from avow.audit.result import Difference, Finding, Measured, Result
from avow.audit.share import Share

_KEYS = (
    "schema name model against result p p_directed excess_tv floor alpha look looks repeat share replies declared "
    "off_format would_have_seen cost_usd exit_code"
)
KEYS = _KEYS.split()


def test_it_has_the_keys_of_the_contract() -> None:
    bare = Result("default", "m", Finding.NO_DIFFERENCE, 0.1, 0.01, 1, 5)
    assert list(bare.as_json()) == KEYS
    full = Result(
        "default", "m", Finding.DIFFERS, 0.1, 0.01, 1, 5, "o", Measured(0.001, 0.002, 0.3), Measured(0.01, None, 0.2),
        Share(0.5, 0.25, 0.75), 20, 0, 1, WouldHaveSeen(0.99, 0.35, 0.0), 0.12, 15,
    )  # fmt: skip
    body = full.as_json()
    assert list(body) == KEYS
    assert body["repeat"] == {"p": 0.01, "p_directed": None, "excess_tv": 0.2}
    assert body["share"] == {"estimate": 0.5, "low": 0.25, "high": 0.75}
    assert body["would_have_seen"] == {"full_swap": 0.99, "half": 0.35, "sixth": 0.0}
    assert body["cost_usd"] == full.cost_usd


def test_a_void_one_says_what_differs() -> None:
    void = Result(
        "default", "m", Finding.VOID, 0.1, 0.01, 1, 5, exit_code=2, differences=(Difference("effort", "low", None),)
    )
    assert list(void.as_json()) == [*KEYS, "differences"]
    assert void.as_json()["differences"] == [{"field": "effort", "baseline": "low", "now": None}]
