import io
import json
from collections.abc import Sequence
from typing import Any

import pytest

from avow.scan import claude_code
from avow.scan.lines import LIMIT
from avow.scan.records import SkipCounts
from tests.scan.transcripts import (
    FABLE,
    OPUS,
    SONNET,
    Record,
    answer,
    chose,
    handover,
    in_bytes,
    iterations,
    notice,
    prompt,
    read,
    tool_result,
)

SIDE: Record = {"isSidechain": True}


# (records, [(requested, served, verdict, category, told)])
CASES: dict[str, tuple[list[Record], Sequence[tuple[object, ...]]]] = {
    "request not recorded": ([prompt(), answer(FABLE)], [(None, FABLE, "unverified", None, None)]),
    "model chosen by id": (
        [chose("Set model to claude-fable-5"), prompt(), answer(FABLE)],
        [(FABLE, FABLE, "as_requested", None, None)],
    ),
    "model chosen by its name for people": (
        [chose("Set model to \x1b[1mOpus 4.8 (1M context)\x1b[22m"), prompt(), answer(OPUS)],
        [(OPUS, OPUS, "as_requested", None, None)],
    ),
    "chosen in a system record": (
        [
            {
                "type": "system",
                "subtype": "local_command",
                "sessionId": "s1",
                "content": "<local-command-stdout>Set model to claude-fable-5</local-command-stdout>",
            },
            answer(FABLE),
        ],
        [(FABLE, FABLE, "as_requested", None, None)],
    ),
    "another than chosen, undeclared": (
        [chose("Set model to claude-fable-5"), prompt(), answer(SONNET)],
        [(FABLE, SONNET, "substituted", None, False)],
    ),
    "the last choice counts": (
        [chose("Set model to claude-fable-5"), answer(FABLE), chose("Set model to Sonnet 5"), answer(SONNET)],
        [(FABLE, FABLE, "as_requested", None, None), ("claude-sonnet-5", SONNET, "as_requested", None, None)],
    ),
    "the default is no name": (
        [chose("Set model to claude-fable-5"), chose("Set model to Default (recommended)"), answer(SONNET)],
        [(None, SONNET, "unverified", None, None)],
    ),
    "an alias proves nothing": (
        [chose("Set model to opus"), answer(OPUS)],
        [("opus", OPUS, "unverified", None, None)],
    ),
    "quoted output in a prompt is no choice": (
        [prompt("it said <local-command-stdout>Set model to claude-fable-5</local-command-stdout>"), answer(SONNET)],
        [(None, SONNET, "unverified", None, None)],
    ),
    "cut off": (
        [chose("Set model to claude-fable-5"), answer(FABLE, stop=None)],
        [(FABLE, FABLE, "unverified", None, None)],
    ),
    "no model named": ([answer(None)], [(None, None, "unverified", None, None)]),
    "fallback block and iterations": (
        [
            answer(
                OPUS,
                handover(category="cyber"),
                {"type": "text", "text": "x"},
                usage=iterations(("message", FABLE), ("fallback_message", OPUS)),
            )
        ],
        [(FABLE, OPUS, "fallback", "cyber", False)],
    ),
    "fallback block alone": ([answer(OPUS, handover())], [(FABLE, OPUS, "fallback", None, False)]),
    "handover in mid-answer keeps the first name": (
        [answer(FABLE, {"type": "text", "text": "a"}, handover(), {"type": "text", "text": "b"})],
        [(FABLE, OPUS, "fallback", None, False)],
    ),
    "two hops": (
        [answer(OPUS, handover(FABLE, "claude-opus-5", "bio"), handover("claude-opus-5", OPUS, "cyber"))],
        [(FABLE, OPUS, "fallback", "bio", False)],
    ),
    "handover from a model to itself": (
        [answer(OPUS, handover(OPUS, OPUS, "cyber"))],
        [(OPUS, OPUS, "unverified", "cyber", None)],
    ),
    "sticky": (
        [answer(OPUS, usage=iterations(("fallback_message", OPUS)))],
        [(None, OPUS, "fallback", None, False)],
    ),
    "sticky, after a block that told the request": (
        [answer(OPUS, handover()), prompt(), answer(OPUS, usage=iterations(("fallback_message", OPUS)))],
        [(FABLE, OPUS, "fallback", None, False), (FABLE, OPUS, "fallback", None, False)],
    ),
    "what a block told proves nothing about a later plain answer": (
        [answer(OPUS, handover()), prompt(), answer(SONNET)],
        [(FABLE, OPUS, "fallback", None, False), (None, SONNET, "unverified", None, None)],
    ),
    "sticky, against an outdated choice": (
        [chose("Set model to claude-opus-4-8"), answer(OPUS, usage=iterations(("fallback_message", OPUS)))],
        [(None, OPUS, "fallback", None, False)],
    ),
    "advisors, compactions and loops are no reroute": (
        [
            chose("Set model to claude-fable-5"),
            answer(
                FABLE,
                usage=iterations(
                    ("message", FABLE), ("advisor_message", OPUS), ("compaction", SONNET), ("message", FABLE)
                ),
            ),
        ],
        [(FABLE, FABLE, "as_requested", None, None)],
    ),
    "all declined": (
        [
            answer(
                OPUS,
                handover(category="bio"),
                stop="refusal",
                stop_details={"type": "refusal", "category": "cyber"},
                usage=iterations(("message", FABLE), ("fallback_message", OPUS)),
            )
        ],
        [(FABLE, None, "refused", "bio", False)],
    ),
    "client asks again after a refusal": (
        [prompt(), answer(FABLE, stop="refusal"), notice(), answer(OPUS)],
        [(FABLE, OPUS, "fallback", "cyber", True)],
    ),
    "client asks again with the same ids": (
        [
            prompt(),
            answer(FABLE, stop="refusal", id="m", requestId="r"),
            notice(),
            answer(OPUS, id="m", requestId="r"),
            answer(OPUS, id="m", requestId="r"),
        ],
        [(FABLE, OPUS, "fallback", "cyber", True)],
    ),
    "retracted": (
        [
            prompt(),
            answer(FABLE, uuid="u1", stop=None, id="m", requestId="r"),
            answer(FABLE, uuid="u2", stop=None, id="m", requestId="r"),
            notice(retractedMessageUuids=["u1"]),
            answer(OPUS),
        ],
        [(FABLE, OPUS, "fallback", "cyber", True)],
    ),
    "superseded": (
        [answer(FABLE, uuid="u1"), answer(OPUS, handover(), supersedes=["u1"])],
        [(FABLE, OPUS, "fallback", None, False)],
    ),
    "the session stays where a refusal moved it": (
        [notice(), answer(OPUS), prompt(), answer(OPUS)],
        [(FABLE, OPUS, "fallback", "cyber", True)] * 2,
    ),
    "until a model is chosen": (
        [notice(), answer(OPUS), chose("Set model to Opus 4.8"), answer(OPUS)],
        [(FABLE, OPUS, "fallback", "cyber", True), (OPUS, OPUS, "as_requested", None, None)],
    ),
    "until it is reverted": (
        [notice(), answer(OPUS), notice(direction="revert"), prompt(), answer(FABLE)],
        [(FABLE, OPUS, "fallback", "cyber", True), (FABLE, FABLE, "as_requested", None, None)],
    ),
    "what was reverted explains nothing any more": (
        [notice(), answer(OPUS), notice(direction="revert"), prompt(), answer(OPUS)],
        [(FABLE, OPUS, "fallback", "cyber", True), (FABLE, OPUS, "substituted", None, False)],
    ),
    "a block that repeats another request than was chosen": (
        [chose("Set model to claude-fable-5"), answer(OPUS, handover(SONNET, OPUS)), prompt(), answer(SONNET)],
        [(SONNET, OPUS, "fallback", None, False), (None, SONNET, "unverified", None, None)],
    ),
    "a third model was chosen by no one knows whom": (
        [notice(), answer(SONNET), answer(OPUS)],
        [(None, SONNET, "unverified", None, None), (None, OPUS, "unverified", None, None)],
    ),
    "an unavailable model is tried again at the next prompt": (
        [
            notice("model_fallback", trigger="overloaded", apiRefusalCategory=None),
            answer(OPUS),
            tool_result(),
            answer(OPUS),
            prompt(),
            answer(OPUS),
        ],
        [(FABLE, OPUS, "fallback", None, True)] * 2 + [(FABLE, OPUS, "substituted", None, False)],
    ),
    "snake case": (
        [
            notice(
                originalModel=None,
                fallbackModel=None,
                apiRefusalCategory=None,
                original_model=FABLE,
                fallback_model=OPUS,
                api_refusal_category="bio",
            ),
            answer(OPUS),
        ],
        [(FABLE, OPUS, "fallback", "bio", True)],
    ),
    "a notice no one sees": ([notice(content=""), answer(OPUS)], [(FABLE, OPUS, "fallback", "cyber", None)]),
    "client tells of the API's fallback": (
        [answer(OPUS, handover(), uuid="u1"), notice(parentUuid="u1")],
        [(FABLE, OPUS, "fallback", "cyber", True)],
    ),
    "client tells of it in mid-answer": (
        [
            answer(OPUS, handover(), uuid="u1", id="m", requestId="r"),
            notice(parentUuid="u1"),
            answer(OPUS, {"type": "text", "text": "x"}, id="m", requestId="r"),
        ],
        [(FABLE, OPUS, "fallback", "cyber", True)],
    ),
    "refusal without fallback": (
        [prompt(), notice("model_refusal_no_fallback", fallbackModel=None)],
        [(FABLE, None, "refused", "cyber", True)],
    ),
    "refusal without fallback, told after its record": (
        [answer(FABLE, stop="refusal"), notice("model_refusal_no_fallback", fallbackModel=None)],
        [(FABLE, None, "refused", "cyber", True)],
    ),
    "refusal without fallback, told before its record": (
        [
            notice("model_refusal_no_fallback", fallbackModel=None, requestId="r"),
            answer(FABLE, stop="refusal", requestId="r"),
        ],
        [(FABLE, None, "refused", "cyber", True)],
    ),
    "refusal told before its record, which comes in two": (
        [
            notice("model_refusal_no_fallback", fallbackModel=None, requestId="r"),
            answer(FABLE, stop="refusal", requestId="r", id="m"),
            answer(FABLE, stop="refusal", requestId="r", id="m"),
        ],
        [(FABLE, None, "refused", "cyber", True)],
    ),
    "two refusals": (
        [prompt(), answer(FABLE, stop="refusal"), prompt(), answer(FABLE, stop="refusal")],
        [(None, None, "refused", None, False)] * 2,
    ),
    "what the user consented to is no reroute": (
        [
            chose("Set model to claude-fable-5"),
            notice("model_consent_fallback", choice="switch_default"),
            answer(OPUS),
        ],
        [(None, OPUS, "unverified", None, None)],
    ),
    "a sub-agent has a request of its own": (
        [chose("Set model to claude-fable-5"), answer(SONNET, **SIDE), answer(FABLE)],
        [(None, SONNET, "unverified", None, None), (FABLE, FABLE, "as_requested", None, None)],
    ),
    "a sub-agent's fallback leaves the session alone": (
        [notice(**SIDE, scope="local"), answer(OPUS, **SIDE), answer(OPUS)],
        [(FABLE, OPUS, "fallback", "cyber", True), (None, OPUS, "unverified", None, None)],
    ),
    "the request's model is on record": (
        [prompt(), answer(FABLE, requestedModel=f"{FABLE}[1m]")],
        [(f"{FABLE}[1m]", FABLE, "as_requested", None, None)],
    ),
    "another than on record": (
        [prompt(), answer(SONNET, requestedModel=FABLE)],
        [(FABLE, SONNET, "substituted", None, False)],
    ),
    "sticky, with the request on record": (
        [prompt(), answer(OPUS, requestedModel=FABLE, usage=iterations(("fallback_message", OPUS)))],
        [(FABLE, OPUS, "fallback", None, False)],
    ),
    "what is on record outranks a choice": (
        [chose("Set model to claude-fable-5"), prompt(), answer(SONNET, requestedModel=SONNET)],
        [(SONNET, SONNET, "as_requested", None, None)],
    ),
    "the client's own switch outranks what is on record": (
        [notice(), answer(OPUS, requestedModel=OPUS), prompt(), answer(OPUS, requestedModel=OPUS)],
        [(FABLE, OPUS, "fallback", "cyber", True), (FABLE, OPUS, "fallback", "cyber", True)],
    ),
    "the model before the switch asked for again, without a record of it": (
        [
            *(notice(), answer(OPUS, requestedModel=OPUS)),
            *(prompt(), answer(FABLE, requestedModel=FABLE)),
            *(prompt(), answer(OPUS, requestedModel=OPUS)),
        ],
        [
            (FABLE, OPUS, "fallback", "cyber", True),
            (FABLE, FABLE, "as_requested", None, None),
            (OPUS, OPUS, "as_requested", None, None),
        ],
    ),
    "a third model after the client's own switch": (
        [notice(), answer(SONNET, requestedModel=OPUS)],
        [(FABLE, SONNET, "substituted", None, False)],
    ),
    "all declined, the last on record": (
        [notice(), answer(OPUS, requestedModel=OPUS, stop="refusal"), notice("model_refusal_no_fallback")],
        [(FABLE, None, "refused", "cyber", True)],
    ),
    "sessions do not share a choice": (
        [chose("Set model to claude-fable-5"), answer(SONNET, sessionId="s2")],
        [(None, SONNET, "unverified", None, None)],
    ),
}


@pytest.mark.parametrize(("records", "expected"), CASES.values(), ids=CASES.keys())
def test_who_answered(records: list[Record], expected: Sequence[tuple[object, ...]]) -> None:
    found = [
        (each.requested_model, each.served_model, each.verdict, each.category, each.told) for each in read(*records)
    ]
    assert found == expected


def test_a_subagents_file_belongs_to_the_session_of_its_folder() -> None:
    source = "/home/user/.claude/projects/-home-user/5072/subagents/agent-a1.jsonl"
    [found] = claude_code.read(io.BytesIO(in_bytes(answer(FABLE, sessionId=None))), source, SkipCounts())
    assert found.session == "5072"


def test_the_request_on_record_is_evidence() -> None:
    [found] = read(answer(SONNET, requestedModel=FABLE))
    assert found.evidence[:2] == (("requestedModel", FABLE), ("model", SONNET))


def test_records_of_one_message_are_one_answer() -> None:
    same: dict[str, Any] = {"id": "m", "requestId": "r"}
    [found] = read(
        prompt("what?"),
        answer(FABLE, {"type": "thinking", "thinking": "t"}, usage={"output_tokens": 1}, **same),
        tool_result(),  # tools run while the message still arrives
        answer(FABLE, {"type": "text", "text": "one "}, usage={"output_tokens": 2}, **same),
        answer(FABLE, {"type": "text", "text": "two"}, usage={"output_tokens": 3}, **same),
    )
    assert (found.text, found.prompt, found.usage, found.line) == ("one two", "what?", {"output_tokens": 3}, 2)


def test_without_ids_what_follows_directly_continues_a_message() -> None:
    none: dict[str, Any] = {"id": None, "requestId": None}
    first = answer(FABLE, {"type": "text", "text": "one "}, uuid="u1", **none)
    text: Record = {"type": "text", "text": "two"}
    [found] = read(prompt("what?"), first, answer(FABLE, text, parentUuid="u1", **none))
    assert found.text == "one two"
    apart = read(prompt("what?"), first, answer(FABLE, text, parentUuid="elsewhere", **none))
    assert [each.text for each in apart] == ["one ", "two"]


def test_a_prompt_ends_a_message_even_where_ids_repeat() -> None:
    same: dict[str, Any] = {"id": "m", "requestId": "r"}
    assert [each.prompt for each in read(prompt("1"), answer(**same), prompt("2"), answer(**same))] == ["1", "2"]


@pytest.mark.parametrize("no_prompt", [{"isMeta": True}, {"isCompactSummary": True}], ids=str)
def test_what_the_client_wrote_is_no_prompt(no_prompt: Record) -> None:
    [found] = read(
        prompt("mine"), prompt("the client's", **no_prompt), prompt("[Request interrupted by user]"), answer()
    )
    assert found.prompt == "mine"


def test_a_prompt_too_long_to_read_is_not_taken_for_the_one_before() -> None:
    counts = SkipCounts()
    data = in_bytes(prompt("short"), answer(), prompt("x" * LIMIT), answer())
    assert [each.prompt for each in claude_code.read(io.BytesIO(data), "file", counts)] == ["short", None]
    assert counts.oversized_lines == 1


def test_the_prompt_that_was_noted_afterwards() -> None:
    last = {"type": "last-prompt", "sessionId": "s1", "leafUuid": "u1", "lastPrompt": "mine"}
    assert [each.prompt for each in read(answer(uuid="u1"), answer(uuid="u2"), last)] == ["mine", None]


def test_hops_and_evidence_of_a_clients_own_retry() -> None:
    [found] = read(notice("model_fallback", trigger="overloaded", apiRefusalCategory=None), answer(OPUS))
    assert (found.hops, found.trigger) == ((FABLE, OPUS), "overloaded")
    assert ("system.subtype", "model_fallback") in found.evidence
    assert ("model", OPUS) in found.evidence


def test_evidence_of_the_apis_fallback() -> None:
    [found] = read(
        answer(OPUS, {"type": "text", "text": "x"}, handover(), usage=iterations(("fallback_message", OPUS)))
    )
    assert (
        dict(found.evidence).items()
        >= {
            "content[1].to.model": OPUS,
            "usage.iterations[0].type": "fallback_message",
            "model": OPUS,
        }.items()
    )


def test_errors_of_the_api_are_no_answers() -> None:
    counts = SkipCounts()
    data = in_bytes(answer(isApiErrorMessage=True), answer("<synthetic>"), answer())
    assert len(list(claude_code.read(io.BytesIO(data), "file", counts))) == 1
    assert counts.api_errors == 2


def test_broken_lines_are_counted_and_passed_over() -> None:
    good = in_bytes(answer())
    torn = [
        in_bytes(answer())[:-40] + b"\n",
        b'{"type":"assistant","message":"x"}\n',
        b'["assistant"]\n',
        b"\xff\xfe garbage\n",
        in_bytes(tool_result())[:-9] + b"\n",
        b'{"type":"user","message":{"content":"\xff"}}\n',
        b'{"type":"assistant","x":' + b"[" * 100_000 + b"}\n",
    ]
    counts = SkipCounts()
    found = list(claude_code.read(io.BytesIO(b"\n" + b"".join(torn) + good), "file", counts))
    assert (counts.broken_lines, len(found), found[0].line) == (len(torn), 1, len(torn) + 2)


def test_a_records_type_is_read_and_not_guessed() -> None:
    nested = {"type": "progress", "sessionId": "s1", "data": {"message": answer()}}
    quoted = prompt(json.dumps(answer()))
    assert len(read(nested, quoted, answer())) == 1


def test_a_prompt_that_ends_in_a_marker_is_still_a_prompt() -> None:
    [found] = read(prompt('what is "tool_result'), answer())
    assert found.prompt == 'what is "tool_result'


def test_keys_in_any_order_and_spaces_anywhere() -> None:
    record = json.dumps(dict(reversed(answer(OPUS, handover()).items())), indent=None, separators=(" , ", " : "))
    [found] = claude_code.read(io.BytesIO(record.encode()), "file", SkipCounts())
    assert found.verdict == "fallback"


def test_lone_surrogates_become_encodable() -> None:
    [found] = read(prompt("\ud83d"), answer("m\udc00", {"type": "text", "text": "\ud83d\ude00\ud800"}))
    assert (found.prompt, found.served_model, found.text) == ("\ufffd", "m\ufffd", "😀\ufffd")


def test_answers_come_before_the_file_ends() -> None:
    class Endless(io.BytesIO):
        lines = 0

        def readline(self, size: int | None = -1) -> bytes:
            self.lines += 1
            return in_bytes(answer())

    file = Endless()
    answers = claude_code.read(file, "file", SkipCounts())
    assert [next(answers).line for _ in range(100)] == list(range(1, 101))
    assert file.lines < 140
