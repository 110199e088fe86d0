"""The command that prints the API key: what it may do wrong, and that it ends."""

import os
import sys
import time
from pathlib import Path

import pytest

from avow.endpoint.key_command import run
from avow.errors import CredentialsError
from tests.conftest import CANARY


def printing(*lines: str, status: int = 0, errors: str = "") -> tuple[str, ...]:
    code = f"import sys; print({chr(10).join(lines)!r}); sys.stderr.write({errors!r}); sys.exit({status})"
    return (sys.executable, "-c", code)


COMMANDS: dict[str, tuple[tuple[str, ...], str]] = {
    "not there": (("/nonexistent/command",), "no such file"),
    "not a program": ((str(Path(__file__)),), "permission denied"),
    "status": (printing(status=3, errors="vault is\nlocked \x1b[31m"), "ended with status 3: vault is locked �[31m"),
    "silent status": (printing(status=1), "ended with status 1"),
    "status with a key": (printing(status=1, errors=f"used {CANARY}"), "ended with status 1: used •••"),
    "status with its output": (printing("hunter2-CANARY", status=1, errors="no: hunter2-CANARY"), "status 1: no: •••"),
    "status with a token": (printing(status=1, errors="token=abc-CANARY-12 is old"), "status 1: token=••• is old"),
    "status with a long word": (
        printing(status=1, errors="of 8f3a9c0d7e6bCANARY1122 in /etc/x/vault2"),
        "of ••• in /etc/x/v",
    ),
    "nothing": (printing(""), "printed nothing"),
    "two lines": (printing(CANARY, "note"), "holds spaces or line breaks"),
    "key and words": (printing(f"key: {CANARY}"), "holds spaces"),
    "not text": ((sys.executable, "-c", "import os; os.write(1, b'\\xff\\xfe')"), "holds characters"),
    "endless": ((sys.executable, "-c", f"while 1: print({CANARY!r})"), ""),
    "null in it": (("a\0b",), "it holds a NUL"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_command_that_fails_is_an_error(case: str) -> None:
    command, words = COMMANDS[case]
    started = time.monotonic()
    with pytest.raises(CredentialsError) as caught:
        run(command, os.environ)
    assert time.monotonic() - started < 8
    assert "api_key_command" in caught.value.message
    assert words in caught.value.message
    assert "CANARY" not in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("streams", ["", ">&- 2>&-"], ids=["open", "closed"])
def test_a_command_that_does_not_end_is_ended(streams: str, tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    code = f'echo $$ > "$0"; exec sleep 60 {streams}'
    started = time.monotonic()
    with pytest.raises(CredentialsError, match=r"did not end within 0\.5 seconds"):
        run(("sh", "-c", code, str(marker)), os.environ, limit_s=0.5)
    assert 0.4 < time.monotonic() - started < 20
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)


@pytest.mark.parametrize("streams", ["", ">&-", "2>&-"], ids=["both", "stderr", "stdout"])
def test_what_a_command_leaves_running_does_not_lose_the_key(streams: str) -> None:
    started = time.monotonic()
    assert run(("sh", "-c", f'echo "$0"; sleep 12 {streams} &', CANARY), os.environ) == CANARY
    assert time.monotonic() - started < 8


def test_a_command_goes_through_no_shell_and_gets_the_environment() -> None:
    code = "import os, sys; print(sys.argv[1] + os.environ['MINE'])"
    command = (sys.executable, "-c", code, "$HOME;`id`")
    assert run(command, {**os.environ, "MINE": "-x"}) == "$HOME;`id`-x"
