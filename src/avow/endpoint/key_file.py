"""The key file: API keys by host, in a file that only its owner may read."""

import os
from collections.abc import Mapping
from pathlib import Path

from avow.endpoint.credential import checked
from avow.errors import CredentialsError, UnreadableFile
from avow.files.reading import as_text, read_file
from avow.paths import KEY_FILE
from avow.wire.api import API_HOST

NAME = KEY_FILE
_HINT = "`avow auth login --store file` writes a new file"


def read(path: Path) -> dict[str, str]:
    """The keys in a key file by host; empty where there is no file.

    A line is `HOST KEY`, or a key alone for the API's own host; `#` begins a comment line. Raises CredentialsError
    for a file that others may read, or that is not of that form.
    """
    keys = {}
    for number, line in enumerate(_private_text(path).splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) > 2:
            raise CredentialsError(f"{path}:{number}: is neither KEY nor HOST KEY", hint=_HINT)
        keys[words[0].lower() if len(words) == 2 else API_HOST] = checked(words[-1], f"{path}:{number}")
    return keys


def put(path: Path, host: str, secret: str) -> None:
    """Keep `secret` for `host`, beside those for others. A file that others may read, or that cannot be understood,
    is replaced. Raises FileError."""
    try:
        keys = read(path)
    except CredentialsError:
        keys = {}
    _write(path, {**keys, host: secret})


def drop(path: Path, host: str) -> bool:
    """Forget the key for `host`; whether there was one. Raises CredentialsError, FileError."""
    keys = read(path)
    if keys.pop(host, None) is None:
        return False
    _write(path, keys)
    return True


def _private_text(path: Path) -> str:
    def inspect(facts: os.stat_result) -> None:
        if os.name == "posix" and facts.st_mode & 0o077:
            raise CredentialsError(f"{path}: other users may read it", hint=_chmod(path))
        if os.name == "posix" and facts.st_uid not in (os.geteuid(), 0):
            raise CredentialsError(f"{path}: it belongs to another user")

    try:
        return as_text(read_file(path, inspect=inspect), str(path))
    except UnreadableFile as error:
        if error.missing:
            return ""
        raise CredentialsError(error.message, hint=_HINT) from None


def _chmod(path: Path) -> str:
    import shlex

    return f"chmod 600 {shlex.quote(str(path))}"


def _write(path: Path, keys: Mapping[str, str]) -> None:
    from avow.files.private import write_private

    if not keys:
        path.unlink(missing_ok=True)
        return
    lines = ["# API keys of avow: HOST KEY", *(f"{host} {secret}" for host, secret in keys.items())]
    write_private(path, "\n".join([*lines, ""]).encode())
