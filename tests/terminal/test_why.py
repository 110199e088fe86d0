"""The account of how an exchange was routed."""

import pytest

from avow.exchange.exchange import Exchange
from avow.routing.verdict import Hop, Outcome
from avow.terminal.facts import Facts
from avow.terminal.why import why
from avow.text.local_time import SECONDS, local
from tests.changing import changed
from tests.terminal import samples
from tests.terminal.samples import FABLE, HOSTILE, OPUS, exchange

PIPE = Facts()
CASES = {
    "as-requested": exchange(),
    "fallback": samples.FELL_BACK,
    "handover": samples.HANDED_OVER,
    "sticky": samples.STICKY,
    "refused": samples.REFUSED,
    "substituted": samples.SUBSTITUTED,
    "unnamed": samples.UNNAMED,
    "cut": samples.CUT,
    "failed": samples.FAILED,
}


@pytest.mark.parametrize("finished", CASES.values(), ids=CASES.keys())
def test_it_says_what_was_asked_who_answered_and_how_that_is_known(finished: Exchange) -> None:
    text = why(finished, PIPE)
    for part in (
        f"Exchange 12, {local(finished.created_at, SECONDS)}",
        f"Asked: {FABLE}",
        "Hops\n",
        "Evidence\n",
        "Status: ",
    ):
        assert part in text
    assert text.endswith("\n")


def test_the_whole_page() -> None:
    assert (
        why(samples.FELL_BACK, PIPE)
        == f"""\
Exchange 12, {local(samples.FELL_BACK.created_at, SECONDS)}
Prompt: Why?

Verdict: fallback (a declared fallback model wrote the answer or part of it)
Status: complete, exit status 10
Asked: claude-fable-5
Answered: claude-opus-4-8
Reason: claude-fable-5 declined: frontier_llm

Hops
  1. claude-fable-5: declined (frontier_llm): the request was classified as work on large language models themselves.
     10 tokens in, 0 out; cost not known
  2. claude-opus-4-8: served
     10 tokens in, 20 out; cost not known

Evidence
  strong  usage.iterations[1].type = "fallback_message"
  strong  content[0].to.model = "claude-opus-4-8"
  strong  usage.iterations[1].model = "claude-opus-4-8"
  strong  model = "claude-opus-4-8"

The API itself answered: the name is its own, and enough while no other evidence contradicts it.

Time: first token after 412 ms, 3,120 ms in all
Cost: $0.0012, at list prices
Fallback: default, by the API
Asked at: https://api.anthropic.com
Ids: request req_1, message msg_1
"""
    )


def test_the_page_of_a_conversation_that_was_moved_at_a_gateway() -> None:
    sent = samples.STICKY._replace(sent_model="other", fallback_policy=(OPUS, "x"), fallback_by="client", number=13)
    earlier = samples.FELL_BACK._replace(number=7, created_at="2026-11-23T16:30:00.000Z")
    moved = changed(sent, base_url="https://gateway.example", cost_usd=None, cost_floor_usd=None, retries=2)
    lines = why(moved, PIPE, earlier=earlier).splitlines()
    assert lines[3:9] == [
        "Verdict: fallback (a declared fallback model wrote the answer or part of it)",
        "Status: complete, exit status 10",
        "Asked: claude-fable-5; sent to other",
        "Answered: claude-opus-4-8",
        "Reason: sticky: no decline in this response",
        f"Before that: exchange 7, {local(earlier.created_at, SECONDS)} (claude-fable-5 declined: frontier_llm)",
    ]
    assert lines[10:13] == [
        "Hops",
        "  1. claude-opus-4-8: served",
        "     tokens not known; cost not known",
    ]
    assert lines[-8:] == [
        "gateway.example is not the API's own host and may rewrite names; there `model` may repeat the request or be a "
        "gateway's own name, so it is weak evidence on its own.",
        "Other evidence: usage.iterations[0].type, usage.iterations[0].model, model.",
        "",
        "Time: first token after 412 ms, 3,120 ms in all, 2 retries",
        "Cost: not known",
        "Fallback: claude-opus-4-8, x, by avow",
        "Asked at: https://gateway.example",
        "Ids: request req_1, message msg_1",
    ]


def test_the_page_of_a_refusal_s_credit_with_the_simulator() -> None:
    redeemed = {"fallback_credit": {"status": {"type": "redeemed"}}}
    expired = {"fallback_credit": {"status": {"type": "not_redeemed", "reason": "expired"}}}
    hops = (
        Hop(FABLE, Outcome.DECLINED),
        Hop(OPUS, Outcome.SERVED, usage=redeemed),
        Hop(None, Outcome.SERVED, usage=expired),
    )
    routing = samples.FELL_BACK.routing._replace(
        hops=hops, explanation="They say so.", recommended_model="claude-x", evidence=()
    )
    shown = changed(samples.FELL_BACK, routing=routing, simulated=True, fallback_policy="none", source="proxy")
    text = why(changed(shown, retries=1, first_token_ms=None, request_id=None), PIPE)
    for line in (
        f"Exchange 12, {local(shown.created_at, SECONDS)}, simulated: answered by the built-in simulator, from proxy",
        "The API explains: They say so.",
        "The API recommends: claude-x",
        "     tokens not known; cost not known; the refusal's credit was redeemed",
        "  3. an unnamed model: served",
        "     tokens not known; cost not known; the refusal's credit: not_redeemed (expired)",
        "  none",
        "Time: 3,120 ms in all, 1 retry",
        "Fallback: none",
        "Ids: message msg_1",
    ):
        assert line in text.splitlines()
    assert "Asked at" not in text


def test_hops_with_tokens_and_prices() -> None:
    text = why(samples.FELL_BACK, PIPE)
    assert "  1. claude-fable-5: declined (frontier_llm): the request was classified" in text
    assert "     10 tokens in, 0 out; cost not known\n" in text
    assert "  2. claude-opus-4-8: served\n     10 tokens in, 20 out; cost" in text
    assert '  strong  usage.iterations[1].type = "fallback_message"\n' in text
    assert "Verdict: fallback (" in text
    assert "Reason: claude-fable-5 declined: frontier_llm\n" in text
    assert "Time: first token after 412 ms, 3,120 ms in all\n" in text
    assert "Ids: request req_1, message msg_1\n" in text


def test_nobody_answered() -> None:
    text = why(samples.REFUSED, PIPE)
    assert "Answered: nobody\n" in text
    assert "no category given" in text
    assert "Answered: not known\n" in why(samples.UNNAMED, PIPE)
    assert "  unknown\n" in why(samples.FAILED, PIPE)
    assert "Error: the API is overloaded (529) (request req_1)\n" in why(samples.FAILED, PIPE)


@pytest.mark.parametrize(
    ("base_url", "simulated", "words"),
    [
        ("https://api.anthropic.com", False, "The API itself answered"),
        ("https://gateway.example:8443/v1", False, "gateway.example is not the API's own host and may rewrite names"),
        ("https://gateway.example", False, "No other evidence supports the name."),
        ("https://x.services.ai.azure.com", False, "is the name of a deployment"),
        ("https://openrouter.ai/api", False, "according to its documentation"),
        ("http://127.0.0.1:9", True, "The simulator answered"),
    ],
)
def test_what_a_name_is_worth_there(base_url: str, simulated: bool, words: str) -> None:
    assert words in why(exchange(base_url=base_url, simulated=simulated), PIPE)


def test_what_the_user_vouches_for() -> None:
    assert "claude-fable-5 stands for my-model" in why(exchange(), PIPE, same_models={FABLE: ["my-model"]})
    assert "vouches" not in why(exchange(), PIPE, same_models={"other": ["my-model"]})
    sent = exchange(sent_model="my-model")
    assert f"Your config vouches that my-model stands for {FABLE}, x." in why(
        sent, PIPE, same_models={"my-model": [FABLE, "x"]}
    )
    assert """avow config set 'same_models."prod-claude"' '["claude-fable-5"]'""" in why(samples.UNKNOWN_NAME, PIPE)


def test_a_gateway_that_does_not_take_the_field_is_named() -> None:
    said = (
        "OpenRouter takes `fallbacks` for a setting of its own and does not pass it on; "
        "`--fallback-by client` works there."
    )
    asked = exchange(base_url="https://openrouter.ai/api", params={"fallbacks": [{"model": OPUS}]})
    assert said in why(asked, PIPE).splitlines()
    assert said not in why(exchange(base_url="https://openrouter.ai/api"), PIPE)


def test_an_earlier_decline_explains_a_sticky_turn() -> None:
    earlier = samples.FELL_BACK._replace(number=7, created_at="2026-11-23T16:30:00.000Z")
    assert f"exchange 7, {local(earlier.created_at, SECONDS)} (claude-fable-5 declined: frontier_llm)" in why(
        samples.STICKY, PIPE, earlier=earlier
    )
    later = earlier._replace(created_at="2026-11-23T18:00:00.000Z")
    assert "exchange 7" not in why(samples.STICKY, PIPE, earlier=later)
    assert "exchange 7" not in why(samples.FELL_BACK, PIPE, earlier=earlier)


@pytest.mark.parametrize("width", [20, 40, 80])
def test_it_is_wrapped_on_a_terminal_and_only_there(width: int) -> None:
    long = changed(samples.FELL_BACK, prompt="many words " * 100)
    shown = why(long, Facts(is_terminal=True, width=width))
    assert max(len(line) for line in shown.splitlines()) <= width + 30 * (width < 40)
    piped = why(long, Facts(width=width))
    assert sum(line.startswith("Prompt: ") for line in piped.splitlines()) == 1
    assert max(len(line) for line in piped.splitlines()) > 200


def test_nothing_from_outside_acts() -> None:
    hostile = changed(
        samples.FELL_BACK,
        prompt=HOSTILE,
        requested_model=HOSTILE,
        sent_model=HOSTILE,
        source=HOSTILE,
        base_url="https://gateway.example",
        routing=samples.FELL_BACK.routing._replace(
            served_model=HOSTILE,
            explanation=HOSTILE,
            recommended_model=HOSTILE,
            hops=tuple(hop._replace(model=HOSTILE, category=HOSTILE) for hop in samples.FELL_BACK.routing.hops),
            evidence=tuple(
                e._replace(field=HOSTILE, value={HOSTILE: HOSTILE}) for e in samples.FELL_BACK.routing.evidence
            ),
        ),
    )
    for facts in (PIPE, Facts(is_terminal=True)):
        assert all(line.isprintable() for line in why(hostile, facts).splitlines())


def test_one_who_was_skipped_is_told_why() -> None:
    from avow.errors import Failure

    hops = (Hop(OPUS, Outcome.SKIPPED), Hop(FABLE, Outcome.SKIPPED, error=Failure("overloaded_error", 529, "busy")))
    text = why(exchange(routing=exchange().routing._replace(hops=hops)), PIPE)
    assert "1. claude-opus-4-8: skipped: it was not available" in text
    assert "2. claude-fable-5: skipped: overloaded_error: busy" in text
