"""`avow doctor` says what works and what does not, and holds no secret."""

from pathlib import Path
from typing import Any

import pytest

from avow.doctor import clock
from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.running import Ran, run


def found(ran: Ran) -> dict[str, Any]:
    return {f"{row['topic']}: {row['name']}": row for row in ran.json["findings"]}


def test_all_is_well(home: Path) -> None:
    with Simulator() as simulator:
        ran = run(home, "doctor", "--json", base_url=simulator.base_url)
        assert [(one.method, one.path) for one in simulator.requests] == [("GET", "/v1/models?limit=1")]
    assert ran.status == 0, ran.out
    assert ran.json["healthy"] is True
    assert found(ran)["key: source"]["words"] == f"ANTHROPIC_API_KEY (…{CANARY[-4:]})"
    assert found(ran)["api: clock"]["state"] in ("ok", "note")  # the stand-in names no time
    assert CANARY.encode() not in ran.out + ran.err


def test_offline_asks_nobody(home: Path) -> None:
    with Simulator() as simulator:
        ran = run(home, "doctor", "--offline", base_url=simulator.base_url)
        assert simulator.requests == []
    assert ran.status == 0


def test_an_api_that_cannot_be_reached_is_broken(home: Path) -> None:
    ran = run(home, "doctor", "--json", base_url="http://127.0.0.1:9")
    assert ran.status == 1
    assert found(ran)["api: reached"]["state"] == "broken"


def test_without_a_key_it_says_how_to_store_one(home: Path) -> None:
    ran = run(home, "doctor", "--offline", "--json")
    assert ran.status == 1
    assert "avow auth login" in found(ran)["key: source"]["hint"]


def test_a_damaged_history_is_broken(home: Path) -> None:
    assert run(home, "--simulate", "requested", "hello").status == 0
    (home / "data" / "history.db").write_bytes(b"no database at all" * 500)
    ran = run(home, "doctor", "--offline", "--json", ANTHROPIC_API_KEY=CANARY)
    assert ran.status == 1
    assert "repair" in found(ran)["history: file"]["hint"]


def test_a_whole_history_is_counted(home: Path) -> None:
    run(home, "--simulate", "requested", "hello")
    ran = run(home, "doctor", "--offline", "--json", ANTHROPIC_API_KEY=CANARY)
    assert found(ran)["history: file"]["words"].startswith("whole; 1 exchanges")


def test_a_wrong_setting_is_broken_and_the_rest_is_still_looked_at(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text('modl = "opus"\n')
    ran = run(home, "doctor", "--json")
    assert ran.status == 1
    assert "model" in found(ran)["config: settings"]["words"]
    assert "terminal: stdout" in found(ran)


def test_a_proxy_is_named_without_its_password(home: Path) -> None:
    ran = run(home, "doctor", "--offline", HTTPS_PROXY="http://me:hunter2@proxy.example:3128")
    assert b"proxy.example:3128" in ran.out
    assert b"hunter2" not in ran.out


@pytest.mark.parametrize(
    ("date", "state"),
    [
        pytest.param("Mon, 23 Nov 2026 12:00:30 GMT", "ok", id="half a minute"),
        pytest.param("Mon, 23 Nov 2026 13:00:00 GMT", "broken", id="an hour behind"),
        pytest.param("Mon, 23 Nov 2026 11:00:00 GMT", "broken", id="an hour ahead"),
        pytest.param("yesterday", "note", id="not a time"),
        pytest.param(None, "note", id="no time"),
    ],
)
def test_the_clock_is_compared_with_the_server(date: str | None, state: str) -> None:
    assert clock(date, 1795435200.0).state == state
