"""What stderr says about an exchange while it runs and at its end."""

from typing import TYPE_CHECKING

from avow.exchange.exchange import Exchange, HandedOver, Noted, Retrying, Started, Status, ThinkingWritten
from avow.routing.verdict import Verdict
from avow.terminal.facts import FAINT
from avow.terminal.screen import Screen
from avow.wire.message import USUAL_ENDS

if TYPE_CHECKING:
    from avow.terminal.spinner import Spinner
    from avow.terminal.word_wrapper import WordWrapper


class Commentary:
    """Writes what stderr says about one exchange; a reroute is reported once, even where stdout closes early.

    `panels`: on a terminal, write a panel and a footer instead of the stable lines. `show_thinking`: write thinking
    summaries too. `badge`: name the model of every answer, as in a chat. `simulate`: the scenario that is played.
    `reported`: the kinds of reroute that a panel reported earlier in this chat; those of this exchange are added."""

    def __init__(
        self,
        screen: Screen,
        *,
        panels: bool = True,
        show_thinking: bool = False,
        badge: bool = False,
        simulate: str | None = None,
        reported: set[str] | None = None,
    ) -> None:
        self._screen = screen
        self._panels = panels and screen.err_facts.is_terminal
        self._show_thinking = show_thinking
        self._badge = badge
        self._simulate = simulate
        self._reported = reported
        self._requested = ""
        self._handovers: list[HandedOver] = []
        self._reported_reroute = False
        self._thoughts: WordWrapper | None = None  # while it thinks
        self._spinner = _spinner(screen)

    def on_event(self, event: object) -> None:
        """Take any event but text, its withdrawal and the end."""
        match event:
            case Started(exchange):
                self._requested = exchange.requested_model
                if self._spinner is not None:
                    from avow.terminal.sanitize import clean_line

                    self._spinner.start(clean_line(exchange.sent_model or exchange.requested_model))
            case ThinkingWritten(text):
                self._thinking(text)
            case HandedOver():
                self._handed_over(event)
            case Retrying():
                self._retrying(event)
            case Noted(text):
                self._screen.note(text)

    def text_comes(self) -> None:
        """Remove what was drawn while waiting, because the first text is about to be shown."""
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None
        if self._thoughts is not None:
            self._show_thought(self._thoughts.finish())
            self._screen.err("" if self._thoughts.is_at_start else "\n")
            self._thoughts = None
            self._screen.err_line("avow: end of thinking")

    def stdout_failed(self) -> None:
        """Report what is known of a reroute now, because nothing more can be shown."""
        self.text_comes()
        if self._handovers and not self._reported_reroute:
            from avow.terminal.notices import rerouted_line

            self._reported_reroute = True
            phrases = [f"{h.source or 'a model'} {h.why}" for h in self._handovers]
            self._screen.statement(rerouted_line(self._requested, self._handovers[-1].target, tuple(phrases)))

    def finished(self, exchange: Exchange) -> None:
        """Report the end; only a reroute where the reader of stdout has left."""
        self.text_comes()
        if exchange.reader_is_gone:
            self._tell_reroute_only(exchange)
            return
        shown = self._panels and self._panel(exchange)
        if not shown:
            self._lines(exchange)
        if exchange.signal is not None:
            self._screen.note(_interrupted(exchange))
        if exchange.status is Status.COMPLETE:
            self._note_its_end(exchange)
        if self._badge:
            self._show_badge(exchange)
        elif self._panels and not self._is_amiss(exchange) and not self._screen.quiet:
            from avow.terminal.render import footer

            self._apart()
            self._screen.err_line(footer(exchange, self._screen.err_facts))
        self._details(exchange)

    def _note_its_end(self, exchange: Exchange) -> None:
        """Note what is unusual about the end of a whole answer."""
        if any(block.get("type") == "tool_use" for block in exchange.reply.content):
            self._screen.note("the model asked for a tool, which avow does not run")
        elif not exchange.text:
            self._screen.note("the answer is empty")
        if exchange.reply.stop_reason is not None and exchange.reply.stop_reason not in USUAL_ENDS:
            self._screen.note(f"the answer ended for a reason that avow does not know: {exchange.reply.stop_reason}")

    def _show_badge(self, exchange: Exchange) -> None:
        """Name the model of this answer, if a message began."""
        if exchange.verdict is None or self._screen.quiet:
            return
        from avow.terminal.badge import badge, badge_words

        if self._panels:
            self._screen.fresh_line()
            self._screen.err_line(badge(exchange, self._screen.err_facts))
        else:
            self._screen.note(badge_words(exchange))

    def _panel(self, exchange: Exchange) -> bool:
        """Show the panel where something is not as requested; False where the lines must say it."""
        if not self._is_amiss(exchange):
            return False
        if self._is_told(exchange):
            return True
        from avow.terminal.render import panel
        from avow.terminal.words import AdviceContext

        drawn = panel(exchange, self._screen.err_facts, AdviceContext(self._simulate, in_chat=self._badge))
        if drawn is None:
            return False
        self._apart()
        self._screen.err(drawn)
        if exchange.problem and exchange.problem.words:
            self._screen.error(exchange.problem.words)
        return True

    def _is_told(self, exchange: Exchange) -> bool:
        """Whether the badge says enough, because a panel has reported the same kind of reroute in this chat."""
        if self._reported is None or exchange.verdict not in (Verdict.FALLBACK, Verdict.SUBSTITUTED):
            return False
        if exchange.status is not Status.COMPLETE or exchange.withheld or exchange.problem is not None:
            return False
        routing = exchange.routing
        how = (routing.category, routing.is_sticky, routing.pin is not None)
        kind = repr((exchange.verdict, exchange.requested_model, routing.served_model, *how))
        known = kind in self._reported
        self._reported.add(kind)
        return known

    def _apart(self) -> None:
        """Write a blank line after an answer on the same terminal."""
        self._screen.fresh_line()
        if self._screen.is_terminal and self._screen.has_printed:
            self._screen.err("\n")

    def _lines(self, exchange: Exchange) -> None:
        if not self._is_amiss(exchange):
            return
        from avow.terminal.notices import notices

        for line in notices(exchange):
            if not (self._reported_reroute and line.startswith("avow: fallback:")):
                self._screen.statement(line)
        if exchange.verdict is Verdict.UNVERIFIED:
            from avow.terminal.words import look_alike, vouching_line

            if line_to_add := vouching_line(exchange):
                self._screen.note(f"if both names stand for one model, say so: {line_to_add}")
            if odd := look_alike(exchange):
                self._screen.note(odd[0].lower() + odd[1:-1])
        if exchange.error and exchange.error.hint:
            self._screen.note(exchange.error.hint)

    def _tell_reroute_only(self, exchange: Exchange) -> None:
        if exchange.routing.rerouted and not self._reported_reroute:
            from avow.terminal.notices import notices

            self._screen.statement(notices(exchange)[0])

    @staticmethod
    def _is_amiss(exchange: Exchange) -> bool:
        as_asked = exchange.verdict is Verdict.AS_REQUESTED and exchange.status is Status.COMPLETE
        return not as_asked or exchange.withheld or exchange.problem is not None or exchange.is_unproven

    def _thinking(self, text: str) -> None:
        if not self._show_thinking:
            return
        from avow.terminal.sanitize import clean

        if self._thoughts is None:
            from avow.terminal.word_wrapper import WordWrapper

            self._thoughts = WordWrapper("  ")  # indented: no line of it can be taken for one of avow's own
            if self._spinner is not None:
                self._spinner.stop()
            self._screen.err_line("avow: thinking")
        facts = self._screen.err_facts
        self._show_thought(self._thoughts.feed(clean(text), facts.width if facts.is_terminal else None))

    def _show_thought(self, text: str) -> None:
        if text:
            self._screen.err(self._screen.err_facts.styled(text, FAINT))

    def _handed_over(self, event: HandedOver) -> None:
        self._handovers.append(event)
        if self._spinner is not None and event.target:
            from avow.terminal.sanitize import clean_line

            source, target = clean_line(event.source or "the model"), clean_line(event.target)
            self._spinner.say(f"{target} ({source} {event.why.partition(':')[0]})")

    def _retrying(self, retry: Retrying) -> None:
        if self._spinner is not None and self._spinner.is_running:
            from avow.terminal.sanitize import clean_line

            self._spinner.say(clean_line(retry.reason), retry.seconds)
        else:
            self._screen.note(retry.words)

    def _details(self, exchange: Exchange) -> None:
        """Write all other facts in one line, for `--verbose`."""
        if not self._screen.verbose:
            return
        from avow.terminal.render import figures

        self._screen.note(figures(exchange))


def _spinner(screen: Screen) -> "Spinner | None":
    """A spinner where a person looks at stderr and nothing asks for quiet, else None."""
    if screen.quiet or not screen.err_facts.is_terminal:
        return None
    from avow.terminal.spinner import Spinner

    return Spinner(screen)


def _interrupted(exchange: Exchange) -> str:
    """Claims no more than that there is a row: of an answer it may hold nothing, or no text (`history.content`)."""
    words = "interrupted" if exchange.routing.verdict is not None else "interrupted before an answer came"
    return words if exchange.number is None else f"{words}; to see what is kept: avow history show {exchange.number}"
