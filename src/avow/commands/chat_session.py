"""A chat: questions and answers in turn, each kept; a line that begins with a slash is a command to avow."""

import gc
import shlex
import signal
from contextlib import ExitStack

from avow.asking.ask import ask
from avow.asking.inquiry import Inquiry
from avow.asking.question import conversation_of, system_from_file, watcher_for
from avow.asking.request_fields import with_ids
from avow.asking.typed import Options
from avow.commands.chat_typing import editor, help_page, lines_of, path_of, unknown
from avow.context import Context
from avow.endpoint.transport import Api
from avow.errors import AvowError, Interrupted, ReaderGone, UsageError, ended_by
from avow.exchange.exchange import Exchange, ExchangeEvent, Noted
from avow.exit_codes import BySignal, ExitCode, gravest
from avow.settings.levels import Settings
from avow.text.blanks import is_blank
from avow.wire.blocks import Attachment

_FOR_QUESTIONS = ("report", "extract", "schema")
"""Settings that say what becomes of one answer."""


def chat(options: Options, context: Context) -> ExitCode:
    """Hold the conversation until the user ends it: 0 for a person at a terminal, else the status of the gravest turn.

    Raises Interrupted where a signal ended it; a person's Ctrl-C only stops an answer.
    """
    gc.enable()  # unlike a single question, this may last for days
    screen = context.screen
    settings = context.settings(options.flags, profile=options.profile)
    with_person = context.stdin_is_terminal and (screen.is_terminal or screen.err_facts.is_terminal)
    with ExitStack() as stack:
        talk = Chat(options, context, stack, with_person=with_person)
        if with_person:
            _with_person(talk, settings, context)
            return ExitCode.OK
        for line in lines_of(context, lambda: talk.codes.append(ExitCode.USAGE)):
            if not talk.take(line):
                break
        return gravest(*talk.codes)


class Chat:
    """The turns so far, and how the next one is asked. `codes` are the exit statuses of all questions that were
    tried."""

    def __init__(self, options: Options, context: Context, stack: ExitStack, *, with_person: bool) -> None:
        self._context = context
        self._with_person = with_person
        self._profile = options.profile
        self._simulate = options.simulate
        settings = context.settings(options.flags, profile=self._profile)
        self._flags = dict(options.flags)
        if with_person:
            self._flags["output"] = "text"
        self._turns, self._notes, self._session = conversation_of(options, context, settings)
        idle = [name for name in _FOR_QUESTIONS if settings.text(name)]
        self._notes += tuple(f"{name} ({settings.origin(name)}) does not apply to a chat" for name in idle)
        self._kept = self._settings_of_last(settings.base_url)
        self._flags |= system_from_file(options, self.settings(), context.wait(settings))
        self._is_fresh = self._flags.get("model") is not None
        self._said: set[str] = set()
        self._reroutes: set[str] = set()
        self.codes: list[ExitCode] = []
        self._files: list[Attachment] = []
        for spec in options.files:
            self._attach(spec)
        self._api: Api = stack.enter_context(context.open(self.settings(), simulate=self._simulate))

    def settings(self, model: str | None = None) -> Settings:
        """The settings of the next turn; `model` is for this turn alone."""
        flags = self._flags if model is None else {**self._flags, "model": model}
        return self._context.settings(flags, conversation=self._kept, profile=self._profile)

    @property
    def model(self) -> str:
        """The id of the model that is asked."""
        return with_ids(self.settings()).text("model") or ""

    def tell_notes(self) -> None:
        """Say which conversation is continued, and what is to know about it."""
        for note in self._notes:
            self._context.screen.note(note)
        self._notes = ()
        if self._turns:
            from avow.terminal.last_turn import last_turn

            screen = self._context.screen
            screen.err(last_turn(self._turns[-1], screen.err_facts))

    def take(self, line: str) -> bool:
        """Carry out one line; whether to continue. An error is printed, and the chat continues."""
        if is_blank(line) and not self._files:
            return True
        try:
            if "\n" not in line and line.startswith("/"):
                if not line.startswith("//"):
                    return self._obey(line)
                line = line[1:]
            self._put(self._inquiry(line, tuple(self._files)), instead_of=None)
        except ReaderGone:
            raise
        except AvowError as error:
            self._context.screen.error(error.message, hint=error.hint)
            self.codes.append(error.exit_code)
            if self._files:
                self._context.screen.note(f"still attached: {self._names()}; /file alone detaches them")
        return True

    def _inquiry(self, prompt: str, files: tuple[Attachment, ...]) -> Inquiry:
        return Inquiry(
            settings=self.settings(),
            prompt=prompt,
            attachments=files,
            earlier=self._turns,
            fresh_model=self._is_fresh,
            session=self._session,
            notes=self._notes,
            in_chat=True,
        )

    def _put(self, inquiry: Inquiry, instead_of: Exchange | None) -> None:
        """Ask, and append the turn to the conversation, or replace another turn by it."""
        self._context.style(inquiry.settings)  # the terminal may have another size by now
        show = watcher_for(
            inquiry.settings, self._context, badge=True, simulate=self._simulate, reported=self._reroutes
        )

        def on_event(event: ExchangeEvent) -> None:
            if isinstance(event, Noted):
                if event.text in self._said:  # once in a chat is enough
                    return
                self._said.add(event.text)
            show(event)

        exchange = ask(inquiry, self._context, on_event, api=self._api)
        self._notes = ()
        if instead_of is None:
            self._files = []  # they are sent; until then they wait for a question that can be
        code = exchange.exit_code
        if isinstance(code, BySignal) and not (self._with_person and code.signal == signal.SIGINT):
            raise ended_by(code.signal)
        if instead_of is None:
            self._is_fresh = False
            self._turns = (*self._turns, exchange)
        elif exchange.status.is_answer or not instead_of.status.is_answer:
            self._turns = (*self._turns[:-1], exchange)
        self.codes.append(code if isinstance(code, ExitCode) else ExitCode.OK)

    # -- what begins with a slash ---------------------------------------------------------------------------------

    def _obey(self, line: str) -> bool:
        name, _, rest = line.partition(" ")
        rest = rest.strip()
        match name.strip():
            case "/quit" | "/exit":
                return False
            case "/help":
                self._context.screen.err(help_page(self._context.screen.err_facts))
            case "/model":
                self._choose(rest)
            case "/file":
                if rest:
                    self._attach(path_of(rest))
                else:
                    self._detach()
            case "/retry":
                self._retry(rest or None)
            case "/why":
                self._why()
            case "/copy":
                self._copy()
            case "/edit":
                self._edit(rest)
            case "/system":
                self._instruct(rest)
            case "/new":
                self._begin_again()
            case other:
                raise unknown(other)
        return True

    def _choose(self, model: str) -> None:
        if model:
            self._flags["model"] = model
            self._is_fresh = True
        self._context.screen.note(f"asking {self.model}{' from now on' if model else '; /model ID asks another'}")

    def _attach(self, spec: str) -> None:
        from avow.prompt.attachments import read
        from avow.prompt.folders import files_of

        if spec == "-":
            raise UsageError("the chat reads its turns from stdin, so stdin cannot be attached")
        wait = self._context.wait(self.settings())
        self._files += [read(path, wait) for path in files_of(spec)]
        self._context.screen.note(f"attached {spec}; it goes with the next question")

    def _detach(self) -> None:
        if not self._files:
            raise UsageError("/file needs a file", hint="/file PATH")
        self._context.screen.note(f"no longer attached: {self._names()}")
        self._files = []

    def _names(self) -> str:
        return ", ".join(file.name for file in self._files)

    def _retry(self, model: str | None) -> None:
        if not self._turns:
            raise UsageError("there is no question to ask again yet", hint="ask something first")
        last = self._turns[-1]
        if not last.question.prompt and not last.question.user_content:
            raise UsageError(f"the text of exchange {last.number} was not kept", hint="type it again")
        again = self._inquiry(last.question.prompt or "", last.question.attachments)._replace(
            settings=self.settings(model),
            earlier=self._turns[:-1],
            retry_of=last,
            fresh_model=model is not None or self._is_fresh,
        )
        self._put(again, instead_of=last)

    def _why(self) -> None:
        if not self._turns:
            raise UsageError("nothing has been answered yet", hint="ask something first")
        from avow.terminal.why import why

        screen = self._context.screen
        screen.err(why(self._turns[-1], screen.err_facts, same_models=with_ids(self.settings()).table("same_models")))

    def _copy(self) -> None:
        if not self._turns or not self._turns[-1].text:
            raise UsageError("there is no answer to copy yet", hint="ask something first")
        from avow.terminal import clipboard

        wrong = clipboard.copy(self._turns[-1].text, self._context.environ)
        if wrong:
            self._context.screen.error(wrong)
        else:
            self._context.screen.note("the last answer is on the clipboard")

    def _edit(self, text: str) -> None:
        from avow.asking.draft import draft

        with draft(text, self._context) as prompt:
            self._put(self._inquiry(prompt, tuple(self._files)), instead_of=None)

    def _instruct(self, text: str) -> None:
        if text:
            self._flags["system"] = text
        held = self.settings().text("system")
        self._context.screen.note(f"system prompt: {held}" if held else "no system prompt; /system TEXT sets one")

    def _begin_again(self) -> None:
        """Begin a new conversation with the same settings; its earlier turns are no longer sent."""
        self._turns = ()
        self._context.screen.note("a new conversation begins; the earlier one stays in the history")

    def way_back(self) -> str | None:
        """How to continue this conversation later; None where it is not kept."""
        if not self._turns or not self.settings().flag("history.enabled"):
            return None
        demo = f" --simulate {shlex.quote(self._simulate)}" if self._simulate else ""
        return f"to go on with this conversation: avow chat --conversation {self._turns[-1].number}{demo}"

    def _settings_of_last(self, base_url: str) -> dict[str, object]:
        if not self._turns:
            return {}
        from avow.asking.earlier_turns import settings_of

        return settings_of(self._turns[-1], base_url, simulated=self._simulate is not None)


def _with_person(talk: Chat, settings: Settings, context: Context) -> None:
    from avow.terminal.sanitize import clean_line

    reader = editor(settings, context)
    stop = signal.getsignal(signal.SIGINT)
    context.screen.note("/help says what can be typed; Ctrl-D leaves")
    talk.tell_notes()
    while True:
        try:
            signal.signal(signal.SIGINT, stop)  # the handler disarms itself when it is called
            context.screen.fresh_line()
            line = reader.read(f"{clean_line(talk.model)}> ")
            if line is None or not talk.take(line):
                if words := talk.way_back():
                    context.screen.note(words)
                return
        except Interrupted as interruption:
            if interruption.signal_number != signal.SIGINT:
                raise
