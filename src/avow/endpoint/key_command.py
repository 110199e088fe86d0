"""The command that prints the API key: run without a shell, within a time limit, its words fit to be shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from avow.endpoint.credential import LONGEST_KEY, checked
from avow.errors import CredentialsError, system_words
from avow.wire.secret import STRUCK, Secrets

LIMIT_S = 10.0
_LAST_S = 0.25
"""How long the last bytes are waited for once the command has ended."""
_HINT = "it must print the key, and nothing else, on stdout"


def run(command: Sequence[str], environ: Mapping[str, str], *, limit_s: float = LIMIT_S) -> str:
    """The key that a command prints: run without a shell, for `limit_s` seconds at most. Raises CredentialsError."""
    import subprocess

    try:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environ),
        )
    except (OSError, ValueError) as error:
        raise CredentialsError(f"api_key_command: {_one_line(command[0])}: {system_words(error)}", hint=_HINT) from None
    output, errors, code = _outcome(process, limit_s)
    if code is None:
        problem = f"did not end within {limit_s:g} seconds"
    elif code:
        # Whatever it printed on stdout may be the key, in part at least.
        printed = Secrets(output.decode("utf-8", "replace").split())
        words = _one_line(printed.text(errors.decode("utf-8", "replace")))
        problem = f"ended with status {code}" + (f": {words}" if words else "")
    elif not output.strip():
        problem = "printed nothing"
    else:
        return checked(output.decode("utf-8", "replace"), "api_key_command")
    raise CredentialsError(f"api_key_command: {_one_line(command[0])} {problem}", hint=_HINT)


def _outcome(process: Any, limit_s: float) -> tuple[bytes, bytes, int | None]:
    """What a process printed (not more than a key can have), and its status, None where it took too long."""
    import time
    from functools import partial

    from avow.background import in_background

    kept: dict[str, bytes] = {"stdout": b"", "stderr": b""}

    def drain(name: str, pipe: Any) -> None:
        while len(kept[name]) < LONGEST_KEY + 2 and (piece := pipe.read1(LONGEST_KEY + 2 - len(kept[name]))):
            kept[name] += piece
        pipe.close()  # a process that writes more gets an error

    until = time.monotonic() + limit_s
    ends = [in_background(partial(drain, name, getattr(process, name))) for name in tuple(kept)]
    try:
        code = process.wait(max(until - time.monotonic(), 0.01))
    except Exception:  # subprocess.TimeoutExpired
        code = None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    # What it left running (an agent) may hold its pipes open: what it printed itself lies in them by now.
    for end in ends:
        end.wait(_LAST_S)
    return kept["stdout"], kept["stderr"], code


def _one_line(text: str) -> str:
    """Words from outside as one line that is fit to show, the last of them, with anything like a key struck out: what
    begins like one, what stands after `key=` and its kin, and long words of letters and digits."""
    import re

    words = " ".join(text.split())
    words = "".join(letter if letter.isprintable() else "�" for letter in words)
    words = re.sub(r"\b(?:sk-|ghp_|hvs\.|AKIA)[\w-]{4,}", STRUCK, words)
    words = re.sub(
        r"(?i)\b((?:key|token|secret|password|bearer|authorization)[\"']?(?:\s*[:=]\s*|\s+))[\w.+/=~-]{8,}",
        rf"\1{STRUCK}",
        words,
    )
    # In base64 a slash may stand; in a path there are many, and words between them.
    return re.sub(r"(?<![\w/.+-])(?=[\w+=-]*\d)(?=[\w+=-]*[A-Za-z])[\w+=-]{20,}", STRUCK, words)[-300:]
