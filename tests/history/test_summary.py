"""The sums that the file keeps are those of its rows, whatever was written, changed and taken away."""

import sqlite3
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avow.exchange.exchange import Exchange, Status
from avow.history import privacy, repair, summary
from avow.history.filters import EVERYTHING
from avow.history.recount import Recount
from avow.history.stats import keep_sums, stats
from avow.history.store import History
from avow.history.summed import StoredSums
from avow.history.sums import GROUPS, PERIODS
from avow.routing.verdict import Hop, Outcome, Routing, Verdict
from tests.history.making import FABLE, NOON, OLD, OPUS, answered, asked, kept, old_file, rerouted
from tests.running import run
from tests.zone import zone

ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "America/Havana", "Pacific/Chatham")
STRENGTHS = ("strong", "weak", "none")
COSTS = st.sampled_from([None, 0.25, 0.1, 1.23e-07])


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    """One of any kind that there is, over half a year."""
    verdict = draw(st.sampled_from(list(Verdict)))
    category = draw(st.sampled_from([None, "", "cyber"]))
    instead = draw(st.sampled_from([OPUS, OLD])) if verdict is Verdict.FALLBACK else None
    usage = {"input_tokens": draw(st.integers(0, 9)), "cache_read_input_tokens": draw(st.sampled_from([None, 3]))}
    hop = Hop(draw(st.sampled_from([FABLE, OLD])), draw(st.sampled_from(list(Outcome))), usage=usage)
    cost = draw(COSTS)
    served = instead or (FABLE if verdict is Verdict.AS_REQUESTED else None)
    routing = Routing(
        verdict, served, category, hops=(hop._replace(cost_usd=draw(COSTS)),), strength=draw(st.sampled_from(STRENGTHS))
    )
    return answered(
        at=NOON + draw(st.integers(0, 180 * 86_400)),
        requested_model=draw(st.sampled_from([FABLE, OPUS])),
        template=draw(st.sampled_from([None, "", "tidy"])),
        status=draw(st.sampled_from([status for status in Status if status is not Status.PENDING])),
        source=draw(st.sampled_from(["avow", "avow", "llm", "audit"])),
        simulated=draw(st.sampled_from([False, False, False, True])),
        routing=routing,
        cost_usd=cost,
        cost_floor_usd=cost or 0.5,
        total_ms=draw(st.sampled_from([None, -70, -1, 0, 49, 50, 51, 12_345])),
        first_token_ms=draw(st.sampled_from([None, 1, 2, 3])),
    )


DEEDS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["ask", "begin", "write", "import"]), exchanges()),
        st.tuples(st.sampled_from(["delete", "redact"]), st.integers(0, 12)),
        st.tuples(st.sampled_from(["repair", "expire"]), st.none()),
    ),
    min_size=1,
    max_size=14,
)


def do(path: Path, deed: str, what: Any) -> None:
    """One of the things that change a history."""
    if deed == "repair":
        repair.set_aside(path, datetime(2026, 11, 28))
        return
    with History.open(path) as history:
        match deed:
            case "ask" | "begin":
                pending = what._replace(status=Status.PENDING, routing=Routing(), reply=asked().reply)
                number = history.begin(pending)
                history.save(pending._replace(number=number))
                if deed == "ask":
                    history.finish(what._replace(number=number))
            case "write":
                history.finish(what)
            case "import":
                history.add([what, what])
            case "delete":
                privacy.delete(history, [what])
            case "redact":
                privacy.redact(history, [what])
            case _:
                privacy.expire(history, 90, NOON + 180 * 86_400)


def agree(path: Path) -> None:
    """The kept sums are those that a recount gives, in tables and as they are read."""
    with History.open(path) as history:
        assert summary.is_kept(history.connection)
        assert summary.differing(history.connection) == ()
        for simulated in (False, True):
            ways = (StoredSums(history, simulated=simulated), Recount(history, EVERYTHING, simulated=simulated))
            for name in ("pairs", "declines", "latencies", "uses"):
                kept_sums, counted = (list(getattr(way, name)()) for way in ways)
                assert kept_sums == counted, name
            for by in GROUPS:
                kept_sums, counted = ((list(w.by_period(by) if by in PERIODS else w.by_column(by))) for w in ways)
                assert kept_sums == counted, by


@settings(max_examples=12)
@given(DEEDS, st.sampled_from(ZONES))
def test_whatever_is_done_the_sums_are_those_of_the_rows(deeds: list[tuple[str, Any]], name: str) -> None:
    with tempfile.TemporaryDirectory() as folder, zone(name):
        path = Path(folder) / "history.db"
        History.open(path).close()
        for deed, what in deeds:
            do(path, deed, what)
        agree(path)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=600)
@given(DEEDS, st.sampled_from(ZONES))
def test_whatever_is_done_at_length(deeds: list[tuple[str, Any]], name: str) -> None:
    test_whatever_is_done_the_sums_are_those_of_the_rows.hypothesis.inner_test(deeds, name)  # type: ignore[attr-defined]


def test_after_each_deed_the_sums_are_those_of_the_rows(tmp_path: Path) -> None:
    """On rows that every sum is made from, and an exchange that each deed changes."""
    path = tmp_path / "history.db"
    late = NOON + 100 * 86_400
    kept(
        path,
        *(rerouted(at=late, template="tidy") for _ in range(3)),
        answered(at=NOON),
        answered(at=late, simulated=True),
    )
    agree(path)
    for deed, what in (
        *(("redact", 1), ("delete", 2), ("import", rerouted(at=late)), ("write", rerouted(at=late))),
        *(("ask", rerouted(at=late)), ("repair", None), ("expire", None)),
    ):
        do(path, deed, what)
        agree(path)
    with History.open(path) as history:
        numbers = [row[0] for row in history.read("SELECT number FROM exchange ORDER BY number")]
    assert numbers == [1, 3, 5, 6, 7, 8]


@pytest.mark.parametrize("name", ZONES)
def test_days_begin_by_the_local_clock(tmp_path: Path, name: str) -> None:
    """One exchange a minute over the last and the first hours of a day, in zones of every kind."""
    with zone(name):
        midnight = datetime(2026, 11, 3).timestamp()
        path = tmp_path / "history.db"
        with History.open(path) as history:
            history.add([answered(at=midnight + 60 * minute) for minute in range(-100, 100)])
            found = stats(history, "day")
        assert [(group.key, group.requests) for group in found.groups] == [("2026-11-02", 100), ("2026-11-03", 100)]
        agree(path)


def test_a_day_that_begins_within_a_quarter_is_counted_from_the_rows(tmp_path: Path) -> None:
    with zone("XXX-0:20"), History.open(tmp_path / "history.db") as history:
        midnight = datetime(2026, 11, 3).timestamp()
        history.add([answered(at=midnight + 60 * minute) for minute in range(-40, 40)])
        assert [group.requests for group in stats(history, "day").groups] == [40, 40]


def forget_sums(path: Path) -> None:
    """Take the sums from a file, as an earlier avow left it."""
    connection = sqlite3.connect(path)
    for kind in ("trigger", "view", "table"):
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = ? AND name LIKE 'summary%'", (kind,)
        ).fetchall():
            connection.execute(f"DROP {kind} {name}")
    connection.commit()
    connection.close()


def test_an_older_file_is_added_up_once(home: Path) -> None:
    path = home / "data" / "history.db"
    kept(path, rerouted(), answered(), answered(source="audit"))
    expected = run(home, "history", "stats", "--json").json
    forget_sums(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE sqlite_sequence SET seq = 60000")
    connection.execute("BEGIN IMMEDIATE")
    locked = run(home, "history", "stats", "--json")
    assert (locked.json, "cannot be kept now" in locked.err.decode()) == (expected, True)
    connection.execute("ROLLBACK")
    connection.close()
    kept(path, answered(simulated=True))
    ran = run(home, "history", "stats", "--json")
    assert (ran.json, ran.err.decode()) == (
        expected,
        "avow: note: adding up 60001 exchanges once; the sums are kept from now on\n",
    )
    agree(path)
    assert run(home, "history", "stats").err == b""


def test_a_file_of_an_earlier_version_can_be_added_up(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    old_file(path, 2)
    with History.open(path) as history:
        assert not summary.is_kept(history.connection)
    assert keep_sums(path)
    agree(path)


@pytest.mark.parametrize(
    "damage", ["UPDATE summary_tally SET requests = requests + 1", "DROP TABLE summary_use"], ids=["count", "table"]
)
def test_wrong_sums_are_found_and_made_again(home: Path, damage: str) -> None:
    path = home / "data" / "history.db"
    kept(path, rerouted(), answered())
    connection = sqlite3.connect(path)
    connection.execute(damage)
    connection.commit()
    connection.close()
    ran = run(home, "history", "repair")
    assert (ran.status, b"the sums that stats reads" in ran.out) == (0, True)
    agree(path)
    assert repair.check(path) == repair.Diagnosis()


def test_nothing_is_left_of_a_template_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    kept(path, answered(template="secretname"), answered())
    with History.open(path) as history:
        privacy.delete(history, [1])
    assert b"secretname" not in path.read_bytes()


def test_an_update_that_changes_no_sum_leaves_them_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    pending = asked()
    with History.open(path) as history:
        number = history.begin(pending)
        before = history.read("SELECT total_changes()")[0][0]
        history.save(pending._replace(number=number))
        assert history.read("SELECT total_changes()")[0][0] == before + 1
