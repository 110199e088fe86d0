"""`[defaults]` of a suite: what all of its items share, and the line of the file on which each value stands."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from avow.errors import UsageError, meant
from avow.paths import expanded
from avow.run.item import variables_of
from avow.run.records import Document, wrong
from avow.run.source import PromptSource
from avow.settings.keys import KEYS, about, checked
from avow.settings.levels import Settings

_NOT_DEFAULTS = {"profile", "report", "stdin", "output", "quiet", "verbose", "color", "plain", "raw", "markdown"}
"""Settings of `run` that a suite cannot set: they are not part of a question."""


class RunWideError(UsageError):
    """Something is wrong with the whole run, not with an item."""


class SuiteDefaults:
    """What `[defaults]` says; without a `document` it says nothing.

    `settings` are checked; a path among them begins at the suite's folder. Raises RunWideError with file and line for
    what is wrong.
    """

    def __init__(self, document: Document | None, source: PromptSource) -> None:
        self._document, self._source = document, source
        self._written: dict[str, object] = {}
        self.settings: dict[str, object] = {}
        if document is not None:
            self._read(document)
        self.template = self._template()
        self.files = self._files()

    def variables(self, template: str | None) -> list[str]:
        """`NAME=VALUE` of each of its variables, for the `template` of the run."""
        value = self._written.get("vars")
        if value and template is None:
            raise self.wrong("vars", " needs a template", "defaults.template, or -t NAME")
        variables = variables_of(value, "defaults.vars", self._source.name, self._line("vars"))
        return [f"{key}={one}" for key, one in variables.items()]

    def wrong(self, key: str, words: str, hint: str | None = None) -> RunWideError:
        """The error for a value that is wrong: `words` continue the sentence that begins with its name."""
        place = wrong(self._source.name, self._line(key), f"defaults.{key}{words}")
        return RunWideError(str(place), hint=hint or "nothing was sent")

    @contextmanager
    def naming_place(self, key: str, settings: Settings) -> Iterator[None]:
        """Report a UsageError about the file that a setting names as an error of the place where the setting is."""
        try:
            yield
        except UsageError as error:
            if settings.origin(key).kind != "template":
                raise RunWideError(error.message, hint=error.hint) from None
            if key not in self._written or settings.text(key) != self.settings[key]:
                raise
            words = error.message.rpartition(f"(template: {key})")[2].removeprefix(": ")
            raise self.wrong(key, f": {self._written[key]}: {words}", error.hint) from None

    def _read(self, document: Document) -> None:
        known = {key.name: key for key in KEYS.values() if "run" in key.commands and key.name not in _NOT_DEFAULTS}
        for key, value in document.defaults.items():
            if key in ("template", "files", "vars"):
                self._written[key] = value
            elif key not in known:
                raise self.wrong(key, f" is not an option of `run` that a suite can set{meant(key, known)}")
            else:
                try:
                    self.settings[key] = checked(known[key], value)
                except ValueError as error:
                    raise wrong(self._source.name, self._line(key), about(f"defaults.{key}", error)) from None
                if known[key].is_path and isinstance(value, str):
                    self._written[key] = value
                    self.settings[key] = str(self._source.folder / expanded(value))

    def _template(self) -> str | None:
        value = self._written.get("template")
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise self.wrong("template", " must be a text, and not empty")
        return value

    def _files(self) -> list[str]:
        value = self._written.get("files", [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one not in ("", "-") for one in value):
            raise self.wrong("files", " must be a list of paths")
        return value

    def _line(self, key: str) -> int:
        lines: Mapping[str, int] = {} if self._document is None else self._document.lines
        return lines.get(key, 1)
