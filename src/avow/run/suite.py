"""A file of prompts as inquiries: every item with the settings that apply to it, checked before anything is sent."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from avow.asking.inquiry import Inquiry
from avow.asking.question import system_from_file, with_schema
from avow.asking.request_fields import with_ids
from avow.asking.typed import Options
from avow.context import Context
from avow.errors import UnreadableFile, UsageError, nearest
from avow.exchange.exchange import RunItem
from avow.files.reading import PipeWait
from avow.history.key_counter import KeyCounter
from avow.paths import expanded
from avow.prompt import limits
from avow.run.item import Item, item_of, variables_of
from avow.run.records import Document, read, read_document, wrong
from avow.run.source import PromptSource
from avow.settings.keys import KEYS, about, checked
from avow.settings.levels import Settings
from avow.text.blanks import is_blank
from avow.wire.blocks import Attachment

if TYPE_CHECKING:
    from avow.prompt.templates import Template

_SENT = ("model", "fallback", "fallback_by", "if_unavailable", "max_tokens", "effort", "stop", "speed", "options",
         "stream", "show_thinking", "overrides")  # fmt: skip
"""The settings that change what is sent, the system prompt aside."""

_NOT_DEFAULTS = {"profile", "report", "stdin", "output", "quiet", "verbose", "color", "plain", "raw", "markdown"}
"""What `[defaults]` cannot say: it is not part of a question."""

_MOST_KINDS = 256
_LARGE = 1 << 20


class RunQuestion(NamedTuple):
    """One question of a run. `position` counts all questions from 0, repeats included; `line` is the item's line in the
    file."""

    position: int
    line: int
    inquiry: Inquiry

    @property
    def item(self) -> RunItem:
        """The item and repeat that it asks."""
        assert self.inquiry.item is not None
        return self.inquiry.item


class SuiteDigest(NamedTuple):
    """How many questions a file holds, and the digest of all of them."""

    questions: int
    digest: str


class _Kind(NamedTuple):
    """What items with the same template and model share: settings, the part of them that is sent, and an inquiry with
    the checks of the answer."""

    settings: Settings
    sent: str
    inquiry: Inquiry


class _RunWideError(UsageError):
    """Something is wrong with the whole run, not with an item."""


class Suite:
    """A file of prompts, read each time it is needed. Raises UsageError for settings that are wrong.

    `settings` are those of the whole run; `repeat` is how often an item is asked that does not set it.
    """

    def __init__(self, options: Options, context: Context, source: PromptSource, form: str, repeat: int = 1) -> None:
        self._options, self._context, self._source, self._form, self._repeat = options, context, source, form, repeat
        self._document: Document | None = None
        self._defaults: dict[str, object] = {}
        self._own: Mapping[str, object] = {}
        if form == "toml":
            with source.open() as stream:
                self._document = read_document(stream, source.name)
            self._read_defaults(self._document)
        self._template = options.template or self._text_of("template")
        self._variables = self._default_variables()
        self._flags = dict(options.flags)
        self.settings = self._resolved({})
        wait = context.wait(self.settings)
        with self._saying_where("system_file", self.settings):
            self._flags |= system_from_file(options, self.settings, wait)
        self.settings = self._resolved({})
        self._files = [self._attachment(path, None, wait) for path in options.files]
        self._files += self._default_files(wait)
        self._templates: dict[str, Template] = {}
        self._kinds: dict[tuple[str | None, str | None], _Kind] = {}
        self._wait = wait

    def check(self) -> SuiteDigest:
        """Read the whole file. Raises UsageError with file, line and field for the first thing that is wrong."""
        digest, count, ids = hashlib.sha256(), 0, KeyCounter()
        try:
            for item in self._items():
                if item.id is not None and ids.before(item.id.encode("utf-8", "surrogatepass")):
                    raise wrong(self._source.name, item.line, f"the id `{item.id[:80]}` is used twice")
        finally:
            ids.close()
        for question in self.questions(None):
            self._check_size(question)
            digest.update(f"{question.item.key} {question.item.id}\n".encode("utf-8", "surrogatepass"))
            count += 1
        if not count:
            raise UsageError(f"{self._source.name}: it has no prompts", hint="write one prompt on each line")
        return SuiteDigest(count, digest.hexdigest())

    def questions(self, run: int | None) -> Iterator[RunQuestion]:
        """Every question in order, as a question of that run."""
        occurrences, position = KeyCounter(), 0
        try:
            for place, item in enumerate(self._items()):
                inquiry, sent = self._inquiry(item)
                known_as = f"id {item.id}" if item.id is not None else f"occurrence {occurrences.before(sent)}"
                for repeat in range(item.repeat or self._repeat):
                    words = f"{known_as}\n{repeat}\n".encode("utf-8", "surrogatepass")
                    key = hashlib.sha256(words + sent).hexdigest()[:32]
                    one = RunItem(run, item.id if item.id is not None else str(item.line), place, repeat, key)
                    yield RunQuestion(position, item.line, inquiry._replace(item=one))
                    position += 1
        finally:
            occurrences.close()

    # -- one item ---------------------------------------------------------------------------------------------

    def _items(self) -> Iterator[Item]:
        name, template = self._source.name, self._template
        if self._document is not None:
            for record in self._document.records:
                yield item_of(record, name, template=template, in_suite=True)
            return
        with self._source.open() as stream:
            for record in read(self._form, stream, name):
                yield item_of(record, name, template=template)

    def _inquiry(self, item: Item) -> tuple[Inquiry, bytes]:
        """The question, and bytes that stand for all that it sends."""
        try:
            return self._made(item)
        except _RunWideError:
            raise
        except UsageError as error:
            raise wrong(self._source.name, item.line, error.message, error.hint) from None

    def _made(self, item: Item) -> tuple[Inquiry, bytes]:
        name = item.template or self._template
        kind = self._kind(name, item.model)
        prompt, system = item.prompt or "", item.system
        if name is not None:
            from avow.prompt.templates import fill

            template = self._loaded(name)
            own = (f"{key}={value}" for key, value in item.variables.items())
            pairs = [*self._variables, *self._options.variables, *own]
            filled = fill(template, pairs, prompt if template.takes_input and prompt else None)
            texts = (filled.prompt, "" if template.takes_input else prompt)
            prompt = "\n\n".join(text for text in texts if text)
            if system is None and "system" not in self._flags:
                system = filled.system
        files = (*self._files, *self._files_of(item))
        if is_blank(prompt) and not files:
            raise UsageError("there is nothing to send: `prompt` is missing or empty")
        settings = kind.settings
        if system is not None:
            settings = settings._replace(values={**settings.values, "system": system})
        inquiry = kind.inquiry._replace(settings=settings, prompt=prompt, attachments=tuple(files), template=name)
        named = [file.sha256 or file.name for file in files]
        words = json.dumps([prompt, settings.text("system"), named, kind.sent, self._options.simulate])
        return inquiry, hashlib.sha256(words.encode()).digest()

    def _kind(self, template: str | None, model: str | None) -> _Kind:
        """What items with this template and model share; made once for each pair."""
        found = self._kinds.get((template, model))
        if found is None:
            flags = {} if model is None else {"model": model}
            settings = self._resolved(flags, self._loaded(template).settings if template else {})
            inquiry = Inquiry(settings, "", simulate=self._options.simulate, fresh_model=True)
            with self._saying_where("schema", settings):
                inquiry = with_schema(inquiry, self._wait)
            values = with_ids(settings).values
            sent = json.dumps([{name: values[name] for name in _SENT}, inquiry.response_format], default=dict)
            found = _Kind(settings, sent, inquiry)
            if len(self._kinds) < _MOST_KINDS:
                self._kinds[template, model] = found
        return found

    def _resolved(self, item: Mapping[str, object], template: Mapping[str, object] | None = None) -> Settings:
        """The settings of an item: the first of item, flag, `[defaults]` and config that has a value counts."""
        saved = {**self._defaults, **(template or {})}
        return self._context.settings({**self._flags, **item}, template=saved, profile=self._options.profile)

    def _loaded(self, name: str) -> "Template":
        if name not in self._templates:
            from avow.asking.saved_templates import load_template

            self._templates[name] = load_template(name, self._context, self._wait)
        return self._templates[name]

    def _files_of(self, item: Item) -> list[Attachment]:
        try:
            return [self._attachment(path, self._source.folder, self._wait) for path in item.files]
        except UnreadableFile as error:
            raise UsageError(f"`files`: {error.message}", hint=error.hint) from None

    def _attachment(self, spec: str, folder: Path | None, wait: PipeWait) -> Attachment:
        from avow.prompt.attachments import read as read_attachment

        if folder is None or "://" in spec:
            return read_attachment(spec, wait)
        path = folder / expanded(spec)
        return read_attachment(str(path), wait)._replace(name=spec)

    def _check_size(self, question: RunQuestion) -> None:
        inquiry = question.inquiry
        size = len(inquiry.prompt) + sum(file.size or 0 for file in inquiry.attachments)
        if size > _LARGE or inquiry.attachments:
            try:
                limits.check(inquiry.attachments)
            except UsageError as error:
                raise wrong(self._source.name, question.line, error.message, error.hint) from None

    # -- [defaults] -------------------------------------------------------------------------------------------

    def _read_defaults(self, document: Document) -> None:
        name = self._source.name
        known = {key.name: key for key in KEYS.values() if "run" in key.commands and key.name not in _NOT_DEFAULTS}
        own = {}
        for key, value in document.defaults.items():
            line = document.lines.get(key, 1)
            if key in ("template", "files", "vars"):
                own[key] = value
            elif key not in known:
                near = nearest(key, known)
                meant = f"; did you mean {near}?" if near else ""
                raise wrong(name, line, f"defaults.{key} is not an option of `run` that a suite can set{meant}")
            else:
                try:
                    self._defaults[key] = checked(known[key], value)
                except ValueError as error:
                    raise wrong(name, line, about(f"defaults.{key}", error)) from None
                if known[key].is_path and isinstance(value, str):  # as the paths in `files`
                    own[key] = value
                    self._defaults[key] = str(self._source.folder / expanded(value))
        self._own = own

    def _text_of(self, key: str) -> str | None:
        value = self._own.get(key)
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise self._wrong_default(key, " must be a text, and not empty")
        return value

    def _default_files(self, wait: PipeWait) -> list[Attachment]:
        value = self._own.get("files", [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one not in ("", "-") for one in value):
            raise self._wrong_default("files", " must be a list of paths")
        try:
            return [self._attachment(path, self._source.folder, wait) for path in value]
        except UsageError as error:
            raise self._wrong_default("files", f": {error.message}", error.hint) from None

    def _default_variables(self) -> list[str]:
        value = self._own.get("vars")
        if value and self._template is None:
            raise self._wrong_default("vars", " needs a template", "defaults.template, or -t NAME")
        line = self._document.lines.get("vars", 1) if self._document is not None else 1
        return [f"{key}={one}" for key, one in variables_of(value, "defaults.vars", self._source.name, line).items()]

    @contextmanager
    def _saying_where(self, key: str, settings: Settings) -> Iterator[None]:
        """Report what is wrong with the file that a setting names at the place where the setting is."""
        try:
            yield
        except UsageError as error:
            if settings.origin(key).kind != "template":
                raise _RunWideError(error.message, hint=error.hint) from None
            if key not in self._own or settings.text(key) != self._defaults[key]:
                raise
            words = error.message.rpartition(f"(template: {key})")[2].removeprefix(": ")
            raise self._wrong_default(key, f": {self._own[key]}: {words}", error.hint) from None

    def _wrong_default(self, key: str, words: str, hint: str | None = None) -> UsageError:
        line = self._document.lines.get(key, 1) if self._document is not None else 1
        return _RunWideError(
            str(wrong(self._source.name, line, f"defaults.{key}{words}")), hint=hint or "nothing was sent"
        )
