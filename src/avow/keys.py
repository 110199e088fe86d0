"""The API key: environment, command, keyring, key file, in that order; the only file that touches the keyring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from avow.credential import Credential, is_loopback
from avow.errors import ConfigError, CredentialsError, UsageError

API_HOST = "api.anthropic.com"
SERVICE = "avow"
"""What keys are filed under in the keyring; the user name there is the host."""

KEY_FILE = "key"
COMMAND_LIMIT_S = 10.0
KEYRING_LIMIT_S = 2.0
LONGEST_KEY = 16 * 1024
_LEAST_PRIORITY = 1
_VARIABLES = (("ANTHROPIC_API_KEY", "x-api-key"), ("ANTHROPIC_AUTH_TOKEN", "bearer"))
_BAD_ADDRESS = "https://HOST, or http:// to a loopback address"


@dataclass(frozen=True, slots=True)
class Source:
    """One place for a key, for `auth status`. `state` is `wins`, `not set`, `outranked`, `for another host`,
    `switched off`, `none on this machine` or `refused: WHY`; `last_four` are the key's last characters, where it
    was looked at."""

    name: str
    state: str
    last_four: str | None = None


class KeyringUnusable(Exception):
    """Why the keyring cannot be used, in words for the user."""


class NoKeyring(KeyringUnusable):
    """There is none, as on most servers."""

    def __init__(self) -> None:
        super().__init__("this machine has none")


def check_destination(base_url: str) -> str:
    """The host (`HOST` or `HOST:PORT`) that a key for `base_url` belongs to.

    Raises UsageError for what no key may be sent to: cleartext to anything but loopback, other schemes, an address
    with a user name, password, query or fragment in it. The address itself is never repeated.
    """
    problem = None
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        problem = "is not a valid address"
    else:
        if not base_url.isascii() or not base_url.isprintable() or " " in base_url or "\\" in base_url:
            problem = "holds characters that no address has"
        elif parts.scheme not in ("http", "https") or not host:
            problem = "is not an http(s) address"
        elif "@" in parts.netloc:
            problem = "holds a user name or password"
        elif parts.query or parts.fragment or "?" in base_url or "#" in base_url:
            problem = "holds a query or a fragment"
        elif parts.scheme == "http" and not is_loopback(host):
            problem = f"would send the key in cleartext to {host}"
    if problem or not host:
        raise UsageError(f"the base URL {problem}", hint=f"it must be {_BAD_ADDRESS}")
    if port is None or port == (443 if parts.scheme == "https" else 80):
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def find(
    environ: Mapping[str, str],
    *,
    base_url: str,
    config_dir: Path,
    api_key_command: Sequence[str] = (),
    keyring_enabled: bool = True,
) -> Credential:
    """The credential for `base_url`, from the first source that has one.

    Raises CredentialsError where there is none or the source that counts cannot be used, UsageError for an address
    that no key may be sent to. No message holds any part of a key.
    """
    host = check_destination(base_url)
    for variable, style in _VARIABLES:
        if secret := environ.get(variable, "").strip():
            return Credential(checked(secret, variable), style, variable)
    if api_key_command:
        return Credential(run_command(api_key_command, environ), "x-api-key", "api_key_command")
    reason = "switched off (keyring.enabled)"
    if keyring_enabled:
        try:
            kept = from_keyring(host)
            reason = "has none for this host"
        except KeyringUnusable as error:
            kept, reason = None, str(error)
        if kept:
            return Credential(checked(kept, "the keyring"), "x-api-key", "keyring", host)
    path = config_dir / KEY_FILE
    keys = read_file(path)
    if host in keys:
        return Credential(keys[host], "x-api-key", str(path), host)
    raise none_found(host, path, reason, others=bool(keys))


def none_found(host: str, path: Path, keyring: str, *, others: bool = False) -> CredentialsError:
    """The error that names every way to give avow a key; `keyring` says why it was not there."""
    return CredentialsError(
        f"no API key for {host}; keyring: {keyring}; key file: {'for other hosts only' if others else 'none'}",
        hint="`avow auth login` stores one (`--store file` where there is no keyring); or set ANTHROPIC_API_KEY, "
        f"ANTHROPIC_AUTH_TOKEN, api_key_command in the config, or write {path} (mode 600)",
    )


def explain(
    environ: Mapping[str, str],
    *,
    base_url: str,
    config_dir: Path,
    api_key_command: Sequence[str] = (),
    keyring_enabled: bool = True,
) -> tuple[Source, ...]:
    """Every source in order, with what became of it: at most one wins. The command is run only where it counts.

    Raises UsageError for an address that no key may be sent to.
    """
    host = check_destination(base_url)
    found = [_seen(name, lambda name=name: environ.get(name, "").strip() or None) for name, _style in _VARIABLES]
    taken = any(source.state != "not set" for source in found)
    if api_key_command and taken:
        found.append(Source("api_key_command", "wins"))
    else:
        found.append(
            _seen("api_key_command", lambda: run_command(api_key_command, environ) if api_key_command else None)
        )
    if keyring_enabled:
        found.append(_seen_in_keyring(host))
    else:
        found.append(Source("keyring", "switched off"))
    found.append(_seen_in_file(host, config_dir / KEY_FILE))
    return _ranked(found)


def _ranked(found: list[Source]) -> tuple[Source, ...]:
    """Of the sources that have a key the first wins. One that is refused stops the search, save the keyring."""
    ranked = []
    decided = False
    for source in found:
        counts = source.state == "wins" or (source.state.startswith("refused") and source.name != "keyring")
        if decided and source.state == "wins":
            source = Source(source.name, "outranked", source.last_four)
        ranked.append(source)
        decided = decided or counts
    return tuple(ranked)


def _seen(name: str, look: Any) -> Source:
    try:
        secret = look()
        return Source(name, "wins", last_four(checked(secret, name))) if secret else Source(name, "not set")
    except CredentialsError as error:
        return Source(name, f"refused: {error.message}")


def _seen_in_keyring(host: str) -> Source:
    try:
        if secret := from_keyring(host):
            return Source("keyring", "wins", last_four(secret))
        elsewhere = host != API_HOST and from_keyring(API_HOST)
        return Source("keyring", "for another host" if elsewhere else "not set")
    except NoKeyring:
        return Source("keyring", "none on this machine")
    except KeyringUnusable as error:
        return Source("keyring", f"refused: {error}")


def _seen_in_file(host: str, path: Path) -> Source:
    try:
        keys = read_file(path)
    except CredentialsError as error:
        return Source(str(path), f"refused: {error.message}")
    if host in keys:
        return Source(str(path), "wins", last_four(keys[host]))
    return Source(str(path), "for another host" if keys else "not set")


def last_four(secret: str) -> str | None:
    """The last characters of a key long enough for them to give nothing away."""
    return secret[-4:] if len(secret) >= 16 else None


def checked(text: str, source: str) -> str:
    """The key in `text`, without the space around it. Raises CredentialsError, which does not repeat it."""
    secret = text.strip()
    problem = None
    if not secret:
        problem = "is empty"
    elif len(secret) > LONGEST_KEY:
        problem = f"is longer than {LONGEST_KEY} characters"
    elif any(letter.isspace() for letter in secret):
        problem = "holds spaces or line breaks"
    elif not secret.isascii() or not secret.isprintable():
        problem = "holds characters that no key has"
    if problem:
        raise CredentialsError(f"{source}: the API key {problem}", hint="copy it again, whole and alone")
    return secret


# -- the command ----------------------------------------------------------------------------------------------


def run_command(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """The key that a command prints: run without a shell, for ten seconds at most. Raises CredentialsError."""
    import subprocess  # deferred: start-up

    try:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environ),
        )
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "not a command").lower()
        raise CredentialsError(f"api_key_command: {_one_line(command[0])}: {reason}", hint=_COMMAND_HINT) from None
    output, errors, code = _outcome(process)
    if code is None:
        problem = f"did not end within {COMMAND_LIMIT_S:g} seconds"
    elif code:
        words = _one_line(errors.decode("utf-8", "replace"))
        problem = f"ended with status {code}" + (f": {words}" if words else "")
    elif not output.strip():
        problem = "printed nothing"
    else:
        return checked(output.decode("utf-8", "replace"), "api_key_command")
    raise CredentialsError(f"api_key_command: {_one_line(command[0])} {problem}", hint=_COMMAND_HINT)


_COMMAND_HINT = "it must print the key, and nothing else, on stdout"


def _outcome(process: Any) -> tuple[bytes, bytes, int | None]:
    """What a process printed (not more than a key can have), and its status, None where it took too long."""
    import threading  # deferred: start-up
    import time

    kept: dict[str, bytes] = {"stdout": b"", "stderr": b""}

    def drain(name: str, pipe: Any) -> None:
        kept[name] = pipe.read(LONGEST_KEY + 2)
        pipe.close()  # who writes more is told so

    until = time.monotonic() + COMMAND_LIMIT_S
    readers = [threading.Thread(target=drain, args=(name, getattr(process, name)), daemon=True) for name in tuple(kept)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(max(until - time.monotonic(), 0))
    try:
        code = process.wait(max(until - time.monotonic(), 0.01))
    except Exception:  # subprocess.TimeoutExpired
        code = None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    late = any(reader.is_alive() for reader in readers)
    return kept["stdout"], kept["stderr"], None if late else code


def _one_line(text: str) -> str:
    """Words from outside as one line that is fit to show, the last of them, with anything like a key struck out."""
    import re  # deferred: only for errors

    words = " ".join(text.split())
    words = "".join(letter if letter.isprintable() else "�" for letter in words)
    return re.sub(r"\bsk-[A-Za-z0-9_-]{4,}", "•••", words)[-300:]


# -- the keyring ----------------------------------------------------------------------------------------------


def from_keyring(host: str, limit_s: float = KEYRING_LIMIT_S) -> str | None:
    """The key stored for `host`, None where there is none. Raises KeyringUnusable."""
    kept = _watched(lambda: _backend().get_password(SERVICE, host), limit_s)
    return kept if isinstance(kept, str) and kept else None


@dataclass(slots=True)
class _Outcome:
    value: object = None
    error: KeyringUnusable | None = None
    done: bool = field(default=False)


def _watched(ask: Any, limit_s: float) -> object:
    """What `ask` returns, if it does so in time: a keyring may wait for a prompt that no one sees, or for ever."""
    import threading  # deferred: start-up

    outcome = _Outcome()

    def work() -> None:
        try:
            outcome.value = ask()
        except KeyringUnusable as error:
            outcome.error = error
        except BaseException as error:  # a backend may raise anything, its import included
            outcome.error = KeyringUnusable(_keyring_words(error))
        outcome.done = True

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(limit_s)
    if not outcome.done:
        raise KeyringUnusable(f"did not answer within {limit_s:g} seconds (keyring.enabled = false skips it)")
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


def _keyring_words(error: BaseException) -> str:
    kind = type(error).__name__
    known = {
        "KeyringLocked": "it is locked",
        "ModuleNotFoundError": "its backend is not installed",
        "InitError": "it cannot be opened",
    }
    return known.get(kind, f"it cannot be used ({kind})")


def _backend() -> Any:
    """The keyring of this machine. Raises KeyringUnusable for one that keeps nothing, or keeps it in plain text."""
    import keyring  # deferred: start-up

    backend: Any = keyring.get_keyring()
    # A chain of backends would fall through to the plain text one.
    for one in getattr(backend, "backends", (backend,)):
        if _priority(one) >= _LEAST_PRIORITY:
            return one
    module = type(backend).__module__
    if module.startswith("keyring.backends.fail"):
        raise NoKeyring
    raise KeyringUnusable(f"{module}.{type(backend).__name__} does not keep keys safe")


def _priority(backend: Any) -> float:
    try:
        return float(backend.priority)
    except Exception:
        return 0.0


# -- the key file ---------------------------------------------------------------------------------------------


def read_file(path: Path) -> dict[str, str]:
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
            raise CredentialsError(f"{path}:{number}: is neither KEY nor HOST KEY", hint=_FILE_HINT)
        keys[words[0].lower() if len(words) == 2 else API_HOST] = checked(words[-1], f"{path}:{number}")
    return keys


_FILE_HINT = "`avow auth login --store file` writes the file anew"


def _private_text(path: Path) -> str:
    import os
    import stat

    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise CredentialsError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    with os.fdopen(descriptor, "rb") as stream:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise CredentialsError(f"{path}: is not a file")
        if os.name == "posix" and facts.st_mode & 0o077:
            raise CredentialsError(f"{path}: others may read it", hint=_chmod(path))
        if os.name == "posix" and facts.st_uid not in (os.geteuid(), 0):
            raise CredentialsError(f"{path}: it belongs to another user")
        data = stream.read(1024 * 1024)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CredentialsError(f"{path}: is not UTF-8 text", hint=_FILE_HINT) from None


def _chmod(path: Path) -> str:
    import shlex  # deferred: only for errors

    return f"chmod 600 {shlex.quote(str(path))}"


# -- storing --------------------------------------------------------------------------------------------------


def store(host: str, secret: str, *, where: str, config_dir: Path, limit_s: float = KEYRING_LIMIT_S) -> str:
    """Keep `secret` for `host` in the `keyring` or the key `file`, and say where that is.

    Raises CredentialsError where the keyring cannot be used: a file is written only where it was asked for.
    """
    secret = checked(secret, "the key given")
    if where == "file":
        path = config_dir / KEY_FILE
        _write_file(path, {**_readable_keys(path), host: secret})
        return str(path)
    if where != "keyring":
        raise ConfigError(f"--store {where}: there is no such place", hint="keyring or file")

    def put() -> str:
        backend = _backend()
        backend.set_password(SERVICE, host, secret)
        if backend.get_password(SERVICE, host) != secret:
            raise KeyringUnusable("it does not give back what was stored")
        return f"{type(backend).__module__}"

    try:
        return f"the keyring ({_watched(put, limit_s)})"
    except KeyringUnusable as error:
        raise CredentialsError(
            f"the keyring cannot keep the key: {error}",
            hint="`avow auth login --store file` keeps it in a file that only you may read; "
            "or set ANTHROPIC_API_KEY, or api_key_command in the config",
        ) from None


def remove(host: str, *, config_dir: Path, keyring_enabled: bool = True) -> tuple[tuple[str, ...], str | None]:
    """Delete the keys for `host` from the keyring and the key file: the places that had one, and why the keyring
    could not be looked into, if so. Raises CredentialsError for a key file that cannot be used."""
    removed = []
    problem = None
    if keyring_enabled:
        try:
            if _watched(lambda: _deleted(host), KEYRING_LIMIT_S):
                removed.append("the keyring")
        except NoKeyring:
            pass
        except KeyringUnusable as error:
            problem = str(error)
    path = config_dir / KEY_FILE
    keys = read_file(path)
    if keys.pop(host, None) is not None:
        _write_file(path, keys)
        removed.append(str(path))
    return tuple(removed), problem


def _deleted(host: str) -> bool:
    backend = _backend()
    if backend.get_password(SERVICE, host) is None:
        return False
    backend.delete_password(SERVICE, host)
    return True


def _readable_keys(path: Path) -> dict[str, str]:
    """What the file holds already; what others may read, or cannot be understood, is replaced."""
    try:
        return read_file(path)
    except CredentialsError:
        return {}


def _write_file(path: Path, keys: Mapping[str, str]) -> None:
    from avow.private_file import write  # deferred: start-up

    if not keys:
        path.unlink(missing_ok=True)
        return
    lines = ["# API keys of avow: HOST KEY", *(f"{host} {secret}" for host, secret in keys.items())]
    write(path, "\n".join([*lines, ""]).encode())
