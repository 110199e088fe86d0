"""Same, different or unknown: the pairs on record, cases of each rule, and what holds for any names."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from avow.models.identity import Identity, compare, vouched
from avow.models.names import ClaudeName, parse_claude

PAIRS = [
    tuple(line.split("\t"))
    for name in ("model_pairs.tsv", "model_pairs_gateways.tsv")
    for line in (Path(__file__).parent.parent / "data" / name).read_text("utf-8").splitlines()[1:]
]
ARN = "arn:aws:bedrock:us-east-1"


def test_the_pairs_are_read() -> None:
    assert len(PAIRS) >= 150
    assert {answer for _, _, answer in PAIRS} == set(Identity)


@pytest.mark.parametrize(("requested", "served", "answer"), PAIRS)
def test_pairs_on_record(requested: str, served: str, answer: str) -> None:
    assert compare(requested, served) == answer
    assert compare(served, requested) == answer


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("claude-opus-4-5-20251101", "claude-opus-4-5@20251101"),
        ("claude-opus-4-0", "claude-opus-4-20250514"),
        ("claude-opus-5", "claude-opus-5-0"),
        ("claude-3-5-sonnet-v2@20241022", "anthropic.claude-3-5-sonnet-20241022-v2:0"),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20240620"),
        ("claude-opus-4-6@default", "claude-opus-4-6"),
        ("claude-opus-4.5-2025-11-01", "claude-opus-4-5-20251101"),
        ("20251101-claude-opus-4-5", "20251101-claude-opus-4-5"),
        ("claude-20251101-4-5-opus", "claude-opus-4-5"),
        ("claude-opus-5-5-fast", "claude-opus-5-5"),
        ("anthropic/claude-opus-5-fast", "claude-opus-5"),
        ("claude-opus-4-8[1m]", "claude-opus-4-8"),
        ("anthropic/claude-opus-4.8:beta", "claude-opus-4-8"),
        ("anthropic.claude-3-haiku-20240307-v1:0:200k", "claude-3-haiku-20240307"),
        ("us-gov.anthropic.claude-opus-4-8", "apac.anthropic.claude-opus-4-8"),
        ("openrouter/anthropic/claude-opus-4.8", "vertex_ai/claude-opus-4-8"),
        ("litellm_proxy/bedrock/us.anthropic.claude-opus-4-8", "azure_ai/claude-opus-4-8"),
        ("bedrock/us-east-1/anthropic.claude-opus-4-8", "bedrock/us-gov-west-1/anthropic.claude-opus-4-8"),
        (f"{ARN}::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        (f"{ARN}:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        (f"bedrock/converse/{ARN}::foundation-model/anthropic.claude-opus-4-8", "claude-opus-4-8"),
        ("arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/anthropic.claude-opus-4-8", "claude-opus-4-8"),
        ("projects/p/locations/global/publishers/anthropic/models/claude-opus-4-5@20251101", "claude-opus-4-5"),
        ("publishers/anthropic/models/claude-opus-4-8", "claude-opus-4-8"),
        ("  claude-opus-4-8\n", "CLAUDE-OPUS-4-8"),
        ("claude-mythos-preview", "anthropic/claude-mythos-preview"),
        ("azure_ai/my-deployment", "my-deployment"),
        ("My-Deployment", "my-deployment"),
        ("openai/gpt-5.6", "gpt-5-6-2026-07-09"),
        ("opus", "opus"),
        ("openrouter/auto", "openrouter/auto"),
        ("someone/claude-opus-5", "claude-opus-5"),
        ("sap/anthropic--claude-4-sonnet", "claude-sonnet-4"),
        ("acme/anthropic:claude-opus-5", "claude-opus-5"),
        ("claude-opus-5(high)", "claude-opus-5"),
        ("claude-opus-5 (16384)", "anthropic/claude-opus-5:batch"),
        ("claude-3.7-sonnet-think", "claude-3-7-sonnet-thought"),
        ("claude-3-5-sonnet-48k-20240620", "claude-3-5-sonnet-20240620"),
        ("claude-opus-41", "claude-opus-4.1"),
        ("anthropic.claude-v2:1:200k", "claude-2.1"),
    ],
)
def test_same(one: str, two: str) -> None:
    assert compare(one, two) is Identity.SAME
    assert compare(two, one) is Identity.SAME


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("claude-opus-5", "claude-opus-5-5"),
        ("claude-opus-4", "claude-opus-4-1"),
        ("claude-opus-4-20250514", "claude-opus-4-1-20250805"),
        ("claude-opus-4-5-20251101", "claude-opus-4-5-20251102"),
        ("claude-opus-5-1", "claude-opus-1-5"),
        ("claude-fable-5-2", "claude-mythos-5-2"),
        ("claude-mythos-5", "claude-mythos-preview"),
        ("claude-opus-5-fast", "claude-opus-5-5-fast"),
        ("us.anthropic.claude-opus-5", "us.anthropic.claude-opus-4-8"),
        (f"{ARN}::foundation-model/anthropic.claude-opus-5", "claude-opus-4-8"),
        ("claude-opus-5", "gemini-3-pro"),
        ("claude-opus-5", "o3"),
        ("claude-opus-5", "openrouter/deepseek/deepseek-v3.2"),
        ("claude-opus-5", "acme/gpt-5"),
        ("claude-opus-5", "hosted_vllm/gpt-oss-120b"),
        ("gpt-5", "gemini-3-pro"),
        ("claude-2.1", "claude-v2"),
        ("claude-2.1", "claude-opus-5"),
        ("claude-opus-41", "claude-opus-4"),
        ("anthropic/claude-4.5-opus-20251124", "openrouter/anthropic/claude-4.5-opus-20251125"),
        ("github_copilot/claude-sonnet-4.6", "claude-haiku-4-5"),
    ],
)
def test_different(one: str, two: str) -> None:
    assert compare(one, two) is Identity.DIFFERENT
    assert compare(two, one) is Identity.DIFFERENT


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("opus", "claude-opus-5-5"),
        ("opus", "sonnet"),
        ("claude-opus-latest", "claude-opus-5-5"),
        ("anthropic/claude-opus", "claude-opus-5-5"),
        ("~anthropic/claude-opus-5", "claude-opus-5"),
        ("openrouter/auto", "auto"),
        ("azure_ai/model-router", "model-router"),
        ("azure_ai/my-deployment", "bedrock/my-deployment"),
        ("bedrock/acme/my-deployment", "my-deployment"),
        ("us-east-1/my-deployment", "my-deployment"),
        ("bedrock/us-east-1a/my-deployment", "my-deployment"),
        ("bedrock/us-east-1/my-deployment", "us-east-1/my-deployment"),
        ("claude-opus-5-mine", "claude-opus-5"),
        ("my-claude-opus-5", "claude-opus-5"),
        ("acme/my-claude-opus-5-tuned", "claude-opus-5"),
        ("antigravity-claude-opus-5", "claude-opus-5"),
        ("acme/arn:aws:bedrock:r:1:custom-model/claude-opus-5", "claude-opus-5"),
        ("openrouter/~anthropic/claude-opus-5", "claude-opus-5"),
        ("claude-opus-5-200k", "claude-opus-5"),
        ("claude-opus-5(mine)", "claude-opus-5"),
        ("ft:claude-opus-5:acme", "claude-opus-5"),
        ("claude-opus-4-5-20251101", "openrouter/anthropic/claude-opus-4-5-20251124"),
        ("gpt-5", "gpt-5-mini"),
        ("gpt-4", "gpt-4.5"),
        ("gpt-5-2025-08-07", "gpt-5-2025-09-01"),
        ("gpt-5-20250807-20250901", "gpt-5-20250807"),
        ("grok-4-fast", "grok-4-fast-reasoning"),
        ("gpt-5.6", "gpt-5.6-sol"),
        ("qwen3-coder", "qwen3-coder-480b-a35b-07-25"),
        ("claude-saga-6", "claude-opus-5"),
        ("claude-prod-1", "claude-opus-5"),
        ("claude-opus-4-5-6", "claude-opus-4-5"),
        ("claude-4-opus-5", "claude-opus-4-5"),
        ("claude-opus-sonnet-5", "claude-opus-5"),
        ("claude-opus-5-20251301", "claude-opus-5"),
        ("claude-opus-5-20250101-20250102", "claude-opus-5-20250101"),
        ("claude-opus-5:mine", "claude-opus-5"),
        ("claude--opus-5", "claude-opus-5"),
        (f"{ARN}:123456789012:custom-model/anthropic.claude-opus-5", "claude-opus-5"),
        (f"{ARN}:123456789012:provisioned-model/claude-opus-5", "claude-opus-5"),
        ("arn:aws:s3:::claude-opus-5", "claude-opus-5"),
        ("arn:aws:bedrock:us-east-1:1", "claude-opus-5"),
        ("projects/p/my-model", "projects/q/other-model"),
        ("publishers/anthropic/models/my-model", "publishers/anthropic/models/other-model"),
        ("claude-opus-4-2026", "claude-opus-4"),
        ("claude-opus-4-202601011", "claude-opus-4"),
        ("claude-hai\N{KELVIN SIGN}u-5", "claude-haiku-5"),
        ("claude\N{NON-BREAKING HYPHEN}opus-5", "claude-opus-5"),
        ("claude-opus-\N{ARABIC-INDIC DIGIT FIVE}", "claude-opus-5"),
        ("gemini-2.5-pro", "gemini-2.5-pro-001"),
        ("gpt-5", "gpt-5-chat-latest"),
        ("my-gpt", "claude-opus-5"),
        ("gpt-proxy", "claude-opus-5"),
        ("openai/my-model-2", "claude-opus-5"),
        ("nova-2", "claude-opus-5"),
        ("", "claude-opus-5"),
        ("", ""),
        (" \t", " \t"),
    ],
)
def test_unknown(one: str, two: str) -> None:
    assert compare(one, two) is Identity.UNKNOWN
    assert compare(two, one) is Identity.UNKNOWN


@pytest.mark.parametrize(
    "carrier",
    [
        *("openrouter", "litellm_proxy", "bedrock", "bedrock/converse", "bedrock/invoke", "vertex_ai", "vertex"),
        *("azure_ai", "azure", "anthropic", "@anthropic", "vercel_ai_gateway", "openrouter/anthropic"),
    ],
)
def test_carriers_are_dropped(carrier: str) -> None:
    assert compare(f"{carrier}/claude-opus-5", "claude-opus-5") is Identity.SAME
    assert compare(f"{carrier}/mine", "mine") is Identity.SAME


@pytest.mark.parametrize("region", ["us", "us-gov", "eu", "apac", "jp", "au", "ca", "global"])
def test_regions_are_dropped(region: str) -> None:
    assert compare(f"{region}.anthropic.claude-opus-5", "claude-opus-5") is Identity.SAME
    assert compare(f"xx-{region}.anthropic.claude-opus-5", "claude-opus-5") is Identity.UNKNOWN


@pytest.mark.parametrize(
    "mode",
    [
        *(":thinking", ":free", ":beta", ":nitro", ":floor", ":online", ":extended", ":exacto", ":self-moderated"),
        *(":batch", "-think", "-thought", "(high)", "(16384)", "-20251101-200k"),
        *("-fast", "-thinking", "-1m", "-latest", "@default", "-v1", "-v2:0", "-v12:34:200k", "[1m]"),
    ],
)
def test_what_chooses_how_a_model_runs_is_dropped(mode: str) -> None:
    assert compare(f"claude-opus-5{mode}", "claude-opus-5") is Identity.SAME
    assert compare(f"claude-opus-5{mode}", "claude-opus-5-5") is Identity.DIFFERENT


OF_OTHERS = [
    *(
        "gpt-5",
        "chatgpt-4o",
        "gemini-3-pro",
        "gemma-3",
        "llama-3.3-70b",
        "llama4",
        "grok-4",
        "qwen3-max",
        "kimi-k2",
    ),
    *("glm-5", "deepseek-v3", "minimax-m2", "mistral-large-3", "mixtral-8x7b", "ministral-8b", "magistral-1"),
    *("codestral-2508", "devstral-2", "o3", "o4-mini"),
]


@pytest.mark.parametrize(
    "vendor",
    [
        *("", "openai/", "google/", "gemini/", "x-ai/", "xai/", "meta/", "meta-llama/", "mistral/", "mistralai/"),
        *("deepseek/", "deepseek-ai/", "qwen/", "moonshotai/", "z-ai/", "minimax/", "openrouter/qwen/"),
    ],
)
def test_models_of_other_makers_are_different(vendor: str) -> None:
    for name in OF_OTHERS:
        assert compare("claude-opus-5", vendor + name) is Identity.DIFFERENT, name


@pytest.mark.parametrize(
    "name",
    ["gpt", "o", "o33", "gpt-oss-alias-4", "gpt-claude-5", "my-gpt-5", "gptx-5", "gemini-flash", "gpt-team/mine-5"],
)
def test_what_only_looks_like_one_is_unknown(name: str) -> None:
    assert compare("claude-opus-5", name) is Identity.UNKNOWN


@pytest.mark.parametrize(
    ("ending", "answer"),
    [
        *((ending, Identity.UNKNOWN) for ending in ("preview", "latest", "0528", "mini", "1", "pro")),
        ("20260709", Identity.SAME),
    ],
)
def test_endings_of_other_makers_names(ending: str, answer: Identity) -> None:
    assert compare("gpt-5", f"gpt-5-{ending}") is answer


@pytest.mark.parametrize("name", ["opus", "sonnet", "haiku", "fable", "mythos", "auto", "latest", "default", "router"])
def test_a_floating_name_with_another_carrier_is_unknown(name: str) -> None:
    assert compare(f"azure_ai/{name}", name) is Identity.UNKNOWN
    assert compare(f"azure_ai/the-{name}", f"the-{name}") is Identity.UNKNOWN


@pytest.mark.parametrize(("digits", "known"), [("20251131", True), ("20251132", False), ("20251301", False)])
def test_dates(digits: str, known: bool) -> None:
    assert (compare(f"claude-opus-4-5-{digits}", "claude-opus-4-5") is Identity.SAME) is known


def test_no_name_at_all_is_unknown_even_where_everything_is_vouched_for() -> None:
    assert compare("mine", None, {"mine": ["claude-opus-5"]}) is Identity.UNKNOWN
    assert compare("mine", " ", {"mine": ["claude-opus-5", " "], " ": ["mine"]}) is Identity.UNKNOWN


@pytest.mark.parametrize(
    ("one", "two", "vouched", "answer"),
    [
        ("mine", "claude-opus-4-8", {"mine": ["claude-opus-4-8"]}, Identity.SAME),
        ("MINE", "us.anthropic.claude-opus-4-8-v1:0", {"mine": ["anthropic/claude-opus-4.8"]}, Identity.SAME),
        ("claude-opus-4-8", "mine", {"claude-opus-4-8": ["mine"]}, Identity.SAME),
        ("mine", "claude-opus-5", {"mine": ["claude-opus-4-8", "claude-opus-5"]}, Identity.SAME),
        ("opus", "claude-opus-5-5", {"opus": ["claude-opus-5-5"]}, Identity.SAME),
        ("one", "two", {"one": ["two"]}, Identity.SAME),
        ("one", "two", {"one": ["claude-opus-5"], "two": ["claude-opus-5"]}, Identity.SAME),
        ("mine", "claude-opus-5", {"mine": ["claude-opus-4-8"]}, Identity.DIFFERENT),
        ("one", "two", {"one": ["claude-opus-5"], "two": ["claude-opus-4-8"]}, Identity.DIFFERENT),
        ("mine", "claude-opus-5", {"other": ["claude-opus-5"]}, Identity.UNKNOWN),
        ("mine", "claude-opus-5", {"mine": ["claude-opus-4-8", "other"]}, Identity.UNKNOWN),
        ("mine", "theirs", {"mine": ["claude-opus-4-8"]}, Identity.UNKNOWN),
        ("mine", "claude-opus-5", {"mine": []}, Identity.UNKNOWN),
        (
            "one",
            "two",
            {"one": ["claude-opus-5", "claude-opus-4-8"], "two": ["claude-opus-4-8", "claude-sonnet-5"]},
            Identity.UNKNOWN,
        ),
        ("claude-opus-5", "claude-opus-4-8", {"claude-opus-5": ["claude-opus-4-8"]}, Identity.SAME),
        ("gpt-5", "llama-4", {"llama-4": ["gpt-5"]}, Identity.SAME),
        ("claude-opus-5", "claude-opus-4-8", {"pool": ["claude-opus-5", "claude-opus-4-8"]}, Identity.DIFFERENT),
    ],
    ids=[
        "a private name stands for one",
        "in other spellings",
        "a private name listed under a public one",
        "one of several",
        "a floating name",
        "two private names",
        "through one model",
        "the model is another than vouched for",
        "two that stand for different ones",
        "nobody vouches for this name",
        "the list leaves it open",
        "for one of two",
        "an empty list",
        "lists that overlap",
        "against what the names say",
        "other makers' too",
        "a pool does not join two public names",
    ],
)
def test_vouching(one: str, two: str, vouched: Mapping[str, Sequence[str]], answer: Identity) -> None:
    assert compare(one, two, vouched) is answer
    assert compare(two, one, vouched) is answer


@pytest.mark.parametrize(
    ("name", "parsed"),
    [
        ("claude-opus-4-5-20251101", ClaudeName("opus", (4, 5), "20251101")),
        ("anthropic/claude-4.5-sonnet", ClaudeName("sonnet", (4, 5), None)),
        ("claude-fable-5", ClaudeName("fable", (5, 0), None)),
        ("claude-opus-5-fast", ClaudeName("opus", (5, 0), None, fast=True)),
        ("claude-mythos-preview", ClaudeName("mythos", None, None)),
        ("claude-2.1", ClaudeName("", (2, 1), None)),
        ("claude-instant-1.2", None),
        ("openrouter/anthropic/claude-opus-4-5-20251124", ClaudeName("opus", (4, 5), "20251124", router_date=True)),
        ("opus", None),
        ("gpt-5", None),
        ("", None),
    ],
)
def test_parse_claude(name: str, parsed: ClaudeName | None) -> None:
    assert parse_claude(name) == parsed


def test_an_endless_name_is_opaque_and_soon_done() -> None:
    for name in ("anthropic/" * 200_000, "a-" * 1_000_000, "1." * 1_000_000):
        assert compare(f"{name}claude-opus-5", "claude-opus-5") is Identity.UNKNOWN


@pytest.mark.parametrize(("length", "answer"), [(512, Identity.SAME), (513, Identity.UNKNOWN)])
def test_a_name_of_up_to_512_characters_is_read(length: int, answer: Identity) -> None:
    assert compare("claude-opus-5".rjust(length, "/"), "claude-opus-5") is answer


# Pieces that names are made of, so that the search finds the branches.
PIECES = st.sampled_from(
    [
        *("claude", "opus", "sonnet", "fable", "4", "5", "8", "20251101", "2025-11-01", "latest", "fast", "preview"),
        *("v1", ":0", ":thinking", "[1m]", "~", "-", ".", "/", "@", " ", "anthropic", "us", "us-east-1", "bedrock"),
        *(
            "arn:aws:bedrock:r:1:",
            "foundation-model",
            "inference-profile",
            "gpt",
            "o3",
            "mine",
            "auto",
            "\N{KELVIN SIGN}",
        ),
    ]
)
NAMES = st.one_of(
    st.text(max_size=20),
    st.lists(PIECES, max_size=8).map("".join),
    st.lists(PIECES, max_size=8).map("-".join),
    st.sampled_from([name for pair in PAIRS for name in pair[:2]]),
)


@given(NAMES, NAMES, st.dictionaries(NAMES, st.lists(NAMES, max_size=3), max_size=3))
def test_any_two_names_have_an_answer_that_does_not_depend_on_their_order(
    one: str, two: str, vouched: dict[str, list[str]]
) -> None:
    assert isinstance(compare(one, two, vouched), Identity)
    assert compare(one, two, vouched) is compare(two, one, vouched)


@given(NAMES)
@example("[1m]")
@example("~")
def test_a_name_is_the_same_as_itself(name: str) -> None:
    assert compare(name, name) is (Identity.SAME if name.strip() else Identity.UNKNOWN)


@given(NAMES, NAMES)
def test_case_does_not_matter(one: str, two: str) -> None:
    if one.isascii():
        assert compare(one.upper(), two) is compare(one, two)


@given(NAMES, NAMES, st.dictionaries(NAMES, st.lists(NAMES, max_size=3), max_size=3))
def test_only_the_user_s_word_on_these_very_names_outranks_them(
    one: str, two: str, same_models: dict[str, list[str]]
) -> None:
    plain = compare(one, two)
    if plain is not Identity.UNKNOWN:
        expected = Identity.SAME if vouched(one, two, same_models) else plain
        assert compare(one, two, same_models) is expected


@given(st.sampled_from(["opus", "sonnet", "haiku", "fable"]), st.integers(3, 98), st.integers(0, 98), st.data())
def test_a_version_is_the_same_in_every_spelling_and_no_other(
    line: str, major: int, minor: int, data: st.DataObject
) -> None:
    spellings = [
        f"claude-{line}-{major}-{minor}",
        f"claude-{major}-{minor}-{line}",
        f"anthropic/claude-{line}-{major}.{minor}",
        f"eu.anthropic.claude-{line}-{major}-{minor}-v1:0",
        f"claude-{line}-{major}-{minor}@20260102",
    ]
    one, two = data.draw(st.sampled_from(spellings)), data.draw(st.sampled_from(spellings))
    assert compare(one, two) is Identity.SAME
    assert compare(one, f"claude-{line}-{major}-{minor + 1}") is Identity.DIFFERENT
    assert compare(one, f"claude-{line}-{major + 1}-{minor}") is Identity.DIFFERENT
    assert compare(one, f"claude-mythos-{major}-{minor}") is Identity.DIFFERENT
