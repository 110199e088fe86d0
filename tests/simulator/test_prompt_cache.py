"""The simulator's prompt cache: what is written at a mark, what is read again, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.simulator.prompt_cache import PromptCache, PromptTokens, complaints
from avow.simulator.server import Simulator
from avow.simulator.valid_request import ValidRequest
from tests.simulator.conftest import FALLBACK, MODEL

Json = dict[str, Any]
Start = Callable[..., Simulator]
BIG = "word " * 2000
MARK: Json = {"type": "ephemeral"}
HOUR: Json = {"type": "ephemeral", "ttl": "1h"}


def block(text: str = BIG, mark: Json | None = None) -> Json:
    return {"type": "text", "text": text, **({"cache_control": mark} if mark else {})}


def body(*content: Json, **more: object) -> Json:
    return {"model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": list(content)}], **more}


class Hours:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def used(cache: PromptCache, asked: Json, model: str = MODEL) -> PromptTokens:
    found = cache.use(ValidRequest(asked, frozenset()), model)
    assert found.rest + found.read + found.short + found.long == ValidRequest(asked, frozenset()).prompt_tokens
    return found


def test_what_stands_before_a_mark_is_written_then_read() -> None:
    cache = PromptCache()
    first = used(cache, body(block(mark=MARK), block("one")))
    again = used(cache, body(block(mark=MARK), block("and two")))
    assert (first.read, first.long, first.short > 2000) == (0, 0, True)
    assert (again.read, again.short) == (first.short, 0)


def test_without_a_mark_nothing_is_written_or_read() -> None:
    cache = PromptCache()
    used(cache, body(block(mark=MARK)))
    assert used(cache, body(block())).read == 0


def test_a_mark_at_the_end_goes_forward() -> None:
    cache = PromptCache()
    first = used(cache, body(block(), block("one", MARK)))
    second = used(cache, body(block(), block("one"), block("two" * 400, MARK)))
    assert second.read == first.short > 0
    assert second.short > 0


def test_the_mark_of_the_body_is_one_at_the_end() -> None:
    cache = PromptCache()
    first = used(cache, body(block(), cache_control=MARK))
    assert used(cache, body(block(mark=MARK))).read == first.short > 0


@pytest.mark.parametrize(("blocks", "is_read"), [(19, True), (20, False)])
def test_a_mark_looks_back_twenty_blocks(blocks: int, is_read: bool) -> None:
    cache = PromptCache()
    used(cache, body(block(mark=MARK)))
    small = [block("a") for _ in range(blocks - 1)]
    assert bool(used(cache, body(block(), *small, block("b", MARK))).read) is is_read


@pytest.mark.parametrize(("mark", "seconds"), [(MARK, 300), (HOUR, 3600)])
def test_a_lifetime_begins_again_with_each_use(mark: Json, seconds: float) -> None:
    clock = Hours()
    cache = PromptCache(clock)
    first = used(cache, body(block(mark=mark)))
    assert (first.short, first.long) == ((0, first.long) if mark is HOUR else (first.short, 0))
    for _ in range(2):
        clock.now += seconds - 1
        assert used(cache, body(block(mark=mark))).read > 0
    clock.now += seconds + 1
    assert used(cache, body(block(mark=mark))).read == 0


@pytest.mark.parametrize(
    "other",
    [
        body(block(mark=MARK), model="claude-opus-5"),
        body(block(mark=MARK), system="be brief"),
        body(block(mark=MARK), speed="fast"),
        body(block(mark=MARK), output_config={"effort": "low"}),
        body(block(mark=MARK), thinking={"type": "adaptive"}),
        body(block(mark=MARK), tools=[{"name": "a", "input_schema": {}}]),
        body(block(f"x{BIG}", MARK)),
    ],
)
def test_another_prefix_is_not_read(other: Json) -> None:
    cache = PromptCache()
    used(cache, body(block(mark=MARK)))
    assert used(cache, other, other["model"]).read == 0


@pytest.mark.parametrize(("model", "tokens", "is_kept"), [(MODEL, 600, True), ("claude-opus-4-7", 600, False)])
def test_what_is_too_short_is_not_kept(model: str, tokens: int, is_kept: bool) -> None:
    cache = PromptCache()
    assert bool(used(cache, body(block("abcd" * tokens, MARK)), model).short) is is_kept


def test_an_hour_and_five_minutes_in_one_prompt() -> None:
    found = used(PromptCache(), body(block(mark=HOUR), block(mark=MARK)))
    assert found.as_usage()["cache_creation"] == {
        "ephemeral_5m_input_tokens": found.short,
        "ephemeral_1h_input_tokens": found.long,
    }
    assert min(found.short, found.long) > 1000


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (body(block(mark=MARK), block(mark=MARK), system=[block(mark=HOUR)]), None),
        (body(*[block(mark=MARK)] * 5), "A maximum of 4 blocks with cache_control may be provided. Found 5."),
        (body(*[block(mark=MARK)] * 4, cache_control=MARK), "Found 5."),
        (body(block(mark={"type": "ephemeral", "ttl": "2h"})), "Input should be '5m' or '1h'"),
        (body(block(mark={"type": "lasting"})), "messages.0.content.0.cache_control.type"),
        (body(block(mark={**MARK, "scope": "all"})), "ephemeral.scope: Extra inputs"),
        (body(block(mark=MARK), block(mark=HOUR)), "must not come after a ttl='5m'"),
    ],
)
def test_marks_that_the_api_refuses(asked: Json, words: str | None) -> None:
    found = next(complaints(asked), None)
    assert found is None if words is None else words in (found or "")


@pytest.mark.sdk
@pytest.mark.parametrize("streamed", [True, False])
def test_the_sdk_reads_what_was_written(streamed: bool, simulate: Start) -> None:
    from tests import sdk

    api: Any = sdk.client(simulate("requested").base_url)

    def usage(question: str) -> Any:
        request = body(block(mark=HOUR), block(question))
        if not streamed:
            return api.messages.create(**request).usage
        with api.messages.stream(**request) as stream:
            return stream.get_final_message().usage

    first, second = usage("one"), usage("two")
    assert first.cache_read_input_tokens == second.cache_creation_input_tokens == 0
    assert first.cache_creation_input_tokens == second.cache_read_input_tokens > 1000
    assert first.cache_creation.ephemeral_1h_input_tokens == first.cache_creation_input_tokens


@pytest.mark.sdk
def test_a_fallback_writes_a_cache_of_its_own(simulate: Start) -> None:
    from tests import sdk

    sim = simulate("fallback")
    api: Any = sdk.client(sim.base_url)
    request = body(block(mark=MARK), fallbacks="default", betas=[FALLBACK])
    first = api.beta.messages.create(**request)
    sim.play("requested")
    fallback = api.messages.create(**body(block(mark=MARK), model=first.model))
    assert fallback.usage.cache_read_input_tokens == first.usage.cache_creation_input_tokens > 0
