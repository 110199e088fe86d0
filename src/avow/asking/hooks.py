"""The user's own command, run after a rerouted answer."""

import contextlib
import json
import os
import signal
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from avow.errors import system_words
from avow.wire.json_value import JsonObject

if TYPE_CHECKING:
    import subprocess


def run(command: Sequence[str], body: JsonObject, environ: Mapping[str, str], timeout_s: float) -> str | None:
    """Run `command` with `body` as JSON on its stdin; words for what went wrong, or None.

    What it prints on stdout is dropped, its stderr is avow's. After `timeout_s` seconds it is ended, with all it
    started. An avow within it runs no such command, so that it cannot call itself for ever.
    """
    import subprocess

    try:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={**environ, "AVOW_ON_REROUTE": "[]"},
            start_new_session=hasattr(os, "killpg"),
        )
    except (OSError, ValueError) as error:
        return f"on_reroute: {command[0]} cannot be run: {system_words(error)}"
    try:
        process.communicate((json.dumps(body) + "\n").encode(), timeout_s)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"on_reroute: {command[0]} did not end within {timeout_s:g} seconds and was ended"
    except BaseException:
        _end(process)
        raise
    if process.returncode < 0:
        return f"on_reroute: {command[0]} was ended by signal {-process.returncode}"
    return f"on_reroute: {command[0]} ended with status {process.returncode}" if process.returncode else None


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    process.wait()
