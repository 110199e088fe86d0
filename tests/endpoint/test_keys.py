"""Keys: which source wins, what is refused, and that no key shows anywhere."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from avow.endpoint import keys
from avow.endpoint.credential import Credential
from avow.errors import AvowError, CredentialsError, UsageError
from tests.conftest import CANARY
from tests.in_part import in_part

BASE = "https://api.anthropic.com"
OTHER = "sk-ant-api03-OTHER-0000000000-zzzz"
BACKENDS = Path(__file__).parent.parent / "data" / "keyring_backends"


def find(tmp_path: Path, environ: Mapping[str, str] | None = None, **more: Any) -> Credential:
    given: dict[str, Any] = {"base_url": BASE, "config_dir": tmp_path, "keyring_enabled": False, **more}
    return keys.find(environ or {}, **given)


def key_file(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(mode)
    return path


def printing(*lines: str, status: int = 0, errors: str = "") -> tuple[str, ...]:
    code = f"import sys; print({chr(10).join(lines)!r}); sys.stderr.write({errors!r}); sys.exit({status})"
    return (sys.executable, "-c", code)


# -- order ----------------------------------------------------------------------------------------------------

SOURCES: dict[str, tuple[dict[str, str], bool, str, str]] = {
    "key before all": (
        {"ANTHROPIC_API_KEY": CANARY, "ANTHROPIC_AUTH_TOKEN": OTHER}, True, "x-api-key", "ANTHROPIC_API_KEY",
    ),
    "token before the command": ({"ANTHROPIC_AUTH_TOKEN": CANARY}, True, "bearer", "ANTHROPIC_AUTH_TOKEN"),
    "empty key is none": (
        {"ANTHROPIC_API_KEY": " ", "ANTHROPIC_AUTH_TOKEN": CANARY}, True, "bearer", "ANTHROPIC_AUTH_TOKEN",
    ),
    "command before the file": ({}, True, "x-api-key", "api_key_command"),
    "file": ({}, False, "x-api-key", "key"),
}  # fmt: skip


@pytest.mark.parametrize("case", SOURCES)
def test_the_first_source_wins(case: str, tmp_path: Path) -> None:
    environ, has_command, style, source = SOURCES[case]
    key_file(tmp_path, OTHER if has_command else f" {CANARY}\n")
    command = printing(CANARY if not environ else OTHER) if has_command else ()
    credential = find(tmp_path, environ, api_key_command=command)
    assert (credential.secret, credential.style, Path(credential.source).name) == (CANARY, style, source)
    assert credential.host == ("api.anthropic.com" if source == "key" else None)


def test_spaces_around_a_key_are_dropped(tmp_path: Path) -> None:
    assert find(tmp_path, {"ANTHROPIC_API_KEY": f" {CANARY}\r\n"}).secret == CANARY


def test_no_key_at_all_names_every_way(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"no API key for api.anthropic.com") as caught:
        find(tmp_path)
    words = f"{caught.value.message} {caught.value.hint}"
    for way in (
        "auth login", "--store file", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "api_key_command", str(tmp_path)
    ):  # fmt: skip
        assert way in words


# -- each key for its host --------------------------------------------------------------------------------------


def test_a_key_belongs_to_its_host(tmp_path: Path) -> None:
    key_file(tmp_path, f"# mine\n\nGateway.example:8443 {CANARY}\n{OTHER}\n")
    assert find(tmp_path, base_url="https://gateway.example:8443/x").secret == CANARY
    assert find(tmp_path).secret == OTHER
    for url in ("https://gateway.example", "https://example:8443", "http://localhost:8443"):
        with pytest.raises(CredentialsError, match="key file: for other hosts only"):
            find(tmp_path, base_url=url)


def test_a_key_is_stored_in_the_file_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "config" / "key"
    assert keys.store("api.anthropic.com", f" {CANARY}\n", where="file", config_dir=path.parent) == str(path)
    assert find(path.parent).secret == CANARY
    assert keys.remove("api.anthropic.com", config_dir=path.parent, keyring_enabled=False) == ((str(path),), None)
    assert keys.remove("api.anthropic.com", config_dir=path.parent, keyring_enabled=False) == ((), None)


def test_no_key_goes_to_an_address_that_may_not_have_it(tmp_path: Path) -> None:
    for look in (keys.find, keys.explain):
        with pytest.raises(UsageError, match="in cleartext"):
            look({"ANTHROPIC_API_KEY": OTHER}, base_url="http://gateway.example", config_dir=tmp_path)


def test_a_key_of_no_form_is_refused_with_its_source(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="ANTHROPIC_API_KEY: the API key holds spaces") as caught:
        find(tmp_path, {"ANTHROPIC_API_KEY": f"{CANARY} x"})
    assert "CANARY" not in f"{caught.value!r} {caught.value.message} {caught.value.hint}"


# -- explain --------------------------------------------------------------------------------------------------


def states(tmp_path: Path, environ: Mapping[str, str] | None = None, **more: Any) -> list[tuple[str, str | None]]:
    given: dict[str, Any] = {"base_url": BASE, "config_dir": tmp_path, "keyring_enabled": False, **more}
    return [(source.state, source.last_four) for source in keys.explain(environ or {}, **given)]


def test_each_source_says_what_became_of_it(tmp_path: Path) -> None:
    key_file(tmp_path, CANARY)
    none, off, file = ("not set", None), ("switched off", None), ("used", "7f3a")
    assert states(tmp_path) == [none, none, none, off, file]
    assert states(tmp_path, base_url="https://x.example")[-1] == ("for api.anthropic.com, not this host", None)
    assert states(tmp_path, {"ANTHROPIC_AUTH_TOKEN": OTHER}) == [
        none, ("used", "zzzz"), none, off, ("outranked", "7f3a"),
    ]  # fmt: skip
    both = states(tmp_path, {"ANTHROPIC_API_KEY": CANARY}, api_key_command=("/nonexistent",))
    assert both[0] == ("used", "7f3a")
    assert both[2] == ("outranked", None)


def test_a_refused_source_stops_the_search(tmp_path: Path) -> None:
    key_file(tmp_path, CANARY)
    found = states(tmp_path, {"ANTHROPIC_API_KEY": f"{CANARY} {CANARY}"})
    assert found[0][0] == "refused: ANTHROPIC_API_KEY: the API key holds spaces or line breaks"
    assert found[-1][0] == "outranked"
    assert states(tmp_path, os.environ, api_key_command=("/nonexistent",))[2][0].startswith("refused: api_key_command")


def test_a_short_key_shows_nothing(tmp_path: Path) -> None:
    assert states(tmp_path, {"ANTHROPIC_API_KEY": "short-key"})[0] == ("used", None)


# -- keyrings, in processes of their own ----------------------------------------------------------------------

ACT = """
import json, os, sys, time
from pathlib import Path
from avow.endpoint import keys
from avow.errors import AvowError
try:
  import keyring  # where the machine is busy, this alone may take longer than a keyring may take to answer
except Exception:
  pass
words = sys.argv[1:]
while words:
  end = words.index("then") if "then" in words else len(words)
  (act, folder, *rest), words = words[:end], words[end + 1 :]
  limit = {"limit_s": float(rest[1])} if rest[1:] else {}
  began = time.monotonic()
  try:
    match act:
        case "find":
            c = keys.find({}, base_url=rest[0], config_dir=Path(folder))
            result = {"secret": c.secret, "source": c.source, "host": c.host}
        case "store":
            result = {"place": keys.store(rest[0], sys.stdin.read(), where="keyring", config_dir=Path(folder), **limit)}
        case "remove":
            result = {"removed": keys.remove(rest[0], config_dir=Path(folder))}
        case "explain":
            states = keys.explain({}, base_url=rest[0], config_dir=Path(folder))
            result = {"states": {s.name: [s.state, s.last_four] for s in states}}
  except AvowError as error:
    result = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
  result["seconds"] = time.monotonic() - began
  print(json.dumps(result), flush=True)
os._exit(0)
"""
"""One thing after the other, with `then` between them."""


def act(
    *words: str, stdin: str = "", before: tuple[str, ...] = (), environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What avow.keys does in a process with the environment given; without one, with the machine's own keyring."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHON_KEYRING_BACKEND"}
    command = [*before, sys.executable, "-c", ACT, *words]
    done = subprocess.run(
        command,
        input=stdin,
        env={**inherited, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = done.stderr + (done.stdout if "find" not in words else "")
    assert "CANARY" not in shown
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def backend(name: str) -> dict[str, str]:
    return {"PYTHON_KEYRING_BACKEND": f"plain_backend.{name}", "PYTHONPATH": str(BACKENDS)}


REASONS: dict[str, tuple[dict[str, str], str]] = {
    "none": ({"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}, "this machine has none"),
    "null": ({"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}, "stores keys in plain text or not at all"),
    "missing": ({"PYTHON_KEYRING_BACKEND": "no.such.Keyring"}, "its backend is not installed"),
    "plain text": (backend("PlainText"), "plain_backend.PlainText stores keys in plain text or not at all"),
    "hanging": (backend("Hanging"), "did not answer within 2 seconds"),
}


@pytest.mark.parametrize("case", in_part({case: case for case in REASONS}, ("none", "plain text")))
def test_a_keyring_that_cannot_be_used(case: str, tmp_path: Path) -> None:
    environ, reason = REASONS[case]
    result = act("find", str(tmp_path), BASE, environ=environ)
    assert result["error"] == "CredentialsError"
    assert reason in result["message"]
    assert "auth login" in result["hint"]
    assert result["seconds"] < 4
    stored = act("store", str(tmp_path), "api.anthropic.com", stdin=CANARY, environ=environ)
    assert stored["error"] == "CredentialsError"
    assert reason in stored["message"]
    assert "--store file" in stored["hint"]
    assert list(tmp_path.iterdir()) == []


def test_a_keyring_that_hangs_is_waited_for_so_long_and_no_longer(tmp_path: Path) -> None:
    """By default a twentieth of the real limit."""
    result = act("store", str(tmp_path), "api.anthropic.com", "0.1", stdin=CANARY, environ=backend("Hanging"))
    assert result["error"] == "CredentialsError"
    assert "did not answer within 0.1 seconds" in result["message"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_without_a_keyring_the_file_still_counts(tmp_path: Path) -> None:
    key_file(tmp_path, CANARY)
    assert act("find", str(tmp_path), BASE, environ=backend("Hanging"))["secret"] == CANARY


STORES = {
    "chain": ("Chain", None),
    "forgetful": ("Forgetful", "it does not give back what was stored"),
    "talkative": ("Talkative", "it cannot be used (RuntimeError)"),
}


@pytest.mark.parametrize("case", STORES)
def test_storing_is_checked(case: str, tmp_path: Path) -> None:
    name, problem = STORES[case]
    result = act("store", str(tmp_path), "api.anthropic.com", stdin=CANARY, environ=backend(name))
    if problem is None:
        assert "plain_backend" in result["place"]
    else:
        assert problem in result["message"]


def test_what_was_stored_is_found_for_its_host_alone(tmp_path: Path) -> None:
    store = ("store", str(tmp_path), "api.anthropic.com", "then", "find", str(tmp_path))
    found = act(*store, BASE, stdin=CANARY, environ=backend("Chain"))
    assert (found["secret"], found["source"], found["host"]) == (CANARY, "keyring", "api.anthropic.com")
    assert act(*store, "https://gateway.example", stdin=CANARY, environ=backend("Chain"))["error"] == "CredentialsError"


_HAS_SERVICE = all(shutil.which(name) for name in ("dbus-run-session", "gnome-keyring-daemon"))
_SESSION = r"""
printf 'test' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
"$@"; code=$?
kill $(cat "$HOME"/.kr-pid 2>/dev/null) 2>/dev/null
exit $code
"""
_FLOW = """
set -e
py="$1"; act="$2"; folder="$3"
own=https://api.anthropic.com other=https://gateway.example
printf '%s' "$CANARY_KEY" | "$py" -c "$act" find "$folder" $own then store "$folder" api.anthropic.com
"$py" -c "$act" find "$folder" $own then find "$folder" $other then \
  explain "$folder" $own then explain "$folder" $other
"$py" -c "$act" remove "$folder" api.anthropic.com then find "$folder" $own
"""


@pytest.mark.slow
@pytest.mark.skipif(not _HAS_SERVICE, reason="no dbus-run-session or gnome-keyring-daemon on this machine")
def test_a_real_secret_service(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    environ = {k: v for k, v in os.environ.items() if k != "PYTHON_KEYRING_BACKEND"}
    environ |= {"CANARY_KEY": CANARY, "XDG_RUNTIME_DIR": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "share")}
    session = ["dbus-run-session", "--", "sh", "-c", _SESSION, "sh", "sh", "-c", _FLOW, "sh"]
    done = subprocess.run(
        [*session, sys.executable, ACT, str(folder)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "CANARY" not in done.stderr
    steps = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    none, stored, found, elsewhere, mine, theirs, removed, gone = steps
    assert "has none for this host" in none["message"]
    assert stored["place"] == "the keyring (keyring.backends.SecretService)"
    assert (found["secret"], found["source"], found["host"]) == (CANARY, "keyring", "api.anthropic.com")
    assert elsewhere["error"] == "CredentialsError"
    assert mine["states"]["keyring"] == ["used", "7f3a"]
    assert theirs["states"]["keyring"] == ["for api.anthropic.com, not this host", None]
    assert removed["removed"] == [["the keyring"], None]
    assert gone["error"] == "CredentialsError"
    assert list(folder.iterdir()) == []


_SILENT = """
import sys, subprocess
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection
connection = open_dbus_connection(bus="SESSION")
bus = DBusAddress("/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus")
connection.send_and_get_reply(new_method_call(bus, "RequestName", "su", ("org.freedesktop.secrets", 4)))
sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("dbus-run-session"), reason="no dbus-run-session on this machine")
def test_a_service_that_never_answers(tmp_path: Path) -> None:
    pytest.importorskip("jeepney")
    silent = ("dbus-run-session", "--", sys.executable, "-c", _SILENT)
    result = act("find", str(tmp_path), BASE, before=silent)
    assert "did not answer within 2 seconds" in result["message"]
    assert 1.5 < result["seconds"] < 4


@pytest.mark.slow
def test_a_bus_that_takes_calls_and_never_answers(tmp_path: Path) -> None:
    import socket
    import tempfile

    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as bus:
        bus.bind(f"{short}/bus")
        bus.listen()
        address = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={short}/bus"}
        result = act("find", str(tmp_path), BASE, environ=address)
    assert result["error"] == "CredentialsError"
    assert result["seconds"] < 4


def test_the_keyring_is_not_looked_at_in_vain(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from avow.endpoint import keys\n"
        f"keys.find({{'ANTHROPIC_API_KEY': 'x'}}, base_url={BASE!r}, config_dir=Path({str(tmp_path)!r}))\n"
        "print([m for m in ('keyring', 'subprocess', 'threading', 'tomllib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_error_here_ends_in_its_status() -> None:
    assert issubclass(CredentialsError, AvowError)
    assert CredentialsError.exit_code == 3
