"""The API key: environment, command, keyring, key file, in that order; the only file that touches the keyring."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from avow.endpoint.credential import Credential, check_destination, checked, last_four
from avow.errors import ConfigError, CredentialsError
from avow.values import NamedTuple
from avow.wire.api import API_HOST

SERVICE = "avow"
"""What keys are filed under in the keyring; the user name there is the host."""

KEYRING_LIMIT_S = 2.0
_LEAST_PRIORITY = 1
VARIABLES = (("ANTHROPIC_API_KEY", "x-api-key"), ("ANTHROPIC_AUTH_TOKEN", "bearer"))
"""The environment variables that hold a key, and the style in which each is sent."""


class KeySource(NamedTuple):
    """One place for a key, for `auth status`. `state` is `used`, `not set`, `outranked`, `for HOST, not this host`,
    `switched off`, `none on this machine` or `refused: WHY`; `last_four` are the key's last characters, where it
    was looked at."""

    name: str
    state: str
    last_four: str | None = None


class KeyringUnusable(Exception):
    """Why the keyring cannot be used, in words for the user."""


class NoKeyring(KeyringUnusable):
    """The machine has no keyring, as most servers."""

    def __init__(self) -> None:
        super().__init__("this machine has none")


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
    if credential := from_environment(environ):
        return credential
    from avow.endpoint import key_command, key_file

    if api_key_command:
        return Credential(key_command.run(api_key_command, environ), "x-api-key", "api_key_command")
    reason = "switched off (keyring.enabled)"
    if keyring_enabled:
        try:
            kept = from_keyring(host)
            reason = "has none for this host"
        except KeyringUnusable as error:
            kept, reason = None, str(error)
        if kept:
            return Credential(checked(kept, "the keyring"), "x-api-key", "keyring", host)
    path = config_dir / key_file.NAME
    keys = key_file.read(path)
    if host in keys:
        return Credential(keys[host], "x-api-key", str(path), host)
    raise none_found(host, path, reason, others=bool(keys))


def from_environment(environ: Mapping[str, str]) -> Credential | None:
    """The credential that a variable holds. Raises CredentialsError where that cannot be one."""
    for variable, style in VARIABLES:
        if secret := environ.get(variable, "").strip():
            return Credential(checked(secret, variable), style, variable)
    return None


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
) -> tuple[KeySource, ...]:
    """Every source in order, with how it stands: at most one is used. The command is run only where it counts.

    Raises UsageError for an address that no key may be sent to.
    """
    from avow.endpoint import key_command, key_file

    host = check_destination(base_url)
    found = [_seen(name, lambda name=name: environ.get(name, "").strip() or None) for name, _style in VARIABLES]
    taken = any(source.state != "not set" for source in found)
    if api_key_command and taken:
        found.append(KeySource("api_key_command", "used"))
    else:
        found.append(
            _seen("api_key_command", lambda: key_command.run(api_key_command, environ) if api_key_command else None)
        )
    if keyring_enabled:
        found.append(_seen_in_keyring(host))
    else:
        found.append(KeySource("keyring", "switched off"))
    found.append(_seen_in_file(host, config_dir / key_file.NAME))
    return _ranked(found)


def _ranked(found: list[KeySource]) -> tuple[KeySource, ...]:
    """The sources with their states: the first that has a key is used. A source that is refused ends the search, except
    the keyring."""
    ranked = []
    decided = False
    for source in found:
        counts = source.state == "used" or (source.state.startswith("refused") and source.name != "keyring")
        if decided and source.state == "used":
            source = KeySource(source.name, "outranked", source.last_four)
        ranked.append(source)
        decided = decided or counts
    return tuple(ranked)


def _seen(name: str, look: Any) -> KeySource:
    try:
        secret = look()
        return KeySource(name, "used", last_four(checked(secret, name))) if secret else KeySource(name, "not set")
    except CredentialsError as error:
        return KeySource(name, f"refused: {error.message}")


def _seen_in_keyring(host: str) -> KeySource:
    try:
        if secret := from_keyring(host):
            return KeySource("keyring", "used", last_four(secret))
        elsewhere = host != API_HOST and from_keyring(API_HOST)
        return KeySource("keyring", _for_other((API_HOST,)) if elsewhere else "not set")
    except NoKeyring:
        return KeySource("keyring", "none on this machine")
    except KeyringUnusable as error:
        return KeySource("keyring", f"refused: {error}")


def _for_other(hosts: Iterable[str]) -> str:
    return f"for {', '.join(sorted(hosts))}, not this host"


def _seen_in_file(host: str, path: Path) -> KeySource:
    from avow.endpoint import key_file

    try:
        keys = key_file.read(path)
    except CredentialsError as error:
        return KeySource(str(path), f"refused: {error.message}")
    if host in keys:
        return KeySource(str(path), "used", last_four(keys[host]))
    return KeySource(str(path), _for_other(keys) if keys else "not set")


# -- the keyring ----------------------------------------------------------------------------------------------


def from_keyring(host: str, limit_s: float = KEYRING_LIMIT_S) -> str | None:
    """The key stored for `host`, None where there is none. Raises KeyringUnusable."""
    kept = _watched(lambda: _backend().get_password(SERVICE, host), limit_s)
    return kept if isinstance(kept, str) and kept else None


def _watched(ask: Any, limit_s: float) -> object:
    """The result of `ask`, if it comes in time: a keyring may wait for a prompt that nobody sees, or forever."""
    from avow.background import in_background

    value: object = None
    failed: KeyringUnusable | None = None

    def work() -> None:
        nonlocal value, failed
        try:
            value = ask()
        except KeyringUnusable as error:
            failed = error
        except BaseException as error:  # a backend may raise anything, its import included
            failed = KeyringUnusable(_keyring_words(error))

    if not in_background(work).wait(limit_s):
        raise KeyringUnusable(f"did not answer within {limit_s:g} seconds (keyring.enabled = false skips it)")
    if failed is not None:
        raise failed
    return value


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
    import keyring

    backend: Any = keyring.get_keyring()
    # A chain of backends would fall through to the plain text one.
    for one in getattr(backend, "backends", (backend,)):
        if _priority(one) >= _LEAST_PRIORITY:
            return one
    module = type(backend).__module__
    if module.startswith("keyring.backends.fail"):
        raise NoKeyring
    raise KeyringUnusable(f"{module}.{type(backend).__name__} stores keys in plain text or not at all")


def _priority(backend: Any) -> float:
    try:
        return float(backend.priority)
    except Exception:
        return 0.0


# -- storing --------------------------------------------------------------------------------------------------


def store(host: str, secret: str, *, where: str, config_dir: Path, limit_s: float = KEYRING_LIMIT_S) -> str:
    """Keep `secret` for `host` in the `keyring` or the key `file`, and say where that is.

    Raises CredentialsError where the keyring cannot be used: a file is written only where it was asked for.
    """
    from avow.endpoint import key_file

    secret = checked(secret, "the key given")
    if where == "file":
        path = config_dir / key_file.NAME
        key_file.put(path, host, secret)
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
    cannot be read, if so. Raises CredentialsError for a key file that cannot be used."""
    from avow.endpoint import key_file

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
    path = config_dir / key_file.NAME
    if key_file.drop(path, host):
        removed.append(str(path))
    return tuple(removed), problem


def _deleted(host: str) -> bool:
    backend = _backend()
    if backend.get_password(SERVICE, host) is None:
        return False
    backend.delete_password(SERVICE, host)
    return True
