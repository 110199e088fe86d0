"""Write a history of N exchanges of about 1 KB: `python make_history.py FILE [N]`."""

import random
import sys
import time
from pathlib import Path

from avow.exchange.exchange import Exchange, Question, Reply, Status, timestamp
from avow.exit_codes import ExitCode
from avow.history.store import History
from avow.routing.verdict import Evidence, Hop, Outcome, Routing, Segment, Verdict

MODELS = ("claude-fable-5-2", "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5")
CATEGORIES = ("cyber", "bio", "frontier_llm", "reasoning_extraction", None)
START = 1_700_000_000
YEARS_IN_SECONDS = 3 * 365 * 86_400
NEEDLE_EVERY = 50_000
NEEDLE = "haystackneedle"
WORDS_PER_ANSWER = 140
WORDS_PER_PROMPT = 15
_BATCH = 5_000


def main() -> None:
    path, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    started = time.perf_counter()
    fill(path, count)
    seconds = time.perf_counter() - started
    print(f"{count} exchanges in {seconds:.0f} s, {path.stat().st_size / 1e6:.0f} MB")


def fill(path: Path, count: int, *, seed: int = 1) -> None:
    """Add `count` exchanges, spread evenly over three years; the same ones for the same seed."""
    dice = random.Random(seed)
    with History.open(path) as history:
        for first in range(0, count, _BATCH):
            history.add([make(dice, n, count) for n in range(first, min(first + _BATCH, count))])


def make(dice: random.Random, n: int, count: int) -> Exchange:
    """The nth of `count` exchanges: one in twenty rerouted, one in fifty declined, words by Zipf's law."""
    requested = dice.choices(MODELS, (60, 20, 15, 5))[0]
    seconds = START + n * YEARS_IN_SECONDS / count
    prompt, text = _words(dice, WORDS_PER_PROMPT), _words(dice, WORDS_PER_ANSWER)
    if n % NEEDLE_EVERY == NEEDLE_EVERY // 2:
        text += f" {NEEDLE}"
    routing, status = _routing(dice, requested, text)
    identifier = f"{int(seconds * 1000):012x}{dice.getrandbits(80):020x}"
    return Exchange(
        id=f"{identifier[:8]}-{identifier[8:12]}-7{identifier[13:16]}-a{identifier[17:20]}-{identifier[20:]}",
        conversation_id=f"conversation-{n // 3:012d}",
        created_at=timestamp(seconds),
        requested_model=requested,
        sent_model=requested,
        status=status,
        routing=routing,
        exit_code=ExitCode.OK,
        question=Question(prompt, user_content=({"type": "text", "text": prompt},)),
        reply=Reply(
            content=({"type": "text", "text": routing.text},) if routing.segments else (),
            stop_reason="end_turn" if routing.segments else "refusal",
            usage={"input_tokens": 40, "output_tokens": 210},
            cost_usd=0.01,
            cost_floor_usd=0.01,
            first_token_ms=dice.randint(200, 4_000),
            total_ms=dice.randint(4_000, 60_000),
            request_id=f"req_{n:012d}",
            message_id=f"msg_{n:012d}",
        ),
        base_url="https://api.anthropic.com",
        session=f"session-{n // 50}",
    )


def _routing(dice: random.Random, requested: str, text: str) -> tuple[Routing, Status]:
    chance, usage = dice.random(), {"input_tokens": dice.randint(10, 400), "output_tokens": dice.randint(10, 900)}
    weak = Evidence("model", requested, "weak")
    served = Hop(requested, Outcome.SERVED, usage=usage, cost_usd=0.01)
    if chance < 0.93:
        return Routing(
            Verdict.AS_REQUESTED, requested, hops=(served,), evidence=(weak,), segments=(Segment(requested, text),)
        ), Status.COMPLETE
    category = dice.choice(CATEGORIES)
    declined = Hop(requested, Outcome.DECLINED, category=category, usage=usage)
    strong = Evidence("usage.iterations[1].type", "fallback_message", "strong")
    if chance < 0.98:
        other = Hop("claude-opus-4-8", Outcome.SERVED, usage=usage, cost_usd=0.01)
        return Routing(
            Verdict.FALLBACK,
            "claude-opus-4-8",
            category,
            hops=(declined, other),
            evidence=(strong, weak),
            segments=(Segment("claude-opus-4-8", text),),
        ), Status.COMPLETE
    return Routing(Verdict.REFUSED, None, category, hops=(declined,), evidence=(strong,)), Status.REFUSED


def _words(dice: random.Random, number: int) -> str:
    return " ".join(f"w{int(20_000 ** dice.random()):05d}" for _ in range(number))


if __name__ == "__main__":
    main()
