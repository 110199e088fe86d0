"""The checks of `avow doctor`: each gives findings, and none of them holds a secret."""

import os
import platform
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from avow.commands import doctor_kept
from avow.commands.doctor_finding import DoctorFinding, State
from avow.errors import AvowError, ExchangeError
from avow.exit_codes import ExitCode

if TYPE_CHECKING:
    from avow.context import Context
    from avow.settings.levels import Settings

LIMIT_S = 5.0
"""How long the API may take to answer."""

MOST_CLOCK_S = 120.0
"""How far the clocks may be apart: TLS and `created_at` bear less than people notice."""

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
        found += [*_key(context, settings), *_api(context, settings, offline=offline)]
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
        ("key file", context.paths.config / "key"),
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
    return _private("folders", name, path, 0o700)


def _file(name: str, path: Path) -> DoctorFinding:
    if not os.access(path, os.R_OK):
        return DoctorFinding("folders", name, "broken", f"{path}: cannot be read", f"chmod 600 {path}")
    return _private("folders", name, path, 0o600)


def _private(topic: str, name: str, path: Path, wanted: int) -> DoctorFinding:
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        return DoctorFinding(topic, name, "note", f"{path} (others may look: {mode:04o})", f"chmod {wanted:o} {path}")
    return DoctorFinding(topic, name, "ok", f"{path} ({mode:04o})")


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
    from avow.endpoint import keys

    try:
        sources = keys.explain(
            context.environ,
            base_url=settings.base_url,
            config_dir=context.paths.config,
            api_key_command=settings.words("api_key_command"),
            keyring_enabled=settings.flag("keyring.enabled"),
        )
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


def _api(context: "Context", settings: "Settings", *, offline: bool) -> Iterator[DoctorFinding]:
    from avow.wire.request import Endpoint

    shown = _without_secrets(settings.base_url)
    if doubled := Endpoint(shown).doubled_words("/v1/messages"):
        yield DoctorFinding("api", "base_url", "note", doubled)
    if offline:
        yield DoctorFinding("api", "reached", "note", f"{shown}: not asked (--offline)")
        yield from _host(context, settings, {})
        return
    try:
        status, headers, seconds = _asked(context, settings)
    except ExchangeError as error:
        yield DoctorFinding("api", "reached", "broken", f"{shown}: {error.message}", error.hint)
        return
    except AvowError as error:
        yield DoctorFinding("api", "reached", "note", f"{shown}: not asked: {error.message}")
        return
    state, words, hint = _meaning(status, headers.get("content-type", ""))
    yield DoctorFinding("api", "reached", state, f"{shown}: HTTP {status} in {seconds * 1000:.0f} ms{words}", hint)
    yield clock(headers.get("date"), _now())
    yield from _host(context, settings, headers)


def _host(context: "Context", settings: "Settings", headers: Mapping[str, str]) -> Iterator[DoctorFinding]:
    """Who the host is, which evidence of the model its answers can give, and whether it takes `fallbacks`. A gateway
    may say who it is in answers only, so what the last one from there said counts too."""
    from avow.routing.gateways import strength_of_name
    from avow.routing.known_gateways import advice, evidence_words, known

    host = urlsplit(settings.base_url).hostname or ""
    gateway = known(host, (*headers, *_last_heard(context, settings)))
    if gateway is None:
        words = f"unknown host; {strength_of_name(host)}: model"
        yield DoctorFinding("api", "evidence", "ok", words)
        return
    yield DoctorFinding("api", "evidence", "ok", f"{gateway.name}; {evidence_words(gateway)}")
    if (said := advice(gateway)) is not None:
        yield DoctorFinding("api", "fallbacks", "note", said)


def _last_heard(context: "Context", settings: "Settings") -> Iterator[str]:
    """The evidence fields of the last exchange, if it was with the configured host."""
    if not context.paths.history_file.exists():
        return
    try:
        last = context.history(settings, read_only=True).latest()
    except AvowError:
        return  # what is wrong with the history is a finding of its own
    if last is not None and last.base_url == settings.base_url:
        yield from (evidence.field for evidence in last.routing.evidence)


def _meaning(status: int, kind: str) -> tuple[State, str, str | None]:
    """State, words and hint for the status and the content type of the answer to `GET /v1/models`."""
    match status:
        case 401 | 403:
            return "broken", ": the key is rejected", "`avow auth login` stores another"
        case 402:
            return "broken", ": the key's account has no credit or may not pay", "look at its billing"
        case 404 | 405 | 501:
            return "note", ": it lists no models (a gateway may not)", None
        case 429:
            return "note", ": it limits requests for now", "ask again later"
        case _ if status >= 500:
            return "broken", "", "try again later"
        case _ if status >= 400:
            return "broken", ": it rejects the request", "check the base URL and the settings for gateways"
        case _ if status >= 300:
            return "broken", ": it redirects elsewhere", "avow follows no redirect with a key; correct the base URL"
        case _ if "json" not in kind.lower():
            hint = "a proxy or a sign-in page may stand in between"
            return "broken", f": this is not the API ({kind or 'no content type'})", hint
    return "ok", "", None


def clock(date: str | None, now: float) -> DoctorFinding:
    """This machine's clock compared with the server's; `date` is the `Date` header (RFC 9110, 6.6.1), `now` seconds
    since 1970."""
    from avow.exchange.retry import http_date

    theirs = http_date(date or "")
    if theirs is None:
        return DoctorFinding("api", "clock", "note", "the server sends no time")
    apart = now - theirs
    if abs(apart) > MOST_CLOCK_S:
        side = "ahead of" if apart > 0 else "behind"
        words = f"this machine is {abs(apart):.0f} s {side} the server"
        return DoctorFinding(
            "api", "clock", "broken", words, "set the clock: TLS and times in the history depend on it"
        )
    return DoctorFinding("api", "clock", "ok", f"within {max(abs(apart), 1):.0f} s of the server's")


def _asked(context: "Context", settings: "Settings") -> tuple[int, Mapping[str, str], float]:
    """Status, headers and seconds of the one free request. Raises AvowError where no answer came."""
    import time

    from avow.endpoint.patience import Patience

    with context.open(settings, patience=Patience(LIMIT_S, LIMIT_S)) as api:
        begun = time.monotonic()
        with api.send(api.endpoint.request("GET", "/v1/models?limit=1"), deadline=begun + LIMIT_S) as response:
            return response.status, dict(response.headers), time.monotonic() - begun


def _now() -> float:
    import time

    return time.time()


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
        words = f"{value}: there is no such file" if missing else _without_secrets(value)
        yield DoctorFinding("network", name, state, words, f"unset {name}, or correct it" if missing else None)
    if not given:
        yield DoctorFinding("network", "proxies", "ok", "none set")


def _without_secrets(address: str) -> str:
    """An address without the user and password it may hold."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
    except ValueError:
        return "not a valid address"
    if "@" not in parts.netloc:
        return address
    return address.replace(parts.netloc, "•••@" + parts.netloc.rpartition("@")[2])


def status(findings: tuple[DoctorFinding, ...]) -> ExitCode:
    """0 when all is well, 1 when something is broken."""
    return ExitCode.UNEXPECTED if any(finding.state == "broken" for finding in findings) else ExitCode.OK
