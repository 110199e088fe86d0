"""`avow doctor` says what works and what does not, and holds no secret."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from avow.commands.doctor_api import LIMIT_S, clock
from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.history.making import answered, kept
from tests.raw_server import STALL, RawServer, Step, http
from tests.running import Ran, in_pty, run


def found(ran: Ran) -> dict[str, Any]:
    return {f"{row['topic']}: {row['name']}": row for row in ran.json["findings"]}


def test_all_is_well(home: Path) -> None:
    with Simulator() as simulator:
        ran = run(home, "doctor", "--json", base_url=simulator.base_url)
        assert [(one.method, one.path) for one in simulator.requests] == [("GET", "/v1/models?limit=1")]
    assert ran.status == 0, ran.out
    assert ran.json["healthy"] is True
    assert found(ran)["key: source"]["words"] == f"ANTHROPIC_API_KEY (…{CANARY[-4:]})"
    assert {row["state"] for row in ran.json["findings"]} == {"ok"}
    assert found(ran)["api: clock"]["words"].startswith("within ")
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


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE summary_tally SET requests = requests + 1", "damaged: the sums that stats reads"),
        ("DELETE FROM exchange_search_data WHERE id > 100", "damaged: the search index"),
        ("UPDATE exchange SET hops = '[{'", "damaged: exchange 1 cannot be read"),
    ],
    ids=["sums", "index", "row"],
)
def test_what_repair_finds_doctor_finds(home: Path, damage: str, words: str) -> None:
    kept(home / "data" / "history.db", answered())
    with closing(sqlite3.connect(home / "data" / "history.db")) as connection:
        connection.execute(damage)
        connection.commit()
    ran = run(home, "doctor", "--offline", "--json", ANTHROPIC_API_KEY=CANARY)
    assert (ran.status, found(ran)["history: file"]["words"]) == (1, words)
    assert b"damaged" in run(home, "history", "repair", "--yes").out
    ran = run(home, "doctor", "--offline", "--json", ANTHROPIC_API_KEY=CANARY)
    assert found(ran)["history: file"]["words"].startswith("whole; ")


def test_a_whole_history_is_counted(home: Path) -> None:
    run(home, "--simulate", "requested", "hello")
    ran = run(home, "doctor", "--offline", "--json", ANTHROPIC_API_KEY=CANARY)
    assert found(ran)["history: file"]["words"].startswith("whole; 1 exchange,")


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
        pytest.param("Mon, 23 Nov 2026 12:00:30", "ok", id="without a zone it is UTC"),
        pytest.param("yesterday", "note", id="not a time"),
        pytest.param("Mon, 99 Nov 2026 99:00:00 GMT", "note", id="no such time"),
        pytest.param(None, "note", id="no time"),
    ],
)
def test_the_clock_is_compared_with_the_server(date: str | None, state: str) -> None:
    assert clock(date, 1795435200.0).state == state


_PORTAL = http(b"<h1>Sign in</h1>", kind="text/html")
ANSWERS: dict[str, tuple[list[Step], str, str]] = {
    "200": ([http(b'{"data": []}')], "ok", "HTTP 200"),
    "401": ([http(b"{}", "401 Unauthorized")], "broken", "the key is rejected"),
    "402": ([http(b"{}", "402 Payment Required")], "broken", "no credit"),
    "403": ([http(b"{}", "403 Forbidden")], "broken", "the key is rejected"),
    "400": ([http(b"{}", "400 Bad Request")], "broken", "it rejects the request"),
    "404": ([http(b"{}", "404 Not Found")], "note", "it lists no models"),
    "501": ([http(b"{}", "501 Not Implemented")], "note", "it lists no models"),
    "429": ([http(b"{}", "429 Too Many Requests")], "note", "it limits requests"),
    "302": ([http(b"", "302 Found", "text/html", "location: https://elsewhere.example/")], "broken", "elsewhere"),
    "500": ([http(b"{}", "500 Internal Server Error")], "broken", "HTTP 500"),
    "529": ([http(b"{}", "529 Overloaded")], "broken", "HTTP 529"),
    "a web page": ([_PORTAL], "broken", "this is not the API (text/html)"),
    "no HTTP": ([b"\x00\x01\r\n\r\n"], "broken", "cannot be reached"),
    "closed": ([0.0], "broken", "cannot be reached"),
}


@pytest.mark.parametrize(("steps", "state", "words"), ANSWERS.values(), ids=list(ANSWERS))
def test_what_the_api_answers_is_judged(steps: list[Step], state: str, words: str, home: Path) -> None:
    with RawServer(steps) as server:
        ran = run(home, "doctor", "--json", base_url=server.url)
        assert [asked.line.split()[:2] for asked in server.requests] == [["GET", "/v1/models?limit=1"]]
    reached = found(ran)["api: reached"]
    assert (reached["state"], words in reached["words"]) == (state, True), reached
    assert (reached["hint"] is not None) is (state == "broken" or "limits" in words)
    assert (ran.status, ran.json["healthy"]) == ((1, False) if state == "broken" else (0, True))
    assert CANARY.encode() not in ran.out + ran.err


@pytest.mark.slow
def test_an_api_that_stays_silent_is_waited_for_only_so_long(home: Path) -> None:
    with RawServer([STALL]) as server:
        ran = run(home, "doctor", "--json", base_url=server.url)
    assert found(ran)["api: reached"]["state"] == "broken"
    assert LIMIT_S <= ran.seconds < LIMIT_S + 20


@pytest.mark.parametrize(
    ("date", "state"),
    [("Mon, 01 Jan 2024 00:00:00 GMT", "broken"), ("next week", "note")],
    ids=["another time", "no time"],
)
def test_the_clock_is_looked_at_in_the_answer(date: str, state: str, home: Path) -> None:
    with RawServer(http(b"{}", "200 OK", "application/json", f"date: {date}")) as server:
        ran = run(home, "doctor", "--json", base_url=server.url)
    assert found(ran)["api: clock"]["state"] == state
    assert ran.status == (1 if state == "broken" else 0)


SECRETS = {
    "ANTHROPIC_CUSTOM_HEADERS": "x-gateway-key: hunter2-header",
    "ANTHROPIC_AUTH_TOKEN": "hunter2-token",
    "HTTPS_PROXY": "http://me:hunter2-proxy@proxy.example:3128",
}


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["a page", "json"])
def test_no_secret_is_in_it(form: tuple[str, ...], home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text(
        'headers = {"x-other" = "hunter2-config"}\napi_key_command = ["echo", "hunter2-command"]\n'
    )
    with Simulator() as simulator:
        address = simulator.base_url.replace("//", "//me:hunter2-address@")
        for base_url in (simulator.base_url, address, "https://me:hunter2-address@no-such-host.invalid"):
            ran = run(home, "doctor", *form, base_url=base_url, **SECRETS)  # type: ignore[arg-type]
            assert ran.out
            assert b"hunter2" not in ran.out + ran.err, ran.out
            assert CANARY.encode() not in ran.out + ran.err


@pytest.mark.parametrize("columns", [40, 100])
def test_it_is_one_screen_in_which_no_word_is_torn(columns: int, home: Path) -> None:
    with Simulator() as simulator:
        pty = in_pty(home, "doctor", base_url=simulator.base_url, size=(60, columns), NO_COLOR="1")
        assert pty.end() == 0
    lines = bytes(pty.raw).decode().replace("\r", "").splitlines()
    assert max(len(line) for line in lines) <= columns
    path = len(sys.executable) // (columns - 4) + 1  # where this Python lies takes as many lines as its name is long
    folders = 4 if columns == 40 and len(str(home)) > 36 else 0  # and each of the four below a home with a long name
    assert len(lines) <= (24 if columns == 100 else 48) + path + folders
    words = " ".join(line.strip() for line in lines)
    assert "prompt_toolkit" in words
    assert "api: reached" in words
    assert all(line.startswith(("ok ", "note ", "BROKEN ", "    ")) for line in lines[:-1])
    assert lines[-1] == "All is well."


def test_it_ends_in_a_sentence_with_the_worst_first(home: Path) -> None:
    ran = run(home, "doctor", "--offline", HTTPS_PROXY="http://127.0.0.1:9", SSL_CERT_FILE="/no/such/file")
    assert ran.status == 1
    last = ran.out.decode().splitlines()[-1]
    assert last == "Found: 2 broken (key: source, network: SSL_CERT_FILE); 1 to look at (api: reached)."
    assert (b"unset SSL_CERT_FILE, or correct it" in ran.out, b"unset HTTPS_PROXY" in ran.out) == (True, False)


@pytest.mark.parametrize(
    ("scenario", "evidence", "advised"),
    [
        ("requested", "unknown host; weak: model", False),
        ("litellm", "LiteLLM; strong: x-litellm-model-name, x-litellm-attempted-fallbacks", True),
        ("kong", "Kong; strong: x-kong-llm-model; weak: model", False),
    ],
)
def test_it_says_which_evidence_the_host_can_give(scenario: str, evidence: str, advised: bool, home: Path) -> None:
    headers = {"litellm": b"x-litellm-version: 1.108.7", "kong": b"x-kong-llm-model: m"}.get(scenario, b"x-none: 0")
    answer = http(b"{}").replace(b"\r\n", b"\r\n" + headers + b"\r\n", 1)
    with RawServer([answer]) as server:
        rows = found(run(home, "doctor", "--json", base_url=server.url))
    assert rows["api: evidence"]["words"].startswith(evidence)
    assert ("api: fallbacks" in rows) is advised
    assert not advised or "`--fallback-by client` works there" in rows["api: fallbacks"]["words"]


def test_the_host_alone_says_it_too(home: Path) -> None:
    rows = found(run(home, "doctor", "--offline", "--json", ANTHROPIC_BASE_URL="https://openrouter.ai/api"))
    assert rows["api: evidence"]["words"] == "OpenRouter; strong: openrouter_metadata, model"
    assert "takes `fallbacks` for a setting of its own" in rows["api: fallbacks"]["words"]


def test_what_the_last_answer_from_there_said_counts_too(home: Path) -> None:
    with Simulator("litellm") as simulator:
        before = found(run(home, "doctor", "--json", base_url=simulator.base_url))
        run(home, "hello", base_url=simulator.base_url)
        after = found(run(home, "doctor", "--json", base_url=simulator.base_url))
        elsewhere = found(run(home, "doctor", "--offline", "--json", ANTHROPIC_BASE_URL="https://gateway.example"))
    assert before["api: evidence"]["words"].startswith("unknown host")
    assert after["api: evidence"]["words"].startswith("LiteLLM; ")
    assert "`--fallback-by client` works there" in after["api: fallbacks"]["words"]
    assert elsewhere["api: evidence"]["words"].startswith("unknown host")
