"""A conversation as values: the turns before the next one, how they are sent again, which model it stays on."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from avow.errors import UsageError
from avow.exchange.exchange import Exchange, Status
from avow.models.identity import Identity, compare
from avow.routing.verdict import Pin, Verdict
from avow.values import NamedTuple
from avow.wire.blocks import Attachment, block, text_block
from avow.wire.json_value import JsonObject
from avow.wire.replay import assistant_turn, has_handover

PIN_S = 3600.0
"""How long turns are sent to the model that accepted; as long as the API itself stays with a fallback."""


class OmittedTurn(NamedTuple):
    """A turn that is not sent again, and why. `turn` counts from 1; 0 means turns that are no longer kept."""

    turn: int
    reason: str


class ReplayedTurns(NamedTuple):
    """Earlier turns as the API takes them. `messages` begin with a user's, and are empty where no turn is left;
    `attachments` are all that the messages carry, for the limits of a request."""

    messages: tuple[JsonObject, ...]
    left_out: tuple[OmittedTurn, ...] = ()
    attachments: tuple[Attachment, ...] = ()


def path_to(leaf: Exchange, by_id: Mapping[str, Exchange]) -> tuple[Exchange, ...]:
    """The turns that lead to `leaf`, itself included, oldest first, along `parent_id`; it ends where a parent is
    not kept any more."""
    path = [leaf]
    seen = {leaf.id}
    while (parent := path[-1].parent_id) is not None and parent in by_id and parent not in seen:
        seen.add(parent)
        path.append(by_id[parent])
    return tuple(reversed(path))


def replay(
    turns: Sequence[Exchange],
    *,
    model: str,
    system: str | None = None,
    tools: object = None,
    same_models: Mapping[str, Sequence[str]] | None = None,
) -> ReplayedTurns:
    """The messages before the new one, for a request to `model` with this `system` and these `tools`.

    `turns` are oldest first, as `path_to` gives them. Refused, failed, incomplete and interrupted ones are left
    out; an answer of which nothing can be sent back leaves its question (the API takes two user turns in a row).
    Thinking is bound to model and prefix: it is dropped from a turn that another model wrote or that was asked
    with another system prompt or tools, and from every turn after one that was left out or lost its thinking.

    Raises UsageError naming the file where the bytes of an attachment are not at hand.
    """
    messages: list[JsonObject] = []
    attachments: list[Attachment] = []
    left_out = [OmittedTurn(0, "deleted")] if turns and turns[0].parent_id is not None else []
    intact = not left_out
    for number, turn in enumerate(turns, 1):
        if reason := _why_not(turn):
            left_out.append(OmittedTurn(number, reason))
            intact = False
            continue
        same = turn.question.system == system and turn.question.params.get("tools") == tools
        intact = intact and same and _wrote(turn, model, same_models or {})
        messages.append({"role": "user", "content": user_blocks(turn)})
        attachments += turn.question.attachments
        answer = assistant_turn(turn.reply.content, keep_thinking=intact, continued=_continued(turn))
        if answer is not None:
            messages.append({"role": "assistant", "content": answer})
    return ReplayedTurns(tuple(messages), tuple(left_out), tuple(attachments))


def user_blocks(turn: Exchange) -> list[JsonObject]:
    """The user's blocks of a turn as they were sent, its attachments in their places.

    Raises UsageError naming the file where the bytes of an attachment are not at hand.
    """
    if not turn.question.user_content:
        return [text_block(turn.question.prompt)] if turn.question.prompt else []
    blocks = []
    for item in turn.question.user_content:
        if item.get("type") != "attachment":
            blocks.append(item)
            continue
        attachment = turn.question.attachments[item["index"]]
        try:
            blocks.append(block(attachment))
        except ValueError as error:
            raise UsageError(
                f"{attachment.name}: it was attached to an earlier turn, and its content is not kept",
                hint="start a new conversation, or attach the file again",
            ) from error
    return blocks


def pinned(turns: Sequence[Exchange], requested_model: str, now: float) -> Pin | None:
    """The model on which the conversation stays because avow fell back to it, with the turn since when; None where it
    does not.

    It stays for an hour after a model declined and avow asked the next, until a turn went to another model. A model
    that was merely unavailable pins nothing. `now` in Unix seconds.
    """
    pin: Pin | None = None
    fell_back: Exchange | None = None
    for number, turn in enumerate(turns, 1):
        moved_to = turn.routing.moved_to if turn.verdict is Verdict.FALLBACK else None
        if moved_to is not None:
            pin, fell_back = Pin(moved_to, number), turn
        elif pin is not None and turn.sent_model not in (None, pin.model):
            pin = None
    if pin is None or fell_back is None or fell_back.requested_model != requested_model:
        return None
    return pin if now < _seconds(fell_back.created_at) + PIN_S and pin.model != requested_model else None


def _why_not(turn: Exchange) -> str | None:
    """Why a turn is not sent again; None where it is sent again."""
    if turn.verdict is Verdict.REFUSED:
        return "refused"
    if turn.status is Status.PENDING:
        return "never finished"
    if not turn.status.is_answer:
        return str(turn.status)
    return None if turn.question.prompt or turn.question.user_content else "its text was not kept"


def _wrote(turn: Exchange, model: str, same_models: Mapping[str, Sequence[str]]) -> bool:
    """Whether the turn was asked of `model`, and what it thought is for that model to read."""
    sent = turn.sent_model or turn.requested_model
    if compare(model, sent, same_models) is not Identity.SAME:
        return False
    # After a handover of the API's own all that follows its block belongs back, whoever wrote it.
    served = turn.routing.served_model
    return has_handover(turn.reply.content) or compare(model, served, same_models) is Identity.SAME


def _continued(turn: Exchange) -> bool:
    """Whether avow itself had another model go on in the middle of this answer."""
    return turn.routing.moved_to is not None and len(turn.routing.segments) > 1


def _seconds(created_at: str) -> float:
    return datetime.fromisoformat(created_at).timestamp()
