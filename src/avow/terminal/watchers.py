"""Chooses what shows an exchange on stdout as it happens, one class for each form; `commentary` writes to stderr."""

from collections.abc import Callable

from avow.errors import UsageError
from avow.exchange.exchange import ExchangeEvent
from avow.terminal.commentary import Commentary
from avow.terminal.screen import Screen
from avow.terminal.text_piped import FinalText, TextPiped


def choose(
    screen: Screen,
    form: str,
    *,
    hold: bool = False,
    show_thinking: bool = False,
    buffered: bool = False,
    markdown: bool | None = None,
    final_text: FinalText | None = None,
    badge: bool = False,
    simulate: str | None = None,
    reported: set[str] | None = None,
) -> Callable[[ExchangeEvent], None]:
    """The watcher for `form` (`text`, `json` or `jsonl`) on this screen: it is called with every event of an exchange.

    `hold`: show nothing unless the exit status is 0. `buffered`: pipe text at the end only. `markdown`: render it or
    not, None if stdout is a terminal. `final_text`: what is printed in place of the answer. `badge`: a line names the
    model of every answer, as requested or not. `simulate` and `reported` are those of `Commentary`. Raises UsageError
    for an unknown form.
    """
    if form in ("json", "jsonl"):
        from avow.terminal.json_watchers import JsonLines, JsonOnce

        commentary = Commentary(screen, panels=False, show_thinking=show_thinking, badge=badge)
        return JsonOnce(screen, commentary) if form == "json" else JsonLines(screen, commentary, hold=hold)
    if form != "text":
        raise UsageError(f"--output {form}: unknown form", hint="text, json or jsonl")
    commentary = Commentary(screen, show_thinking=show_thinking, badge=badge, simulate=simulate, reported=reported)
    if screen.is_terminal or markdown:
        from avow.terminal.text_terminal import TextTerminal

        return TextTerminal(screen, commentary, hold=hold, markdown=markdown, final_text=final_text)
    return TextPiped(screen, commentary, hold=hold, buffered=buffered, final_text=final_text)
