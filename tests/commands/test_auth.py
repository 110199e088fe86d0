"""`avow auth`, as a process, against the simulator on loopback."""

import json
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.running import PATIENCE_S, in_pty, start

BACKENDS = Path(__file__).parent.parent / "data" / "keyring_backends"
OTHER = "sk-ant-api03-OTHER-0000000000-zzzz"


def run(home: Path, *words: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """`avow auth WORDS`: no key may show in what it prints."""
    with start(home, "auth", *words, stdin=subprocess.PIPE, env=environ) as process:
        out, err = process.communicate(stdin.encode(), PATIENCE_S)
    done = subprocess.CompletedProcess(words, process.returncode, out.decode(), err.decode())
    assert "Traceback" not in done.stderr
    assert "CANARY" not in done.stdout + done.stderr
    assert "OTHER" not in done.stdout + done.stderr
    return done


@pytest.fixture
def api() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


def test_login_checks_the_key_and_stores_it(api: Simulator, home: Path) -> None:
    done = run(home, "login", "--store", "file", stdin=f" {CANARY}\n", ANTHROPIC_BASE_URL=api.base_url)
    path = home / "config" / "key"
    host = api.base_url.removeprefix("http://")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"stored the key for {host} (…7f3a) in {path}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    [request] = api.requests
    headers = {name.lower(): value for name, value in dict(request.headers).items()}
    assert (request.method, request.path) == ("GET", "/v1/models?limit=1")
    assert headers["x-api-key"] == CANARY
    status = run(home, "status", "--check", ANTHROPIC_BASE_URL=api.base_url)
    assert status.returncode == 0
    assert "used (…7f3a)" in status.stdout
    assert "check: the API accepts the key" in status.stdout


def test_a_key_that_is_turned_away_is_not_stored(home: Path) -> None:
    with Gate() as gate:
        done = run(home, "login", "--store", "file", stdin=CANARY, ANTHROPIC_BASE_URL=gate.base_url)
        assert done.returncode == 3
        assert "the API rejects this key" in done.stderr
        assert "nothing was stored" in done.stderr
        assert not (home / "config").exists()
        forced = run(home, "login", "--store", "file", "--no-check", stdin=CANARY, ANTHROPIC_BASE_URL=gate.base_url)
        assert forced.returncode == 0
        status = run(home, "status", "--check", ANTHROPIC_BASE_URL=gate.base_url)
        assert status.returncode == 3
        assert "the API rejects the key: you sent •••" in status.stdout


class Gate:
    """A server that takes no key, and repeats it in its answer; with `status` 404 one that knows no models."""

    def __init__(self, status: int = 401) -> None:
        import threading
        from http.server import BaseHTTPRequestHandler, HTTPServer

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                error = {"type": "authentication_error", "message": f"you sent {self.headers['x-api-key']}"}
                words = {"type": "error", "error": error}
                body = json.dumps(words if status == 401 else {}).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self) -> "Gate":
        self.thread.start()
        return self

    def __exit__(self, *_about: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def test_a_host_that_cannot_tell_is_no_obstacle(home: Path) -> None:
    with Gate(404) as gate:
        done = run(home, "login", "--store", "file", stdin=CANARY, ANTHROPIC_BASE_URL=gate.base_url)
    assert done.returncode == 0
    assert "could not be checked" in done.stderr


def test_a_host_that_cannot_be_reached_stores_nothing(home: Path) -> None:
    done = run(home, "login", "--store", "file", stdin=CANARY, ANTHROPIC_BASE_URL="http://127.0.0.1:9")
    assert done.returncode == 6
    assert "--no-check" in done.stderr
    assert not (home / "config").exists()


REFUSED: dict[str, tuple[list[str], str, int, str]] = {
    "nothing": ([], "", 2, "there is no key on stdin"),
    "blank": ([], " \n", 2, "there is no key on stdin"),
    "two lines": ([], f"{CANARY}\n{CANARY}", 3, "holds spaces or line breaks"),
    "cleartext": (["--base-url", "http://gateway.example"], CANARY, 2, "in cleartext"),
    "password": (["--base-url", f"https://u:{CANARY}@x.example"], CANARY, 2, "user name or password"),
    "place": (["--store", "cloud"], CANARY, 2, "no such place"),
    "profile": (["--profile", "x"], CANARY, 2, "no profile 'x'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_login_that_cannot_be(case: str, home: Path) -> None:
    words, stdin, code, message = REFUSED[case]
    done = run(home, "login", "--no-check", *words, stdin=stdin)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert not (home / "config").exists()


def test_without_a_keyring_the_other_ways_are_named(home: Path) -> None:
    done = run(home, "login", "--no-check", stdin=CANARY)
    assert done.returncode == 3
    assert "the keyring cannot keep the key: this machine has none" in done.stderr
    assert "--store file" in done.stderr
    assert not (home / "config").exists()


@pytest.mark.slow  # three times the limit; by default with a shorter one: endpoint/test_keys
def test_a_keyring_that_hangs_ends_soon(home: Path) -> None:
    hanging = {"PYTHON_KEYRING_BACKEND": "plain_backend.Hanging", "PYTHONPATH": str(BACKENDS)}
    done = run(home, "login", "--no-check", stdin=CANARY, **hanging)
    assert done.returncode == 3
    assert "did not answer within 2 seconds" in done.stderr
    status = run(home, "status", **hanging)
    assert status.returncode == 3
    assert "refused: did not answer within 2 seconds" in status.stdout
    out = run(home, "logout", **hanging)
    assert out.returncode == 0
    assert "the keyring cannot be read" in out.stderr


def test_login_by_profile_is_for_its_host(home: Path) -> None:
    config = home / "config" / "config.toml"
    config.parent.mkdir()
    config.write_text("[profiles.work]\nbase_url = 'https://gateway.example'\n")
    done = run(home, "login", "--no-check", "--store", "file", "--profile", "work", stdin=CANARY)
    assert "stored the key for gateway.example (…7f3a)" in done.stdout
    other = run(home, "status")
    assert other.returncode == 3
    assert "for gateway.example, not this host" in other.stdout
    assert run(home, "status", AVOW_PROFILE="work").returncode == 0
    assert "no key for api.anthropic.com" in run(home, "logout").stdout
    assert "removed the key for gateway.example" in run(home, "logout", "--profile", "work").stdout
    assert not (home / "config" / "key").exists()


def test_what_outranks_a_stored_key_is_said(home: Path) -> None:
    login = run(home, "login", "--no-check", "--store", "file", stdin=CANARY, ANTHROPIC_API_KEY=OTHER)
    assert "ANTHROPIC_API_KEY is set and is used instead of the stored key" in login.stderr
    status = run(home, "status", "--json", ANTHROPIC_API_KEY=OTHER)
    body = json.loads(status.stdout)
    assert (status.returncode, body["usable"], body["host"], body["check"]) == (0, True, "api.anthropic.com", None)
    assert {row["source"]: (row["state"], row["last_four"]) for row in body["sources"]} == {
        "ANTHROPIC_API_KEY": ("used", "zzzz"),
        "ANTHROPIC_AUTH_TOKEN": ("not set", None),
        "api_key_command": ("not set", None),
        "keyring": ("none on this machine", None),
        str(home / "config" / "key"): ("outranked", "7f3a"),
    }
    logout = run(home, "logout", ANTHROPIC_API_KEY=OTHER)
    assert logout.stderr == "avow: note: ANTHROPIC_API_KEY is still set, and is used\n"


def test_a_bearer_token_is_checked_as_one(api: Simulator, home: Path) -> None:
    environ = {"ANTHROPIC_BASE_URL": api.base_url, "ANTHROPIC_AUTH_TOKEN": OTHER}
    assert run(home, "status", "--check", **environ).returncode == 0
    headers = {name.lower(): value for name, value in dict(api.requests[0].headers).items()}
    assert headers["authorization"] == f"Bearer {OTHER}"
    assert "x-api-key" not in headers


def test_typed_on_a_terminal_it_is_not_shown(home: Path) -> None:
    pty = in_pty(home, "auth", "login", "--no-check", "--store", "file")
    pty.until("API key for api.anthropic.com (not shown):")
    pty.send(f"{CANARY}\n")
    assert pty.end() == 0
    assert "CANARY" not in pty.text
    assert "7f3a" in pty.text
    assert CANARY in (home / "config" / "key").read_text()
