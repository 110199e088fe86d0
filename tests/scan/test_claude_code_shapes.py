"""Records of Claude Code in any shape: none of them raises."""

import io
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from avow.scan import claude_code
from avow.scan.records import SkipCounts
from tests.examples import up_to
from tests.scan.transcripts import (
    FABLE,
    OPUS,
    Record,
    answer,
    in_bytes,
)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


SHAPES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


NAMES = st.sampled_from([FABLE, OPUS, "", "opus", "u1"]) | SHAPES


BLOCKS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["fallback", "text", "tool_result"]) | SHAPES},
        optional={
            "from": st.fixed_dictionaries({"model": NAMES}) | SHAPES,
            "to": st.fixed_dictionaries({"model": NAMES}) | SHAPES,
            "trigger": SHAPES,
            "text": SHAPES,
        },
    )
    | SHAPES,
    max_size=3,
)


MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "id": NAMES,
        "model": NAMES,
        "content": BLOCKS | SHAPES,
        "stop_reason": st.sampled_from(["refusal", "end_turn"]) | SHAPES,
        "stop_details": SHAPES,
        "usage": st.fixed_dictionaries(
            {
                "iterations": st.lists(
                    st.fixed_dictionaries({"type": st.just("fallback_message") | SHAPES, "model": NAMES}) | SHAPES
                )
            }
        )
        | SHAPES,
    },
)


SUBTYPES = ["model_refusal_fallback", "model_fallback", "model_refusal_no_fallback", "model_consent_fallback"]


RECORDS = st.fixed_dictionaries(
    {"type": st.sampled_from(["assistant", "user", "system", "last-prompt"]) | SHAPES},
    optional={
        "message": MESSAGES | SHAPES,
        "subtype": st.sampled_from(SUBTYPES) | SHAPES,
        "originalModel": NAMES,
        "fallbackModel": NAMES,
        "retractedMessageUuids": st.lists(NAMES) | SHAPES,
        "supersedes": st.lists(NAMES) | SHAPES,
        "uuid": NAMES,
        "parentUuid": NAMES,
        "leafUuid": NAMES,
        "requestId": NAMES,
        "sessionId": NAMES,
        "agentId": NAMES,
        "isSidechain": SHAPES,
        "timestamp": SHAPES,
        "content": SHAPES,
        "direction": SHAPES,
    },
)


@settings(max_examples=up_to(120), deadline=None)
@given(st.lists(RECORDS, max_size=8))
def test_no_shape_of_records_raises(records: list[Record]) -> None:
    for found in claude_code.read(io.BytesIO(in_bytes(*records)), "file", SkipCounts()):
        json.dumps(found.evidence).encode()
        for string in (found.session, found.served_model, found.requested_model, found.prompt, found.text):
            (string or "").encode()


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_no_bytes_raise(data: bytes, tail: bytes) -> None:
    whole = in_bytes(answer())
    list(claude_code.read(io.BytesIO(data + b'"assistant"' + tail), "file", SkipCounts()))
    found = list(claude_code.read(io.BytesIO(data.replace(b"\n", b"") + b"\n" + whole), "file", SkipCounts()))
    assert found
    assert found[-1].served_model == OPUS
