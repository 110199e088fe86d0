"""What a scenario is made of: hops, errors and faults, as plain values."""

from dataclasses import dataclass
from typing import Any

from avow.simulator.picks import PickSettings

Json = dict[str, Any]

RETURNED = "reasoning_extraction"
"""The category of declines after which the API itself never hands over."""

_OWN_TASTE = PickSettings()

FAULTS = ("cut", "hangup", "reset", "stall", "error", "broken_json")


@dataclass(frozen=True, slots=True)
class HttpError:
    """An HTTP error. `times` is how many tries of one request get it before one succeeds; `None`: all of them. `body`
    replaces the API's own error object. `message` may have names in braces (`playback.fill`)."""

    status: int
    type: str
    message: str
    code: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    times: int | None = None
    body: bytes | None = None
    content_type: str = "application/json"


def bad_request(message: str, code: str | None = None) -> HttpError:
    """The error of a request that is not valid: HTTP 400."""
    return HttpError(400, "invalid_request_error", message, code=code)


@dataclass(frozen=True, slots=True)
class Fault:
    """How an answer breaks, after `after` deltas (default: all of the earlier blocks and half of the last block's).

    `cut` ends the body as if it were whole, `hangup` closes the connection, `reset` sends RST, `stall` sends nothing
    more, `error` sends an error event, `broken_json` sends an event whose data is not JSON.
    """

    kind: str
    after: int | None = None


@dataclass(frozen=True, slots=True)
class PlayedHop:
    """One model's part in an answer.

    `text` may have `{opening}`, `{rest}`, `{model}`, `{question}`, `{schema}` and `{picks}`; `None` is the simulator's
    own answer. For a hop that `declines` it is what the model wrote before (default: nothing). `pieces` are the deltas,
    in the place of `text`. `blocks` come before the text and `closing` after it, as a whole message has them. A decline
    has a `category` and an `explanation`; `recommends`: it names the next model; `credit`: it has a credit token;
    `claim`: another model may continue the partial answer. `delay` is in seconds between deltas (`None`: the
    scenario's).
    """

    text: str | None = None
    pieces: tuple[str, ...] = ()
    thinking: str | None = None
    blocks: tuple[Json, ...] = ()
    closing: tuple[Json, ...] = ()
    declines: bool = False
    category: str | None = "frontier_llm"
    explanation: str | None = None
    recommends: bool = False
    credit: bool = True
    claim: bool = True
    stop_reason: str = "end_turn"
    error: HttpError | None = None
    delay: float | None = None


@dataclass(frozen=True, slots=True)
class BatchPlay:
    """How a batch ends: after `lasts` seconds; of every `every` items (0: of none) the last has this `outcome`
    (`errored`, `expired`, `canceled`, `refused`, `unknown`: a type that no client knows, `missing`: no line of
    results).

    `elsewhere` is the origin that `results_url` names; `loses_create`: the first batch is made, and nobody is told.
    """

    lasts: float = 0.0
    every: int = 0
    outcome: str = ""
    elsewhere: str = ""
    loses_create: bool = False


_BATCH = BatchPlay()


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the simulator does with a request to `/v1/messages`.

    The first hop is the requested model, the next ones are the fallbacks. With `hands_over` and a `fallbacks` parameter
    in the request all hops play in one answer, as the API does it; else each request plays one hop, and a request for
    another model in the same conversation plays the next. `sticky`: the fallback answers at once. `reports` is what the
    answer says in `model`: a template with `{requested}`, `{fallback}`, `{served}` or `{slashed}` (as OpenRouter spells
    it), `""` for no model at all, `None` for the model that wrote it. `speaker` is the model that the text names as its
    writer, in the same form; `None`: as `reports`. Header values are templates too. `delay` is in seconds between
    deltas, `first_delay` in seconds before the first byte, `write_size` in bytes (0: as they come). `long`: that many
    words. `strict`: models that do not exist are refused, and tokens are counted as `usage` has them. `refuses` is a
    key of `foreign.KINDS`: the host refuses what only the API knows. `models` is the form of its list (`api`, `openai`,
    `none`).
    """

    name: str
    summary: str
    hops: tuple[PlayedHop, ...] = (PlayedHop(),)
    hands_over: bool = True
    sticky: bool = False
    long: int = 0
    delay: float = 0.0
    first_delay: float = 0.0
    error: HttpError | None = None
    fault: Fault | None = None
    silent: bool = False
    whole: bool = False
    reports: str | None = None
    speaker: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    own_headers: bool = True
    pings: bool = True
    usage: bool = True
    comments: bool = False
    crlf: bool = False
    write_size: int = 0
    surprises: bool = False
    advisor: bool = False
    refuses: str = ""
    rejects_continuation: bool = False
    rejects_token: bool = False
    models: str = "api"
    pick_settings: PickSettings = _OWN_TASTE
    strict: bool = False
    batch: BatchPlay = _BATCH
