"""`avow auth`: store, inspect and remove the API key."""

import json
from dataclasses import dataclass

from avow.asking.typed import Typed
from avow.context import Context
from avow.endpoint import keys
from avow.endpoint.credential import Credential, check_destination, checked, last_four
from avow.errors import CredentialsError, ExchangeError, Rejected, UsageError
from avow.exit_codes import ExitCode
from avow.settings.levels import Settings
from avow.terminal.fitted import say
from avow.wire.secret import STRUCK

MOST_BYTES = 64 * 1024
CHECK_S = 20.0
"""How long the API may stay silent when it is asked about a key."""

UNLOCK_S = 60.0
"""How long a person at a terminal may take to unlock the keyring."""


@dataclass(frozen=True, slots=True)
class AuthOptions:
    """The options of `avow auth` and its commands."""

    base_url: str | None = None
    profile: str | None = None
    store: str = "keyring"
    check: bool = False
    as_json: bool = False


def login_command(typed: Typed, context: Context) -> ExitCode:
    """Store a key."""
    options = AuthOptions(typed.text("base_url"), typed.text("profile"), typed["store"], not typed.flag("no_check"))
    return run_login(options, context)


def status_command(typed: Typed, context: Context) -> ExitCode:
    """Say which key is used."""
    check, as_json = typed.flag("check"), typed.flag("as_json")
    return run_status(AuthOptions(typed.text("base_url"), typed.text("profile"), check=check, as_json=as_json), context)


def logout_command(typed: Typed, context: Context) -> ExitCode:
    """Remove a key."""
    return run_logout(AuthOptions(typed.text("base_url"), typed.text("profile")), context)


def check_key(credential: Credential, settings: Settings, context: Context) -> str | None:
    """Ask the API, free of charge (`GET /v1/models?limit=1`), whether it accepts the credential: None if so, else what
    it said.

    Raises ExchangeError where the API cannot be reached or its answer does not say.
    """
    from avow.endpoint.patience import Patience
    from avow.wire.failure import rejected

    with context.open(settings, credential=credential, patience=Patience(CHECK_S, CHECK_S)) as api:
        request = api.endpoint.request("GET", "/v1/models?limit=1")
        with api.send(request) as response:
            if response.status < 400:
                return None
            error = rejected(response.status, response.headers, response.read(64 * 1024))
    if error.exit_code is ExitCode.CREDENTIALS:
        return _without(error.message, credential.secret)
    raise error


def run_login(options: AuthOptions, context: Context) -> ExitCode:
    """Read a key, check it, and store it for the host of the base URL.

    Raises CredentialsError for a key that the API rejects, or a keyring that cannot keep it; nothing is stored then.
    """
    if options.store not in ("keyring", "file"):
        raise UsageError(f"--store {options.store}: there is no such place", hint="keyring or file")
    settings = _settings(options, context)
    host = check_destination(settings.base_url)
    secret = checked(_given_key(context, host), "the key given")
    credential = Credential(secret, "x-api-key", "the key given", host).styled(settings.text("auth_style"))
    if options.check:
        _check_or_fail(credential, settings, context)
    interactive = context.stdin_is_terminal
    place = keys.store(
        host,
        secret,
        where=options.store,
        config_dir=context.paths.config,
        limit_s=UNLOCK_S if interactive else keys.KEYRING_LIMIT_S,
    )
    tail = last_four(secret)
    say(f"stored the key for {host}{f' (…{tail})' if tail else ''} in {place}", context.screen)
    for variable, _style in keys.VARIABLES:
        if context.environ.get(variable, "").strip():
            context.screen.note(f"{variable} is set and is used instead of the stored key")
    if options.store == "file" and settings.words("api_key_command"):
        context.screen.note("api_key_command is set and is used instead of the stored key")
    return ExitCode.OK


def run_status(options: AuthOptions, context: Context) -> ExitCode:
    """Print every source of a key, with its state; exit 3 where no key can be used, or the API rejects it."""
    settings = _settings(options, context)
    host = check_destination(settings.base_url)
    sources = context.key_sources(settings)
    usable = any(source.state == "used" for source in sources)
    code, verdict = (ExitCode.OK if usable else ExitCode.CREDENTIALS), None
    if usable and options.check:
        code, verdict = _checked(context.credential(settings), settings, context)
    if options.as_json:
        rows = [{"source": s.name, "state": s.state, "last_four": s.last_four} for s in sources]
        body = {"host": host, "usable": usable, "sources": rows, "check": verdict}
        context.screen.data(json.dumps(body, indent=2, ensure_ascii=False) + "\n", is_json=True)
        return code
    from avow.terminal.fitted import fit
    from avow.terminal.table import definitions, room

    facts = context.screen.out_facts
    context.screen.out(f"host: {host}\n")
    shown = [(_clean(s.name), _clean(s.state) + (f" (…{s.last_four})" if s.last_four else "")) for s in sources]
    for line in definitions(shown, room(facts)):
        context.screen.line(line)
    if verdict:
        context.screen.out(fit(f"check: {_clean(verdict)}\n", facts))
    if not usable:
        context.screen.note("no key can be used for this host; `avow auth login` stores one")
    return code


def run_logout(options: AuthOptions, context: Context) -> ExitCode:
    """Remove the stored key for the host, and say which other key would still be used."""
    settings = _settings(options, context)
    host = check_destination(settings.base_url)
    removed, problem = keys.remove(
        host, config_dir=context.paths.config, keyring_enabled=settings.flag("keyring.enabled")
    )
    if removed:
        say(f"removed the key for {host} from {' and '.join(removed)}", context.screen)
    else:
        say(f"no key for {host} was stored", context.screen)
    if problem:
        context.screen.note(f"the keyring cannot be read: {problem}")
    for variable, _style in keys.VARIABLES:
        if context.environ.get(variable, "").strip():
            context.screen.note(f"{variable} is still set, and is used")
    if settings.words("api_key_command"):
        context.screen.note("api_key_command is still set, and is used")
    return ExitCode.OK


def _settings(options: AuthOptions, context: Context) -> Settings:
    return context.settings({"base_url": options.base_url}, profile=options.profile)


def _given_key(context: Context, host: str) -> str:
    if context.stdin is None:
        raise UsageError("stdin is closed", hint="give the key on stdin, or run this on a terminal")
    if context.stdin_is_terminal:
        import getpass

        try:
            return getpass.getpass(f"API key for {host} (not shown): ")
        except EOFError:
            raise UsageError("no key was given") from None
    data = context.stdin.read(MOST_BYTES + 1)
    if not data.strip():
        raise UsageError("there is no key on stdin", hint="for example: pass show anthropic | avow auth login")
    return data.decode("utf-8", "replace")


def _check_or_fail(credential: Credential, settings: Settings, context: Context) -> None:
    """Raises CredentialsError where the API rejects the key; prints a note where the API cannot be asked."""
    try:
        problem = check_key(credential, settings, context)
    except Rejected as error:
        # A gateway without that address says nothing about the key.
        context.screen.note(f"the key could not be checked: {error.message}")
        return
    except ExchangeError as error:
        error.hint = "--no-check stores the key without asking the API"
        raise
    if problem:
        raise CredentialsError(f"the API rejects this key: {problem}", hint="nothing was stored")


def _checked(credential: Credential, settings: Settings, context: Context) -> tuple[ExitCode, str]:
    try:
        problem = check_key(credential, settings, context)
    except ExchangeError as error:
        return error.exit_code, f"could not be checked: {_without(error.message, credential.secret)}"
    if problem:
        return ExitCode.CREDENTIALS, f"the API rejects the key: {problem}"
    return ExitCode.OK, "the API accepts the key"


def _without(text: str, secret: str) -> str:
    """`text` without the key, should a server repeat it."""
    return text.replace(secret, STRUCK)


def _clean(text: str) -> str:
    from avow.terminal.sanitize import clean_line

    return clean_line(text)
