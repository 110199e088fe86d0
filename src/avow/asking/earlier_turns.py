"""Continues what the history holds: the turns of a conversation, with their files, ready to be sent again."""

from collections.abc import Sequence

from avow.asking.request_fields import is_the_api
from avow.context import Context
from avow.errors import UsageError
from avow.exchange.conversation import path_to
from avow.exchange.exchange import Exchange
from avow.history.store import History
from avow.settings.levels import Settings
from avow.text.counts import counted
from avow.wire.blocks import Attachment

WORDS = 48
"""How many characters of a prompt a one-line mention shows."""


def turns_to_continue(
    context: Context, settings: Settings, *, reference: str | None, session: str | None
) -> tuple[tuple[Exchange, ...], str]:
    """The turns of the conversation to continue, oldest first, and a line that says which it is.

    `reference` names an exchange or a conversation; without it the conversation last used in this terminal
    session counts, and on a terminal, where there is none, the newest. Raises UsageError where no turn is found.
    """
    history = context.history(settings)
    if reference is not None:
        leaf = history.last_of_conversation(reference) or _named(history, reference)
    else:
        leaf = _last(history, session, on_terminal=context.screen.is_terminal)
    turns = path_to(leaf, {turn.id: turn for turn in history.conversation(leaf.conversation_id)})
    return with_files(turns, history), f"continuing conversation {mention(turns[0], counted(len(turns), 'turn'))}"


def _last(history: History, session: str | None, *, on_terminal: bool) -> Exchange:
    here = history.last_in_session(session) if session else None
    if here is not None:
        return here
    if not on_terminal:
        raise UsageError(
            "this terminal session has no conversation to continue",
            hint="name one: --conversation ID (`avow history list` shows them)",
        )
    last = history.latest()
    if last is None:
        raise UsageError("there is no conversation to continue yet", hint="ask something first")
    return last


def _named(history: History, reference: str) -> Exchange:
    named = history.get(reference)
    return history.last_of_conversation(named.conversation_id) or named


def with_files(turns: Sequence[Exchange], history: History) -> tuple[Exchange, ...]:
    """The same turns with the bytes of their attachments at hand: from the history, or read again from where
    they came while their hash still matches. Raises UsageError naming a file that is gone or has changed."""
    return tuple(_with_files(turn, history) for turn in turns)


def _with_files(turn: Exchange, history: History) -> Exchange:
    files = tuple(_with_bytes(file, history) for file in turn.question.attachments)
    return turn._replace(question=turn.question._replace(attachments=files))


def _with_bytes(file: Attachment, history: History) -> Attachment:
    if file.data is not None or file.kind == "url" or file.sha256 is None:
        return file
    data = history.attachment_bytes(file.sha256)
    if data is not None:
        return file._replace(data=data)
    from avow.prompt.attachments import read_again

    return read_again(file)


def mention(turn: Exchange, size: str = "") -> str:
    """A turn in a few words: its number (and the `size` of its conversation) and how its prompt begins."""
    words = " ".join((turn.question.prompt or "").split())
    short = words if len(words) <= WORDS else words[: WORDS - 1] + "…"
    number = f"{turn.number} ({size})" if size else f"{turn.number}"
    return f"{number}: {short}" if short else number


def settings_of(turn: Exchange, base_url: str, *, simulated: bool = False) -> dict[str, object]:
    """What a conversation keeps from turn to turn, as settings. `base_url` is where it goes on (`simulated`: at the
    simulator): `default` and `none` mean what they mean for the kind of host, and go no further than that."""
    moved = (simulated or is_the_api(base_url)) != (turn.simulated or is_the_api(turn.base_url))
    policy = None if moved and isinstance(turn.fallback_policy, str) else turn.fallback_policy
    return {
        "model": turn.requested_model,
        "system": turn.question.system,
        "fallback": policy,
        "fallback_by": turn.fallback_by,
    }
