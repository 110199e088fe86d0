"""A file of prompts as inquiries: every item with the settings that apply to it, checked before anything is sent."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from avow.asking.inquiry import Inquiry
from avow.asking.question import system_from_file, with_schema
from avow.asking.request_fields import with_ids
from avow.asking.typed import Options
from avow.context import Context
from avow.errors import UnreadableFile, UsageError
from avow.exchange.exchange import RunItem
from avow.files.reading import PipeWait
from avow.history.key_counter import KeyCounter
from avow.paths import expanded
from avow.prompt import limits
from avow.run.defaults import RunWideError, SuiteDefaults
from avow.run.item import Item, item_of
from avow.run.records import Document, read, read_document, wrong
from avow.run.source import PromptSource
from avow.settings.levels import Settings
from avow.text.blanks import is_blank
from avow.wire.blocks import Attachment

if TYPE_CHECKING:
    from avow.prompt.templates import Template

_SENT = ("model", "fallback", "fallback_by", "if_unavailable", "max_tokens", "effort", "stop", "speed", "options",
         "stream", "show_thinking", "overrides")  # fmt: skip
"""The settings that change what is sent, the system prompt aside."""

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


class Suite:
    """A file of prompts, read each time it is needed. Raises UsageError for settings that are wrong.

    `settings` are those of the whole run; `repeat` is how often an item is asked that does not set it. `check_apart` is
    called with each path that the file names, before it is read, and raises UsageError for a file that is written.
    """

    def __init__(
        self,
        options: Options,
        context: Context,
        source: PromptSource,
        form: str,
        repeat: int,
        check_apart: Callable[[str], None],
    ) -> None:
        self._check_apart = check_apart
        self._options, self._context, self._source, self._form, self._repeat = options, context, source, form, repeat
        self._document: Document | None = None
        if form == "toml":
            with source.open() as stream:
                self._document = read_document(stream, source.name)
        self._defaults = SuiteDefaults(self._document, source)
        self._template = options.template or self._defaults.template
        self._variables = self._defaults.variables(self._template)
        self._flags = dict(options.flags)
        self.settings = self._resolved({})
        self._check_apart(self.settings.text("system_file") or "")
        wait = context.wait(self.settings)
        with self._defaults.naming_place("system_file", self.settings):
            self._flags |= system_from_file(options, self.settings, wait)
        self.settings = self._resolved({})
        self._files = [self._attachment(path, None, wait) for path in options.files]
        try:
            self._files += [self._attachment(path, source.folder, wait) for path in self._defaults.files]
        except UsageError as error:
            raise self._defaults.wrong("files", f": {error.message}", error.hint) from None
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
        except RunWideError:
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
            self._check_apart(settings.text("schema") or "")
            inquiry = Inquiry(settings, "", simulate=self._options.simulate, fresh_model=True)
            with self._defaults.naming_place("schema", settings):
                inquiry = with_schema(inquiry, self._wait)
            values = with_ids(settings).values
            sent = json.dumps([{name: values[name] for name in _SENT}, inquiry.response_format], default=dict)
            found = _Kind(settings, sent, inquiry)
            if len(self._kinds) < _MOST_KINDS:
                self._kinds[template, model] = found
        return found

    def _resolved(self, item: Mapping[str, object], template: Mapping[str, object] | None = None) -> Settings:
        """The settings of an item: the first of item, flag, `[defaults]` and config that has a value counts."""
        saved = {**self._defaults.settings, **(template or {})}
        return self._context.settings({**self._flags, **item}, template=saved, profile=self._options.profile)

    def _loaded(self, name: str) -> "Template":
        if name not in self._templates:
            from avow.asking.saved_templates import load_template

            self._templates[name] = load_template(name, self._context, self._wait)
            self._check_apart(str(self._templates[name].where))
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
        self._check_apart(str(path))
        return read_attachment(str(path), wait)._replace(name=spec)

    def _check_size(self, question: RunQuestion) -> None:
        inquiry = question.inquiry
        size = len(inquiry.prompt) + sum(file.size or 0 for file in inquiry.attachments)
        if size > _LARGE or inquiry.attachments:
            try:
                limits.check(inquiry.attachments)
            except UsageError as error:
                raise wrong(self._source.name, question.line, error.message, error.hint) from None
