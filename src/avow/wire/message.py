"""A message of the API, with every model that it names."""

from collections.abc import Iterable

from avow.values import NamedTuple
from avow.wire.json_value import JsonObject, items, obj, text
from avow.wire.names import NamedModel as NamedModel
from avow.wire.names import declares_handover, names_in_message

# Stop reasons; `content_filter`, `length` and `stop` are those of gateways (rule 16 of `avow.routing`).
USUAL_ENDS = frozenset({"end_turn", "stop_sequence", "stop"})
_REFUSALS = frozenset({"refusal", "content_filter"})
_TRUNCATIONS = frozenset(
    {"max_tokens", "model_context_window_exceeded", "pause_turn", "tool_use", "compaction", "length"}
)


class Message(NamedTuple):
    """What the API answered. `raw` is the message as received, unknown fields included.

    `whole`: it says why the model stopped and, if `streamed`, `message_stop` came. `named`: every model named in it, in
    the order of arrival, also in fields that were overwritten later. `declared`: it declares a handover, also where
    that was overwritten later or names no model. `restarts`: for each further `message_start` that named another model,
    the number of blocks before it and that model.
    """

    raw: JsonObject
    whole: bool
    streamed: bool = False
    named: tuple[NamedModel, ...] = ()
    declared: bool = False
    restarts: tuple[tuple[int, str], ...] = ()

    @property
    def model(self) -> str | None:
        """The message's own `model` field; provisional in a stream."""
        return text(self.raw.get("model"))

    @property
    def content(self) -> list[JsonObject]:
        """The blocks, in order."""
        return items(self.raw.get("content"))

    @property
    def text(self) -> str:
        """All text blocks joined."""
        return "".join(block_text(block) for block in self.content)

    @property
    def stop_reason(self) -> str | None:
        """Why the model stopped; None while it has not said so."""
        return text(self.raw.get("stop_reason"))

    @property
    def declined(self) -> bool:
        """Whether the model declined, by its stop reason."""
        return self.stop_reason in _REFUSALS

    @property
    def refused(self) -> bool:
        """Whether the model declined, and that is how the message ends."""
        return self.whole and self.declined

    @property
    def truncated(self) -> bool:
        """Whether the model stopped before it was done, by its stop reason."""
        return self.stop_reason in _TRUNCATIONS

    @property
    def stop_details(self) -> JsonObject:
        """Details of a refusal, empty otherwise."""
        return obj(self.raw.get("stop_details"))

    @property
    def usage(self) -> JsonObject:
        """The API's token counts: of the attempt that answered, and in `iterations` of each attempt."""
        return obj(self.raw.get("usage"))

    @property
    def own_usage(self) -> JsonObject:
        """`usage` without `iterations`: the token counts of the attempt that answered."""
        return {key: value for key, value in self.usage.items() if key != "iterations"}

    @property
    def iterations(self) -> list[JsonObject]:
        """The token counts of each attempt, in order; empty where the API gives none."""
        return items(self.usage.get("iterations"))


def block_text(block: JsonObject) -> str:
    """The text of a `text` block; empty for any other."""
    if block.get("type") != "text":
        return ""
    return text(block.get("text")) or ""


def whole(body: JsonObject, repeated: Iterable[NamedModel] = (), *, partial: bool = False) -> Message:
    """The message of a response that was not streamed. `body` is encodable, as `parse_naming` gives it; `repeated` are
    the models named in values that a second key of the same name replaced; `partial`: the status is 206, so that the
    message is only a part."""
    finished = text(body.get("stop_reason")) is not None and body.get("type") != "error"
    named = (*names_in_message(body), *repeated)
    return Message(body, whole=finished and not partial, named=named, declared=declares_handover(body))
