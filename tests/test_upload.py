"""A large request while it leaves: a terminal shows how much of it was sent, and nothing else changes."""

import re
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest

from avow.simulator.server import RecordedRequest, Simulator
from tests.in_part import in_part
from tests.narrow import Narrow
from tests.running import Pty, in_pty, row, rows, run, start

SIZE = 6_000_000
"""The first 2.5 MB or so vanish in the buffers of the system, however slow the line."""
SLOWLY = 6e6
UNSEEN = 2e7
"""For what shows nothing at any speed."""
PROGRESS = re.compile(r"sending (\d+\.\d) of (\d+\.\d) MB")
WAITING = re.compile(r"\x1b\[K[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] claude-")


@pytest.fixture
def big(home: Path) -> Path:
    """A text file of `SIZE` bytes, every line of it another."""
    path = home / "big.txt"
    path.write_bytes(b"".join(b"%011d\n" % number for number in range(SIZE // 12)))
    return path


def told(pty: Pty) -> list[float]:
    """The megabytes that the terminal was told were sent, in order."""
    return [float(sent) for sent, _total in PROGRESS.findall(pty.raw.decode())]


def file_sent(received: RecordedRequest) -> bytes:
    """The text of the document that arrived."""
    text: str = received.json["messages"][-1]["content"][0]["source"]["data"]
    return text.encode()


def assert_whole(received: RecordedRequest, path: Path) -> None:
    """It arrived as ever: every byte, with its length, in no chunks."""
    assert file_sent(received) == path.read_bytes()
    assert received.header("content-length") == str(len(received.body))
    assert received.header("transfer-encoding") is None


@pytest.mark.parametrize("columns", [100, pytest.param(40, marks=pytest.mark.slow), 20])
def test_a_terminal_shows_how_much_was_sent_until_the_answer_begins(home: Path, big: Path, columns: int) -> None:
    with Simulator() as api, Narrow(api.port, SLOWLY) as line:
        pty = in_pty(home, "-f", str(big), "read this", base_url=line.url, size=(40, columns))
        assert pty.end() == 0, pty.text
        assert_whole(api.requests[-1], big)
    raw = pty.raw.decode()
    if columns > 20:
        seen = told(pty)
        assert len(set(seen)) > 1, raw
        assert seen == sorted(seen)
        assert {total for _sent, total in PROGRESS.findall(raw)} == {f"{len(api.requests[-1].body) / 1e6:.1f}"}
        assert WAITING.search(raw[raw.rindex("sending") :]), "then the answer is waited for"
    assert "sending" in raw
    assert "sending" not in pty.text, "nothing of it stays"
    assert "\x1b[A" not in raw[: raw.index("A rebase")], "and it never wrapped"


@pytest.mark.parametrize(
    ("arguments", "term"),
    in_part({"plain": (("--plain",), "xterm-256color"), "dumb terminal": ((), "dumb")}, ["plain"]),
)
def test_where_nothing_can_be_drawn_over_it_is_a_line(
    home: Path, big: Path, arguments: tuple[str, ...], term: str
) -> None:
    with Simulator() as api, Narrow(api.port, SLOWLY) as line:
        pty = in_pty(home, *arguments, "-f", str(big), "read this", base_url=line.url, TERM=term)
        assert pty.end() == 0
    assert pty.text.splitlines()[:2] == ["asking claude-fable-5-2", "sending 0.0 of 6.5 MB"]
    assert pty.text.count("sending") == 1
    assert not re.search(r"\x1b\[[^m]*[A-L]", pty.raw.decode())


@pytest.mark.parametrize("form", in_part({"text": "text", "json": "json"}, ["text"]))
def test_quiet_shows_nothing(home: Path, big: Path, form: str) -> None:
    with Simulator() as api, Narrow(api.port, UNSEEN) as line:
        pty = in_pty(home, "--quiet", "--output", form, "-f", str(big), "read this", base_url=line.url)
        assert pty.end() == 0
    assert "sending" not in pty.raw.decode()


def test_a_pipe_is_told_nothing(home: Path, big: Path) -> None:
    with Simulator() as api, Narrow(api.port, UNSEEN) as line:
        ran = run(home, "-f", str(big), "read this", base_url=line.url)
        assert_whole(api.requests[-1], big)
    assert (ran.status, ran.err) == (0, b"")


def test_a_small_request_shows_nothing(home: Path) -> None:
    path = home / "small.txt"
    path.write_bytes(b"x" * 900_000)
    with Simulator() as api, Narrow(api.port, 2e6) as line:
        pty = in_pty(home, "-f", str(path), "read this", base_url=line.url)
        assert pty.end() == 0
    assert "sending" not in pty.raw.decode()


def test_the_tokens_of_a_large_prompt_are_counted_with_progress(home: Path, big: Path) -> None:
    with Simulator() as api, Narrow(api.port, SLOWLY) as line:
        pty = in_pty(home, "--count", "-f", str(big), "read this", base_url=line.url)
        assert pty.end() == 0
        assert_whole(api.requests[-1], big)
    assert len(set(told(pty))) > 1
    assert pty.text.isdigit(), pty.text


@pytest.mark.parametrize(
    ("scenario", "arguments"),
    [
        pytest.param(["rate_limited"], (), id="a retry"),
        pytest.param(
            ["refused", "requested"], ("--fallback-by", "client"), id="the next model", marks=pytest.mark.slow
        ),
    ],
)
def test_each_request_of_an_exchange_is_sent_whole_and_shown(
    home: Path, big: Path, scenario: list[str], arguments: tuple[str, ...]
) -> None:
    with Simulator(scenario) as api, Narrow(api.port, SLOWLY) as line:
        pty = in_pty(home, *arguments, "-f", str(big), "read this", base_url=line.url)
        assert pty.end() in (0, 10), pty.text
        asked = [request for request in api.requests if request.path == "/v1/messages"]
    assert len(asked) == 2
    for request in asked:
        assert_whole(request, big)
    seen = told(pty)
    assert any(later < earlier for earlier, later in pairwise(seen)), "it begins anew"
    assert "sending" not in pty.text


def test_in_a_chat_too(home: Path, big: Path) -> None:
    with Simulator() as api, Narrow(api.port, SLOWLY) as line:
        pty = in_pty(home, "chat", "-f", str(big), base_url=line.url)
        pty.settle("claude-fable-5-2>")
        pty.enter("read this\r", "[claude-fable-5-2]")
        pty.send("\x04")
        assert pty.end() == 0
        assert_whole(api.requests[-1], big)
    assert len(set(told(pty))) > 1
    assert "sending" not in pty.text


def test_ctrl_c_stops_the_upload(home: Path, big: Path) -> None:
    with Simulator() as api, Narrow(api.port, 5e5) as line:
        pty = in_pty(home, "-f", str(big), "read this", base_url=line.url)
        pty.until("sending")
        pty.send("\x03")
        assert pty.end() == -signal.SIGINT
        assert line.taken < SIZE
        assert api.requests == []
    assert "sending" not in pty.text
    kept = row(home)
    assert (kept["status"], kept["verdict"]) == ("interrupted", None)


def test_ctrl_c_in_the_upload_of_a_chat_leads_back_to_the_prompt(home: Path, big: Path) -> None:
    with Simulator() as api, Narrow(api.port, 5e5) as line:
        pty = in_pty(home, "chat", "-f", str(big), base_url=line.url)
        pty.settle("claude-fable-5-2>")
        pty.send("read this\r")
        pty.until("sending")
        pty.enter("\x03", "interrupted before an answer came; to see what is kept")
        pty.enter("and this\r", "[claude-fable-5-2]", "turn 1 of the conversation is left out: interrupted")
        pty.send("\x04")
        assert pty.end() == 0
        assert len(api.requests) == 1
    assert [kept["status"] for kept in rows(home)] == ["interrupted", "complete"]


def test_sigterm_in_the_upload(home: Path, big: Path) -> None:
    with Simulator() as api, Narrow(api.port, 5e5) as line:
        process = start(home, "-f", str(big), "read this", base_url=line.url)
        while line.taken < 300_000:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == -signal.SIGTERM
    assert row(home)["status"] == "interrupted"
