"""`avow audit list` and `show`."""

import json
from pathlib import Path

from avow.simulator.server import Simulator
from tests.commands.audit.stored import HONEST, LOOK, MODEL, kept_in, stored
from tests.running import in_pty, run


def test_the_list_has_the_looks_that_are_used(home: Path) -> None:
    assert run(home, "audit", "list").lines == ["avow: note: no audit yet; to begin one: avow audit baseline -m MODEL"]
    assert run(home, "audit", "list", "--json").json == []
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        stored(home, simulator.base_url, name="second", sittings=2)
        run(home, "audit", "run", *LOOK, base_url=simulator.base_url)
    listed = run(home, "audit", "list").out.decode().splitlines()
    assert listed[0].split("  ")[0] == "name"
    first, second = (" ".join(line.split()) for line in listed[1:])
    assert first == f"default {MODEL} 60 of 60 1 of 13 .0038 no_difference"
    assert second == f"second {MODEL} 40 of 60 0 of 13 0 none"
    one = run(home, "audit", "list", "--json").json[0]
    assert (one["looks_used"], one["looks"], one["complete"], one["last_result"]) == (1, 13, True, "no_difference")


def test_a_damaged_audit_does_not_hide_the_others(home: Path) -> None:
    stored(home, "http://127.0.0.1:1")
    (home / "data" / "audits" / "broken.json").write_bytes(b"{")
    ran = run(home, "audit", "list")
    assert (ran.status, b"60 of 60" in ran.out) == (2, True)
    assert ran.lines[0].startswith("avow: error: ")
    assert "broken.json: is damaged" in ran.lines[0]
    assert [each["name"] for each in run(home, "audit", "list", "--json").json] == ["default"]


def test_show_has_every_look_and_every_reply(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        run(home, "audit", "run", *LOOK, "--seed", "9", base_url=simulator.base_url)
        shown = run(home, "audit", "show").out.decode()
    record = kept_in(home).record
    for reply in (*record.baseline, *record.runs[0].replies):
        assert str(reply.request_id) in shown
    assert "begun: 2026-11-11 09:00, 2026-11-12 09:00, 2026-11-13 09:00" in shown
    assert "seed 9: no_difference, p=" in shown
    for card in record.cards:
        assert card.text in shown
    ran = run(home, "audit", "show", "other")
    assert (ran.status, ran.lines[1]) == (2, "avow: note: audits: default")


def test_the_record_is_whole_and_holds_no_key(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        run(home, "audit", "run", *LOOK, base_url=simulator.base_url)
        ran = run(home, "audit", "show", "--record", base_url=simulator.base_url)
    assert ran.json == json.loads(json.dumps(kept_in(home).record.as_json()))
    assert ran.json["base_url"] == simulator.base_url
    assert len(ran.json["baseline"]) == 60
    assert ran.json["runs"][0]["result"]["result"] == "no_difference"


def test_what_a_reply_holds_does_no_harm_to_a_terminal(home: Path) -> None:
    with Simulator("hostile") as simulator:
        stored(home, simulator.base_url)
        looked = in_pty(home, "audit", "run", *LOOK, base_url=simulator.base_url)
        assert looked.end() == 15
        pty = in_pty(home, "audit", "show", PAGER="cat")
        assert pty.end() == 0
    assert "owned title" in pty.text
    for raw in (bytes(pty.raw), bytes(looked.raw)):
        text = raw.decode()
        assert not any(harmful in text for harmful in ("\x1b]", "\x9b", "\u202e", "\x07"))
