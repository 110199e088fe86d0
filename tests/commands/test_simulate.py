"""`avow simulate` through the real program."""

import signal
import socket
import subprocess
from pathlib import Path

import pytest

from avow.simulator.scenarios import batch_names, names
from tests.running import run, start


def test_list_names_every_scenario(home: Path) -> None:
    ran = run(home, "simulate", "list")
    assert ran.status == 0
    listed = [line.split("  ", 1) for line in ran.out.decode().splitlines()]
    assert [name.strip() for name, _words in listed] == [name for name, _words in (*names(), *batch_names())]
    assert all(words.strip() for _name, words in listed)


def test_list_names_ones_own_too(home: Path) -> None:
    folder = home / "config" / "scenarios"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text('summary = "says so"\n\n[[hops]]\ntext = "Mine."\n')
    (folder / "odd.toml").write_text("nonsense = 1\n")
    mine, odd = run(home, "simulate", "list").out.decode().splitlines()[-2:]
    assert mine.split(None, 1) == ["mine", "your own: says so"]
    assert odd.startswith("odd  ")
    assert "there is no key 'nonsense'" in odd


def serving(home: Path, *arguments: str) -> "tuple[subprocess.Popen[bytes], str]":
    process = start(home, "simulate", "serve", *arguments)
    assert process.stdout is not None
    return process, process.stdout.readline().decode().strip()


def test_serve_until_ctrl_c(home: Path) -> None:
    process, url = serving(home, "--scenario", "fallback")
    try:
        ran = run(home, "hello", base_url=url)
        assert ran.status == 10
    finally:
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT
    assert b"Traceback" not in err


def test_a_scenario_of_ones_own(home: Path) -> None:
    path = home / "mine.toml"
    path.write_text('model = "claude-opus-4-8"\n\n[[hops]]\ntext = "Mine."\n')
    ran = run(home, "--simulate", str(path), "x")
    assert ran.out == b"Mine.\n"
    assert ran.status == 12


def test_a_port_that_is_taken(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = run(home, "simulate", "serve", "--port", str(taken.getsockname()[1]))
    assert ran.status == 2
    assert "port" in ran.lines[0]
    assert "address already in use" in ran.lines[0]


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_port_that_cannot_be(port: str, home: Path) -> None:
    ran = run(home, "simulate", "serve", "--port", port)
    assert (ran.status, ran.out) == (2, b"")
    assert "--port" in ran.lines[0]


def test_a_scenario_that_is_none(home: Path) -> None:
    ran = run(home, "simulate", "serve", "--scenario", "fallbak")
    assert ran.status == 2
    assert "fallback" in ran.err.decode()


def test_the_users_key_stays_out(home: Path) -> None:
    ran = run(home, "--simulate", "requested", "--json", "x", ANTHROPIC_API_KEY="sk-ant-not-this-one")
    assert ran.status == 0
    assert ran.json["simulated"] is True
    assert ran.json["base_url"].startswith("http://127.0.0.1:")
