"""Plain words for what is not as requested."""

import pytest

from avow.exchange.exchange import Exchange, Status
from avow.routing.verdict import Hop, Outcome, Pin, Routing, Verdict
from avow.terminal.notices import MOST_PHRASES
from avow.terminal.words import CATEGORIES, AdviceContext, explain, meaning, vouching_line
from tests.changing import changed
from tests.terminal import samples
from tests.terminal.samples import FABLE, OPUS, exchange, judged, message

PINNED = exchange(
    routing=Routing(
        verdict=Verdict.FALLBACK,
        served_model=OPUS,
        pin=Pin(OPUS, 3),
    )
)
RECOMMENDED = judged(
    message(
        text="",
        stop_reason="refusal",
        stop_details={"category": "bio", "explanation": "Not this.", "recommended_model": OPUS},
    ),
    status=Status.REFUSED,
)


@pytest.mark.parametrize(
    ("finished", "title", "fact", "step"),
    [
        (samples.FELL_BACK, "another model answered", f"{OPUS} answered", f"avow retry 12 -m {FABLE}"),
        (samples.FELL_BACK, "another model answered", "language models", "Rephrase"),
        (samples.HANDED_OVER, "another model answered", f"by {FABLE}, then by {OPUS}", "--fallback none"),
        (samples.STICKY, "another model answered", "about an hour", f"avow retry 12 -m {FABLE}"),
        (PINNED, "another model answered", "since turn 3", f"avow -c -m {FABLE}"),
        (samples.REFUSED, "no model answered", "reason is unknown", "avow retry 12 -m MODEL"),
        (RECOMMENDED, "no model answered", "Not this.", f"avow retry 12 -m {OPUS}"),
        (samples.SUBSTITUTED, "nothing says why", "gives no reason", f"avow retry 12 -m {FABLE}"),
        (samples.UNNAMED, "cannot tell which model", "does not name the model", "avow why 12"),
        (
            samples.UNKNOWN_NAME,
            "cannot tell which model",
            "prod-claude",
            """avow config set 'same_models."prod-claude"' '["claude-fable-5"]'""",
        ),
        (samples.CUT, "incomplete", "avow history show 12", f"avow retry 12 -m {FABLE}"),
        (exchange(status=Status.TRUNCATED, stop_reason="max_tokens"), "cut short", "max_tokens", "--max-tokens"),
        (
            exchange(status=Status.TRUNCATED, stop_reason="model_context_window_exceeded"),
            "cut short",
            "context window is full",
            "larger context",
        ),
        (samples.FELL_BACK._replace(withheld=True), "another model", "avow history show 12", "avow why 12"),
    ],
)
def test_what_happened_and_what_to_do(finished: Exchange, title: str, fact: str, step: str) -> None:
    account = explain(finished)
    assert account is not None
    assert title in account.title
    assert any(fact in said for said in account.facts)
    assert any(step in advice for advice in account.advice)


@pytest.mark.parametrize("finished", [exchange(), samples.FAILED], ids=["as-requested", "failed"])
def test_nothing_where_there_is_nothing_to_explain(finished: Exchange) -> None:
    assert explain(finished) is None


def test_several_things_at_once() -> None:
    account = explain(changed(samples.FELL_BACK, status=Status.TRUNCATED, stop_reason="max_tokens"))
    assert account is not None
    assert account.title == "another model answered (fallback); the answer was cut short"


@pytest.mark.parametrize(
    "finished",
    [
        samples.FELL_BACK,
        samples.STICKY,
        samples.REFUSED,
        samples.SUBSTITUTED,
        samples.CUT,
        exchange(status=Status.TRUNCATED, stop_reason="max_tokens"),
        exchange(status=Status.TRUNCATED, stop_reason="model_context_window_exceeded"),
    ],
    ids=["fell-back", "sticky", "refused", "substituted", "cut", "max-tokens", "context"],
)
def test_the_advice_can_be_followed_where_it_is_read(finished: Exchange) -> None:
    demo = explain(finished._replace(simulated=True), AdviceContext(simulate="cut_short"))
    chat = explain(finished, AdviceContext(in_chat=True))
    assert demo is not None
    assert chat is not None
    asking = [step for step in demo.advice if "avow retry" in step or "avow -" in step]
    assert all("--simulate cut_short" in step for step in asking)
    assert not any(word in step for step in chat.advice for word in (": avow", "--"))
    assert chat.advice[-1] == "How this was routed: /why"
    assert len(set(chat.advice)) == len(chat.advice)


def test_each_has_a_verdict_and_no_advice_twice() -> None:
    short = exchange(status=Status.TRUNCATED, stop_reason="max_tokens")
    broken = changed(samples.FELL_BACK, status=Status.INCOMPLETE)
    for finished in (
        samples.FELL_BACK,
        samples.REFUSED,
        samples.SUBSTITUTED,
        samples.UNNAMED,
        samples.CUT,
        short,
        broken,
    ):
        account = explain(finished)
        assert account is not None
        assert f"({finished.verdict})" in account.title
        assert sum("avow retry" in step for step in account.advice) <= 1
        assert not any(said.lower().startswith(account.title.split(" (")[0]) for said in account.facts)


def test_a_text_that_was_not_shown_is_not_above() -> None:
    routing = samples.REFUSED.routing
    account = explain(samples.REFUSED._replace(routing=routing._replace(withdrawn_text="It"), withheld=True))
    assert account is not None
    assert "It had begun to answer; that text was withdrawn. Do not use it." in account.facts
    assert "The text that was withdrawn is not shown (--hold); avow history show 12 has it." in account.facts


def test_a_name_that_is_the_requested_one_is_not_said_to_be_another() -> None:
    routing = Routing(verdict=Verdict.UNVERIFIED, served_model=FABLE)
    account = explain(exchange(routing=routing))
    assert account is not None
    assert account.facts[1] == "The response names it, but its other evidence leaves that open."


@pytest.mark.parametrize(
    ("finished", "here", "advice"),
    [
        (
            samples.FELL_BACK,
            AdviceContext(),
            (
                f"Rephrase the question, or ask {FABLE} again: avow retry 12 -m {FABLE}",
                "Get no answer instead of another model's: --fallback none",
                "How this was routed: avow why 12",
            ),
        ),
        (
            samples.FELL_BACK,
            AdviceContext(in_chat=True),
            (f"Rephrase the question, or ask {FABLE} again: /retry", "How this was routed: /why"),
        ),
        (
            samples.SUBSTITUTED,
            AdviceContext(),
            (f"Ask {FABLE} again: avow retry 12 -m {FABLE}", "How this was routed: avow why 12"),
        ),
        (
            samples.REFUSED,
            AdviceContext(),
            (
                "Rephrase the question; sent again as it is, it will most likely be declined again.",
                "Ask another model: avow retry 12 -m MODEL",
                "How this was routed: avow why 12",
            ),
        ),
    ],
    ids=["fell back", "in a chat", "substituted", "refused"],
)
def test_all_that_is_advised(finished: Exchange, here: AdviceContext, advice: tuple[str, ...]) -> None:
    account = explain(finished, here)
    assert account is not None
    assert tuple(account.advice) == advice


def test_who_is_recommended_and_the_way_back() -> None:
    fact = f"The API recommends {OPUS}, which was not available at that moment."
    for finished, says in ((RECOMMENDED, True), (samples.REFUSED, False)):
        account = explain(finished)
        assert account is not None
        assert (fact in account.facts) is says
        assert not any("recommends  " in said or "recommends ," in said for said in account.facts)
    for here, step in ((AdviceContext(), f"avow -c -m {FABLE} …"), (AdviceContext(in_chat=True), f"/model {FABLE}")):
        account = explain(PINNED, here)
        assert account is not None
        assert account.advice[0] == f"Go back to {FABLE} with your next question: {step}"


@pytest.mark.parametrize(("more", "said"), [(0, None), (1, "1 more declined."), (1200, "1,200 more declined.")])
def test_of_many_that_declined_the_first_are_named(more: int, said: str | None) -> None:
    hops = tuple(Hop(f"model-{number}", Outcome.DECLINED, "bio") for number in range(MOST_PHRASES + more))
    account = explain(samples.REFUSED._replace(routing=samples.REFUSED.routing._replace(hops=hops)))
    assert account is not None
    declined = [fact for fact in account.facts if " declined" in fact]
    assert declined[0] == f"model-0 declined (bio): {CATEGORIES['bio']}"
    assert declined[1:MOST_PHRASES] == [f"model-{number} declined (bio)." for number in range(1, MOST_PHRASES)]
    assert declined[MOST_PHRASES:] == ([said] if said else [])


@pytest.mark.parametrize(
    ("reason", "fact", "advice"),
    [
        (
            "max_tokens",
            "The answer stopped because it reached the limit of --max-tokens (max_tokens).",
            ["Allow a longer answer: --max-tokens N", 'Or let the model continue: avow -c "continue"'],
        ),
        ("model_context_window_exceeded", None, ["Send less text, or ask a model with a larger context: avow models"]),
        ("length", "The answer stopped before it was complete (length).", []),
    ],
)
def test_what_to_do_about_an_answer_that_was_cut_short(reason: str, fact: str | None, advice: list[str]) -> None:
    account = explain(exchange(status=Status.TRUNCATED, stop_reason=reason))
    assert account is not None
    assert fact is None or account.facts[0] == fact
    assert list(account.advice[: len(advice)]) == advice
    assert len(account.advice) == len(advice) + 1


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("max_tokens", ["Let the model continue: ask it to"]),
        (
            "model_context_window_exceeded",
            ["Begin a new conversation: /new", "Or ask a model with a larger context: /model MODEL"],
        ),
        ("length", []),
    ],
)
def test_what_to_do_about_it_in_a_chat(reason: str, advice: list[str]) -> None:
    account = explain(exchange(status=Status.TRUNCATED, stop_reason=reason), AdviceContext(in_chat=True))
    assert account is not None
    assert list(account.advice[: len(advice)]) == advice
    assert len(account.advice) == len(advice) + 1


def test_an_interrupted_answer_is_explained_where_another_model_gave_it() -> None:
    account = explain(samples.FELL_BACK._replace(status=Status.INTERRUPTED))
    assert account is not None
    assert account.title == "another model answered (fallback); interrupted"
    assert "Interrupted; to see what is kept: avow history show 12" in account.facts
    assert explain(exchange(status=Status.INTERRUPTED)) is None


def test_a_sticky_fallback_is_not_just_asked_again() -> None:
    account = explain(samples.STICKY)
    assert account is not None
    assert account.advice[0] == (
        f"Begin the prompt in another way, or ask {FABLE} again in an hour: avow retry 12 -m {FABLE}"
    )


def test_without_a_history_no_command_needs_one() -> None:
    for finished in (samples.FELL_BACK, samples.REFUSED, samples.SUBSTITUTED, samples.CUT):
        account = explain(finished._replace(number=None))
        assert account is not None
        assert not any(word in step for step in (*account.facts, *account.advice) for word in ("retry", "why", "show"))


def test_no_more_is_claimed_than_the_response_says() -> None:
    texts = [*CATEGORIES.values(), meaning(None), meaning("something_new")]
    for finished in (samples.FELL_BACK, samples.HANDED_OVER, samples.STICKY, samples.REFUSED, samples.SUBSTITUTED):
        account = explain(finished)
        assert account is not None
        texts += [account.title, *account.facts, *account.advice]
    for text in texts:
        for claim in ("account", "flagged", "capable", "downgrade", "violat", "policy"):
            assert claim not in text.lower()


def test_a_category_explained_once_is_not_explained_again() -> None:
    twice = judged(
        message(
            "claude-opus-5",
            content=[
                samples.handover(FABLE, OPUS, "bio"),
                samples.handover(OPUS, "claude-opus-5", "bio"),
                {"type": "text", "text": "x"},
            ],
        )
    )
    account = explain(twice)
    assert account is not None
    assert sum(CATEGORIES["bio"] in fact for fact in account.facts) == 1


def test_the_command_that_vouches_is_right_whatever_the_names() -> None:
    import shlex
    import tomllib

    odd = exchange(requested_model='my "model"', routing=Routing(verdict=Verdict.UNVERIFIED, served_model="a\\b"))
    line = vouching_line(odd)
    assert line is not None
    *command, key, value = shlex.split(line)
    assert command == ["avow", "config", "set"]
    assert tomllib.loads(f"{key} = {value}") == {"same_models": {"a\\b": ['my "model"']}}
    assert vouching_line(samples.UNNAMED) is None
    assert vouching_line(samples.SUBSTITUTED) is None
    look_alike = "claude-hai\N{KELVIN SIGN}u-5"
    seeming = exchange(requested_model="claude-haiku-5", routing=Routing(Verdict.UNVERIFIED, look_alike))
    assert vouching_line(seeming) is None
    account = explain(seeming)
    assert account is not None
    assert account.facts[-1].endswith("has characters that may only look like others: U+212A.")
    assert not any("config set" in step for step in account.advice)
