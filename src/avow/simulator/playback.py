"""Makes an answer from a scenario and a request: which model writes which blocks, with which usage."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from avow.simulator import answers, picks
from avow.simulator.played_blocks import Block, long_block, pieces_of, ready_block, text_block, thinking_block
from avow.simulator.prompt_cache import PromptCache, PromptTokens
from avow.simulator.script import RETURNED, Json, PlayedHop, Scenario
from avow.simulator.valid_request import CREDIT, SERVER_FALLBACK, ValidRequest

# Called for a decline that may be credited: (hop, content so far) -> a new token.
Mint = Callable[[PlayedHop, list[Json]], str]


@dataclass(slots=True)
class PlayedAnswer:
    """An answer before it becomes events or one object. `named_first` is the model in `message_start`, `named` the one
    in a whole message; `None`: the field is left out. `extra_usage` comes only at the end of a stream; `fields` are
    further ones of the message."""

    named_first: str | None
    named: str | None
    blocks: list[Block] = field(default_factory=list)
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None
    stop_details: Json | None = None
    usage: Json = field(default_factory=dict)
    extra_usage: Json = field(default_factory=dict)
    fields: Json = field(default_factory=dict)
    id: str = field(default_factory=lambda: f"msg_01{os.urandom(11).hex()}")


@dataclass(slots=True)
class _Played:
    """What one hop wrote, with its numbers of tokens."""

    model: str
    hop: PlayedHop
    blocks: list[Block]
    stop_reason: str
    stop_sequence: str | None
    output_tokens: int
    thinking_tokens: int


def compose(
    scenario: Scenario,
    ask: ValidRequest,
    position: int,
    mint: Mint,
    credit: Json | None = None,
    cache: PromptCache | None = None,
) -> PlayedAnswer:
    """The answer to `ask` when the hop at index `position` of `scenario` is its first. `cache` may have its prompt.

    If the API itself may hand over, the remaining hops play in this one answer; where it is not streamed, what a model
    wrote before it declined is left out, as by the API. `credit` is the status of the token that was sent; `mint` makes
    a new one.
    """
    hops = scenario.hops[min(position, len(scenario.hops) - 1) :]
    chain = ask.chain
    if scenario.sticky:
        chain, hops = (chain[1],), scenario.hops
    elif not (ask.may_hand_over and scenario.hands_over):
        chain, hops = chain[:1], hops[:1]
    elif ask.body["fallbacks"] == "default":
        chain = chain[: len(hops)]
    played, unreachable = _play(scenario, ask, chain, hops)
    answer = _assemble(ask, played)
    last = played[-1]
    if last.hop.declines and last.stop_reason == "refusal":
        _refuse(answer, ask, last, mint, unreachable)
    # Caches are per model; who answers after a decline is billed as if it had always been asked.
    counted = [cache.use(ask, part.model) for part in played] if cache else [PromptTokens(ask.prompt_tokens)]
    _account(answer, ask, scenario, played, credit, counted[0])
    _rename(answer, ask, scenario, last.model)
    return answer


def _play(
    scenario: Scenario, ask: ValidRequest, chain: tuple[str, ...], hops: tuple[PlayedHop, ...]
) -> tuple[list[_Played], str | None]:
    """What every hop wrote, and the model that could not be reached, if that ended the chain."""
    played: list[_Played] = []
    continuing = ask.continuation is not None
    for number, model in enumerate(chain):
        hop = hops[min(number, len(hops) - 1)]
        if hop.error is not None:
            return played, model
        played.append(_write(scenario, ask, model, hop, continuing))
        if not hop.declines or hop.category == RETURNED:
            break
        continuing = continuing or (ask.stream and bool(played[-1].blocks))
    return played, None


def _write(scenario: Scenario, ask: ValidRequest, model: str, hop: PlayedHop, continuing: bool) -> _Played:
    delay = scenario.delay if hop.delay is None else hop.delay
    stop_reason, stop_sequence = ("refusal" if hop.declines else hop.stop_reason), None
    pieces = hop.pieces or tuple(pieces_of(_text(scenario, ask, model, hop, continuing)))
    if not scenario.long and not hop.declines and not hop.pieces:
        pieces, stop_reason, stop_sequence = _limited(ask, pieces, stop_reason)
    blocks: list[Block] = []
    thinking = ask.body.get("thinking") or {}
    if hop.thinking is not None and thinking.get("type") != "disabled" and ask.body.get("max_tokens") != 0:
        shown = hop.thinking if thinking.get("display") == "summarized" else ""
        blocks.append(thinking_block(shown, ask.signature(model), delay))
    blocks.extend(ready_block(block, delay) for block in hop.blocks)
    if scenario.advisor:
        blocks.extend(ready_block(block, delay) for block in answers.ADVICE)
    if scenario.long:
        blocks.append(long_block(scenario.long))
    elif pieces:
        blocks.append(text_block(pieces, delay))
    blocks.extend(ready_block(block, delay) for block in hop.closing)
    thought = len(hop.thinking or "") // 4
    written = (scenario.long * 2 or sum(map(len, pieces)) // 4) + 12 * (len(hop.blocks) + len(hop.closing))
    return _Played(model, hop, blocks, stop_reason, stop_sequence, written + thought + bool(blocks), thought)


def _assemble(ask: ValidRequest, played: list[_Played]) -> PlayedAnswer:
    """Blocks in order, with a `fallback` block wherever one model gave way to the next."""
    last = played[-1]
    spoke_first = next((part.model for part in played if part.blocks), last.model) if ask.stream else last.model
    answer = PlayedAnswer(spoke_first, last.model, stop_reason=last.stop_reason, stop_sequence=last.stop_sequence)
    for part, following in zip(played, [*played[1:], None], strict=True):
        if following is None or ask.stream:
            answer.blocks.extend(part.blocks)
        if following is not None:
            trigger = {"type": "refusal", "category": part.hop.category}
            handed = {"from": {"model": part.model}, "to": {"model": following.model}, "trigger": trigger}
            answer.blocks.append(ready_block({"type": "fallback", **handed}))
    return answer


def _refuse(answer: PlayedAnswer, ask: ValidRequest, last: _Played, mint: Mint, unreachable: str | None) -> None:
    hop = last.hop
    details: Json = {"type": "refusal", "category": hop.category, "explanation": hop.explanation}
    credited = ask.has_beta(CREDIT)
    if credited or ask.has_beta(SERVER_FALLBACK):
        recommended = unreachable or (ask.chain[1] if hop.recommends and len(ask.chain) > 1 else None)
        details["recommended_model"] = recommended
    if credited:
        content = [*(ask.continuation or []), *(block.whole for block in last.blocks)]
        details["fallback_credit_token"] = mint(hop, content) if hop.credit else None
        if hop.credit:
            details["fallback_has_prefill_claim"] = hop.claim and bool(content)
    answer.stop_reason, answer.stop_details = "refusal", details


def _account(
    answer: PlayedAnswer,
    ask: ValidRequest,
    scenario: Scenario,
    played: list[_Played],
    credit: Json | None,
    sent: PromptTokens,
) -> None:
    last = played[-1]
    kind = "fallback_message" if scenario.sticky else "message"
    counted = [
        {
            "type": kind if number == 0 else "fallback_message",
            "model": part.model,
            **_tokens(sent, part.output_tokens),
        }
        for number, part in enumerate(played)
    ]
    if scenario.advisor:
        advised = {
            "type": "advisor_message",
            "model": "claude-opus-5",
            **_tokens(PromptTokens(ask.prompt_tokens + 40), 61),
        }
        counted = [counted[0] | {"output_tokens": 18}, advised, counted[0]]
    if last.stop_reason == "compaction":
        counted = [{"type": "compaction", **_tokens(sent, 64)}]
    answer.usage = {
        **_tokens(sent, last.output_tokens),
        "output_tokens_details": {"thinking_tokens": last.thinking_tokens},
        "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
        "service_tier": "standard",
        "speed": ask.body.get("speed") or "standard",
        "inference_geo": "global",
    }
    if len(counted) > 1 or scenario.sticky or last.stop_reason == "compaction" or ask.has_beta(SERVER_FALLBACK):
        answer.extra_usage["iterations"] = counted
    if credit is not None:
        answer.extra_usage["fallback_credit"] = {"status": credit}


def _rename(answer: PlayedAnswer, ask: ValidRequest, scenario: Scenario, served: str) -> None:
    if scenario.reports == "":
        answer.named_first = answer.named = None
    elif scenario.reports is not None:
        answer.named_first = answer.named = fill(scenario.reports, ask, served)
    answer.fields = {key: fill(value, ask, served) for key, value in scenario.fields}


def fill(template: str, ask: ValidRequest, served: str = "") -> str:
    """`template` with the names of models in the place of `{requested}`, `{fallback}`, `{served}` and `{slashed}`."""
    slashed = "anthropic/" + re.sub(r"-(\d)-(\d)$", r"-\1.\2", ask.model)
    fallback = ask.chain[1] if len(ask.chain) > 1 else ask.model
    for key, value in (("requested", ask.model), ("fallback", fallback), ("served", served), ("slashed", slashed)):
        template = template.replace(f"{{{key}}}", value)
    return template


def _text(scenario: Scenario, ask: ValidRequest, model: str, hop: PlayedHop, continuing: bool) -> str:
    if hop.text is None and hop.declines:
        return ""
    template = hop.text if hop.text is not None else ("{rest}" if continuing else "{opening}{rest}")
    schema = ((ask.body.get("output_config") or {}).get("format") or {}).get("schema")
    speaker = _speaker(scenario, ask, model)
    values = {
        "opening": lambda: answers.opening(speaker),
        "rest": lambda: answers.rest(speaker),
        "model": lambda: model,
        "schema": lambda: answers.fitting(schema),
        "question": lambda: ask.question,
        "picks": lambda: picks.answer(scenario.pick_settings, model, ask.question, ask.session, ask.number),
    }
    # One pass, so that nothing is replaced in what was put in.
    return re.sub(r"\{(opening|rest|model|schema|question|picks)\}", lambda found: values[found[1]](), template)


def _speaker(scenario: Scenario, ask: ValidRequest, model: str) -> str:
    """The model that the text names as its writer: the one that the answer declares, so that both say the same."""
    said = scenario.reports if scenario.speaker is None else scenario.speaker
    return model if said is None or len(scenario.hops) > 1 else fill(said, ask, model)


def _limited(ask: ValidRequest, pieces: tuple[str, ...], stop_reason: str) -> tuple[tuple[str, ...], str, str | None]:
    """What `max_tokens` (a word counts as one) and `stop_sequences` leave of the pieces, with the stop reason and the
    stop sequence that was found."""
    text = "".join(pieces)
    found = [(text.find(stop), stop) for stop in ask.body.get("stop_sequences") or [] if stop in text]
    if found:
        at, stop = min(found)
        return tuple(pieces_of(text[:at])), "stop_sequence", stop
    words = re.findall(r"\S+\s*|^\s+", text)
    limit = int(ask.body.get("max_tokens", 64_000))
    if len(words) > limit or limit == 0:
        return tuple(pieces_of("".join(words[:limit]).rstrip())), "max_tokens", None
    return pieces, stop_reason, None


def _tokens(sent: PromptTokens, written: int) -> Json:
    return {**sent.as_usage(), "output_tokens": written}
