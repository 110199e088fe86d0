"""What a command may touch: streams, environment, folders, settings, history; costly parts built on first use."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from avow import paths
from avow.settings.levels import Config, Settings, load, resolve
from avow.terminal.screen import Screen
from avow.wire.request import API_URL

if TYPE_CHECKING:
    from avow.endpoint.credential import Credential
    from avow.history.store import History


@dataclass(slots=True)
class Context:
    """Everything outside the program that a command uses. Tests replace it whole, or start a real process."""

    stdin: BinaryIO | None
    stdout: BinaryIO | None
    stderr: BinaryIO | None
    environ: Mapping[str, str]
    paths: paths.Paths
    screen: Screen
    _config: Config | None = field(default=None, repr=False)
    _history: "History | None" = field(default=None, repr=False)

    @property
    def stdin_is_terminal(self) -> bool:
        """Whether a person types there."""
        return self.stdin is not None and self.stdin.isatty()

    @property
    def config(self) -> Config:
        """The config file, read on first use. Raises ConfigError."""
        if self._config is None:
            self._config = load(self.paths.config_file)
        return self._config

    def settings(
        self,
        flags: Mapping[str, object] | None = None,
        *,
        template: Mapping[str, object] | None = None,
        conversation: Mapping[str, object] | None = None,
        profile: str | None = None,
    ) -> Settings:
        """Every setting with its value and origin."""
        return resolve(
            flags=flags or {},
            template=template or {},
            conversation=conversation or {},
            environ=self.environ,
            config=self.config,
            profile=profile,
        )

    def history(self, settings: Settings, *, read_only: bool = False) -> "History":
        """The history, opened on first use. Raises HistoryError."""
        if self._history is None:
            from avow.history.store import History

            self._history = History.open(
                self.paths.history_file,
                content=settings.text("history.content") or "full",
                keep_attachments=settings.flag("history.attachments"),
                read_only=read_only,
            )
        return self._history

    def destination(self, settings: Settings) -> "tuple[str, Credential]":
        """The base URL and the credential for it.

        Raises UsageError for an address a key may not be sent to, CredentialsError where there is no key.
        """
        from avow.endpoint import keys

        base_url = settings.text("base_url") or API_URL
        credential = keys.find(
            self.environ,
            base_url=base_url,
            config_dir=self.paths.config,
            api_key_command=settings.words("api_key_command"),
            keyring_enabled=settings.flag("keyring.enabled"),
        )
        return base_url, credential.styled(settings.text("auth_style"))

    def close(self) -> None:
        """Let go of the history file."""
        if self._history is not None:
            self._history.close()
            self._history = None


def from_process() -> Context:
    """The context of this process."""
    environ = os.environ
    streams = [getattr(stream, "buffer", None) for stream in (sys.stdin, sys.stdout, sys.stderr)]
    screen = Screen.for_process(streams[1], streams[2], environ)
    return Context(streams[0], streams[1], streams[2], environ, paths.find(environ), screen)
