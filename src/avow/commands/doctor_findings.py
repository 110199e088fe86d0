"""The checks of `avow doctor`: each gives findings, and none of them holds a secret."""

import os
import platform
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from avow.commands import doctor_api, doctor_kept
from avow.commands.doctor_finding import DoctorFinding, State, without_secrets
from avow.errors import AvowError
from avow.exit_codes import ExitCode
from avow.paths import KEY_FILE

if TYPE_CHECKING:
    from avow.context import Context
    from avow.settings.levels import Settings

LIBRARIES = ("typer", "rich", "httpcore", "keyring", "prompt_toolkit", "jsonschema", "pypdf")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


def examine(context: "Context", *, offline: bool = False, profile: str | None = None) -> tuple[DoctorFinding, ...]:
    """Check everything. The API is asked once, free of charge (`GET /v1/models?limit=1`), unless `offline`.

    Raises nothing: an error is a finding.
    """
    found = [*_versions(), *_folders(context)]
    settings, finding = _config(context, profile)
    found.append(finding)
    if settings is not None:
        found += [*_key(context, settings), *doctor_api.look(context, settings, offline=offline)]
        found += doctor_kept.look(context, settings)
    found += [*_terminal(context), *_environment(context.environ), *_live(context)]
    return tuple(found)


def _live(context: "Context") -> Iterator[DoctorFinding]:
    """What went wrong in `avow scan --hook` and `--statusline`, which print no errors themselves."""
    from avow.commands import live
    from avow.scan.bookmarks import trouble
    from avow.text.local_time import local

    if (found := trouble(live.folder(context.paths))) is not None:
        at, words = found
        yield DoctorFinding(
            "clients", "claude-code", "note", f"{words} ({local(at)})", "`avow help clients` has the lines to paste"
        )


def _versions() -> Iterator[DoctorFinding]:
    from importlib.metadata import PackageNotFoundError, version

    from avow import __version__
    from avow.history import database

    yield DoctorFinding("versions", "avow", "ok", __version__)
    yield DoctorFinding("versions", "python", "ok", f"{platform.python_version()} ({sys.executable})")
    yield DoctorFinding("versions", "sqlite", "ok", database.library_version())
    yield DoctorFinding("versions", "platform", "ok", platform.platform())
    known, missing = [], []
    for name in LIBRARIES:
        try:
            known.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    yield DoctorFinding("versions", "libraries", "ok", ", ".join(known))
    if missing:
        hint = "install avow again"
        yield DoctorFinding("versions", "missing", "broken", ", ".join(missing), hint)


def _folders(context: "Context") -> Iterator[DoctorFinding]:
    for name, path in (("config", context.paths.config), ("data", context.paths.data), ("cache", context.paths.cache)):
        yield _folder(name, path)
    for name, path in (
        ("config file", context.paths.config_file),
        ("key file", context.paths.config / KEY_FILE),
        ("history file", context.paths.history_file),
    ):
        if path.exists():
            yield _file(name, path)


def _folder(name: str, path: Path) -> DoctorFinding:
    if not path.exists():
        above = next(parent for parent in path.parents if parent.exists())
        if os.access(above, os.W_OK | os.X_OK):
            return DoctorFinding("folders", name, "ok", f"{path} (made when it is needed)")
        return DoctorFinding(
            "folders", name, "broken", f"{path}: cannot be made", f"look at the permissions of {above}"
        )
    if not path.is_dir():
        return DoctorFinding("folders", name, "broken", f"{path}: not a folder", "move that file away")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return DoctorFinding("folders", name, "broken", f"{path}: cannot be read and written", f"chmod 700 {path}")
    return _private(name, path, 0o700)


def _file(name: str, path: Path) -> DoctorFinding:
    if not os.access(path, os.R_OK):
        return DoctorFinding("folders", name, "broken", f"{path}: cannot be read", f"chmod 600 {path}")
    return _private(name, path, 0o600)


def _private(name: str, path: Path, wanted: int) -> DoctorFinding:
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        return DoctorFinding(
            "folders", name, "note", f"{path} (others have access: {mode:04o})", f"chmod {wanted:o} {path}"
        )
    return DoctorFinding("folders", name, "ok", f"{path} ({mode:04o})")


def _config(context: "Context", profile: str | None) -> tuple["Settings | None", DoctorFinding]:
    try:
        settings = context.settings(profile=profile)
    except AvowError as error:
        return None, DoctorFinding("config", "settings", "broken", error.message, error.hint)
    from avow.settings.levels import unknown_variables

    unknown = [name for name, _near in unknown_variables(context.environ)]
    if unknown:
        return settings, DoctorFinding("config", "settings", "note", f"{', '.join(unknown)}: avow has no such setting")
    where = "valid" if context.paths.config_file.exists() else "no config file; the defaults are used"
    return settings, DoctorFinding("config", "settings", "ok", f"{where}; model {settings.text('model')}")


def _key(context: "Context", settings: "Settings") -> Iterator[DoctorFinding]:
    try:
        sources = context.key_sources(settings)
    except AvowError as error:
        yield DoctorFinding("key", "source", "broken", error.message, error.hint)
        return
    used = next((source for source in sources if source.state == "used"), None)
    if used is None:
        yield DoctorFinding("key", "source", "broken", "none found", "`avow auth login` stores one")
    else:
        yield DoctorFinding("key", "source", "ok", used.name + (f" (…{used.last_four})" if used.last_four else ""))
    for source in sources:
        if source.state.startswith("refused"):
            yield DoctorFinding("key", source.name, "note", source.state)


def _terminal(context: "Context") -> Iterator[DoctorFinding]:
    for name, facts in (("stdout", context.screen.out_facts), ("stderr", context.screen.err_facts)):
        if not facts.is_terminal:
            yield DoctorFinding("terminal", name, "ok", "no terminal")
            continue
        parts = (f"{facts.width} x {facts.height}", "colour" if facts.color else "no colour")
        more = ("Unicode" if facts.unicode else "ASCII", "moves the cursor" if facts.interactive else "plain")
        yield DoctorFinding("terminal", name, "ok", ", ".join((*parts, *more)))


def _environment(environ: Mapping[str, str]) -> Iterator[DoctorFinding]:
    """Proxies and certificates, as the variables name them; a proxy's password is left out."""
    look: Callable[[str], str] = lambda name: environ.get(name) or environ.get(name.lower()) or ""  # noqa: E731
    given = [(name, look(name)) for name in _PROXIES if look(name)]
    for name, value in given:
        missing = name.startswith("SSL_") and not Path(value).exists()
        state: State = "broken" if missing else "ok"
        words = f"{value}: there is no such file" if missing else without_secrets(value)
        yield DoctorFinding("network", name, state, words, f"unset {name}, or correct it" if missing else None)
    if not given:
        yield DoctorFinding("network", "proxies", "ok", "none set")


def status(findings: tuple[DoctorFinding, ...]) -> ExitCode:
    """0 when all is well, 1 when something is broken."""
    return ExitCode.UNEXPECTED if any(finding.state == "broken" for finding in findings) else ExitCode.OK
