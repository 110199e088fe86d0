"""What a command may touch: streams, environment, folders, settings, history; costly parts built on first use."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, TypeVar
from urllib.parse import urlsplit

from avow import paths
from avow.errors import CredentialsError, HistoryLocked, UsageError
from avow.files.reading import PipeWait
from avow.settings.levels import Config, Settings, resolve
from avow.terminal.screen import Screen
from avow.wire.api import API_HOST
from avow.wire.request import CURRENT_VERSION, OAUTH_BETA, OLD_VERSION, Endpoint, headers_in

if TYPE_CHECKING:
    from pathlib import Path

    from avow.endpoint.credential import Credential
    from avow.endpoint.keys import KeySource
    from avow.endpoint.patience import Patience
    from avow.endpoint.transport import Api
    from avow.history.store import History


T = TypeVar("T")

_HISTORY_S = 30.0
"""How long another process that has the history is waited for by what cannot go on without it."""
UNTOLD_S, WAITING = 0.5, "waiting for the history: another program keeps it locked"
"""How long before that is said, and how."""
_LEAST_LEFT_S = 0.001


class Context:
    """Everything outside the program that a command uses. Tests replace it whole, or start a real process.

    `waited_in_vain`: an answer was not kept, because another process had the history for as long as it was waited for.
    """

    __slots__ = (
        *("_config", "_held_up_s", "_history", "_is_styled"),
        *("environ", "paths", "screen", "stderr", "stdin", "stdout", "waited_in_vain"),
    )

    def __init__(
        self,
        stdin: BinaryIO | None,
        stdout: BinaryIO | None,
        stderr: BinaryIO | None,
        environ: Mapping[str, str],
        where: paths.Paths,
        screen: Screen,
    ) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.environ = environ
        self.paths = where
        self.screen = screen
        self._config: Config | None = None
        self._history: History | None = None
        self._held_up_s = 0.0
        self._is_styled = False
        self.waited_in_vain = False

    def within(self, environ: Mapping[str, str]) -> "Context":
        """The same in another environment."""
        other = Context(self.stdin, self.stdout, self.stderr, environ, self.paths, self.screen)
        other._is_styled = self._is_styled
        return other

    @property
    def stdin_is_terminal(self) -> bool:
        """Whether a person types there."""
        return self.stdin is not None and self.stdin.isatty()

    @property
    def config(self) -> Config:
        """The config file, read on first use. Raises ConfigError."""
        if self._config is None:
            path = self.paths.config_file
            self._config = _read(path)
            if how := paths.exposed(path):
                self.screen.warn(f"{path}: {how}; it may name commands that avow runs (chown, chmod 600)")
        return self._config

    def settings(
        self,
        flags: Mapping[str, object] | None = None,
        *,
        template: Mapping[str, object] | None = None,
        conversation: Mapping[str, object] | None = None,
        profile: str | None = None,
    ) -> Settings:
        """Every setting with its value and origin. The first that are asked for style the screen, whatever the
        command."""
        found = resolve(
            flags=flags or {},
            template=template or {},
            conversation=conversation or {},
            environ=self.environ,
            config=self.config,
            profile=profile,
        )
        if not self._is_styled:
            self.style(found)
        return found

    @property
    def streams(self) -> dict[str, BinaryIO | None]:
        """The three standard streams by name."""
        return {"stdin": self.stdin, "stdout": self.stdout, "stderr": self.stderr}

    def style(self, settings: Settings) -> None:
        """Tell the screen how the user wants it: again, where settings change or the terminal has another size."""
        self._is_styled = True
        self.screen.configure(
            color=settings.text("color") or "auto",
            plain=settings.flag("plain"),
            quiet=settings.flag("quiet"),
            verbose=settings.flag("verbose"),
        )

    def history(
        self, settings: Settings, *, read_only: bool = False, opening_seconds: float | None = None
    ) -> "History":
        """The history, opened on first use. Another process that has it is waited for that long; without a number, as
        nothing can be done without the history, to the deadline (30 seconds without one), and it is said. Raises
        HistoryError."""
        if self._history is None:
            if opening_seconds is None:
                self._history = self._history_in_time(settings, read_only=read_only)
            else:
                self._history = self._open_history(settings, read_only=read_only, seconds=opening_seconds)
        return self._history

    def _history_in_time(self, settings: Settings, *, read_only: bool) -> "History":
        deadline = settings.number("deadline")
        seconds = _HISTORY_S if deadline is None else min(deadline, _HISTORY_S)
        begun = time.monotonic()
        try:
            return self._open_history(settings, read_only=read_only, seconds=min(seconds, UNTOLD_S))
        except HistoryLocked:
            if seconds <= UNTOLD_S:
                raise
        self.screen.note(WAITING)
        try:
            return self._open_history(settings, read_only=read_only, seconds=seconds - UNTOLD_S)
        finally:
            self._held_up_s += time.monotonic() - begun

    def after_waiting(self, settings: Settings) -> Settings:
        """The settings of a question for which the history was waited for: of its deadline what remains. The questions
        after it have theirs whole."""
        held_up_s, self._held_up_s = self._held_up_s, 0.0
        deadline = settings.number("deadline")
        if not held_up_s or deadline is None:
            return settings
        return settings._replace(values={**settings.values, "deadline": max(deadline - held_up_s, _LEAST_LEFT_S)})

    def _open_history(self, settings: Settings, *, read_only: bool, seconds: float) -> "History":
        from avow.history.store import History

        return History.open(
            self.paths.history_file,
            content=settings.text("history.content") or "full",
            keep_attachments=settings.flag("history.attachments"),
            read_only=read_only,
            opening_seconds=seconds,
            on_damage=self.screen.note if read_only else None,
            tell=self.screen.note,
        )

    @contextmanager
    def open(
        self,
        settings: Settings,
        *,
        simulate: str | None = None,
        credential: "Credential | None" = None,
        patience: "Patience | None" = None,
    ) -> "Iterator[Api]":
        """The API as `settings` say; for `simulate`, the simulator that plays this scenario, with a key of its own. The
        user's credential is looked for, unless one is given.

        Raises UsageError for an address a key may not be sent to, CredentialsError where there is no key.
        """
        from avow.endpoint.transport import Api, Transport

        if simulate is not None:
            from avow.endpoint.credential import simulated
            from avow.simulator.scenarios import load as load_scenario
            from avow.simulator.server import Simulator

            with (
                Simulator(load_scenario(simulate, self.paths.scenarios, self.wait(settings))) as simulator,
                self.open(
                    settings.at(simulator.base_url),
                    credential=simulated(),
                    patience=patience,
                ) as api,
            ):
                yield api._replace(simulated=True)
            return
        credential = credential or self.credential(settings)
        transport = Transport(credential, self.screen.sending)
        try:
            yield Api(self.endpoint(settings, credential), transport, patience or _patience(settings))
        finally:
            transport.close()

    def credential(self, settings: Settings) -> "Credential":
        """The credential for the base URL. Raises as `open` does."""
        from avow.endpoint import keys

        return self._looked_up(keys.find, settings).styled(settings.text("auth_style"))

    def key_sources(self, settings: Settings) -> "tuple[KeySource, ...]":
        """Every place where `credential` looks for the key, and which of them is used. Raises UsageError for an address
        that no key may be sent to."""
        from avow.endpoint import keys

        return self._looked_up(keys.explain, settings)

    def _looked_up(self, look: Callable[..., T], settings: Settings) -> T:
        """What `look`, a function of `endpoint.keys`, finds where these settings say that keys are."""
        return look(
            self.environ,
            base_url=settings.base_url,
            config_dir=self.paths.config,
            api_key_command=settings.words("api_key_command"),
            keyring_enabled=settings.flag("keyring.enabled"),
        )

    def credential_to_show(self, settings: Settings) -> "Credential":
        """One that makes the same headers as `credential`, where nothing is sent: no command is run and no keyring
        asked, unless a header depends on what they hold (whether a bearer is a key). Where there is none, a key."""
        from avow.endpoint import keys
        from avow.endpoint.credential import Credential

        found, style = None, settings.text("auth_style")
        with suppress(CredentialsError, UsageError):
            found = keys.from_environment(self.environ) or (self.credential(settings) if style == "bearer" else None)
        return (found or Credential("sk-ant-api")).styled(style)

    def endpoint(self, settings: Settings, credential: "Credential") -> Endpoint:
        """How the API is spoken to with this credential: its own host in the current version, others in the old one. A
        bearer that is no API key needs a beta on the API's own host."""
        from avow import __version__
        from avow.routing.gateways import asked_for

        host = urlsplit(settings.base_url).hostname or ""
        is_token = credential.style == "bearer" and not credential.is_api_key
        return Endpoint(
            settings.base_url,
            settings.text("api_version") or (CURRENT_VERSION if host == API_HOST else OLD_VERSION),
            headers=(*headers_in(self.environ.get("ANTHROPIC_CUSTOM_HEADERS", "")), *settings.table("headers").items()),
            user_agent=f"avow/{__version__}",
            betas=(OAUTH_BETA,) if is_token and host == API_HOST else (),
            extra=asked_for(host),
        )

    def wait(self, settings: Settings) -> PipeWait:
        """How long files and stdin may be waited for, from now on: until the deadline; a long silence is noted."""
        deadline = settings.number("deadline")
        return PipeWait(None if deadline is None else time.monotonic() + deadline, self.screen.warn)

    def close(self) -> None:
        """Let go of the history file."""
        if self._history is not None:
            self._history.close()
            self._history = None


def _read(path: "Path") -> Config:
    try:
        path.lstat()
    except FileNotFoundError:
        return Config(path)  # most people have none: what reads one is not loaded then
    except NotADirectoryError:
        if not path.parent.exists():  # HOME=/dev/null, as daemons have it
            return Config(path)
    except OSError:
        pass
    from avow.settings.config_file import load

    return load(path)


def _patience(settings: Settings) -> "Patience":
    """How long an answer may take to begin, and between two pieces; a whole one comes in one piece."""
    from avow.endpoint.patience import BETWEEN_S, FIRST_S, Patience

    seconds = settings.number("timeout")
    first = FIRST_S if seconds is None else seconds
    between = BETWEEN_S if seconds is None else seconds
    return Patience(first, between if settings.flag("stream") else first)


def from_process() -> Context:
    """The context of this process."""
    environ = os.environ
    streams = [getattr(stream, "buffer", None) for stream in (sys.stdin, sys.stdout, sys.stderr)]
    screen = Screen.for_process(streams[1], streams[2], environ)
    return Context(streams[0], streams[1], streams[2], environ, paths.find(environ), screen)
