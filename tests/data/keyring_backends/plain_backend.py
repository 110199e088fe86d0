"""Keyring backends for tests, chosen by PYTHON_KEYRING_BACKEND: real classes of the kinds found in the wild."""

import time
from collections.abc import Callable
from typing import ClassVar

from keyring.backend import KeyringBackend


class InMemory(KeyringBackend):
    """A backend that keeps what it is given, for as long as the process lives."""

    priority: float = 5
    kept: ClassVar[dict[tuple[str, str], str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class PlainText(InMemory):
    """What `keyrings.alt` offers: it works, and keeps keys in a file anyone may find."""

    priority: float = 0.5

    def get_password(self, service: str, username: str) -> str | None:
        raise AssertionError("a plain text keyring was read")


class Chain(InMemory):
    """A chain of two, the first of them the safe one."""

    priority: float = 10

    @property
    def backends(self) -> list[object]:
        kinds: tuple[Callable[[], object], ...] = (InMemory, PlainText)
        return [kind() for kind in kinds]


class Forgetful(InMemory):
    """Takes a key and loses it."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Hanging(InMemory):
    """Waits for a prompt that no one sees."""

    def get_password(self, service: str, username: str) -> str | None:
        time.sleep(60)
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        time.sleep(60)


class Talkative(InMemory):
    """Fails, and repeats what it was given."""

    def get_password(self, service: str, username: str) -> str | None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"cannot store {password}")
